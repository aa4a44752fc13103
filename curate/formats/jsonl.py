"""JSON lines: one page a line, its text or HTML in a field; what else came travels along in `meta`."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from typing import Annotated, Any, Final, NamedTuple

import msgspec
from msgspec import Meta

from curate.errors import PageError
from curate.formats.html_metadata import iso_date
from curate.formats.inputs import END
from curate.text.codepoints import whole


@dataclass(frozen=True, slots=True)
class Fields:
    """Which field of a JSON record holds what: the `[input.fields]` table of a configuration."""

    text: Annotated[str, Meta(description="the page as text")] = "text"
    html: Annotated[str, Meta(description="the page as HTML; read where there is no text")] = "html"
    url: Annotated[str, Meta(description="the page's address")] = "url"
    id: Annotated[str, Meta(description="the name the record goes by")] = "id"
    title: Annotated[str, Meta(description="the headline")] = "title"
    date: Annotated[str, Meta(description="when the page was published")] = "date"
    site: Annotated[str, Meta(description="the site, for `--site-from field`")] = "site"


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


class Content(NamedTuple):
    """What a JSON record holds; a field that is not there is ""."""

    page: str
    raw: bytes  # the page as it came, only where it had lone surrogates (in UTF-8 that lets them pass)
    is_html: bool
    url: str
    id: str
    title: str
    date: str
    site: str
    meta: str  # JSON


def parse(line: bytes, fields: Fields) -> Content:
    """The content of a line; raises PageError when it is no JSON object or has neither text nor HTML."""
    record = _object(line)
    held = [name for name in (fields.text, fields.html) if record.get(name) is not None]
    name = next((name for name in held if record[name] != ""), held[0] if held else None)
    if name is None:
        has = ", ".join(map(repr, record)) or "no field"
        raise PageError("missing field", f"neither {fields.text!r} nor {fields.html!r}; the record has {has}")
    page = record.pop(name)
    if not isinstance(page, str):
        raise PageError("field is no text", f"{name!r} holds {type(page).__name__}")
    url, identity, title = (_string(record.pop(known, "")) for known in (fields.url, fields.id, fields.title))
    site = _string(record.get(fields.site, ""))
    if date := iso_date(_string(record.get(fields.date, ""))):  # one that nobody can read stays in `meta`
        del record[fields.date]
    sound = whole(page)
    raw = b"" if sound == page else page.encode("utf-8", "surrogatepass")
    return Content(sound, raw, name == fields.html, url, identity, title, date, site, _json(record))


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


def _string(value: object) -> str:
    """A field as text: numbers in decimal, nothing for null, JSON for what has parts."""
    if isinstance(value, str):
        return whole(value)
    return "" if value is None else _json(value)


def _json(value: object) -> str:
    try:
        return msgspec.json.encode(value).decode("utf-8")
    except (UnicodeEncodeError, msgspec.EncodeError):
        import json  # noqa: PLC0415

        return json.dumps(value)  # ASCII: lone surrogates stay escapes
