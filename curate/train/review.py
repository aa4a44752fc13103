"""Turn a run and a review of it into labelled pages: what people said of a paragraph comes before what the run did.

A review is JSON lines, one judgement a line: `{"doc": …, "paragraph": 3, "keep": true, "by": "ann"}`. Every page that is
judged anywhere becomes a labelled page with all its paragraphs, as they were read; docs/model.md has the format.
"""

import gzip
import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Final, NamedTuple

import msgspec
from msgspec import Meta

from curate.document import Document, Source, document_of_lines
from curate.errors import ConfigError, PageError, Problem, UsageError
from curate.formats.inputs import STDIN, File, find
from curate.formats.limits import Limits
from curate.formats.opening import opened
from curate.formats.pages import Reading, page_of, read_again
from curate.formats.record import Fields
from curate.formats.records import CleanRow, LedgerRow, PageRow
from curate.formats.rows import rows_of
from curate.places import Place
from curate.run.restore import Restored, restored, text_of
from curate.run.writer import RUN_FILE
from curate.text.codepoints import whole
from curate.train.folds import site_of
from curate.train.labels import CHROME, CONTENT, NEUTRAL

PAGES: Final = "pages.jsonl"  # the rows, in the folder of labelled pages
_HTML: Final = "html"
_REVIEW: Final = "review"
# A repeat is what it repeats, and a page that is too short may be all content: what these steps drop is not thereby chrome.
_SAY_NOTHING: Final = frozenset({"repeats", "min-chars"})


class _Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line of a review file."""

    doc: str
    paragraph: Annotated[int, Meta(ge=0)]
    keep: bool
    by: str = ""


class Judgement(NamedTuple):
    """What somebody said of a paragraph, and on which line of the review."""

    doc: str
    paragraph: int
    keep: bool
    by: str
    line: int


class Overruled(NamedTuple):
    """Two judgements of one paragraph that contradict; the later one holds."""

    earlier: Judgement
    later: Judgement


class Review(NamedTuple):
    """A review file: by page and paragraph the judgement that holds, and those that do not."""

    path: str
    pages: dict[str, dict[int, Judgement]]
    overruled: tuple[Overruled, ...]
    by: Counter[str]  # judgements, those that do not hold too
    problems: tuple[Problem, ...] = ()  # lines that are no judgement


class PageLabels(msgspec.Struct, frozen=True, omit_defaults=True):
    """A labelled page as it is written: `lines` of a text page, `html` of an HTML page."""

    page_id: str
    url: str
    site: str
    source: str
    lang: str
    labels: list[int]
    lines: list[str] | None = None
    html: str = ""


class Labelled(NamedTuple):
    """What became of a reviewed page; `problem` says why nothing did."""

    path: str
    doc: str
    dom: bool
    labels: tuple[int, ...]
    problem: str = ""


class _Decided(NamedTuple):
    """What a run decided of a page: the paragraphs it kept, and the last step that touched each."""

    kept: frozenset[int]
    steps: dict[int, str]


class _Source(NamedTuple):
    """What an HTML page is read from again: the run's own record of its inputs."""

    files: dict[str, File]  # the inputs, by the name that records have
    missing: str  # why there are none
    reading: Reading


def read_review(path: Path) -> Review:
    """A review file, with the lines of it that are wrong; raises UsageError when it cannot be read or says nothing."""
    pages: dict[str, dict[int, Judgement]] = {}
    overruled: list[Overruled] = []
    problems: list[Problem] = []
    by: Counter[str] = Counter()
    decoder = msgspec.json.Decoder(_Line)
    try:
        with opened(str(path)) as stream:
            lines = stream.read().split(b"\n")
    except PageError as problem:
        raise UsageError(f"{str(path)!r} cannot be read as a review: {problem}") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            said = decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
            problems.append(Problem(str(path), number, "", f"{problem}; a line is {{doc, paragraph, keep, by}}"))
            continue
        new = Judgement(said.doc, said.paragraph, said.keep, said.by, number)
        before = pages.setdefault(new.doc, {}).get(new.paragraph)
        if before and before.keep != new.keep:
            overruled.append(Overruled(before, new))
        pages[new.doc][new.paragraph] = new
        by[new.by] += 1
    if not (pages or problems):
        raise UsageError(f"{str(path)!r} holds no judgement; a line is {{doc, paragraph, keep, by}}")
    return Review(str(path), pages, tuple(overruled), by, tuple(problems))


def label(run: Place, review: Review, to: Path, *, only_reviewed: bool = False) -> list[Labelled]:
    """Write the reviewed pages of a run to a folder, labelled, in the order of the run.

    What nobody judged has the label that the run gave it: content where it was kept, chrome where it was dropped,
    neutral where it went as a repeat or with a page that was too short; with `only_reviewed` all of it is neutral. A
    page that cannot be given back is left out and says why. Raises ConfigError, before anything is written, with every
    line of the review that names a page or paragraph the run does not have.
    """
    given_back = restored(run)  # before all else: it says what is no whole run
    _check(run, review)
    decided = _decided(run, review)
    source = _source(run)
    done: list[Labelled] = []
    with _folder(to) as folder, (folder / PAGES).open("wb") as rows:
        (folder / _HTML).mkdir()
        for page in given_back:
            row = page.row
            if row.doc not in review.pages:
                continue
            labels = _labels(row.read, review.pages[row.doc], decided[row.doc], only_reviewed=only_reviewed)
            try:
                rows.write(msgspec.json.encode(_written(page, labels, source, folder)) + b"\n")
            except PageError as problem:
                done.append(Labelled(row.source.path, row.doc, row.dom, (), str(problem)))
            else:
                done.append(Labelled(row.source.path, row.doc, row.dom, tuple(labels)))
        if not any(one.dom and not one.problem for one in done):
            (folder / _HTML).rmdir()
    return done


def _check(run: Place, review: Review) -> None:
    """Raise ConfigError for lines that are wrong, and for pages and paragraphs that the run does not have."""
    pages = {row.doc: row for row in rows_of(run, "pages", PageRow) if row.doc in review.pages}
    names = _named(run, review.pages.keys() - pages.keys())
    problems = list(review.problems)
    for doc, number, _, _, line in (judgement for page in review.pages.values() for judgement in page.values()):
        row = pages.get(doc)
        if row is None:
            problems.append(Problem(review.path, line, "doc", f"the run has no page {doc!r}; {names[doc]}"))
        elif row.outcome == "failed":
            problems.append(Problem(review.path, line, "doc", f"{row.source.path} was never read: {row.reason}"))
        elif number >= row.read:
            has = f"paragraphs 0 to {row.read - 1}" if row.read else "no paragraph"
            problems.append(Problem(review.path, line, "paragraph", f"{row.source.path} has {has}; found {number}"))
    if problems:
        raise ConfigError(sorted(problems, key=lambda problem: problem.line))


def _named(run: Place, unknown: AbstractSet[str]) -> dict[str, str]:
    """For keys that the run does not have a hint: the key of the page whose name was given instead."""
    hints = dict.fromkeys(unknown, "the keys are in its pages-* files, field doc")
    if unknown:
        for row in rows_of(run, "pages", PageRow):
            for name in {row.source.path, row.id} & unknown:
                hints[name] = f"the page of that name is {row.doc!r}"
    return hints


def _decided(run: Place, review: Review) -> dict[str, _Decided]:
    """What the run made of the reviewed pages."""
    kept = {row.doc: frozenset(row.kept) for row in rows_of(run, "clean", CleanRow) if row.doc in review.pages}
    steps: dict[str, dict[int, str]] = {doc: {} for doc in review.pages}
    for change in rows_of(run, "ledger", LedgerRow):
        if change.doc in steps and (change.text or change.new):  # the others only report
            steps[change.doc][change.paragraph] = change.step
    return {doc: _Decided(kept.get(doc, frozenset()), steps[doc]) for doc in review.pages}


def _source(run: Place) -> _Source:
    """How the run found and read its pages."""
    record: dict[str, Any] = msgspec.json.decode((run / RUN_FILE).read_bytes())
    config, inputs = record["config"], [name for name in record["inputs"] if name != STDIN]
    try:
        files, missing = {file.name: file for file in find(inputs, without=str(run))}, ""
    except UsageError as problem:  # text pages do not need them
        files, missing = {}, f"{problem}; label where the run was started"
    fields, limits = msgspec.convert(config["input"]["fields"], Fields), msgspec.convert(config["limits"], Limits)
    return _Source(files, missing, Reading(config["input"]["format"], fields=fields, limits=limits))


def _written(page: Restored, labels: list[int], source: _Source, folder: Path) -> PageLabels:
    """The row of a page, its HTML written beside it; raises PageError where the page cannot be given back."""
    row, lines, name = page.row, None, ""
    if page.problem:
        raise PageError(page.problem)
    if row.dom:
        name = f"{_HTML}/{row.doc}.html.gz"
        html = gzip.compress(_html(page, source), mtime=0)  # no time, so that the same page gives the same bytes
        (folder / name).write_bytes(html)
    else:
        lines = _lines(page)
    return PageLabels(row.doc, row.url, site_of(row.url), _REVIEW, str(row.tags.get("lang", "und")), labels, lines, name)


def _labels(read: int, judged: Mapping[int, Judgement], decided: _Decided, *, only_reviewed: bool) -> list[int]:
    labels = []
    for number in range(read):
        if number in judged:
            labels.append(CONTENT if judged[number].keep else CHROME)
        elif only_reviewed:
            labels.append(NEUTRAL)
        elif number in decided.kept:
            labels.append(CONTENT)
        else:
            labels.append(NEUTRAL if decided.steps.get(number, "") in _SAY_NOTHING else CHROME)
    return labels


def _lines(page: Restored) -> list[str]:
    """The paragraphs of a text page; raises PageError where they are not those that the run counted."""
    return _as_read(page, document_of_lines(whole(text_of(page))))


def _html(page: Restored, source: _Source) -> bytes:
    """The HTML of a page, from where the run read it; raises PageError where it cannot be had or has changed."""
    data = _found(page.row, source)
    if hashlib.sha256(data).hexdigest() != page.row.source.sha256:
        raise PageError("has changed since the run read it", "its sha256 is another; clean it again and review that run")
    document = page_of(data, replace(source.reading, format="html", url=page.row.url))
    if "\n\n".join(_as_read(page, document)).encode("utf-8") != page.data:
        raise PageError("is read differently by this version of curate", "clean it again and review that run")
    return data


def _as_read(page: Restored, document: Document) -> list[str]:
    if document.read != page.row.read:
        said = f"{document.read} paragraphs where the run read {page.row.read}; clean it again and review that run"
        raise PageError("is read differently by this version of curate", said)
    return [document.text_of(number) for number in range(document.read)]


def _found(row: PageRow, source: _Source) -> bytes:
    """The bytes of an HTML page as the run read them."""
    if row.source.path == STDIN:
        raise PageError("came through standard input, and is gone", "HTML is labelled from its file; clean a file instead")
    if source.missing:
        raise PageError("cannot be found", source.missing)
    at = Source(row.source.path, row.source.record, row.source.sha256, row.source.encoding)
    page = read_again(source.files, at, source.reading).page
    return page.encode("utf-8") if isinstance(page, str) else page


@contextmanager
def _folder(to: Path) -> Iterator[Path]:
    """A folder to write to, which gets its name when all is written; what is there already is not written over."""
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise UsageError(f"{str(to)!r} is there already and is not written over; name another folder with -o")
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=f".{to.name}.", dir=to.parent) as partial:
            work = Path(partial) / "labelled"
            work.mkdir()
            yield work
            work.replace(to)
    except OSError as problem:
        raise UsageError(f"cannot write to {str(to)!r}: {problem.strerror}; name another folder with -o") from None


def summary(done: Sequence[Labelled], review: Review) -> str:
    """What was labelled, and by whom, in one line."""
    labels = Counter(one for page in done for one in page.labels)
    written = [page for page in done if not page.problem]
    html = sum(page.dom for page in written)
    judged = sum(len(review.pages[page.doc]) for page in written)
    by = ", ".join(f"{name or 'nobody named'} {number:,}" for name, number in sorted(review.by.items()))
    return (
        f"labelled: {len(written):,} pages ({len(written) - html:,} text, {html:,} HTML), {labels.total():,} paragraphs: "
        f"{labels[CONTENT]:,} content, {labels[CHROME]:,} chrome, {labels[NEUTRAL]:,} neutral; "
        f"{judged:,} of them reviewed, {len(review.overruled):,} judgements overruled (by {by})"
    )
