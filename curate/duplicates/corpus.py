"""The documents of a run as corpus steps see them: sketches by pieces of shards, mapped from disk, and what is still alive.

A row is a paragraph that was alive when its document had been cleaned. Rows are numbered by piece, in the order of
the piece's documents and of their paragraphs; all sketches of a piece have the same rows. To a step a piece is a shard.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from curate.document import Document
from curate.duplicates.table import Column, Table, read
from curate.places import Place
from curate.text.codepoints import Bools

DOCUMENTS: Final = "documents"  # the table that every shard has
UNDATED: Final = np.iinfo(np.int64).max

Item = TypeVar("Item")
Answer = TypeVar("Answer")
# Carries out a function on items, perhaps in other processes, and gives the answers in the items' order. The function
# stands at the top of its module; items and answers are small: numbers, paths, counts.
Map = Callable[[Callable[[Item], Answer], Sequence[Item]], Iterator[Answer]]


class Sketcher(Protocol):
    """What is written down of each document for a corpus step. Equal sketchers make one sketch, which steps share.

    It is a frozen dataclass; `name` is that of its table, and differs where its settings do.
    """

    @property
    def name(self) -> str:
        """The name of the table."""
        ...

    def begin(self) -> "Sketching":
        """A sketch with nothing in it."""
        ...


class Sketching(Protocol):
    """A shard's sketch in the making."""

    def add(self, doc: Document) -> None:
        """Sketch the live paragraphs of a document."""
        ...

    def table(self) -> Table:
        """The whole sketch; columns by row have as many entries as live paragraphs were added."""
        ...


class Sketched(NamedTuple):
    """The sketches of one piece, or of a part of an index: tables of a folder. Its name can be sent to another process."""

    folder: Place
    version: str = ""  # of what is in it, "" where that is not known; with one, a store is not asked again for what was read before

    def table(self, name: str) -> dict[str, Column]:
        """One of the tables."""
        return read(self.folder / f"{name}.table", self.version)

    def column(self, table: str, name: str) -> Column:
        """A column, copied: whoever holds one of every shard must not hold the maps too, each of which keeps a file open."""
        return np.array(self.table(table)[name])

    @property
    def documents(self) -> dict[str, Column]:
        """The table of documents; see `documents.Documents`."""
        return self.table(DOCUMENTS)


@dataclass(frozen=True)
class Corpus:
    """What a step settles."""

    shards: tuple[Sketched, ...]
    alive: tuple[Bools, ...]  # by shard and row: what the steps before left; not to be written to
    memory: int  # bytes that one task of `map` may take for what it holds at one time
    map: Map[Any, Any]
    work: Place  # an empty folder that the tasks of `map` see, for whatever the step wants on disk
    indexed: tuple[Sketched, ...] = ()  # what earlier runs left: all of it alive, and never to go

    @cached_property
    def offsets(self) -> NDArray[np.int64]:
        """The number of each shard's first row among all rows, those of `indexed` after those of `shards`; and of the end."""
        counts = [len(alive) for alive in self.alive] + [len(part.documents["paragraph"]) for part in self.indexed]
        return np.concatenate(([0], np.cumsum(counts, dtype=np.int64)))


class Left(NamedTuple):
    """A table that a task has left, and how many entries it has: whoever loads those of all tasks knows beforehand how many there are."""

    path: Place
    entries: int


class Drops(NamedTuple):
    """What a step takes out: arrays with one entry a row, in the order of the rows. Rows are numbered through (`Corpus.offsets`)."""

    rows: NDArray[np.int64]
    rules: NDArray[np.uint8]  # numbers of `names`
    measures: NDArray[np.float64]
    limits: NDArray[np.float64]
    of: NDArray[np.int64]  # the row that it repeats, -1 for none
    names: tuple[str, ...]  # of the rules
    whole: bool = False  # each row stands for its document, of which all live rows go
    reports: bool = False  # nothing goes: it is only said what would have gone
