"""Open a file for reading whatever it is compressed with; what is broken in it is a PageError."""

import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, Final, cast

import zstandard

from curate.errors import PageError
from curate.formats.inputs import STDIN

_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"


@contextmanager
def opened(path: str) -> Iterator[io.BufferedReader]:
    """The decompressed bytes of a file, or of standard input for "-".

    Compression is told by the first bytes, so a wrong suffix does no harm. Whatever stops the reading, there or
    inside the `with`, leaves it as PageError.
    """
    try:
        with cast("io.BufferedReader", io.BufferedReader(_raw(path))) as raw:
            start = raw.peek(4)[:4]
            if start.startswith(_GZIP):
                yield io.BufferedReader(cast("io.RawIOBase", gzip.GzipFile(fileobj=raw)))
            elif start == _ZSTD:
                yield io.BufferedReader(cast("io.RawIOBase", zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True)))
            else:
                yield raw
    except (EOFError, zlib.error, gzip.BadGzipFile, zstandard.ZstdError) as problem:
        raise PageError("broken compression", str(problem)) from problem
    except OSError as problem:
        raise PageError("cannot be read", problem.strerror or str(problem)) from problem


def _raw(path: str) -> io.RawIOBase:
    if path == STDIN:
        return cast("io.RawIOBase", _Unclosed(sys.stdin.buffer))
    return io.FileIO(path)


class _Unclosed(io.RawIOBase):
    """Standard input, which stays open for whoever owns it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # typeshed's WriteableBuffer is private
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)
