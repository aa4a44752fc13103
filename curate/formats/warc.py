"""WARC files, and WET files, which are such: the pages among the records of a crawl (WARC 1.0 and 1.1, IIPC; ISO 28500)."""

from collections import Counter
from collections.abc import Iterator
from io import BufferedReader
from typing import Final

import msgspec

from curate.errors import PageError
from curate.formats import http_response as http
from curate.formats.content import Content, Found
from curate.formats.inputs import File
from curate.formats.limits import Limits, check
from curate.formats.looks import looks_like_html
from curate.formats.record import Fields
from curate.formats.warc_records import Record, records
from curate.text.codepoints import whole

_HTML: Final = {"text/html", "application/xhtml+xml"}
_TEXT: Final = "text/plain"
_NO_PAGES: Final = {"warcinfo", "request", "metadata", "revisit", "continuation"}
# The types that are counted by name; so many that are told apart, and no more whatever servers say.
_TYPES: Final = frozenset(
    f"{kind}/{name}"
    for kind, names in {
        "application": "atom+xml java-archive javascript json ld+json manifest+json msword octet-stream ogg pdf rss+xml x-javascript "
        "x-shockwave-flash xml zip",
        "audio": "mp4 mpeg ogg",
        "font": "otf ttf woff woff2",
        "image": "avif gif jpeg png svg+xml vnd.microsoft.icon webp x-icon",
        "text": "calendar css csv dns javascript markdown rtf xml",
        "video": "mp4 ogg webm",
    }.items()
    for name in names.split()
)


def found(stream: BufferedReader, file: File, _fields: Fields, limits: Limits, aside: Counter[str]) -> Iterator[Found]:
    """The pages of a file, or of a range of it; see `pages.Reader`.

    The offset of a page is where its record, or the member of it, begins in the file: what a CDX index names. Where records share
    members it counts the bytes of the file as it is unpacked.
    """
    for at, size, record in records(stream, file, limits.bytes + http.HEAD):
        if isinstance(record, PageError):
            yield Found(at, at + size, record)
            continue
        try:
            content: Content | PageError | None = _content(record, limits, aside)
        except PageError as problem:
            content = problem
        if content is not None:
            yield Found(at, at + size, content)


def _content(record: Record, limits: Limits, aside: Counter[str]) -> Content | None:
    """The page in a record; None, and counted, for what is none. Raises PageError for a page that is broken."""
    of = record.headers.get("warc-type", "").lower()
    if of == "response" and _is_http(record):
        return _answer(record, limits, aside)
    if of in {"response", "resource", "conversion"}:
        content_type = record.headers.get("content-type", "")
        declared = http.charset(content_type) or ("utf-8" if of == "conversion" else "")
        return _page(record, record.block, content_type, declared, limits, aside)
    aside[of if of in _NO_PAGES else "record of another type"] += 1
    return None


def _is_http(record: Record) -> bool:
    """Whether a response is a web server's, and not of the DNS, say."""
    content_type = http.essence(record.headers.get("content-type", ""))
    return content_type == "application/http" or (not content_type and record.block.startswith(b"HTTP/"))


def _answer(record: Record, limits: Limits, aside: Counter[str]) -> Content | None:
    """The page that a web server gave."""
    response = http.parse(record.block)
    if not 200 <= response.status < 300:  # noqa: PLR2004  # successful (RFC 9110, section 15)
        aside[f"status {response.status}"] += 1
        return None
    content_type = response.headers.get("content-type") or record.headers.get("warc-identified-payload-type", "")
    if http.essence(content_type) not in {*_HTML, _TEXT, ""}:
        aside[_type(http.essence(content_type))] += 1
        return None
    check(limits, "bytes", record.length - (len(record.block) - len(response.body)))
    body = http.unpacked(response, limits.bytes, cut="warc-truncated" in record.headers)
    return _page(record, body, content_type, http.charset(content_type), limits, aside)


def _page(record: Record, data: bytes, content_type: str, declared: str, limits: Limits, aside: Counter[str]) -> Content | None:  # noqa: PLR0917  # what a page is of
    """A page of its bytes, if its type is that of one, or if it has none and looks like HTML."""
    essence = http.essence(content_type)
    reason = "no body" if not data else "" if essence or looks_like_html(data) else "no type"
    if essence not in {*_HTML, _TEXT, ""}:
        reason = _type(essence)
    if reason:
        aside[reason] += 1
        return None
    check(limits, "bytes", max(len(data), record.length if data is record.block else 0))
    if "warc-segment-number" in record.headers:
        raise PageError("segmented record", "the rest of it is in records of its own, which are not put together")
    headers = record.headers
    return Content(
        data,
        essence != _TEXT,
        url=whole(headers.get("warc-target-uri", "").strip("<>")),
        id=whole(headers.get("warc-record-id", "").strip("<>")),
        meta=_meta(headers, content_type),
        declared=declared,
    )


def _type(essence: str) -> str:
    """What a type that is no page's is counted as."""
    return f"type {essence if essence in _TYPES else 'other'}"


def _meta(headers: dict[str, str], content_type: str) -> str:
    """What else is known of a page, as JSON. When it was fetched says nothing about when it was published."""
    known = {
        "warc_date": headers.get("warc-date"),
        "content_type": content_type,
        "payload_digest": headers.get("warc-payload-digest"),
        "refers_to": headers.get("warc-refers-to", "").strip("<>"),  # of the text in a WET file: the page that it was made of
        "truncated": headers.get("warc-truncated"),
    }
    return msgspec.json.encode({name: value for name, value in known.items() if value}).decode("utf-8")
