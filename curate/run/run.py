"""A whole run: every page of a plan, cleaned, into a folder or a stream."""

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO, Final

import msgspec

from curate.document import Document
from curate.duplicates.index import Index, sketcher_of
from curate.errors import SurroundingsError, UsageError
from curate.formats.inputs import WORK
from curate.pipeline import Pipeline
from curate.run.counts import Counts
from curate.run.folder import held, publish, tidy_output
from curate.run.plan import Plan
from curate.run.processes import Processes
from curate.run.record import record
from curate.run.rows import made
from curate.run.serial import Serial
from curate.run.shard import clean_pages, finished
from curate.run.work import CLEAN, SETTLE, Advance, State, Watch, Work
from curate.run.writer import StreamSink, row_files

_NAME: Final = 8  # bytes of the name that a run goes by in an index


@dataclass(slots=True)
class Run:
    """What is asked for, and what has come of it so far."""

    plan: Plan
    workers: int = 1  # processes at most
    pipeline: Pipeline = field(init=False)
    counts: Counts = field(default_factory=Counts)

    def __post_init__(self) -> None:
        self.pipeline = self.plan.config.pipeline()
        if self.plan.index:
            Index(Path(self.plan.index)).check(sketcher_of(self.pipeline.sketchers))

    def to_stream(self, stream: BinaryIO, advance: Advance, *, text_only: bool) -> None:
        """Write clean documents, or their bare texts, to a stream."""
        if self.plan.index:
            raise UsageError("an index goes with a folder: what goes to a stream cannot be found again")
        sink = StreamSink(stream, made(self.pipeline), text_only=text_only)
        try:
            for document in self.documents(advance):
                sink.write(document)
            stream.flush()
        except BrokenPipeError:
            raise
        except OSError as problem:
            raise SurroundingsError(f"writing to standard output failed: {problem.strerror or problem}") from problem

    def documents(self, advance: Advance) -> Iterator[Document]:
        """Every document in order, with all that is done to it; what has to be put by meanwhile is in a temporary folder."""
        for document in self._through_a_folder(advance) if self.pipeline.across else self._straight(advance):
            self.counts.add(document)
            yield document

    def _straight(self, advance: Advance) -> Iterator[Document]:
        watch = Watch(self.plan.shards, advance)
        files = [part.file for shard in self.plan.shards for part in shard.parts]
        for document in clean_pages(files, self.plan.reading, self.pipeline, self.plan.limit):
            watch(document)
            yield document

    def _through_a_folder(self, advance: Advance) -> Iterator[Document]:
        with TemporaryDirectory(prefix="curate-") as folder, self._engine() as engine:
            work = Work(self.plan, self.pipeline, Path(folder))
            work.settle(engine, advance)
            for entry in chain(work.entries(CLEAN), work.entries(SETTLE)):
                self.pipeline.merge(entry.done.steps)
            for shard in self.plan.shards:
                yield from finished(work.job, shard.number, self.pipeline)

    def to_folder(self, out: Path, advance: Advance) -> bool:
        """Write clean, ledger, pages and run.json to a folder, going on from what is done there already; False when all of it was.

        Raises UsageError before anything is read when the folder cannot be written, SurroundingsError when writing fails later.
        """
        with held(out) as folder, ExitStack() as stack:
            tidy_output(out)
            work = self._work(out, folder)
            stack.callback(work.sweep)  # a run that is interrupted leaves whole stages and nothing else
            with self._engine() as engine:
                work.carry_out(engine, advance)
            self._count(work)
            work.index()
            return publish(out, self._rows(work), self._record())

    def states(self, out: Path) -> list[State]:
        """How far the stages of a run into a folder are."""
        return self._work(out, out / WORK).states()

    def _work(self, out: Path, folder: Path) -> Work:
        """The work in an output folder. In an index the run goes by where it is: a segment holds what the folder holds."""
        name = hashlib.blake2b(str(out.resolve()).encode("utf-8", "surrogateescape"), digest_size=_NAME).hexdigest()
        return Work(self.plan, self.pipeline, folder, name if self.plan.index else "")

    def _engine(self) -> Processes | Serial:
        """Processes, where there is work for more than one; standard input cannot be shared."""
        workers = min(self.workers, len(self.plan.shards))
        return Processes(workers) if workers > 1 else Serial()

    def _count(self, work: Work) -> None:
        for stage in work.stages:
            for entry in work.entries(stage):
                self.pipeline.merge(entry.done.steps)
                if stage == work.final:
                    self.counts.merge(entry.done.counts)

    def _rows(self, work: Work) -> dict[str, Path]:
        """The files of the final stage by the names they have in the output folder."""
        numbers = [shard.number for shard in self.plan.shards]
        files = row_files(self.plan.config.output).items()
        return {
            f"{kind}-{number:05}{name.removeprefix(kind)}": work.job.at(work.final, number) / name
            for number in numbers
            for kind, name in files
        }

    def _record(self) -> bytes:
        content: dict[str, Any] = record(self.plan.config, self.pipeline, self.plan.inputs, self.counts)
        return msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"
