"""What is left of a run's sketches, as one part of an index: the shards' tables without the rows that have gone, made into one.

The tables are those that a single shard of all surviving paragraphs would have. They are put together shard by shard
in files of a column each; in memory are the survivors of one shard, a part of the keys, and four bytes a row of all shards.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from curate.duplicates.corpus import DOCUMENTS, Sketched
from curate.duplicates.documents import Documents
from curate.duplicates.sketch import Shingled, by_key, document_signatures, gather, offsets
from curate.duplicates.table import Column, Stored, Table, write_stored
from curate.text.codepoints import Bools
from curate.text.minhash import Hashes32
from curate.text.shingles import Hashes

_KEYS: Final = 1 << 20  # keys that are sorted at a time


def merge(shards: Sequence[Sketched], alive: Sequence[Bools], sketcher: Shingled, to: Path) -> None:
    """Write the table of documents and that of the sketcher for the rows of some shards that are alive; documents without any leave."""
    documents, paragraphs = _Columns(to, "documents"), _Columns(to, "paragraphs")
    none = np.zeros(0, dtype=np.bool_)
    _survivors(Documents().table(), sketcher.begin().table(), none, documents, paragraphs)  # gives every column its type
    for shard, rows in zip(shards, alive, strict=True):
        _survivors(shard.documents, shard.table(sketcher.name), rows, documents, paragraphs)
    for keys, key_rows in _keys(shards, alive, sketcher):
        paragraphs.append("keys", keys)
        paragraphs.append("key_rows", key_rows)
    documents.write(to / f"{DOCUMENTS}.table")
    paragraphs.write(to / f"{sketcher.name}.table")


class _Columns:
    """Columns of a table in the making, which grow at their ends, each in a file of its own."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, name
        self._columns: dict[str, Stored] = {}
        self._ends: dict[str, int] = {}  # of each column of offsets the last one

    def append(self, name: str, column: Column) -> None:
        """Add entries to a column; the first time it is given, it takes its type."""
        begun = self._columns.get(name, Stored(self._folder / f".{self._name}-{name}.column", column.dtype, (0,)))
        self._columns[name] = begun._replace(shape=(begun.shape[0] + len(column), *column.shape[1:]))
        with begun.path.open("ab") as file:
            file.write(np.ascontiguousarray(column, dtype=column.dtype.newbyteorder("<")).data)

    def append_runs(self, name: str, lengths: Column) -> None:
        """Add to a column of offsets where further runs end."""
        at = offsets(lengths) + self._ends.get(name, 0)
        self.append(name, at[1:] if name in self._ends else at)
        self._ends[name] = int(at[-1])

    def write(self, path: Path) -> None:
        """Write the table, and take the files of the columns away."""
        write_stored(path, self._columns)
        for column in self._columns.values():
            column.path.unlink()


def _survivors(documents: Table, table: Table, alive: Bools, to: _Columns, paragraphs: _Columns) -> None:
    """Add what is left of one shard, but for its keys."""
    first = documents["first"]
    left = np.diff(offsets(alive)[first])
    kept, rows = np.flatnonzero(left), np.flatnonzero(alive)
    for name in ("doc", "date"):
        to.append(name, documents[name][kept])
    for name in ("url", "host"):
        letters, at = gather(documents[f"{name}_at"], documents[f"{name}_bytes"], kept)
        to.append(f"{name}_bytes", letters)
        to.append_runs(f"{name}_at", np.diff(at))
    to.append_runs("first", left[kept])
    to.append("paragraph", documents["paragraph"][rows])
    for name in ("exact", "words", "chars", "flags", "first"):
        paragraphs.append(name, table[name][rows])
    shingles, at = gather(table["at"], table["shingles"], rows)
    paragraphs.append("shingles", shingles)
    paragraphs.append_runs("at", np.diff(at))
    paragraphs.append("signatures", document_signatures(table, first, alive)[kept])


def _keys(shards: Sequence[Sketched], alive: Sequence[Bools], sketcher: Shingled) -> Iterator[tuple[Hashes, Hashes32]]:
    """The keys of the rows that are alive, ascending, with the numbers that these rows have now; range by range."""
    base = offsets([int(np.count_nonzero(rows)) for rows in alive])
    numbers = [(np.cumsum(rows) - 1 + start).astype(np.uint32) for rows, start in zip(alive, base, strict=False)]
    counts = [len(shard.table(sketcher.name)["keys"]) for shard in shards]
    bits = (sum(counts) // _KEYS).bit_length()
    bounds = np.array([part << (64 - bits) for part in range(1, 1 << bits)], dtype=np.uint64)
    cuts = [
        [0, *np.searchsorted(shard.table(sketcher.name)["keys"], bounds).tolist(), count]
        for shard, count in zip(shards, counts, strict=True)
    ]
    for part in range(1 << bits):
        keys, key_rows = [np.zeros(0, dtype=np.uint64)], [np.zeros(0, dtype=np.uint32)]
        for shard, rows, number, cut in zip(shards, alive, numbers, cuts, strict=True):
            table = shard.table(sketcher.name)  # mapped anew each time: what stays mapped would count as memory
            here = slice(cut[part], cut[part + 1])
            here_rows = table["key_rows"][here]
            live = rows[here_rows]
            keys.append(table["keys"][here][live])
            key_rows.append(number[here_rows[live]])
        yield by_key(np.concatenate(keys), np.concatenate(key_rows))
