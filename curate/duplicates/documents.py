"""The table of documents that every piece of a shard has: their keys, addresses and dates, and which rows are theirs."""

from datetime import UTC, datetime
from typing import Final

import numpy as np

from curate.document import Document
from curate.duplicates.corpus import UNDATED
from curate.duplicates.table import Column, Table

_KEY: Final = 20  # characters of a document's key
# What a piece of a shard has at most, before its last document: the tables and sketches of a piece are made in memory.
_ROWS: Final = 1 << 16
_CHARACTERS: Final = 1 << 24  # of paragraphs: as many shingles, about


class Documents:
    """The table in the making: see `table`."""

    def __init__(self) -> None:
        self._docs: list[bytes] = []
        self._strings: dict[str, list[bytes]] = {"url": [], "host": []}
        self._dates: list[int] = []
        self._paragraphs: list[Column] = []
        self._rows = self._characters = 0

    @property
    def full(self) -> bool:
        """Whether these documents are a piece, and the next one begins another."""
        return self._rows >= _ROWS or self._characters >= _CHARACTERS

    def add(self, doc: Document) -> None:
        """Add a document and its live paragraphs as rows."""
        self._docs.append(doc.doc.encode("ascii"))
        self._strings["url"].append(doc.url.encode("utf-8", "replace"))
        self._strings["host"].append(doc.host.encode("utf-8", "replace"))
        self._dates.append(seconds(doc.date))
        live = np.flatnonzero(doc.live).astype(np.int32)
        self._paragraphs.append(live)
        self._rows += len(live)
        self._characters += int(doc.lengths[live].sum())

    def table(self) -> Table:
        """Columns by document: `doc` (its key), `date` (seconds of UTC; the last there is for none), `url` and `host` (see `string`);
        `first`, where its rows begin, with one entry more. By row: `paragraph`.
        """
        counts = [len(numbers) for numbers in self._paragraphs]
        strings = {}
        for name, values in self._strings.items():
            strings[f"{name}_bytes"] = np.frombuffer(b"".join(values), dtype=np.uint8)
            strings[f"{name}_at"] = np.concatenate(([0], np.cumsum([len(value) for value in values], dtype=np.int64)))
        return {
            "doc": np.array(self._docs, dtype=f"S{_KEY}"),
            "date": np.array(self._dates, dtype=np.int64),
            "first": np.concatenate(([0], np.cumsum(counts, dtype=np.int64))),
            "paragraph": np.concatenate(self._paragraphs) if self._paragraphs else np.zeros(0, dtype=np.int32),
            **strings,
        }


def string(documents: Table, name: str, number: int) -> str:
    """The `url` or `host` of a document."""
    start, end = documents[f"{name}_at"][number : number + 2]
    return bytes(documents[f"{name}_bytes"][start:end]).decode("utf-8")


def owners(documents: Table) -> Column:
    """For each row the number of its document."""
    return np.repeat(np.arange(len(documents["doc"]), dtype=np.int32), np.diff(documents["first"]))


def seconds(date: str) -> int:
    """A date as documents have it, ISO 8601, in seconds of UTC; without an offset it is UTC. UNDATED for none."""
    try:
        read = datetime.fromisoformat(date)
    except ValueError:
        return int(UNDATED)
    return int((read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp())
