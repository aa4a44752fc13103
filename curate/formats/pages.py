"""Every page of a file as a document, whatever the format; a page that cannot be read is a document that says so."""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from io import BufferedReader
from pathlib import PurePosixPath
from typing import Final, Literal, NamedTuple

import numpy as np

from curate.document import Document, Source
from curate.errors import PageError, UsageError
from curate.formats import archive, arrow, delimited, html, jsonl, parquet, text, warc, warc_records
from curate.formats.content import Content, Found
from curate.formats.html import Selectors, no_selectors
from curate.formats.inputs import FORMATS, File, bare_suffix
from curate.formats.limits import Limits
from curate.formats.looks import PEEK, looks_like_html, looks_like_json
from curate.formats.opening import beginning, decompressed, is_plain, raw
from curate.formats.record import Fields
from curate.places import without_query

_MARKS: Final = {  # a zip archive without that suffix is rather a book or a letter
    warc_records.BEGINS: "warc",
    parquet.BEGINS: "parquet",
    arrow.BEGINS: "arrow",
    arrow.STREAM_BEGINS: "arrow",
}
_HOST: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reading:
    """How pages are read: the settings of a run."""

    format: str = "auto"
    site_from: Literal["url", "path", "folder", "field"] = "url"
    fields: Fields = field(default_factory=Fields)
    limits: Limits = field(default_factory=Limits)
    url: str = ""  # the address of every page, whatever the page says


# Finds the pages of a file, or of a range of one: those whose records begin in [start, end) of its bytes as it lies there. What is no
# page it counts, by what it is, in its last argument. Where a record cannot be read it says so and goes on; where it cannot go on it
# raises PageError.
Reader = Callable[[BufferedReader, File, Fields, Limits, Counter[str]], Iterator[Found]]


class Format(NamedTuple):
    """How a format is read."""

    found: Reader
    compressed: bool = False  # whether the reader looks after compression itself
    divisible: Callable[[str], bool] = lambda _path: False  # whether ranges of the file at a path can be read alone
    package: str = ""  # that it takes besides those that curate always has
    extra: str = ""  # of curate, that brings it


def _whole(stream: BufferedReader, file: File, limits: Limits, *, is_html: bool) -> Iterator[Found]:
    data = stream.read(limits.bytes + 1)
    yield Found(0, 0, Content(data, is_html, id=file.name))


def _text(stream: BufferedReader, file: File, _fields: Fields, limits: Limits, _aside: Counter[str]) -> Iterator[Found]:
    return _whole(stream, file, limits, is_html=False)


def _html(stream: BufferedReader, file: File, _fields: Fields, limits: Limits, _aside: Counter[str]) -> Iterator[Found]:
    return _whole(stream, file, limits, is_html=True)


def _zip(stream: BufferedReader, file: File, fields: Fields, limits: Limits, aside: Counter[str]) -> Iterator[Found]:
    streaming: dict[str, archive.Reader] = {"text": _text, "html": _html, "jsonl": jsonl.found, "csv": delimited.found}
    return archive.found(stream, file, fields, limits, aside, streaming)


READERS: Final = {
    "text": Format(_text),
    "html": Format(_html),
    "jsonl": Format(jsonl.found, divisible=is_plain),
    "warc": Format(warc.found, compressed=True, divisible=warc_records.divisible, package="fastwarc", extra="warc"),
    "parquet": Format(parquet.found, compressed=True, divisible=parquet.divisible, package="pyarrow", extra="parquet"),
    "arrow": Format(arrow.found, package="pyarrow", extra="parquet"),
    "csv": Format(delimited.found),
    "zip": Format(_zip, compressed=True, divisible=archive.divisible),
}


def divisible(path: str, name: str, asked: str) -> bool:
    """Whether ranges of a file can be read alone; `asked` is the format that is asked for, or "auto"."""
    kind = _named_kind(name, asked)
    return kind in READERS and READERS[kind].divisible(path)


def check_packages(files: Iterable[File], asked: str) -> None:
    """Raise UsageError where a package is missing that files of these names are read with, before any of them is."""
    first = {_named_kind(file.name, asked): file for file in reversed(list(files))}
    for kind in first.keys() & READERS.keys():
        _check_package(kind, first[kind])


def _check_package(kind: str, file: File) -> None:
    of = READERS[kind]
    if of.package and find_spec(of.package) is None:
        raise UsageError(f"reading {file.name!r} needs {of.package}: pip install 'curate[{of.extra}]'")


def _named_kind(name: str, asked: str) -> str:
    """The format that is asked for, or that the name tells; "" for none."""
    return asked if asked != "auto" else FORMATS.get(bare_suffix(name), "")


def pages(file: File, reading: Reading, selectors: Selectors = no_selectors, aside: Counter[str] | None = None) -> Iterator[Document]:
    """The pages of a file, or of a range of it, in order. What cannot be read comes as a document with outcome `failed` and a reason.

    `selectors` are run on the trees of HTML pages; see `html.parse`. In `aside` the records are counted that are no pages.
    """
    offset, kind = file.start, FORMATS.get(bare_suffix(file.name), "text")
    counted: Counter[str] = Counter() if aside is None else aside
    try:
        with raw(file.path) as stream:
            kind = _format(file, stream, reading)
            for found in contents(file, kind, stream, reading, counted):
                yield _document(found, file, found.format or kind, reading, selectors)
                offset = found.end
    except PageError as problem:
        yield failed(file.name, offset, kind, problem)


def contents(file: File, kind: str, stream: BufferedReader, reading: Reading, aside: Counter[str]) -> Iterator[Found]:
    """What is found in a file of which the bytes are given."""
    _check_package(kind, file)  # of a file whose name does not tell its format it is known only now
    of = READERS[kind]
    return of.found(stream if of.compressed else decompressed(stream), file, reading.fields, reading.limits, aside)


def read_again(files: Mapping[str, File], source: Source, reading: Reading) -> Content:
    """The page that a document was made of, read once more from one of some files (by name); raises PageError where it is gone."""
    names = (source.path, *map(str, PurePosixPath(source.path).parents))  # a file in an archive is below its name
    file = next((files[name] for name in names if name in files), None)
    if file is None:
        raise PageError("cannot be found", f"{source.path} is no longer among the inputs")
    for start in _starts(file, source, reading):
        with raw(file.path) as stream:
            for found in contents(file._replace(start=start), _format(file, stream, reading), stream, reading, Counter()):
                if (found.offset, named(file.name, found.name)) == (source.record, source.path):
                    if isinstance(found.content, PageError):
                        raise found.content
                    return found.content
    raise PageError("has changed since the run read it", f"no record begins at {source.record:,}")


def _starts(file: File, source: Source, reading: Reading) -> Sequence[int]:
    """From where in a file a record is looked for: first at once where its offset counts the file's bytes, and the file can be cut."""
    at_once = _named_kind(file.name, reading.format) in {"jsonl", "warc"} and divisible(file.path, file.name, reading.format)
    return (source.record, 0) if at_once and source.record else (0,)


def page_of(data: bytes, reading: Reading, name: str = "", selectors: Selectors = no_selectors) -> Document:
    """One page from its bytes, text or HTML; raises PageError."""
    kind = reading.format if reading.format != "auto" else "html" if looks_like_html(data) else "text"
    return _made(Content(data, kind == "html", id=name), name, 0, kind, reading, selectors, site="")


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
    return FORMATS.get(bare_suffix(file.name)) or _sniffed(beginning(stream, PEEK))


def _sniffed(start: bytes) -> str:
    if looks_like_json(start):
        return "jsonl"
    if kind := next((kind for mark, kind in _MARKS.items() if start.startswith(mark)), ""):
        return kind
    return "html" if looks_like_html(start) else "text"


def named(file: str, member: str) -> str:
    """What a page is read from, as records call it: a file, or one in an archive."""
    return f"{file}/{member}" if member else file


def _document(found: Found, file: File, kind: str, reading: Reading, selectors: Selectors) -> Document:
    """The document of what was found."""
    name = named(file.name, found.name)
    if isinstance(found.content, PageError):
        return failed(name, found.offset, kind, found.content)
    try:
        return _made(found.content, name, found.offset, kind, reading, selectors, site=_site(file, found.name, reading))
    except PageError as problem:
        return failed(name, found.offset, kind, problem)


def _made(  # noqa: PLR0917  # what a document is of
    content: Content, name: str, offset: int, kind: str, reading: Reading, selectors: Selectors, *, site: str
) -> Document:
    """The document of a page; raises PageError."""
    site = content.site if reading.site_from == "field" else site
    url = reading.url or content.url
    data = content.page.encode("utf-8") if isinstance(content.page, str) else content.page
    if content.is_html:
        document = _parsed(data, reading, selectors, site, url, content.declared)
    elif isinstance(content.page, str):
        document = text.of_text(content.page, reading.limits)
        document.raw = content.raw
    else:
        document = text.parse(content.page, reading.limits, content.declared)
    document.id, document.meta, document.format = content.id, content.meta, kind
    document.site, document.url = site, url or document.url
    document.title = content.title or document.title
    document.date = content.date or document.date
    document.doc = key(name, offset)
    document.source = Source(name, offset, hashlib.sha256(document.raw or data).hexdigest(), document.source.encoding)
    return document


def _parsed(data: bytes, reading: Reading, selectors: Selectors, site: str, url: str, declared: str) -> Document:  # noqa: PLR0917  # as above
    """An HTML page parsed; whatever a library raises on hostile bytes is the page's failure and not the run's."""
    try:
        return html.parse(data, reading.limits, selectors, site=site, url=url, declared=declared)
    except PageError:
        raise
    except Exception as problem:  # what that can be nobody knows beforehand
        raise PageError("cannot be parsed", f"{type(problem).__name__}: {problem}") from problem


def _site(file: File, member: str, reading: Reading) -> str:
    """The site that the place of a file tells, if it is to be asked."""
    place = PurePosixPath(without_query(file.path) if file.named else file.name)  # a file named by itself: by the path it was named with
    folders = (*place.parts[:-1], *PurePosixPath(member).parts[:-1])
    if reading.site_from == "folder":
        return folders[-1] if folders else ""
    if reading.site_from == "path":
        hosts = [part.lower() for part in folders if _HOST.fullmatch(part)]
        return hosts[-1 if file.named else 0] if hosts else ""
    return ""
