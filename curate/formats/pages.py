"""Every page of a file as a document, whatever the format; a page that cannot be read is a document that says so."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import PurePosixPath
from typing import Final, Literal

import numpy as np

from curate.document import Document, Source
from curate.errors import PageError
from curate.formats import html, jsonl, text
from curate.formats.html import Selectors, no_selectors
from curate.formats.inputs import FORMATS, File, bare_suffix
from curate.formats.jsonl import Fields
from curate.formats.limits import Limits, check
from curate.formats.opening import opened

_PEEK: Final = 4096
_KNOWN: Final = "|".join(
    sorted({*html.BLOCKS, "html", "head", "title", "meta", "link", "script", "style", "span", "a", "b", "i", "img", "br", "hr"})
)
# Perhaps a byte order mark, the line of XML, remarks; then a doctype or an element that HTML has.
_HTML: Final = re.compile(
    rf"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--(?:(?!-->).)*-->\s*)*<(?:!doctype\s+html|(?:{_KNOWN})[\s/>])".encode("latin-1"),
    re.IGNORECASE | re.DOTALL,
)
_JSON: Final = re.compile(rb"\s*(?:\xef\xbb\xbf)?\s*\{\s*(?:\"|\})")
_HOST: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reading:
    """How pages are read: the settings of a run."""

    format: str = "auto"
    site_from: Literal["url", "path", "folder", "field"] = "url"
    fields: Fields = field(default_factory=Fields)
    limits: Limits = field(default_factory=Limits)
    url: str = ""  # the address of every page, whatever the page says


def pages(file: File, reading: Reading, selectors: Selectors = no_selectors) -> Iterator[Document]:
    """The pages of a file, or of a range of it, in order. What cannot be read comes as a document with outcome `failed` and a reason.

    `selectors` are run on the trees of HTML pages; see `html.parse`.
    """
    offset, kind = file.start, FORMATS.get(bare_suffix(file.name), "text")
    try:
        with opened(file.path) as stream:
            kind = _format(file, stream, reading)
            if kind == "jsonl":
                for row in jsonl.rows(stream, reading.limits.bytes, file.start, file.end):
                    offset = row.offset
                    yield _record(file, row, reading, selectors)
                    offset += row.length
            else:
                yield _whole_file(file, kind, stream.read(reading.limits.bytes + 1), reading, selectors)
    except PageError as problem:
        yield failed(file.name, offset, kind, problem)


def page_of(data: bytes, reading: Reading, name: str = "", selectors: Selectors = no_selectors) -> Document:
    """One page from its bytes, text or HTML; raises PageError."""
    kind = reading.format if reading.format != "auto" else "html" if _HTML.match(data[:_PEEK]) else "text"
    return _whole_file(File("", name), kind, data, reading, selectors)


def failed(name: str, offset: int, kind: str, problem: PageError) -> Document:
    """A document that stands for a page that could not be read."""
    nothing = np.zeros(0, dtype=np.int32)
    document = Document("", nothing, nothing, blank_before=np.zeros(0, dtype=np.bool_), doc=key(name, offset), source=Source(name, offset))
    document.id, document.format = name, kind
    document.outcome, document.reason = "failed", str(problem)
    return document


def key(name: str, offset: int) -> str:
    """The key of a page in all records: a hash of where it was read."""
    return hashlib.blake2b(f"{name}\0{offset}".encode("utf-8", "surrogateescape"), digest_size=10).hexdigest()


def _format(file: File, stream: BufferedReader, reading: Reading) -> str:
    """The format that is asked for, or that the name tells, or the first bytes."""
    if reading.format != "auto":
        return reading.format
    return FORMATS.get(bare_suffix(file.name)) or _sniffed(stream.peek(_PEEK)[:_PEEK])


def _sniffed(start: bytes) -> str:
    if _JSON.match(start):
        return "jsonl"
    return "html" if _HTML.match(start) else "text"


def _whole_file(file: File, kind: str, data: bytes, reading: Reading, selectors: Selectors) -> Document:
    site = _site(file, reading)
    if kind == "html":
        document = _parsed(data, reading, selectors, site, reading.url)
    else:
        document = text.parse(data, reading.limits)
        document.site, document.url = site, reading.url
    document.id, document.format = file.name, kind
    return _finished(document, file, data, 0)


def _parsed(data: bytes, reading: Reading, selectors: Selectors, site: str, url: str) -> Document:
    """An HTML page parsed; whatever a library raises on hostile bytes is the page's failure and not the run's."""
    try:
        return html.parse(data, reading.limits, selectors, site=site, url=url)
    except PageError:
        raise
    except Exception as problem:  # what that can be nobody knows beforehand
        raise PageError("cannot be parsed", f"{type(problem).__name__}: {problem}") from problem


def _record(file: File, row: jsonl.Row, reading: Reading, selectors: Selectors) -> Document:
    try:
        check(reading.limits, "bytes", row.length)
        content = jsonl.parse(row.data, reading.fields)
        data = content.page.encode("utf-8")
        site = content.site if reading.site_from == "field" else _site(file, reading)
        url = reading.url or content.url
        document = _parsed(data, reading, selectors, site, url) if content.is_html else text.of_text(content.page, reading.limits)
    except PageError as problem:
        return failed(file.name, row.offset, "jsonl", problem)
    document.raw = b"" if content.is_html else content.raw
    document.id, document.meta, document.format = content.id, content.meta, "jsonl"
    document.site, document.url = site, url or document.url
    document.title = content.title or document.title
    document.date = content.date or document.date
    return _finished(document, file, data, row.offset)


def _site(file: File, reading: Reading) -> str:
    """The site that the place of a file tells, if it is to be asked."""
    folders = PurePosixPath(file.name).parts[:-1]
    if file.named:  # a file named by itself: by the path it was named with
        folders = PurePosixPath(file.path).parts[:-1]
    if reading.site_from == "folder":
        return folders[-1] if folders else ""
    if reading.site_from == "path":
        hosts = [part.lower() for part in folders if _HOST.fullmatch(part)]
        return hosts[-1 if file.named else 0] if hosts else ""
    return ""


def _finished(document: Document, file: File, data: bytes, offset: int) -> Document:
    """The document with its key and its source."""
    digest = hashlib.sha256(document.raw or data).hexdigest()
    document.doc = key(file.name, offset)
    document.source = Source(file.name, offset, digest, document.source.encoding)
    return document
