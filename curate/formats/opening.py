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
from curate.formats import addresses
from curate.formats.inputs import STDIN
from curate.places import is_address

_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_ZSTD_SKIPPED: Final = b"\x2a\x4d\x18"  # the last three bytes of a skippable frame's mark (RFC 8878, section 3.1.2)
_ZSTD_CHUNK: Final = 1024  # bytes in at a time: four of them can stand for 128 kB, so this bounds what comes out


@contextmanager
def opened(path: str) -> Iterator[io.BufferedReader]:
    """The decompressed bytes of a file, of what is at an address, or of standard input for "-".

    Compression is told by the first bytes, so a wrong suffix does no harm. Whatever stops the reading, there or
    inside the `with`, leaves it as PageError.
    """
    with raw(path) as stream:
        yield decompressed(stream)


@contextmanager
def raw(path: str) -> Iterator[io.BufferedReader]:
    """The bytes of a file, or of what is at an address, as they lie there, or of standard input for "-".

    What stops the reading leaves it as PageError.
    """
    with problems(), _stream(path) as stream:
        yield stream


@contextmanager
def problems() -> Iterator[None]:
    """Turn what stops the reading of a stream, whatever it is compressed with, into PageError."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile, zstandard.ZstdError) as problem:
        raise PageError("broken compression", str(problem)) from problem
    except OSError as problem:
        raise PageError("cannot be read", problem.strerror or str(problem)) from problem


def decompressed(stream: io.BufferedReader) -> io.BufferedReader:
    """What a stream holds, whatever it is compressed with."""
    start = stream.peek(4)[:4]
    if start.startswith(_GZIP):
        return io.BufferedReader(cast("io.RawIOBase", gzip.GzipFile(fileobj=stream)))
    return io.BufferedReader(_Zstd(stream)) if _is_zstd(start) else stream


def beginning(stream: io.BufferedReader, size: int) -> bytes:
    """Up to `size` bytes that a stream begins with, decompressed as far as can be seen; the stream stays where it is."""
    start = stream.peek(size)[:size]
    if not is_compressed(start):
        return start
    try:
        return decompressed(io.BufferedReader(cast("io.RawIOBase", io.BytesIO(start)))).read1(size)
    except (EOFError, OSError, zlib.error, zstandard.ZstdError):  # too little to tell; reading it will say what is wrong
        return b""


def is_plain(path: str) -> bool:
    """Whether a file can be read and is not compressed, and lies where a range of its bytes can be read alone."""
    try:
        with raw(path) as stream:
            compressed = is_compressed(stream.read(4))
        return not compressed and (not is_address(path) or addresses.divides(path))
    except PageError:
        return False


def is_compressed(start: bytes) -> bool:
    """Whether a file that begins with some bytes is compressed as a whole."""
    return start.startswith(_GZIP) or _is_zstd(start[:4])


def _is_zstd(start: bytes) -> bool:
    """Whether the first four bytes of a file begin a zstd frame or one to be skipped."""
    return start == _ZSTD or (start[1:] == _ZSTD_SKIPPED and start[0] >> 4 == 5)  # noqa: PLR2004  # 0x50 to 0x5F


def _stream(path: str) -> AbstractContextManager[io.BufferedReader]:
    """The bytes as they are; standard input stays open for whoever owns it."""
    if path == STDIN:
        return nullcontext(cast("io.BufferedReader", sys.stdin.buffer))
    return addresses.stream(path) if is_address(path) else Path(path).open("rb")


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
