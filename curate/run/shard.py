"""The stages of a shard, from files to files: clean it, and, where steps decide across documents, finish it when they have.

What cleaning leaves for later are the documents as they stand, a table of those that take part, and a table a sketch. They lie in
pieces, folders `0000`, `0001` … of the shard's: a table is made in memory, and a shard can be a compressed file of any size.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Final, cast

import numpy as np

from curate.document import Document
from curate.duplicates.corpus import DOCUMENTS, Sketched, Sketcher
from curate.duplicates.documents import Documents
from curate.duplicates.table import read, write
from curate.errors import PageError, SurroundingsError
from curate.formats.documents import decode, encode, reading, writing
from curate.formats.inputs import File
from curate.formats.pages import Reading, failed, pages
from curate.pipeline import Pipeline, timed
from curate.run.counts import Counts
from curate.run.job import Done, Job
from curate.run.rows import made
from curate.run.rules import Watch
from curate.run.settled import Settled, table_of
from curate.run.stages import entry
from curate.run.writer import shard_sink
from curate.steps import Across
from curate.text.codepoints import Bools

_DOCUMENTS: Final = f"{DOCUMENTS}.zst"


def clean_pages(
    files: Iterable[File], reading: Reading, pipeline: Pipeline, limit: int | None = None, aside: Counter[str] | None = None
) -> Iterator[Document]:
    """Every page of the files in order, cleaned by itself; a page that cannot be read or cleaned comes out as `failed`.

    Records that are no pages are counted in `aside`, by what they are.
    """
    for document in _pages(files, reading, pipeline, limit, aside):
        try:
            cleaned = pipeline.run(document) if document.outcome != "failed" else document
        except Exception as problem:  # noqa: BLE001  # steps call libraries that may raise anything on hostile text
            cleaned = _unclean(document, problem)
        yield cleaned


def _pages(
    files: Iterable[File], reading: Reading, pipeline: Pipeline, limit: int | None, aside: Counter[str] | None
) -> Iterator[Document]:
    return islice((document for file in files for document in pages(file, reading, pipeline.selectors, aside)), limit)


def _unclean(document: Document, problem: Exception) -> Document:
    """What stands for a page on which a step failed: that is the page's failure, by name, and not the run's."""
    reason = PageError("step failed", f"{type(problem).__name__}: {problem}")
    unclean = failed(document.source.path, document.source.record, document.format, reason)
    unclean.id, unclean.url, unclean.source = document.id, document.url, document.source
    return unclean


def unseen(_document: Document) -> None:
    """For those who do not watch."""


def clean(job: Job, number: int, to: Path, seen: Callable[[Document], None] = unseen) -> Done:
    """Clean a shard into the folder `to`: its final rows, or, where there are corpus steps, what they and `finish` need.

    `seen` is told each document.
    """
    pipeline = job.config.pipeline()
    watch = Watch(pipeline)
    files = [part.file for part in job.shard(number).parts]
    aside: Counter[str] = Counter()

    def see(document: Document) -> Document:
        watch.add(document)
        seen(document)
        return document

    if pipeline.across:
        count, parts = _put_by(_pages(files, job.reading, pipeline, job.limit, aside), pipeline, to, see)
        return Done(documents=count, steps=pipeline.counts, under=watch.under(), pieces=parts, aside=aside)
    done = _rows(map(see, clean_pages(files, job.reading, pipeline, job.limit, aside)), pipeline, job, to)
    done.under, done.aside = watch.under(), aside
    return done


def _rows(documents: Iterable[Document], pipeline: Pipeline, job: Job, to: Path) -> Done:
    """Write the rows of documents with which all is done."""
    counts = Counts()
    with shard_sink(to, made(pipeline), job.config.output) as sink:
        for document in documents:
            sink.write(document)
            counts.add(document)
    return Done(counts, pipeline.counts, counts.documents)


def _put_by(documents: Iterable[Document], pipeline: Pipeline, to: Path, see: Callable[[Document], Document]) -> tuple[int, int]:
    """Take documents as far as they go by themselves and write down what is needed further on, in pieces, of which there is always one.

    Returns how many documents there were, and how many pieces.
    """
    begun = ((see(document), takes_part) for document, takes_part in (_begun(document, pipeline) for document in documents))
    counts = [_put_piece(chain([first], begun), pipeline, to / _piece(number)) for number, first in enumerate(begun)]
    if not counts:
        counts = [_put_piece((), pipeline, to / _piece(0))]
    return sum(counts), len(counts)


def _piece(number: int) -> str:
    return f"{number:04}"


def _put_piece(begun: Iterable[tuple[Document, bool]], pipeline: Pipeline, to: Path) -> int:
    """Write documents down until the piece is full; returns how many it has."""
    to.mkdir()
    count = 0
    taking_part = Documents()
    sketches = [_Sketch(sketcher, pipeline) for sketcher in pipeline.sketchers]
    with writing(to / _DOCUMENTS) as put:
        for document, takes_part in begun:
            put(encode(document))
            count += 1
            if takes_part:
                taking_part.add(document)
                for sketch in sketches:
                    sketch.add(document)
            if taking_part.full:
                break
    write(to / f"{DOCUMENTS}.table", taking_part.table())
    for sketch in sketches:
        sketch.write(to)
    return count


class _Sketch:
    """A sketch in the making; the time that it takes is that of the first step which asked for it."""

    def __init__(self, sketcher: Sketcher, pipeline: Pipeline) -> None:
        step = next(placed.name for placed in pipeline.across if cast("Across", placed.step).sketcher == sketcher)
        self._name, self._sketching, self._count = sketcher.name, sketcher.begin(), pipeline.counts[step]

    def add(self, document: Document) -> None:
        with timed(self._count):
            self._sketching.add(document)

    def write(self, to: Path) -> None:
        with timed(self._count):
            write(to / f"{self._name}.table", self._sketching.table())


def _begun(document: Document, pipeline: Pipeline) -> tuple[Document, bool]:
    """A document as it comes to the corpus steps, and whether they look at it."""
    if document.outcome == "failed":
        return document, False
    try:
        return pipeline.run_before(document), pipeline.takes_part(document)
    except Exception as problem:  # noqa: BLE001  # see `clean_pages`
        return _unclean(document, problem), False


def pieces(job: Job, number: int) -> list[Sketched]:
    """What cleaning has left of a shard, in order. How many pieces there are stands in its entry: a store's listing may come late."""
    folder = job.at("clean", number)
    found = entry(folder)
    if not found.identity:
        raise SurroundingsError(f"what was cleaned into {str(folder)!r} is not whole any more; run again")
    return [Sketched(folder / _piece(piece), found.result) for piece in range(found.done.pieces)]


def finish(job: Job, number: int, to: Path) -> Done:
    """Write the final rows of a shard that has been cleaned and settled into the folder `to`; with an index, also what is for it."""
    pipeline = job.config.pipeline()
    return _rows(_noted(job, number, pipeline, to) if job.index else finished(job, number, pipeline), pipeline, job, to)


def finished(job: Job, number: int, pipeline: Pipeline) -> Iterator[Document]:
    """The documents of a shard that has been cleaned and settled, in order, with all that is done to them."""
    for piece, sketched in enumerate(pieces(job, number)):
        yield from _finished(job, number, piece, sketched, pipeline)


def _finished(job: Job, number: int, piece: int, sketched: Sketched, pipeline: Pipeline) -> Iterator[Document]:
    """Those of one piece."""
    settled = Settled(job.work / "settle" / table_of(number, piece))
    for document, part in _with_numbers(reading(sketched.folder / _DOCUMENTS), sketched):
        if document.outcome == "failed":
            yield document
            continue
        if part >= 0:
            for decision in settled.decisions(part, document):
                pipeline.settle(document, pipeline.across[decision.step].name, decision.changes, whole=decision.whole)
            document.held = settled.held(part)
        yield _ended(document, pipeline)


def _with_numbers(documents: Iterable[Document], sketched: Sketched) -> Iterator[tuple[Document, int]]:
    """Each document with its number among those that take part, -1 for one that does not; both come in one order."""
    keys = sketched.documents["doc"].tolist()
    part = 0
    for document in documents:
        takes_part = part < len(keys) and keys[part] == document.doc.encode("ascii")
        yield document, part if takes_part else -1
        part += takes_part


def _ended(document: Document, pipeline: Pipeline) -> Document:
    """A document after the steps behind the corpus steps.

    One that others have gone for has to be in the output: where a step fails on it, it goes there as it came, and its row says why.
    """
    before = encode(document) if document.held and pipeline.behind else b""
    try:
        return pipeline.run_behind(document)
    except Exception as problem:  # noqa: BLE001  # see `clean_pages`
        unclean = _unclean(document, problem)
        if not before:
            return unclean
        document = decode(before)
        document.reason = unclean.reason
        return document


def _noted(job: Job, number: int, pipeline: Pipeline, to: Path) -> Iterator[Document]:
    """The documents of `finished`; which rows of each piece are in the output is written down when they have passed."""
    for piece, sketched in enumerate(pieces(job, number)):
        survivors = _Survivors(sketched)
        yield from survivors.noted(_finished(job, number, piece, sketched, pipeline))
        write(to / _surviving(piece), {"row": survivors.rows})


class _Survivors:
    """Which rows of a piece are in the output."""

    def __init__(self, sketched: Sketched) -> None:
        self._sketched = sketched
        self.rows = np.zeros(len(sketched.documents["paragraph"]), dtype=np.bool_)

    def noted(self, documents: Iterable[Document]) -> Iterator[Document]:
        """Pass finished documents on."""
        first, paragraph = (self._sketched.documents[name] for name in ("first", "paragraph"))
        for document, part in _with_numbers(documents, self._sketched):
            if document.outcome == "kept" and part >= 0:
                rows = slice(int(first[part]), int(first[part + 1]))
                self.rows[rows] = document.live[paragraph[rows]]
            yield document


def _surviving(piece: int) -> str:
    return f"surviving-{_piece(piece)}.table"


def surviving(job: Job, number: int) -> list[Bools]:
    """Which rows of a finished shard are in the output, by piece; known of runs with an index."""
    folder = job.at("finish", number)
    return [read(folder / _surviving(piece))["row"] for piece in range(len(pieces(job, number)))]
