"""CSV and TSV: one page a row; the first row names the fields.

Read as Python's csv reads what spreadsheets write: a field in quotes may hold delimiters and line breaks, two quotes in it are one. That
module is not used because it takes whole fields into memory, up to a limit that is one for the whole process.

Fields are UTF-8. One that is not is taken for Windows-1252, but for the page, whose bytes are decoded as those of any page are.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from io import BufferedReader
from typing import Final, Literal, NamedTuple, cast

from curate.errors import PageError
from curate.formats.content import Content, Found
from curate.formats.inputs import File, bare_suffix
from curate.formats.limits import Limits, check
from curate.formats.record import Fields, content

_BROKEN: Final = "broken CSV"
_QUOTE: Final = b'"'
_CHUNK: Final = 1 << 18  # bytes of a line that are looked at in one go
_UTF8: Final = b"\xef\xbb\xbf"
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
_INSIDE: Final = re.compile(rb'[^"]*+(?:""[^"]*+)*+')  # fits everywhere, if only nothing
_QUOTED: Final = re.compile(b'"' + _INSIDE.pattern + b'"')
_DELIMITERS: Final = (b",", b";", b"\t")  # the first of those that stand in the header equally often
_HEADER: Final = 1_000_000  # bytes: no header is longer

# Where a reader stands: where a field begins, in one without quotes or behind them, in quotes, behind a quote that may be the last.
_State = Literal["begin", "plain", "quoted", "closing"]


class _Row(NamedTuple):
    """A row before it is fields."""

    data: bytes  # without its line end; of one over the limit the beginning
    length: int  # bytes, with the line end
    open: bool  # whether the file ends inside its quotes


def found(stream: BufferedReader, file: File, fields: Fields, limits: Limits, _aside: Counter[str]) -> Iterator[Found]:
    """The rows of a file below its header, numbered from 0; see `pages.Reader`. Blank lines are not counted."""
    start = stream.peek(len(_UTF8))
    if start.startswith(_UTF16):
        raise PageError(_BROKEN, "it is UTF-16; write it as UTF-8")
    if start.startswith(_UTF8):
        stream.read(len(_UTF8))
    names, delimiter = _header(stream, file)
    for number, row in enumerate(_rows(stream, delimiter, limits.bytes)):
        yield Found(number, number + 1, _content(row, number, names, delimiter, fields, limits))


def _header(stream: BufferedReader, file: File) -> tuple[list[str], bytes]:
    """The names of the fields, and what parts them: a tab where the file's name says so, otherwise what the header has most of."""
    data = next((line for line in iter(lambda: stream.readline(_HEADER), b"") if line.strip()), b"")
    tabs = bare_suffix(file.name) == ".tsv"
    bare = _QUOTED.sub(b"", data)
    delimiter = b"\t" if tabs else max(_DELIMITERS, key=bare.count)
    if _after(data, delimiter, "begin") == "quoted" or len(data) == _HEADER:
        raise PageError(_BROKEN, f"the first line is no header: it ends inside a field, after {len(data):,} bytes")
    if b"\r" in data.rstrip(b"\r\n"):
        raise PageError(_BROKEN, "its lines end in carriage returns alone; write it with line feeds")
    names: list[str] = []
    for name in map(_text, _split(data.rstrip(b"\r\n"), delimiter)):
        names.append(_another(name, names))
    return names, delimiter


def _another(name: str, taken: Sequence[str]) -> str:
    """A field's name, with a number where another field has it already: `note`, `note.1`, `note.2`."""
    numbered = (f"{name}.{times}" if times else name for times in range(len(taken) + 1))
    return next(one for one in numbered if one not in taken)


def _content(  # noqa: PLR0917  # a row, and how it is read
    row: _Row, number: int, names: list[str], delimiter: bytes, fields: Fields, limits: Limits
) -> Content | PageError:
    if row.open:
        said = f"a quote that opens in row {number:,} is never closed; {row.length:,} bytes to the end of the file are taken for it"
        return PageError(_BROKEN, said)
    try:
        check(limits, "bytes", row.length)
        values = _split(row.data, delimiter)
        if len(values) == len(names):
            pages = {fields.text, fields.html}
            return content({name: (_page if name in pages else _text)(value) for name, value in zip(names, values, strict=True)}, fields)
    except PageError as problem:
        return problem
    return PageError("wrong number of fields", f"found {len(values):,}, the header names {len(names):,}")


def _page(data: bytes) -> str | bytes:
    """A page's text; its bytes where it is no UTF-8."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data


def _text(data: bytes) -> str:
    text = _page(data)
    return text if isinstance(text, str) else data.decode("cp1252", "replace")


def _rows(stream: BufferedReader, delimiter: bytes, limit: int) -> Iterator[_Row]:
    """The rows of a stream, blank lines left out; of a row over `limit` bytes only the beginning is kept in memory."""
    kept, length, state = bytearray(), 0, _begin()
    while data := stream.readline(_CHUNK):
        state = _after(data, delimiter, state)
        length += len(data)
        kept += data[: max(limit + 1 - len(kept), 0)]
        if state != "quoted" and data.endswith(b"\n"):
            if row := kept.rstrip(b"\r\n"):
                yield _Row(bytes(row), length, open=False)
            kept, length, state = bytearray(), 0, _begin()
    if kept.strip(b"\r\n"):
        yield _Row(bytes(kept), length, open=state == "quoted")


def _begin() -> _State:
    return "begin"


def _after(data: bytes, delimiter: bytes, state: _State) -> _State:
    """Where a reader stands after some more bytes of a row, which may end anywhere."""
    at = 0
    while at < len(data):
        if state == "quoted":
            at = cast("re.Match[bytes]", _INSIDE.match(data, at)).end() + 1
            if at > len(data):
                return "quoted"
            state = "closing"
        elif state != "plain" and data.startswith(_QUOTE, at):  # a field in quotes begins, or what seemed its end is one of two quotes
            at += 1
            state = "quoted"
        else:
            at = data.find(delimiter, at) + 1
            if not at:
                return "plain"
            state = "begin"
    return state


def _split(row: bytes, delimiter: bytes) -> list[bytes]:
    """The fields of a row. What stands between the end of the quotes and the delimiter belongs to the field."""
    values = []
    at = 0
    while True:
        inside = b""
        if quoted := _QUOTED.match(row, at):
            inside, at = quoted[0][1:-1].replace(b'""', _QUOTE), quoted.end()
        end = row.find(delimiter, at)
        values.append(inside + row[at : end if end >= 0 else len(row)])
        if end < 0:
            return values
        at = end + 1
