"""A whole run, or a job's share of one: every page of a plan, cleaned, into a folder or a stream."""

import hashlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, BinaryIO, Final

import msgspec

from curate.document import Document
from curate.duplicates.index import Index, sketcher_of
from curate.errors import SurroundingsError, UsageError
from curate.formats.inputs import STDIN, WORK
from curate.pipeline import Pipeline
from curate.places import Place, place
from curate.run.counts import Counts
from curate.run.engines import PROCESSES, RAY, engine
from curate.run.folder import publish, tidy_output
from curate.run.job import CLEAN, FINISH, SETTLE
from curate.run.lock import held, unheld
from curate.run.plan import PLAN_FILE, Plan, refuse_signed, write
from curate.run.record import record
from curate.run.rows import made
from curate.run.serial import Engine
from curate.run.shard import clean_pages, finished
from curate.run.shares import Did, Share
from curate.run.wanting import refuse
from curate.run.work import Advance, State, Watch, Work
from curate.run.writer import StreamSink, check, row_files
from curate.stores.scratch import scratch

_NAME: Final = 8  # bytes of the name that a run goes by in an index


@dataclass(slots=True)
class Run:
    """What is asked for, and what has come of it so far."""

    plan: Plan
    workers: int = 1  # tasks at one time, at most; with Ray 0 is as many as there are processors
    engine: str = PROCESSES
    address: str = ""  # of what the engine is part of, see `engines`
    pipeline: Pipeline = field(init=False)
    counts: Counts = field(default_factory=Counts)

    def __post_init__(self) -> None:
        self.pipeline = self.plan.config.pipeline()
        check(self.plan.config.output)
        if self.plan.index:
            Index(place(self.plan.index)).check(sketcher_of(self.pipeline.sketchers))

    def to_stream(self, stream: BinaryIO, advance: Advance, *, text_only: bool) -> None:
        """Write clean documents, or their bare texts, to a stream."""
        if self.plan.index:
            raise UsageError("an index goes with a folder: what goes to a stream cannot be found again")
        if self.plan.config.output.format != "jsonl":
            raise UsageError("Parquet goes to a folder, and a stream gets JSON lines: name a folder with -o, or add --output-format jsonl")
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
        for document in clean_pages(files, self.plan.reading, self.pipeline, self.plan.limit, self.counts.aside):
            watch(document)
            yield document

    def _through_a_folder(self, advance: Advance) -> Iterator[Document]:
        with scratch() as folder, self._engine(place(str(folder))) as engine:
            work = Work(self.plan, self.pipeline, place(str(folder)))
            work.clean(engine, advance)
            work.settle(engine, advance)
            for entry in chain(work.entries(CLEAN), work.entries(SETTLE)):
                self.pipeline.merge(entry.done.steps)
                self.counts.aside += entry.done.aside
            for shard in self.plan.shards:
                yield from finished(work.job, shard.number, self.pipeline)

    def to_folder(self, out: Place, advance: Advance) -> bool:
        """Write clean, ledger, pages and run.json to a folder, going on from what is done there already; False when all of it was.

        Raises UsageError before anything is read when the folder cannot be written, SurroundingsError when writing fails later.
        """
        with self._alone(out) as work:
            with self._engine(work.job.work) as engine:
                work.carry_out(engine, advance)
            return self._published(out, work)

    def freeze(self, out: Place) -> list[State]:
        """Leave the plan in a folder, with what has been done there for shards of it; says how much that is."""
        refuse_signed(self.plan)  # before there is a folder
        with self._alone(out) as work:
            work.tidy()
            write(msgspec.structs.replace(self.plan, program=work.program), out / WORK / PLAN_FILE)
            return work.states()

    def clean_share(self, out: Place, share: Share, advance: Advance) -> Did:
        """Clean a share of a plan that was left in a folder; other jobs may do the same.

        Raises UsageError where the plan was made by another version: what the jobs write would not go together.
        """
        work = self._work(out)
        self._refuse_other_version(work, out)
        return self._share(work, CLEAN, share, advance)

    def settle(self, out: Place, advance: Advance) -> bool:
        """Settle a plan in a folder, all of whose shards have been cleaned; False when that was done. UsageError where some have not."""
        with self._alone(out) as work:
            self._refuse_unclean(work, out)
            if work.settled():
                return False
            with self._engine(work.job.work) as engine:
                work.settle(engine, advance)
            return True

    def finish_share(self, out: Place, share: Share, advance: Advance) -> Did:
        """Finish a share of a plan that has been settled; other jobs may do the same."""
        work = self._work(out)
        self._refuse_unsettled(work, out)
        return self._share(work, FINISH, share, advance)

    def finish(self, out: Place, advance: Advance) -> bool:
        """Finish what is left of a plan that has been settled, and write all as `to_folder` does; False when all of it was there."""
        with self._alone(out) as work:
            self._refuse_unsettled(work, out)
            with self._engine(work.job.work) as engine:
                work.finish(engine, advance)
            return self._published(out, work)

    def _refuse_other_version(self, work: Work, out: Place) -> None:
        if work.program != self.plan.program:
            raise UsageError(
                f"the plan in {str(out)!r} was made by another version of curate or of a package that decides; "
                "have one version on all machines, and make the plan again"
            )

    def _refuse_unclean(self, work: Work, out: Place) -> None:
        """Raise UsageError where a plan's shards are not all clean; of a plan of another version no share can be cleaned."""
        found = work.wanting()
        if found.shards:
            self._refuse_other_version(work, out)
        refuse(found, str(out))

    def _refuse_unsettled(self, work: Work, out: Place) -> None:
        """Raise UsageError where a plan's shards are not all clean, or not settled as they are now."""
        self._refuse_unclean(work, out)
        if work.stages != (CLEAN,) and not work.settled():
            raise UsageError(f"what was cleaned in {str(out)!r} is not settled as it is now: `curate settle {out}` does that")

    def _share(self, work: Work, stage: str, share: Share, advance: Advance) -> Did:
        unheld(work.job.work)
        with self._engine(work.job.work) as engine:
            return work.share(stage, share, engine, advance)

    @contextmanager
    def _alone(self, out: Place) -> Iterator[Work]:
        """The work in a folder that nobody else writes to meanwhile."""
        with held(out), ExitStack() as stack:
            tidy_output(out)
            work = self._work(out)
            stack.callback(work.sweep)  # a run that is interrupted leaves whole stages and nothing else
            yield work

    def _work(self, out: Place) -> Work:
        """The work in an output folder. In an index the run goes by where it is: a segment holds what the folder holds."""
        name = hashlib.blake2b(str(out.resolve()).encode("utf-8", "surrogateescape"), digest_size=_NAME).hexdigest()
        return Work(self.plan, self.pipeline, out / WORK, name if self.plan.index else "")

    def _engine(self, shared: Place) -> AbstractContextManager[Engine]:
        """The engine that was asked for; raises UsageError where it cannot be had, or cannot read the input."""
        if self.engine == RAY and any(part.path == STDIN for shard in self.plan.shards for part in shard.parts):
            raise UsageError(f"standard input is on this machine alone: leave --engine {RAY} out")
        return engine(self.engine, self.workers, self.address, shared)

    def _published(self, out: Place, work: Work) -> bool:
        """Count what was done, and give it to the index and the reader."""
        for stage in work.stages:
            for entry in work.entries(stage):
                self.pipeline.merge(entry.done.steps)
                self.counts.aside += entry.done.aside
                if stage == work.final:
                    self.counts.merge(entry.done.counts)
        work.index()
        return publish(out, self._rows(work), self._record())

    def _rows(self, work: Work) -> dict[str, Place]:
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
