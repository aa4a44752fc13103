"""Labelled pages: what a model is trained on and measured by. The format is in docs/model.md."""

import gzip
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import numpy as np
import zstandard

from curate.document import Document, document_of_lines
from curate.errors import ConfigError, PageError, Problem, UsageError
from curate.formats import html
from curate.formats.limits import Limits
from curate.tags.language import Language
from curate.train.folds import site_of
from curate.train.labels import Labels, labels, weak_labels

_GOLD: Final = "gold.json"
_SUFFIXES: Final = (".jsonl", ".jsonl.gz", ".jsonl.zst")


class LabelledPage(NamedTuple):
    """A page as it was read, its language told, and a label for each of its paragraphs."""

    id: str
    site: str  # pages of one site are never on both sides of a split
    source: str  # the set that it is of
    document: Document
    labels: Labels
    partial: bool = False  # whether only some strings of the page were known to be content or not


class _Row(msgspec.Struct):
    """A line of a file of labelled pages, or a value of a gold.json."""

    page_id: str = ""
    url: str | None = ""  # sets that others publish have nulls
    site: str | None = ""
    source: str | None = ""
    lines: list[str] | None = None
    html: str = ""
    labels: list[int] | None = None
    text: str | None = None
    with_: list[str] | None = msgspec.field(name="with", default=None)
    without: list[str] | None = None


def read(paths: Iterable[Path], limits: Limits | None = None) -> Iterator[LabelledPage]:
    """The labelled pages of files and folders, in the order of their names.

    Raises UsageError where there are none, ConfigError with every problem of a file whose rows cannot be used.
    """
    limits = limits or Limits()
    for path in paths:
        files = _files(path)
        if not files:
            raise UsageError(f"there are no labelled pages in {str(path)!r}: neither rows (*.jsonl, .gz, .zst) nor a {_GOLD}")
        for file in files:
            yield from _pages(file, limits)


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return sorted(file for file in path.rglob("*") if file.name == _GOLD or file.name.endswith(_SUFFIXES))


def _pages(file: Path, limits: Limits) -> Iterator[LabelledPage]:
    """The pages of one file; all its problems at once."""
    problems: list[Problem] = []
    for line, row, folder in _rows(file, problems):
        try:
            yield _page(row, file, folder, limits)
        except (PageError, OSError, ValueError) as problem:
            problems.append(Problem(str(file), line, row.page_id, str(problem)))
    if problems:
        raise ConfigError(problems)


def _rows(file: Path, problems: list[Problem]) -> Iterator[tuple[int, _Row, Path]]:
    """The rows of a file with their lines, and the folder that their pages are named from."""
    try:
        data = _unpacked(file)
        if file.name == _GOLD:
            for name, row in msgspec.json.decode(data, type=dict[str, _Row]).items():
                row.page_id = name
                row.html = row.html or _beside(file.parent / "html", name)
                row.source = file.parent.name
                yield 0, row, file.parent / "html"
            return
    except (OSError, msgspec.MsgspecError) as problem:
        problems.append(Problem(str(file), 0, "", f"cannot be read: {problem}"))
        return
    for number, line in enumerate(data.splitlines(), start=1):
        if line.strip():
            try:
                yield number, msgspec.json.decode(line, type=_Row), file.parent
            except msgspec.MsgspecError as problem:
                problems.append(Problem(str(file), number, "", str(problem)))


def _beside(folder: Path, name: str) -> str:
    """The file of a page, packed or not."""
    return next((path for path in (f"{name}.html.gz", f"{name}.html") if (folder / path).is_file()), f"{name}.html")


def _unpacked(file: Path) -> bytes:
    data = file.read_bytes()
    try:
        if file.suffix == ".gz":
            return gzip.decompress(data)
        return zstandard.ZstdDecompressor().decompressobj().decompress(data) if file.suffix == ".zst" else data
    except (EOFError, zlib.error, zstandard.ZstdError) as problem:
        raise OSError(f"{file.name} cannot be unpacked: {problem}") from None


def _page(row: _Row, file: Path, folder: Path, limits: Limits) -> LabelledPage:
    """A row's page and its labels; raises ValueError with what is wrong with the row."""
    if (row.lines is None) == (not row.html):
        raise ValueError("a row has either `lines` or `html`")
    given = row.labels
    if row.lines is not None:
        numbers = [number for number, line in enumerate(row.lines) if line.split()]
        document = document_of_lines("\n".join(" ".join(row.lines[number].split()) for number in numbers))
        if given is not None and len(given) == len(row.lines):  # empty lines are labelled, and no paragraphs
            given = [given[number] for number in numbers]
    else:
        document = html.parse(_unpacked(folder / row.html), limits, url=row.url or "")
    document.url = row.url or document.url
    document.tags.update(Language().describe(document))
    found, partial = _labels(document, row, given)
    return LabelledPage(row.page_id, site_of(row.site or document.url), row.source or file.name.partition(".")[0], document, found, partial)


def _labels(document: Document, row: _Row, given: list[int] | None) -> tuple[Labels, bool]:
    if given is not None:
        if len(given) != document.read or not set(given) <= {0, 1, 2}:
            raise ValueError(f"{len(given)} labels for {document.read} paragraphs; each is 1 (content), 0 (chrome) or 2 (neither)")
        return np.array(given, dtype=np.int8), False
    if row.text is not None:
        return labels(document, row.text), False
    if row.with_ is not None or row.without is not None:
        return weak_labels(document, row.with_ or [], row.without or []), True
    raise ValueError("a row has `labels`, `text`, or `with` and `without`")
