"""Arrow files, streams and what Hugging Face's `save_to_disk` writes: one page a row."""

import io
from collections import Counter
from collections.abc import Iterator
from io import BufferedReader
from typing import TYPE_CHECKING, Final

from curate.errors import PageError
from curate.formats import batches
from curate.formats.content import Found
from curate.formats.inputs import File
from curate.formats.limits import Limits
from curate.formats.record import Fields

if TYPE_CHECKING:
    import pyarrow as pa

_BROKEN: Final = "broken Arrow"
# What a file begins with. Behind it stands a stream, and then a table of contents, which is of no use to who reads from first to last
# (Arrow columnar format, "IPC File Format").
BEGINS: Final = b"ARROW1\0\0"
STREAM_BEGINS: Final = b"\xff\xff\xff\xff"  # a stream alone, since version 0.15; no text begins so
_ENDS: Final = (b"\xff\xff\xff\xff\0\0\0\0", b"\0\0\0\0")  # what ends a stream; the second one until version 0.15


def found(stream: BufferedReader, _file: File, fields: Fields, limits: Limits, _aside: Counter[str]) -> Iterator[Found]:
    """The rows of a file, numbered from 0; see `pages.Reader`. Memory is taken for one batch, as large as it was written."""
    if stream.peek(len(BEGINS)).startswith(BEGINS):
        stream.read(len(BEGINS))
    watched = _Watched(stream)
    row = 0
    for batch in _batches(watched):
        try:
            batch.validate(full=True)  # offsets that lead elsewhere are followed otherwise
        except batches.failures() as problem:
            yield batches.lost(row, row + batch.num_rows, _BROKEN, problem)
        else:
            yield from batches.found(batch, row, fields, limits, _BROKEN)
        row += batch.num_rows
    if not watched.last.endswith(_ENDS):
        raise PageError(_BROKEN, f"it is cut off after row {row:,}")


def _batches(stream: "_Watched") -> Iterator["pa.RecordBatch"]:
    import pyarrow as pa  # noqa: PLC0415  # an extra

    try:
        with pa.ipc.open_stream(stream) as reader:
            while True:
                try:
                    yield reader.read_next_batch()
                except StopIteration:
                    return
    except batches.failures() as problem:
        raise PageError(_BROKEN, str(problem).partition("\n")[0]) from None


class _Watched(io.RawIOBase):
    """A stream that remembers what was read last: to pyarrow a stream that is cut off between two batches is at its end."""

    def __init__(self, stream: BufferedReader) -> None:
        self._stream = stream
        self.last = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self.last = (self.last + data[-8:])[-8:]
        return data
