"""Open a file for reading whatever it is compressed with; what is broken in it is a PageError."""

import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import BinaryIO, Final, cast

import zstandard

from curate.errors import PageError
from curate.formats.inputs import STDIN

_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_ZSTD_SKIPPED: Final = b"\x2a\x4d\x18"  # the last three bytes of a skippable frame's mark (RFC 8878, section 3.1.2)
_ZSTD_CHUNK: Final = 1024  # bytes in at a time: four of them can stand for 128 kB, so this bounds what comes out


@contextmanager
def opened(path: str) -> Iterator[io.BufferedReader]:
    """The decompressed bytes of a file, or of standard input for "-".

    Compression is told by the first bytes, so a wrong suffix does no harm. Whatever stops the reading, there or
    inside the `with`, leaves it as PageError.
    """
    try:
        with _raw(path) as raw:
            start = raw.peek(4)[:4]
            if start.startswith(_GZIP):
                yield io.BufferedReader(cast("io.RawIOBase", gzip.GzipFile(fileobj=raw)))
            elif _is_zstd(start):
                yield io.BufferedReader(_Zstd(raw))
            else:
                yield raw
    except (EOFError, zlib.error, gzip.BadGzipFile, zstandard.ZstdError) as problem:
        raise PageError("broken compression", str(problem)) from problem
    except OSError as problem:
        raise PageError("cannot be read", problem.strerror or str(problem)) from problem


def is_plain(path: str) -> bool:
    """Whether a file can be read and is not compressed, so that a range of its bytes can be read alone."""
    try:
        with Path(path).open("rb") as file:
            start = file.read(4)
    except OSError:
        return False
    return not start.startswith(_GZIP) and not _is_zstd(start)


def _is_zstd(start: bytes) -> bool:
    """Whether the first four bytes of a file begin a zstd frame or one to be skipped."""
    return start == _ZSTD or (start[1:] == _ZSTD_SKIPPED and start[0] >> 4 == 5)  # noqa: PLR2004  # 0x50 to 0x5F


def _raw(path: str) -> AbstractContextManager[io.BufferedReader]:
    """The bytes as they are; standard input stays open for whoever owns it."""
    if path == STDIN:
        return nullcontext(cast("io.BufferedReader", sys.stdin.buffer))
    return Path(path).open("rb")


class _Zstd(io.RawIOBase):
    """Decompressed frames, one after another; zstandard's own reader takes a frame that is cut off for its end."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._frame = zstandard.ZstdDecompressor().decompressobj()
        self._begun = False
        self._waiting = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # typeshed's WriteableBuffer is private
        while not self._waiting:
            data = self._frame.unused_data if self._frame.eof else b""
            data = data or self._stream.read(_ZSTD_CHUNK)
            if not data:
                if self._begun and not self._frame.eof:
                    raise EOFError("the file ends inside a zstd frame")
                return 0
            if self._frame.eof:
                self._frame = zstandard.ZstdDecompressor().decompressobj()
            self._begun = True
            self._waiting = memoryview(self._frame.decompress(data))
        part, self._waiting = self._waiting[: len(buffer)], self._waiting[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)
