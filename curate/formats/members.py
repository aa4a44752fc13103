"""The members of a gzip file, or the frames of a zstd file, one after another, and where in the file each begins.

A WARC file is compressed record by record, so that a record can be read from where its member begins. From any other place in the
file the next such beginning has to be found (`sound_from`).
"""

import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Protocol

import zstandard

from curate.errors import PageError

BROKEN: Final = "broken compression"  # a PageError's reason
_IN: Final = 1 << 16  # bytes that are read at a time
_GZIP_IN: Final = 1 << 13  # bytes in at a time: what is behind a member's end is copied
_OUT: Final = 1 << 18  # bytes that gzip may give at a time
_ZSTD_IN: Final = 1 << 7  # bytes in at a time: four of them can stand for 128 kB, so this bounds what comes out
_SKIPPED: Final = range(0x184D2A50, 0x184D2A60)  # marks of zstd frames that are to be skipped (RFC 8878, section 3.1.2)
_DICTIONARY: Final = 0x184D2A5D  # the mark of one with a dictionary for all others, which it is the first of (IIPC, warc-zstd 1.0)
_FRAME_HEAD: Final = 8  # bytes of a skipped frame's mark and length
_LONGEST_DICTIONARY: Final = 1 << 26  # bytes


class Unpacking(Protocol):
    """A member on the way."""

    eof: bool

    def take(self, data: memoryview) -> tuple[bytes, int]:
        """What some bytes of the file give, and how many of them it took; what is behind the member's end is not taken."""


@dataclass(slots=True)
class _Inflating:
    eof: bool = False
    _made: "zlib._Decompress" = field(default_factory=lambda: zlib.decompressobj(31))  # gzip, and nothing else

    def take(self, data: memoryview) -> tuple[bytes, int]:
        data = data[:_GZIP_IN]
        found = self._made.decompress(data, _OUT)
        self.eof = self._made.eof
        return found, len(data) - len(self._made.unused_data if self.eof else self._made.unconsumed_tail)


class Gzip:
    """The format of RFC 1952, with blocks as RFC 1951 has them."""

    mark: Final = b"\x1f\x8b\x08"  # what a member begins with
    as_they_are: Final = 0xFFFF  # bytes of its input that a compressor can at most put into a member in one piece, uncompressed

    def apart(self) -> "Gzip":
        """For somebody else, who unpacks meanwhile."""
        return self

    def unpacking(self) -> Unpacking:
        """For the next member."""
        return _Inflating()


class _Frame:
    def __init__(self, made: zstandard.ZstdDecompressor) -> None:
        self.eof = False
        self._made = made.decompressobj()

    def take(self, data: memoryview) -> tuple[bytes, int]:
        data = data[:_ZSTD_IN]
        found = self._made.decompress(data)
        self.eof = self._made.eof
        return found, len(data) - len(self._made.unused_data if self.eof else b"")


class Zstd:
    """The format of RFC 8878, with the dictionary that the file begins with, if it does; a member is a frame there."""

    mark: Final = b"\x28\xb5\x2f\xfd"
    as_they_are: Final = 1 << 17  # see `Gzip`

    def __init__(self, dictionary: zstandard.ZstdCompressionDict | None = None) -> None:
        self._dictionary = dictionary
        self._made = zstandard.ZstdDecompressor(dict_data=dictionary)

    def apart(self) -> "Zstd":
        """For somebody else, who unpacks meanwhile: two frames on the way of one decompressor spoil each other."""
        return Zstd(self._dictionary)

    def learn(self, dictionary: bytes) -> None:
        """Use a dictionary, which may be compressed itself."""
        if dictionary.startswith(self.mark):
            dictionary = zstandard.ZstdDecompressor().decompress(dictionary, max_output_size=_LONGEST_DICTIONARY)
        self._dictionary = zstandard.ZstdCompressionDict(dictionary)
        self._made = zstandard.ZstdDecompressor(dict_data=self._dictionary)

    def unpacking(self) -> Unpacking:
        """For the next frame."""
        return _Frame(self._made)


Packing = Gzip | Zstd


def packing(start: bytes) -> Packing | None:
    """What a file is compressed with that begins with some bytes; None where it is not."""
    if start.startswith(Gzip.mark[:2]):
        return Gzip()
    return Zstd() if start.startswith(Zstd.mark) or _is_skipped(start) else None


def _is_skipped(start: bytes | memoryview) -> bool:
    return int.from_bytes(start[:4], "little") in _SKIPPED


class Members(io.RawIOBase):
    """The bytes in a member; those of the next one after `next`, or, with `through`, without being asked."""

    def __init__(self, stream: io.BufferedReader, packing: Packing, *, through: bool = False) -> None:
        self.start = 0  # where the member begins, in bytes of the file
        self.through = through
        self._stream, self._packing = stream, packing
        self._read = 0  # bytes of the file
        self._rest = memoryview(b"")  # of these, what has not been unpacked yet
        self._unpacking: Unpacking | None = None  # None between members
        self._waiting = memoryview(b"")  # what has been unpacked

    @property
    def at(self) -> int:
        """How far the file has been unpacked, in bytes of it."""
        return self._read - len(self._rest)

    def jump(self, at: int) -> None:
        """Go to where a member begins."""
        self.start = self._read = self._stream.seek(at)
        self._rest, self._unpacking, self._waiting = memoryview(b""), None, memoryview(b"")

    def next(self) -> bool:
        """Begin the next member, when the one before it has been read; tells whether there is one. Zeros behind the last one are none."""
        assert self._unpacking is None, "the member before it has not been read"
        assert not self._waiting, "as above"
        while self._fill(_FRAME_HEAD):
            if _is_skipped(self._rest) and isinstance(self._packing, Zstd):
                self._skip(self._packing)
                continue
            if not any(self._rest[:_FRAME_HEAD]):
                self._padding()
                return False
            self.start, self._unpacking = self.at, self._packing.unpacking()
            return True
        self.start = self.at
        return False

    def drain(self) -> PageError | None:
        """Read the rest of the member; gives what is wrong with it, if it is not sound."""
        try:
            while self._unpacking:
                self._take()
        except PageError as problem:
            return problem
        self._waiting = memoryview(b"")
        return None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # typeshed's WriteableBuffer is private
        while not self._waiting:
            if not self._unpacking and not (self.through and self.next()):
                return 0
            self._take()
        part, self._waiting = self._waiting[: len(buffer)], self._waiting[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)

    def _take(self) -> None:
        """Unpack some more of the member."""
        assert self._unpacking, "there is a member"
        if not self._rest and not self._fill(1):
            raise PageError(BROKEN, f"the file ends inside what begins at {self.start:,}")
        try:
            found, taken = self._unpacking.take(self._rest)
        except (zlib.error, zstandard.ZstdError) as problem:
            raise PageError(BROKEN, f"in what begins at {self.start:,}: {problem}") from None
        self._waiting, self._rest = memoryview(found), self._rest[taken:]
        if self._unpacking.eof:
            self._unpacking = None

    def _fill(self, size: int) -> bool:
        """Read on until so many bytes are there; tells whether there are any."""
        while len(self._rest) < size and (data := self._stream.read(_IN)):
            self._rest = memoryview(bytes(self._rest) + data)
            self._read += len(data)
        return bool(self._rest)

    def _skip(self, zstd: Zstd) -> None:
        """Read over a frame that is to be skipped; a dictionary is learned."""
        mark, left = int.from_bytes(self._rest[:4], "little"), int.from_bytes(self._rest[4:_FRAME_HEAD], "little")
        begun = self.start = self.at
        self._rest = self._rest[_FRAME_HEAD:]
        kept = []
        while left:
            if not self._fill(1):
                raise PageError(BROKEN, f"the file ends inside what begins at {begun:,}")
            if mark == _DICTIONARY and begun == 0 and left <= _LONGEST_DICTIONARY:
                kept.append(self._rest[:left])
            taken = len(self._rest[:left])
            left, self._rest = left - taken, self._rest[taken:]
        if kept:
            try:
                zstd.learn(b"".join(kept))
            except (zstandard.ZstdError, ValueError) as problem:
                raise PageError(BROKEN, f"in the dictionary: {problem}") from None

    def _padding(self) -> None:
        """Read zeros up to the end of the file; raises PageError for anything else behind them."""
        begun = self.start = self.at
        while not bytes(self._rest).strip(b"\0"):
            self._rest = memoryview(b"")
            if not self._fill(1):
                return
        raise PageError(BROKEN, f"zeros at {begun:,}, and something else behind them")


def sound_from(stream: io.BufferedReader, packing: Packing, at: int, begins: bytes, before: int | None = None) -> int | None:
    """Where the first member begins, at or behind a place in a file and perhaps before another, that is certainly one of this file.

    A page may be such a file itself, and a compressor puts what it cannot compress into its output as it is, but not in long pieces.
    So a member is certain where it and those that follow it without a gap are sound, checksums included, and together longer than such
    a piece, or reach the end of the file; each has to begin with the bytes `begins` when unpacked. The place is a matter of the file
    alone, so that whoever reads what is before it and whoever reads what is behind it agree. None where there is none.
    """
    packing = packing.apart()
    for found in _marks(stream, packing.mark, at, before):
        if found < at:
            continue  # inside what has been looked at: no member of this file begins in a sound one of another
        sound, at = _chained(stream, packing, found, begins)
        if sound:
            return found
    return None


def _marks(stream: io.BufferedReader, mark: bytes, at: int, before: int | None) -> Iterator[int]:
    """Where a mark begins, at or behind a place and perhaps before another; the stream may be moved meanwhile."""
    overlap = len(mark) - 1
    while len(data := _at(stream, at, _IN if before is None else min(_IN, before - at + overlap))) > overlap:
        place = data.find(mark)
        while place >= 0:
            yield at + place
            place = data.find(mark, place + 1)
        at += len(data) - overlap


def _at(stream: io.BufferedReader, at: int, size: int) -> bytes:
    stream.seek(at)
    return stream.read(max(size, 0))


def _chained(stream: io.BufferedReader, packing: Packing, at: int, begins: bytes) -> tuple[bool, int]:
    """Whether members follow each other soundly for long enough from a place on, and the first place not looked at."""
    members = Members(stream, packing)
    members.jump(at)
    try:
        while members.at - at <= packing.as_they_are:
            if not members.next():
                return True, members.at
            if _beginning(members, len(begins)) != begins or members.drain():
                return False, members.start + 1
    except PageError:
        return False, members.start + 1
    return True, members.at


def _beginning(members: Members, size: int) -> bytes:
    found = b""
    while len(found) < size and (data := members.read(size - len(found))):
        found += data
    return found
