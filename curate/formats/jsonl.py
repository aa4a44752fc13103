"""JSON lines: one page a line, its text or HTML in a field; what else came travels along in `meta`."""

from collections import Counter
from collections.abc import Iterator
from io import BufferedReader
from math import isfinite
from typing import Any, Final, NamedTuple

import msgspec

from curate.errors import PageError
from curate.formats.content import Content, Found
from curate.formats.inputs import END, File
from curate.formats.limits import Limits, check
from curate.formats.record import Fields, content


class Row(NamedTuple):
    """A line of the file before it is a page."""

    offset: int  # bytes from the start of the (decompressed) file
    data: bytes
    length: int  # bytes of the whole line; more than `data` holds where it is beyond the limit


_CHUNK: Final = 1 << 20


def rows(stream: Any, limit: int, start: int = 0, end: int = END) -> Iterator[Row]:  # noqa: ANN401  # any buffered byte stream
    """The non-blank lines of a stream that begin in [start, end); of a line over `limit` bytes only the beginning is kept in memory.

    A stream that is not read from its start can be sought in.
    """
    offset = 0
    if start:
        stream.seek(start - 1)  # the line that this byte ends or stands in began before `start`
        offset = start - 1 + _rest(stream, end - start + 1)
    while offset < end and (data := stream.readline(limit + 1)):
        length = len(data)
        if length > limit and not data.endswith(b"\n"):
            length += _rest(stream)
        if data.strip():
            yield Row(offset, data, length)
        offset += length


def _rest(stream: Any, enough: int = END) -> int:  # noqa: ANN401
    """Read to the end of the line, or on to `enough` bytes; how many bytes that were."""
    length = 0
    while length < enough and (data := stream.readline(_CHUNK)):
        length += len(data)
        if data.endswith(b"\n"):
            break
    return length


def found(stream: BufferedReader, file: File, fields: Fields, limits: Limits, _aside: Counter[str]) -> Iterator[Found]:
    """The records of a file, or of a range of it; see `pages.Reader`."""
    for row in rows(stream, limits.bytes, file.start, file.end):
        try:
            check(limits, "bytes", row.length)
            record: Content | PageError = parse(row.data, fields)
        except PageError as problem:
            record = problem
        yield Found(row.offset, row.offset + row.length, record)


def parse(line: bytes, fields: Fields) -> Content:
    """The content of a line; raises PageError when it is no JSON object or has neither text nor HTML."""
    return content(_object(line), fields)


def _object(line: bytes) -> dict[str, Any]:
    try:
        record = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        record = _lenient(line, problem)
    except RecursionError:
        raise PageError("broken JSON", "nested too deep") from None
    if not isinstance(record, dict):
        raise PageError("no JSON object", f"found {type(record).__name__}")
    return record


def _lenient(line: bytes, problem: Exception) -> Any:  # noqa: ANN401
    """Lone surrogates, which msgspec refuses and the standard library reads; anything else stays broken."""
    import json  # noqa: PLC0415  # for this rare case only

    try:
        return json.loads(line, parse_constant=lambda _name: None, parse_float=_finite)
    except (ValueError, RecursionError):
        raise PageError("broken JSON", str(problem)) from None


def _finite(number: str) -> float | None:
    """A number that JSON can write again; nothing for one beyond what a float holds."""
    return value if isfinite(value := float(number)) else None
