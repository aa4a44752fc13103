"""What is compared with each other: the paragraphs of all shards, or their documents, as numbered items.

Both are alike to what follows: an item has a hash of the whole of it (`exact`), one of its first words (`first`),
keys that near ones share with a high chance, and a set of shingles. Those of paragraphs stand in their sketch; those
of documents are made from it, once for each settling, since they depend on which paragraphs are alive.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from curate.document import LIST, TABLE
from curate.duplicates.corpus import Sketched
from curate.duplicates.ordered import Numbers
from curate.duplicates.sketch import HEADING
from curate.duplicates.table import Column, Table, read, write
from curate.places import Place, place

Kinds = NDArray[np.uint8]

NONE: Final = 0  # takes no part
COPY: Final = 1  # is compared with exact copies only
SHORT: Final = 2  # by character shingles, with a limit of its own
LONG: Final = 3  # by word shingles


@dataclass(frozen=True)
class Near:
    """What is compared, and from which measures on two items are one too many."""

    sketch: str  # the name of the table
    whole: bool  # documents; else paragraphs
    bands: int
    rows: int
    short: int  # words up to which a paragraph has character shingles
    min_words: int  # items with fewer take no part
    list_words: int  # words from which on exact copies of list items, cells and headings count
    jaccard: float
    short_jaccard: float
    containment: float
    keep_one: bool


class Part(NamedTuple):
    """A shard, or a part of an index: which numbers its items have."""

    folder: str
    version: str  # of what is in the folder; see `Sketched`
    first: int  # the number of its first item
    items: int
    row: int  # the number of the first row of its folder, among those of all
    document: int  # the number of its first document, among those of all; an index counts on behind the shards
    start: int  # its first document among those of its folder
    documents: int
    indexed: bool

    @property
    def sketched(self) -> Sketched:
        """The tables of the whole folder."""
        return Sketched(place(self.folder), self.version)


class Plan(msgspec.Struct, frozen=True):
    """What is compared and where it is. It stands in the work folder, so that tasks are sent nothing but that folder's name."""

    near: Near
    parts: list[Part]
    memory: int

    @property
    def new(self) -> list[tuple[int, Part]]:
        """The parts of this run, numbered."""
        return [(number, part) for number, part in enumerate(self.parts) if not part.indexed]

    @property
    def indexed(self) -> list[tuple[int, Part]]:
        """The parts of an index."""
        return [(number, part) for number, part in enumerate(self.parts) if part.indexed]

    @property
    def end(self) -> int:
        """The number behind the last item."""
        return self.parts[-1].first + self.parts[-1].items if self.parts else 0


def plan_of(work: Place) -> Plan:
    """The plan of a work folder."""
    return msgspec.json.decode((work / "plan.json").read_bytes(), type=Plan)


def kinds_of_rows(near: Near, words: Column, flags: Column) -> Kinds:
    """How paragraphs are compared, by their words and flags."""
    kinds = np.where(words <= near.short, SHORT, LONG).astype(np.uint8)
    kinds[words < near.min_words] = NONE
    structured = flags & (LIST | TABLE | HEADING) != 0
    kinds[structured] = np.where(words[structured] >= near.list_words, COPY, NONE)
    return kinds


def columns(work: Place, plan: Plan, number: int) -> Table:
    """The table of a part's items: `exact`, `first`, `keys` and `key_rows`, as in a sketch."""
    if plan.near.whole:
        return read(path_of(work, "items", number))
    return plan.parts[number].sketched.table(plan.near.sketch)


def parted(plan: Plan, items: Numbers) -> Iterator[tuple[int, Part, slice]]:
    """The parts that items, ascending, belong to: number, part, and which of the items are its own."""
    firsts = [part.first for part in plan.parts]
    bounds = np.searchsorted(items, [*firsts, plan.end]).tolist()
    for number, part in enumerate(plan.parts):
        if bounds[number] < bounds[number + 1]:
            yield number, part, slice(bounds[number], bounds[number + 1])


def kinds(work: Place, plan: Plan, items: Numbers) -> Kinds:
    """How items, ascending, are compared."""
    found = np.zeros(len(items), dtype=np.uint8)
    for number, part, here in parted(plan, items):
        found[here] = kinds_of_part(work, plan, number, items[here] - part.first)
    return found


def kinds_of_part(work: Place, plan: Plan, number: int, local: Column) -> Kinds:
    """The same of items of one part, counted from its first."""
    if plan.parts[number].indexed and not plan.near.whole:
        sketch = columns(work, plan, number)
        return kinds_of_rows(plan.near, sketch["words"][local], sketch["flags"][local])
    found: Kinds = read(path_of(work, "kinds", number))["kinds"][local]
    return found


def take_out(work: Place, plan: Plan, items: Numbers) -> None:
    """Have items, ascending, take no part any more."""
    for number, part, here in parted(plan, items):
        left = np.array(read(path_of(work, "kinds", number))["kinds"])
        left[items[here] - part.first] = NONE
        write(path_of(work, "kinds", number), {"kinds": left})


def path_of(work: Place, what: str, number: int) -> Place:
    """The file of a part: its `items`, the `kinds` of these, or which rows are `alive`."""
    return work / f"{what}-{number:05}.table"
