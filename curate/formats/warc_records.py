"""The records of a WARC file, however it is compressed, and where each of them begins.

Most such files are compressed record by record. Then a broken record costs no other one, and ranges of the file can be read alone.
The iterator of fastwarc is not what reads here, though it is twice as fast on gzip: it takes a file that is cut off for one that ends,
and ends for good where a record is broken.
"""

import re
from collections.abc import Generator, Iterator
from io import BufferedReader
from typing import BinaryIO, Final, NamedTuple

from curate.errors import PageError
from curate.formats.http_response import headers
from curate.formats.inputs import END, File
from curate.formats.members import BROKEN, Members, Packing, Zstd, packing, sound_from
from curate.formats.opening import raw

BEGINS: Final = b"WARC/"
_BUFFER: Final = 1 << 16  # bytes
_HEAD: Final = 1 << 16  # bytes of the longest header of a record
_VERSION: Final = re.compile(rb"WARC/\d+\.\d+\s*\Z")
_LENGTH: Final = re.compile(r"\d{1,18}")


class Record(NamedTuple):
    """A record before it is a page."""

    headers: dict[str, str]  # by name in lower case
    block: bytes  # its beginning, where there is more of it than is asked for
    length: int  # bytes of the whole block
    blank: int  # bytes of the blank lines before it
    size: int  # bytes of the whole record, without these


At = tuple[int, int, Record | PageError]  # where it begins, how far the next one is at least, and a record or what is wrong with it


def divisible(path: str) -> bool:
    """Whether a file is compressed record by record. In one that is not compressed nothing tells a record from one inside a page."""
    try:
        with raw(path) as stream:
            packed = packing(stream.peek(4)[:4])
            return packed is not None and stream.seekable() and _by_record(stream, packed)
    except PageError:
        return False


def records(stream: BufferedReader, file: File, keep: int) -> Iterator[At]:
    """The records of a file, or of a range of it, each with up to `keep` bytes of its block."""
    packed = packing(stream.peek(4)[:4])
    if packed and stream.seekable() and (file.start or file.end < END or _by_record(stream, packed)):  # there are only ranges of such
        stream.seek(0)
        yield from _of_members(stream, packed, file, keep)
        return
    yield from _running(BufferedReader(Members(stream, packed, through=True), _BUFFER) if packed else stream, keep)


def _by_record(stream: BufferedReader, packed: Packing) -> bool:
    """Whether the first member is the first record; the stream stays at its start. Raises PageError for a dictionary that is broken."""
    members = Members(stream, packed)
    reading = BufferedReader(members, _BUFFER)
    begun = members.next()
    try:
        return begun and _record(reading, 0) is not None and _record(reading, 0) is None
    except PageError as problem:
        return problem.reason == BROKEN  # behind that it can be read on only if members are records
    finally:
        stream.seek(0)


def _running(stream: BinaryIO, keep: int) -> Iterator[At]:
    """Records that follow each other, up to the first one that is broken: where the next one begins nobody can tell."""
    at = 0
    while True:
        try:
            record = _record(stream, keep)
        except PageError as problem:
            yield at, 0, problem
            return
        if not record:
            return
        at += record.blank
        yield at, record.size, record
        at += record.size


def _of_members(stream: BufferedReader, packed: Packing, file: File, keep: int) -> Iterator[At]:
    """Records that are members; behind one that is broken the next one is looked for."""
    members = Members(stream, packed)
    if isinstance(packed, Zstd):
        members.next()  # learns the dictionary, if there is one
    first = sound_from(stream, packed, file.start, BEGINS, file.end) if file.start else 0
    until = END
    while first is not None:
        members.jump(first)
        broken = None
        try:
            while not broken and members.next():
                if members.start >= file.end and until == END:
                    until = _end(stream, packed, file.end)
                if members.start >= until:
                    return
                broken = yield from _of_member(members, keep)
        except PageError as between:  # two members
            broken = members.start, between
        first = sound_from(stream, packed, members.start + 1, BEGINS) if broken else None
        if broken:
            at, problem = broken
            behind = "nothing can be read behind it" if first is None else f"what is behind it is read from {first:,} on"
            yield at, 1, PageError(problem.reason, f"{problem.detail}; {behind}")


def _end(stream: BufferedReader, packed: Packing, end: int) -> int:
    """Where the range behind this one begins to read: at the first member that is certain, which need not be the first one.

    It is looked for when it is near, since a member may be large. The stream stays where it is.
    """
    at = stream.tell()
    found = sound_from(stream, packed, end, BEGINS)
    stream.seek(at)
    return END - 1 if found is None else found  # not END: it is looked for once


def _of_member(members: Members, keep: int) -> Generator[At, None, tuple[int, PageError] | None]:
    """What is in a member: a record, or several, which are then told apart by their numbers. Returns where it cannot be unpacked, and why.

    A record is given when what follows it has been seen: its checksum stands there.
    """
    stream = BufferedReader(members, _BUFFER)
    at, problem, last = members.start, None, None
    try:
        while record := _record(stream, keep):
            if last:
                yield at, 1, last
                at += 1
            last = record
    except PageError as caught:
        problem = caught
    finally:
        stream.detach()  # or it would close the members
    if problem and problem.reason == BROKEN:
        return at, problem
    if last:
        yield at, 1, last
        at += 1
    if problem:
        yield at, 1, problem
    broken = members.drain()
    return (at + 1, broken) if broken else None


def _record(stream: BinaryIO, keep: int) -> Record | None:
    """The next record, of its block up to `keep` bytes; None at the end. Raises PageError where there is something else."""
    head, blank = _head(stream)
    if not head:
        return None
    fields = headers(head)
    length = fields.get("content-length", "")
    if not _LENGTH.fullmatch(length):
        raise PageError("broken WARC", f"a record whose length is {length[:40]!r}")
    block = stream.read(min(int(length), keep))
    left = int(length) - len(block)
    while left and len(block) == min(int(length), keep) and (data := stream.read(min(left, _BUFFER))):
        left -= len(data)
    if left:
        raise PageError("broken WARC", f"a record of {int(length):,} bytes ends {left:,} bytes early")
    return Record(fields, block, int(length), blank, len(head) + int(length))


def _head(stream: BinaryIO) -> tuple[bytes, int]:
    """A record's header with the blank line that ends it, and the bytes of the blank lines before it; b"" at the end of the stream."""
    blank = 0
    while not (line := stream.readline(_HEAD)).strip(b"\r\n"):
        if not line:
            return b"", blank
        blank += len(line)
    if not _VERSION.match(line):
        raise PageError("broken WARC", f"no record begins with {line[:40]!r}")
    lines, size = [line], len(line)
    while line.strip(b"\r\n"):
        line = stream.readline(_HEAD)
        lines.append(line)
        size += len(line)
        if not line or size > _HEAD:
            raise PageError("broken WARC", f"the header of a record {'does not end within' if line else 'is cut off after'} {size:,} bytes")
    return b"".join(lines), blank
