"""Records with named fields: which of them is the page, which says what of it; what else came travels along in `meta`."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from curate.errors import PageError
from curate.formats.content import Content
from curate.formats.html_metadata import iso_date
from curate.formats.limits import Limits, check
from curate.text.codepoints import whole

_NAMES: Final = 10  # of a record's fields that a message names
_NAME: Final = 40  # characters of each: in a table without a header they are a page of text


@dataclass(frozen=True, slots=True)
class Fields:
    """Which field of a record holds what: the `[input.fields]` table of a configuration."""

    text: Annotated[str, Meta(description="the page as text")] = "text"
    html: Annotated[str, Meta(description="the page as HTML; read where there is no text")] = "html"
    url: Annotated[str, Meta(description="the page's address")] = "url"
    id: Annotated[str, Meta(description="the name the record goes by")] = "id"
    title: Annotated[str, Meta(description="the headline")] = "title"
    date: Annotated[str, Meta(description="when the page was published")] = "date"
    site: Annotated[str, Meta(description="the site, for `--site-from field`")] = "site"


def content(record: Mapping[str, Any], fields: Fields) -> Content:
    """The content of a record; raises PageError when it has neither text nor HTML. A page may be bytes, as tables can hold it."""
    rest = dict(record)
    held = [name for name in (fields.text, fields.html) if rest.get(name) is not None]
    name = next((name for name in held if rest[name] not in ("", b"")), held[0] if held else None)
    if name is None:
        said = f"neither {fields.text!r} nor {fields.html!r}; the record has {_named(rest)}"
        raise PageError("missing field", f"{said}; --text-field NAME says which one is the page")
    page = rest.pop(name)
    if not isinstance(page, str | bytes):
        raise PageError("field is no text", f"{name!r} holds {type(page).__name__}")
    rest = {other: plain(value) if isinstance(value, bytes) else value for other, value in rest.items()}
    url, identity, title = (_string(rest.pop(known, "")) for known in (fields.url, fields.id, fields.title))
    site = _string(rest.get(fields.site, ""))
    if date := iso_date(_string(rest.get(fields.date, ""))):  # one that nobody can read stays in `meta`
        del rest[fields.date]
    sound = whole(page) if isinstance(page, str) else page
    raw = b"" if isinstance(page, bytes) or sound == page else page.encode("utf-8", "surrogatepass")
    return Content(sound, name == fields.html, url, identity, title, date, site, _json(rest), raw=raw)


def size_checked(found: Content, limits: Limits) -> Content:
    """The same; raises PageError where page and `meta` together have more bytes than a page may."""
    check(
        limits,
        "bytes",
        sum(len(part) if isinstance(part, bytes) or part.isascii() else len(part.encode()) for part in (found.page, found.meta)),
    )
    return found


def plain(data: bytes) -> str:
    """Bytes as text: as they are where they are UTF-8, in base64 elsewhere."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return base64.b64encode(data).decode("ascii")


def _named(record: Mapping[str, Any]) -> str:
    """The fields that a record has, for a message."""
    names = [repr(name[:_NAME]) for name in list(record)[:_NAMES]]
    more = [f"{len(record) - _NAMES:,} more"] if len(record) > _NAMES else []
    return ", ".join(names + more) or "no field"


def _string(value: object) -> str:
    """A field as text: numbers in decimal, nothing for null, JSON for what has parts."""
    if isinstance(value, str):
        return whole(value)
    return "" if value is None else _json(value)


def _json(value: object) -> str:
    try:
        return msgspec.json.encode(value).decode("utf-8")
    except (UnicodeEncodeError, msgspec.EncodeError):
        import json  # noqa: PLC0415  # for this rare case only

        return json.dumps(value)  # ASCII: lone surrogates stay escapes
