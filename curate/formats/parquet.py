"""Parquet files: one page a row, row group after row group."""

import io
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from curate.errors import PageError
from curate.formats import batches
from curate.formats.content import Found
from curate.formats.inputs import File
from curate.formats.limits import Limits
from curate.formats.opening import is_compressed, is_plain, raw
from curate.formats.record import Fields

if TYPE_CHECKING:
    import pyarrow.parquet as pq

BEGINS: Final = b"PAR1"
_BROKEN: Final = "broken Parquet"
_BATCH: Final = 4_000_000  # bytes that a batch takes if all rows are alike
_BUFFER: Final = 1 << 18  # bytes of each column that are read at a time; without buffers a column of a whole row group would be


def found(stream: BufferedReader, file: File, fields: Fields, limits: Limits, _aside: Counter[str]) -> Iterator[Found]:
    """The rows of a file, numbered from 0, or those of the row groups that begin in a range of its bytes; see `pages.Reader`.

    A row group that is broken costs its own rows only.
    """
    with _opened(stream) as parquet:
        row = 0
        for group, (begin, rows) in enumerate(_groups(parquet, stream.seek(0, io.SEEK_END))):
            if file.start <= begin < file.end:
                yield from _rows(parquet, group, row, rows, fields, limits)
            row += rows


def divisible(path: str) -> bool:
    """Whether a file is sound enough for its row groups to be found."""
    if not is_plain(path):
        return False
    try:
        with raw(path) as stream, _opened(stream) as parquet:
            return bool(_groups(parquet, stream.seek(0, io.SEEK_END)))
    except PageError:
        return False


@contextmanager
def _opened(stream: BufferedReader) -> Iterator["pq.ParquetFile"]:
    """A file whose end, which says what is where, has been read; PageError for what is none."""
    import pyarrow.parquet as pq  # noqa: PLC0415  # an extra

    if not stream.seekable():
        raise PageError("cannot be read", "Parquet is read from its end, which standard input has not yet; write it to a file first")
    if is_compressed(stream.peek(4)):
        raise PageError(_BROKEN, "it is compressed as a whole, and is read from its end; unpack it first")
    try:
        parquet = pq.ParquetFile(stream, pre_buffer=False, buffer_size=_BUFFER, page_checksum_verification=True)
    except batches.failures() as problem:
        raise PageError(_BROKEN, str(problem).partition("\n")[0]) from None
    with parquet:
        yield parquet


def _groups(parquet: "pq.ParquetFile", size: int) -> list[tuple[int, int]]:
    """Of each row group where its data begin, in bytes, and how many rows it has; raises PageError for what cannot be.

    Where they begin is told by how large they are. It is enough that each row group begins in one place, and what a broken file
    says of its columns brings pyarrow down when it is asked for it.
    """
    groups = [parquet.metadata.row_group(number) for number in range(parquet.metadata.num_row_groups)]
    sizes = [max(group.total_byte_size, 1) for group in groups]
    ends = list(accumulate(sizes))
    if any(group.num_rows < 0 for group in groups):
        raise PageError(_BROKEN, "a row group has less than no rows")
    return [(size * (end - own) // ends[-1], group.num_rows) for end, own, group in zip(ends, sizes, groups, strict=True)]


def _rows(  # noqa: PLR0917  # a row group, and how it is read
    parquet: "pq.ParquetFile", group: int, row: int, rows: int, fields: Fields, limits: Limits
) -> Iterator[Found]:
    """The rows of a row group, of which the first has the number `row`; where it breaks off, what is lost of it."""
    end = row + rows
    size = parquet.metadata.row_group(group).total_byte_size
    at_a_time = min(max(_BATCH * rows // max(size, 1), 1), batches.ROWS)
    read = parquet.iter_batches(at_a_time, row_groups=[group], use_threads=False)
    while row < end:
        try:
            batch = next(read)
        except StopIteration:
            yield batches.lost(row, end, _BROKEN, "the row group has fewer rows than it says")
            return
        except batches.failures() as problem:
            yield batches.lost(row, end, _BROKEN, problem)
            return
        yield from batches.found(batch, row, fields, limits, _BROKEN)
        row += batch.num_rows
