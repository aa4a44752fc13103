"""Tables on disk: named columns in one file, which are read without loading it.

A file is a line of JSON (names, types, shapes, offsets) and then the columns as they lie in memory, little-endian.
"""

import json
import os
import shutil
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from math import prod
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from curate.errors import SurroundingsError
from curate.places import Place, is_local, shown
from curate.stores import objects
from curate.stores.objects import Seen, reached
from curate.stores.scratch import scratch

Column = NDArray[Any]
Table = Mapping[str, Column]

_ALIGNED: Final = 64  # bytes: no column begins inside a word of the machine
_FETCHED_BYTES: Final = 1 << 30  # of tables of stores, in files without a name, that a process keeps to read again
_FETCHED_FILES: Final = 64


class Stored(NamedTuple):
    """A column that lies in a file of its own, as in a table: it can be made longer than fits into memory."""

    path: Path
    type: np.dtype[Any]
    shape: tuple[int, ...]


def write(path: Path | Place, columns: Table) -> None:
    """Write a table; the file has its name only when all of it is written. The stage that wrote it sees to it that it is on the disk."""
    if not is_local(path):
        with scratch() as folder, reached("writing", path):
            write(folder / path.name, columns)
            objects.put(folder / path.name, cast("Place", path))
        return
    arrays = {name: np.ascontiguousarray(column) for name, column in columns.items()}
    with _begun(path, [(name, array.dtype, array.shape) for name, array in arrays.items()]) as file:
        for array in arrays.values():
            file.write(array.astype(array.dtype.newbyteorder("<"), copy=False).data)
            file.write(bytes(-array.nbytes % _ALIGNED))


def write_stored(path: Path, columns: Mapping[str, Stored]) -> None:
    """Write a table as `write` does, of columns that are copied from their files, and have it on the disk."""
    with _begun(path, [(name, column.type, column.shape) for name, column in columns.items()]) as file:
        for column in columns.values():
            with column.path.open("rb") as stored:
                shutil.copyfileobj(stored, file)
            file.write(bytes(-_size(column.type, column.shape) % _ALIGNED))
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _begun(path: Path, columns: Iterable[tuple[str, np.dtype[Any], tuple[int, ...]]]) -> Iterator[BinaryIO]:
    """A table of which the first line is written; afterwards it has its name."""
    partial = path.with_name(f".{path.name}.partial")
    head, at = [], 0
    for name, dtype, shape in columns:
        head.append({"name": name, "type": dtype.newbyteorder("<").str, "shape": shape, "at": at})
        at += -(-_size(dtype, shape) // _ALIGNED) * _ALIGNED
    line = json.dumps(head).encode("ascii")
    with partial.open("wb") as file:
        file.write(line + b" " * (-(len(line) + 1) % _ALIGNED) + b"\n")
        yield file
    partial.replace(path)


def _size(dtype: np.dtype[Any], shape: tuple[int, ...]) -> int:
    """Bytes of a column."""
    return prod(shape) * dtype.itemsize


def read(path: Path | Place, version: str = "") -> dict[str, Column]:
    """The columns of a table, mapped into memory and read-only; raises SurroundingsError for a file that is none.

    Of a store it is fetched once, and again when it has been written again, which the store is asked each time: unless a `version` is
    given, another one for other content. Settling reads each table many times; `np.memmap` would take three times as long to open one.
    """
    columns = {}
    try:
        with _opened(path, version) as file:
            line = file.readline()
            data = mmap(file.fileno(), 0, access=ACCESS_READ)
        for column in json.loads(line):
            dtype, shape = np.dtype(column["type"]), tuple(column["shape"])
            columns[column["name"]] = np.frombuffer(data, dtype, prod(shape), len(line) + column["at"]).reshape(shape)
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise SurroundingsError(f"{shown(str(path))} cannot be read ({problem}); take it away and run again") from None
    return columns


def _opened(path: Path | Place, version: str) -> BinaryIO:
    """A table's file; of a store a copy that this process has."""
    if is_local(path):
        return path.open("rb")
    return os.fdopen(os.dup(_fetched.file(cast("Place", path), version).fileno()), "rb")


class _Copy(NamedTuple):
    """A table that was fetched."""

    version: Seen | str
    file: BinaryIO
    size: int  # bytes


class _Fetched:
    """The tables of stores that were read last, in files without a name: nothing of them is left however the process ends."""

    def __init__(self) -> None:
        self._copies: OrderedDict[str, _Copy] = OrderedDict()

    def file(self, path: Place, version: str) -> BinaryIO:
        """The file of a table, at its beginning."""
        name = str(path)
        with reached("reading", path):
            wanted = version or objects.seen(path)
            if name in self._copies and self._copies[name].version != wanted:
                self._let_go(name)
            if name not in self._copies:
                file = objects.fetched(path)
                self._copies[name] = _Copy(wanted, file, os.fstat(file.fileno()).st_size)
        self._copies.move_to_end(name)
        while len(self._copies) > 1 and (len(self._copies) > _FETCHED_FILES or self._size() > _FETCHED_BYTES):
            self._let_go(next(iter(self._copies)))
        self._copies[name].file.seek(0)
        return self._copies[name].file

    def _let_go(self, name: str) -> None:
        """Close a file; what is mapped of it stays mapped."""
        self._copies.pop(name).file.close()

    def _size(self) -> int:
        return sum(copy.size for copy in self._copies.values())


_fetched: Final = _Fetched()


def loaded(path: Path | Place) -> dict[str, Column]:
    """The same, copied into memory: for whoever holds many tables at a time, since each map keeps a file open."""
    return {name: np.array(column) for name, column in read(path).items()}
