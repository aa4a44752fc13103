"""Zip archives of pages: every file in one by its own suffix, in the order in which they lie there.

Written anew rather than with zipfile because that holds the whole directory in memory, decompresses some methods without bounds, and would
have to read the directory into objects for each range of the archive. Layouts: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3 and 4.5.
"""

import io
import re
import struct
import zlib
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from io import BufferedReader
from typing import Final, NamedTuple, cast

import numpy as np

from curate.errors import PageError
from curate.formats.content import Found
from curate.formats.inputs import END, FORMATS, File, bare_suffix
from curate.formats.limits import Limits
from curate.formats.opening import decompressed, is_compressed, is_plain, problems, raw
from curate.formats.record import Fields

# What reads a file in an archive, from its first byte to its last.
Reader = Callable[[BufferedReader, File, Fields, Limits, Counter[str]], Iterator[Found]]

_BROKEN: Final = "broken zip"
_END: Final = struct.Struct("<4s4H2LH")  # the end of the directory: where it is, how long, how many files
_END_MARK: Final = b"PK\5\6"
_END_WITHIN: Final = _END.size + 65_535  # bytes: a remark of any length may follow
_END64_AT: Final = struct.Struct("<4sLQL")
_END64: Final = struct.Struct("<4sQ2H2L4Q")
_ENTRY: Final = struct.Struct("<4s4x2H4x3L3H8xL")  # of the directory
_ENTRY_MARK: Final = b"PK\1\2"
_LOCAL: Final = struct.Struct("<4s22x2H")  # before a file's bytes
_LOCAL_MARK: Final = b"PK\3\4"
_IN_64: Final = 0xFFFFFFFF  # a number that stands in the extra field, as it does not fit
_EXTRA_64: Final = 1
_ENCRYPTED: Final = 1 << 0
_STORED: Final = 0
_DEFLATED: Final = 8
_CHUNK: Final = 1 << 16  # bytes in or out at a time
_DIRECTORY_CHUNK: Final = 1 << 20  # bytes; an entry takes at most 200 kB
# What is counted by its suffix; any other one is "other", so that an archive cannot have as many reasons as files.
_COUNTED: Final = frozenset(
    (
        "css js json xml png jpg jpeg gif svg webp avif ico pdf mp3 mp4 webm woff woff2 ttf "
        "md doc docx xls xlsx parquet arrow warc wet zip gz"
    ).split()
)


class _Member(NamedTuple):
    """A file in an archive, as the directory has it."""

    offset: int  # bytes: of its header
    name: str
    flags: int
    method: int
    checksum: int
    packed: int  # bytes as it lies there
    size: int


class _Directory(NamedTuple):
    """Where the directory lies."""

    start: int
    size: int
    before: int  # bytes before the archive's own first, which its offsets do not count


def found(  # noqa: PLR0917  # a reader, and the readers it takes
    stream: BufferedReader, file: File, fields: Fields, limits: Limits, aside: Counter[str], readers: Mapping[str, Reader]
) -> Iterator[Found]:
    """The pages of the files in an archive, or of those that begin in a range of its bytes; see `pages.Reader`.

    `readers` are those of the formats that files in it may have. Of files with one name the last counts, as it does when the archive is
    unpacked.
    """
    for member in _members(stream, file, aside, readers):
        kind = FORMATS[bare_suffix(member.name)]
        end = 0
        try:
            inner = decompressed(io.BufferedReader(cast("io.RawIOBase", _Data(stream, member)), _CHUNK))
            with problems():
                for one in readers[kind](inner, File(file.path, f"{file.name}/{member.name}"), fields, limits, aside):
                    yield one._replace(name=member.name, format=kind)
                    end = one.end
        except PageError as problem:
            yield Found(end, end, problem, member.name, kind)


def divisible(path: str) -> bool:
    """Whether an archive's directory is sound, so that ranges of it can be read alone: each file in it begins in one of them."""
    if not is_plain(path):
        return False
    try:
        with raw(path) as stream:
            files = last = 0
            for entry in _entries(stream):
                files, last = files + 1, max(last, entry.offset)
            return files > 1 and last < stream.seek(0, io.SEEK_END)
    except PageError:
        return False


def _members(stream: BufferedReader, file: File, aside: Counter[str], kinds: Mapping[str, object]) -> list[_Member]:
    """The files of a range that are to be read, as they lie one behind the other; others are counted."""
    if not stream.seekable():
        raise PageError("cannot be read", "a zip archive is read from its end, which standard input has not yet; write it to a file first")
    members: list[tuple[int, _Member]] = []
    hashes = array("q")
    for number, entry in enumerate(_entries(stream)):
        hashes.append(hash(entry.name))
        if file.start <= entry.offset < file.end and not entry.name.endswith("/"):
            if why := _not_read(entry.name, kinds):
                aside[why] += 1
            else:
                members.append((number, entry))
    last = _last(stream, np.frombuffer(hashes, dtype=np.int64))
    kept = [member for number, member in members if last.get(member.name, number) == number]
    if len(kept) < len(members):
        aside["file that another of its name replaces"] += len(members) - len(kept)
    return sorted(kept, key=lambda member: member.offset)


def _last(stream: BufferedReader, hashes: np.ndarray) -> dict[str, int]:
    """Of each name that several files have the number of the last of them.

    Names are not held: hashes of them say first whether there are such names at all.
    """
    ordered = np.sort(hashes)
    twice = set(ordered[1:][ordered[1:] == ordered[:-1]].tolist())
    return {entry.name: number for number, entry in enumerate(_entries(stream)) if hash(entry.name) in twice} if twice else {}


def _not_read(name: str, kinds: Mapping[str, object]) -> str:
    """What a file in an archive is that is no page; "" for what is read."""
    folders, _, base = name.rpartition("/")
    if base.startswith(".") or "__MACOSX" in folders.split("/"):
        return "hidden file"
    suffix = bare_suffix(base)
    if FORMATS.get(suffix) in kinds:
        return ""
    return f"file {suffix}" if suffix[1:] in _COUNTED else "file of another kind"


def _entries(stream: BufferedReader) -> Iterator[_Member]:
    """The entries of the directory, in its order; raises PageError where it is broken."""
    where = _directory(stream)
    stream.seek(where.start)
    waiting, at, left = b"", 0, where.size
    while left or at < len(waiting):
        if left and len(waiting) - at < _DIRECTORY_CHUNK:
            data = stream.read(min(_DIRECTORY_CHUNK, left))
            if not data:
                raise PageError(_BROKEN, "it ends inside its directory")
            waiting, at, left = waiting[at:] + data, 0, left - len(data)
        entry, at = _entry(waiting, at, where.before)
        yield entry


def _entry(data: bytes, at: int, before: int) -> tuple[_Member, int]:
    """The entry that begins at some place, and where the next one does."""
    try:
        mark, flags, method, checksum, packed, size, *lengths, offset = _ENTRY.unpack_from(data, at)
    except struct.error:
        raise PageError(_BROKEN, "its directory ends inside an entry") from None
    name = at + _ENTRY.size
    extra = name + lengths[0]
    end = extra + lengths[1] + lengths[2]
    if mark != _ENTRY_MARK or end > len(data):
        raise PageError(_BROKEN, "its directory has something else where an entry should begin")
    if _IN_64 in {packed, size, offset}:
        size, packed, offset = _wide(data[extra : extra + lengths[1]], size, packed, offset)
    at = min(offset + before, END - 1)  # no file begins further on: it is read in a range, and fails there
    return _Member(at, _name(data[name:extra]), flags, method, checksum, packed, size), end


def _wide(extra: bytes, *numbers: int) -> Iterator[int]:
    """Numbers of an entry, those that do not fit from its extra field, which has them in this order."""
    at = 0
    found = b""
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        if kind == _EXTRA_64:
            found = extra[at + 4 : at + 4 + length]
        at += 4 + length
    wide = struct.iter_unpack("<Q", found[: len(found) // 8 * 8])
    for number in numbers:
        yield next(wide, (number,))[0] if number == _IN_64 else number


def _name(data: bytes) -> str:
    r"""A name that leads nowhere else: without `..`, empty parts and what follows a NUL; `\` of old Windows programs is taken for `/`.

    Names are UTF-8 whatever the flag for that says, or else what they were on DOS.
    """
    data = data.partition(b"\0")[0]
    try:
        name = data.decode("utf-8")
    except UnicodeDecodeError:
        name = data.decode("cp437")
    name = name.replace("\\", "/")
    parts = ["__" if part == ".." else part for part in name.split("/") if part not in {"", "."}]
    return "/".join(parts) + ("/" if name.endswith("/") or not parts else "")


def _directory(stream: BufferedReader) -> _Directory:
    """Where the directory is; raises PageError where there is none."""
    size = stream.seek(0, io.SEEK_END)
    from_ = max(size - _END_WITHIN, 0)
    stream.seek(from_)
    tail = stream.read(_END_WITHIN)
    marks = [mark.start() for mark in re.finditer(re.escape(_END_MARK), tail) if mark.start() + _END.size <= len(tail)]
    ends = [(at, record) for at in marks if at + _END.size + (record := _END.unpack_from(tail, at))[-1] == len(tail)]
    if not ends:  # a mark that stands elsewhere is that of an archive in this one
        stream.seek(0)
        if is_compressed(stream.read(4)):
            raise PageError(_BROKEN, "it is compressed as a whole, and is read from its end; unpack it first")
        raise PageError(_BROKEN, "it has no directory at its end: this is no zip archive, or one that is cut off")
    at, (_, disk, _, _, _, length, start, _) = ends[-1]
    end = from_ + at
    if disk not in {0, 0xFFFF}:
        raise PageError(_BROKEN, "it is the last part of several; join them first")
    if wide := _directory64(stream, end):
        length, start, end = wide
    begins = end - length
    if begins < start:
        raise PageError(_BROKEN, "its directory begins before the file")
    return _Directory(begins, length, begins - start)


def _directory64(stream: BufferedReader, end: int) -> tuple[int, int, int] | None:
    """Length, start and end of a directory that needs wide numbers; the record that has them stands before the usual one."""
    if end < _END64_AT.size + _END64.size:
        return None
    stream.seek(end - _END64_AT.size - _END64.size)
    data = stream.read(_END64.size + _END64_AT.size)
    mark, *_, length, start = _END64.unpack_from(data)
    return (length, start, end - len(data)) if mark == b"PK\6\6" and data[_END64.size :].startswith(b"PK\6\7") else None


class _Data(io.RawIOBase):
    """The bytes of a file in an archive, checked at their end; raises PageError where they are broken."""

    def __init__(self, stream: BufferedReader, member: _Member) -> None:
        if member.flags & _ENCRYPTED:
            raise PageError("encrypted", "unpack it with its password first")
        if member.method not in {_STORED, _DEFLATED}:
            raise PageError("unknown compression", f"method {member.method}; unpack it, or pack it again with deflate")
        stream.seek(member.offset)
        header = stream.read(_LOCAL.size)
        if len(header) < _LOCAL.size or not header.startswith(_LOCAL_MARK):
            raise PageError("broken file in a zip", f"it does not begin at {member.offset:,}, where the directory says it does")
        _, name, extra = _LOCAL.unpack(header)
        self._stream, self._member = stream, member
        self._at = member.offset + _LOCAL.size + name + extra  # bytes: what was read last ends here
        self._left, self._given, self._checksum = member.packed, 0, 0
        self._inflate = zlib.decompressobj(-zlib.MAX_WBITS) if member.method == _DEFLATED else None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # typeshed's WriteableBuffer is private
        data = self._next(len(buffer)) if buffer else b""
        buffer[: len(data)] = data
        self._given += len(data)
        self._checksum = zlib.crc32(data, self._checksum)
        if not data and buffer and (self._given, self._checksum) != (self._member.size, self._member.checksum):
            raise PageError("broken file in a zip", f"its {self._given:,} bytes are not the {self._member.size:,} that were packed")
        return len(data)

    def _next(self, most: int) -> bytes:
        """Up to so many bytes; none at the end."""
        if self._inflate is None:
            return self._packed(most)
        while not self._inflate.eof:
            packed = self._inflate.unconsumed_tail or self._packed(_CHUNK)
            try:
                data = self._inflate.decompress(packed, most)
            except zlib.error as problem:
                raise PageError("broken file in a zip", str(problem)) from None
            if data or not packed:
                return data
        return b""

    def _packed(self, most: int) -> bytes:
        self._stream.seek(self._at)
        data = self._stream.read(min(most, self._left))
        self._at += len(data)
        self._left -= len(data)
        return data
