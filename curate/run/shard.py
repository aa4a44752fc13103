"""The stages of a shard, from files to files: clean it, and, where steps decide across documents, finish it when they have.

What cleaning leaves for later are the documents as they stand, a table of those that take part, and a table a sketch.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final, cast

import numpy as np

from curate.document import Document
from curate.duplicates.corpus import DOCUMENTS, Sketched, Sketcher
from curate.duplicates.documents import Documents
from curate.duplicates.table import read, write
from curate.errors import PageError
from curate.formats.documents import decode, encode, reading, writing
from curate.formats.inputs import File
from curate.formats.pages import Reading, failed, pages
from curate.pipeline import Pipeline, timed
from curate.run.counts import Counts
from curate.run.job import Done, Job
from curate.run.rows import made
from curate.run.rules import Watch
from curate.run.settled import Settled
from curate.run.writer import shard_sink
from curate.steps import Across
from curate.text.codepoints import Bools

_DOCUMENTS: Final = f"{DOCUMENTS}.zst"
_SURVIVING: Final = "surviving.table"


def clean_pages(files: Iterable[File], reading: Reading, pipeline: Pipeline, limit: int | None = None) -> Iterator[Document]:
    """Every page of the files in order, cleaned by itself; a page that cannot be read or cleaned comes out as `failed`."""
    for document in _pages(files, reading, pipeline, limit):
        try:
            cleaned = pipeline.run(document) if document.outcome != "failed" else document
        except Exception as problem:  # noqa: BLE001  # steps call libraries that may raise anything on hostile text
            cleaned = _unclean(document, problem)
        yield cleaned


def _pages(files: Iterable[File], reading: Reading, pipeline: Pipeline, limit: int | None) -> Iterator[Document]:
    return islice((document for file in files for document in pages(file, reading, pipeline.selectors)), limit)


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

    def see(document: Document) -> Document:
        watch.add(document)
        seen(document)
        return document

    if pipeline.across:
        count = _put_by(_pages(files, job.reading, pipeline, job.limit), pipeline, to, see)
        return Done(documents=count, steps=pipeline.counts, under=watch.under())
    done = _rows(map(see, clean_pages(files, job.reading, pipeline, job.limit)), pipeline, job, to)
    done.under = watch.under()
    return done


def _rows(documents: Iterable[Document], pipeline: Pipeline, job: Job, to: Path) -> Done:
    """Write the rows of documents with which all is done."""
    counts = Counts()
    with shard_sink(to, made(pipeline), job.config.output) as sink:
        for document in documents:
            sink.write(document)
            counts.add(document)
    return Done(counts, pipeline.counts, counts.documents)


def _put_by(documents: Iterable[Document], pipeline: Pipeline, to: Path, see: Callable[[Document], Document]) -> int:
    """Take documents as far as they go by themselves and write down what is needed further on; returns how many there were."""
    count = 0
    taking_part = Documents()
    sketches = [_Sketch(sketcher, pipeline) for sketcher in pipeline.sketchers]
    with writing(to / _DOCUMENTS) as put:
        for document in documents:
            begun, takes_part = _begun(document, pipeline)
            put(encode(see(begun)))
            count += 1
            if takes_part:
                taking_part.add(begun)
                for sketch in sketches:
                    sketch.add(begun)
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


def finish(job: Job, number: int, to: Path) -> Done:
    """Write the final rows of a shard that has been cleaned and settled into the folder `to`; with an index, also what is for it."""
    pipeline = job.config.pipeline()
    survivors = _Survivors(job, number)
    done = _rows(survivors.noted(finished(job, number, pipeline)), pipeline, job, to)
    if job.index:
        write(to / _SURVIVING, {"row": survivors.rows})
    return done


def finished(job: Job, number: int, pipeline: Pipeline) -> Iterator[Document]:
    """The documents of a shard that has been cleaned and settled, in order, with all that is done to them."""
    settled = Settled(job.work / "settle" / f"{number:05}.table")
    for document, part in _with_numbers(reading(job.at("clean", number) / _DOCUMENTS), Sketched(job.at("clean", number))):
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


class _Survivors:
    """Which rows of a shard are in the output."""

    def __init__(self, job: Job, number: int) -> None:
        self._sketched = Sketched(job.at("clean", number))
        self.rows = np.zeros(len(self._sketched.documents["paragraph"]), dtype=np.bool_)

    def noted(self, documents: Iterable[Document]) -> Iterator[Document]:
        """Pass finished documents on."""
        first, paragraph = (self._sketched.documents[name] for name in ("first", "paragraph"))
        for document, part in _with_numbers(documents, self._sketched):
            if document.outcome == "kept" and part >= 0:
                rows = slice(int(first[part]), int(first[part + 1]))
                self.rows[rows] = document.live[paragraph[rows]]
            yield document


def surviving(job: Job, number: int) -> Bools:
    """Which rows of a finished shard are in the output; known of runs with an index."""
    rows: Bools = read(job.at("finish", number) / _SURVIVING)["row"]
    return rows
