"""Tables on disk: named columns in one file, which are read without loading it.

A file is a line of JSON (names, types, shapes, offsets) and then the columns as they lie in memory, little-endian.
"""

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from math import prod
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from curate.errors import SurroundingsError

Column = NDArray[Any]
Table = Mapping[str, Column]

_ALIGNED: Final = 64  # bytes: no column begins inside a word of the machine


class Stored(NamedTuple):
    """A column that lies in a file of its own, as in a table: it can be made longer than fits into memory."""

    path: Path
    type: np.dtype[Any]
    shape: tuple[int, ...]


def write(path: Path, columns: Table) -> None:
    """Write a table; the file has its name only when all of it is written. The stage that wrote it sees to it that it is on the disk."""
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


def read(path: Path) -> dict[str, Column]:
    """The columns of a table, mapped into memory and read-only; raises SurroundingsError for a file that is none.

    Settling reads each table many times; `np.memmap` would take three times as long to open one.
    """
    columns = {}
    try:
        with path.open("rb") as file:
            line = file.readline()
            data = mmap(file.fileno(), 0, access=ACCESS_READ)
        for column in json.loads(line):
            dtype, shape = np.dtype(column["type"]), tuple(column["shape"])
            columns[column["name"]] = np.frombuffer(data, dtype, prod(shape), len(line) + column["at"]).reshape(shape)
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise SurroundingsError(f"{path} cannot be read ({problem}); take it away and run again") from None
    return columns


def loaded(path: Path) -> dict[str, Column]:
    """The same, copied into memory: for whoever holds many tables at a time, since each map keeps a file open."""
    return {name: np.array(column) for name, column in read(path).items()}
