"""What settling leaves for the shards: which of their paragraphs go, by which step and for which others, and which are held.

There is a table for each piece of a shard. It has one entry a drop, in the order of the piece's documents, of the steps, of the
paragraphs: `document` (its number in the table of documents), `step` (its number among the corpus steps), `paragraph`, `rule` (a
number of `names`), `measure`, `limit`, `whole`, `reports`, `of_doc` and `of_paragraph`; besides `names`, and `held_document` with
`held_paragraph`.
Keys and not row numbers say what is repeated: so a shard's tables are the same whatever other shards grow or shrink by.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np

from curate.document import Change, Document, Of
from curate.duplicates.table import Column, Table, read
from curate.places import Place


def table_of(number: int, piece: int) -> str:
    """The name that the table of a piece of a shard has in the folder of what was settled."""
    return f"{number:05}-{piece:04}.table"


class Drop(NamedTuple):
    """One entry, as Python has it; the columns of these names in this order."""

    step: int
    paragraph: int
    rule: int
    measure: float
    limit: float
    whole: bool
    reports: bool
    of_doc: bytes
    of_paragraph: int


class Decision(NamedTuple):
    """What a step has decided about a document."""

    step: int  # its number among the corpus steps
    changes: Sequence[Change]
    whole: bool  # the document goes


class Settled:
    """The table of a piece, document by document."""

    def __init__(self, path: Place) -> None:
        self._columns = read(path)
        self._names = [name.decode("utf-8") for name in self._columns["names"].tolist()]

    def decisions(self, number: int, doc: Document) -> Iterator[Decision]:
        """What is to be done with a document, of which the number among those that take part is given, step by step."""
        start, end = np.searchsorted(self._columns["document"], [number, number + 1]).tolist()
        rows = map(Drop, *(self._columns[name][start:end].tolist() for name in Drop._fields))
        for step, drops in groupby(rows, key=lambda drop: drop.step):
            of_step = list(drops)
            changes = [self._change(drop, 0 if drop.reports else int(doc.lengths[drop.paragraph])) for drop in of_step]
            yield Decision(step, changes, of_step[0].whole and not of_step[0].reports)

    def _change(self, drop: Drop, end: int) -> Change:
        of = Of(drop.of_doc.decode("ascii"), drop.of_paragraph)
        return Change(drop.paragraph, 0, end, rule=self._names[drop.rule], measure=drop.measure, limit=drop.limit, of=of)

    def held(self, number: int) -> frozenset[int]:
        """The paragraphs of a document that others have gone for."""
        start, end = np.searchsorted(self._columns["held_document"], [number, number + 1]).tolist()
        return frozenset(self._columns["held_paragraph"][start:end].tolist())


def named(rules: Sequence[str], numbers: Column) -> Table:
    """The columns `names` and `rule` of entries whose rules are numbers of `rules`: only names in use, sorted, each once."""
    used, rule = np.unique(numbers, return_inverse=True)
    names, again = np.unique(np.array([rules[number].encode("utf-8") for number in used.tolist()], dtype=np.bytes_), return_inverse=True)
    return {"names": names, "rule": again[rule].astype(np.uint16)}
