"""The stages of a run, each carried out for the shards that are not done yet: clean, settle, finish."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from curate.document import Document
from curate.duplicates.corpus import Sketched
from curate.duplicates.index import Index, sketcher_of
from curate.pipeline import Pipeline
from curate.run.identity import Identities, digest
from curate.run.job import Job
from curate.run.plan import Plan, Shard
from curate.run.rules import touched
from curate.run.serial import Engine
from curate.run.settle import settle
from curate.run.shard import clean, finish, surviving, unseen
from curate.run.stages import Entry, carry_out, discard, entry, sweep, tidy

CLEAN: Final = "clean"  # the stages, and their folders
SETTLE: Final = "settle"
FINISH: Final = "finish"
Advance = Callable[[str, int, int, int], None]  # told of progress: the stage, bytes of input it has done, of how many, documents since


def unadvanced(_stage: str, _done: int, _of: int, _documents: int) -> None:
    """For those who do not want to be told."""


class Task(NamedTuple):
    """What a worker is told besides the job."""

    shard: Shard
    identity: str

    def __str__(self) -> str:
        first, *others = [part.name for part in self.shard.parts]
        return f"shard {self.shard.number} ({first}{f' and {len(others):,} more' if others else ''})"


class Watch:
    """Tells of each document that is cleaned in this process."""

    def __init__(self, shards: Sequence[Shard], advance: Advance) -> None:
        self._advance = advance
        parts = [part for shard in shards for part in shard.parts]
        self._before: dict[str, int] = {}  # bytes of what is read before a file
        self._sizes = {part.name: part.size for part in parts}
        self._of = 0
        for part in parts:
            self._before.setdefault(part.name, self._of)
            self._of += part.end - part.start

    def __call__(self, document: Document) -> None:
        name, offset = document.source.path, document.source.record  # where it is compressed, the offset is beyond what is read of it
        self._advance(CLEAN, self._before[name] + min(offset, self._sizes[name]), self._of, 1)


class Came(NamedTuple):
    """What a worker answers."""

    bytes: int  # of input
    documents: int


class State(NamedTuple):
    """How far a stage is."""

    stage: str
    done: int
    of: int  # shards


class Work:
    """The stages of one run, in its folder."""

    def __init__(self, plan: Plan, pipeline: Pipeline, folder: Path, run: str = "") -> None:
        self.job = Job(plan.config, plan.reading, plan.shards, plan.limit, folder, plan.memory, plan.index, run)
        self._pipeline = pipeline
        self._identities = Identities(self.job, pipeline)
        self._clean = [Task(shard, self._identities.clean(shard)) for shard in plan.shards]
        # Looked up once: the index takes a run only if they are still the same then.
        self._segments = [part.folder for part in Index(Path(plan.index)).segments(without=run)] if plan.index else []

    @property
    def final(self) -> str:
        """The stage that writes the final rows."""
        return FINISH if self._pipeline.across else CLEAN

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages that there are."""
        return (CLEAN, SETTLE, FINISH) if self._pipeline.across else (CLEAN,)

    def carry_out(self, engine: Engine, advance: Advance) -> None:
        """Carry out all that is not done."""
        self.settle(engine, advance)
        if self._pipeline.across:
            self._do(FINISH, self._finish(), partial(_finish, self.job._replace(shards=())), engine, advance)
        else:
            discard(self.job.work / SETTLE)
            discard(self.job.work / FINISH)

    def settle(self, engine: Engine, advance: Advance) -> None:
        """Clean, and settle what has been cleaned where there are corpus steps, as far as that is not done."""
        job = self.job._replace(shards=())
        watch = Watch(self.job.shards, advance) if engine.here else unseen
        self._do(CLEAN, self._clean, partial(_clean, job, seen=watch), engine, unadvanced if engine.here else advance)
        if self._pipeline.across and entry(self.job.work / SETTLE).identity != (identity := self._settle()):
            advance(SETTLE, 0, 0, 0)
            carry_out(self.job.work / SETTLE, identity, lambda to: settle(self.job, to, engine.map, engine.workers))

    def index(self) -> None:
        """Put what is left into the index, in the place of what this run has put there before."""
        if not self.job.index:
            return
        index, numbers = Index(Path(self.job.index)), [shard.number for shard in self.job.shards]
        content = digest([entry.result for stage in (CLEAN, FINISH) for entry in self.entries(stage)])
        if not index.holds(self.job.run, content):
            cleaned, alive = [Sketched(self.job.at(CLEAN, number)) for number in numbers], [surviving(self.job, n) for n in numbers]
            sketcher = sketcher_of(self._pipeline.sketchers)
            index.add(self.job.run, content, cleaned, alive, sketcher=sketcher, settled=self._segments)

    def sweep(self) -> None:
        """Take away what is half done."""
        for folder in (self.job.work, self.job.work / CLEAN, self.job.work / FINISH):
            sweep(folder)

    def entries(self, stage: str) -> Iterator[Entry]:
        """What has been counted by a stage."""
        folders = [self.job.work / SETTLE] if stage == SETTLE else [self.job.at(stage, shard.number) for shard in self.job.shards]
        return map(entry, folders)

    def states(self) -> list[State]:
        """How far each stage is; one that waits for another counts as not done."""
        of = len(self.job.shards)
        found = [State(CLEAN, of - len(self._open(CLEAN, self._clean)), of)]
        if self._pipeline.across:
            cleaned = found[0].done == of
            settled = cleaned and entry(self.job.work / SETTLE).identity == self._settle()
            found.append(State(SETTLE, of * settled, of))
            found.append(State(FINISH, of - len(self._open(FINISH, self._finish())) if settled else 0, of))
        return found

    def _settle(self) -> str:
        cleaned = list(zip(self.job.shards, self.entries(CLEAN), strict=True))
        return self._identities.settle(cleaned, self._segments)

    def _finish(self) -> list[Task]:
        settled = self.job.work / SETTLE
        return [
            Task(shard, self._identities.finish(cleaned, settled / f"{shard.number:05}.table", indexed=bool(self.job.index)))
            for shard, cleaned in zip(self.job.shards, self.entries(CLEAN), strict=True)
        ]

    def _open(self, stage: str, tasks: Sequence[Task]) -> list[Task]:
        """What of a stage is still to be done."""
        return [task for task in tasks if not self._done(stage, task)]

    def _done(self, stage: str, task: Task) -> bool:
        found = entry(self.job.at(stage, task.shard.number))
        return found.identity == task.identity and (stage != CLEAN or not touched(found.done.under, self._pipeline))

    def _do(self, stage: str, tasks: Sequence[Task], function: Callable[[Task], Came], engine: Engine, advance: Advance) -> None:
        """Have a stage carried out for the shards for which it is not done."""
        tidy(self.job.work / stage, _names(tasks))
        todo = self._open(stage, tasks)
        of = sum(task.shard.bytes for task in tasks)
        done = of - sum(task.shard.bytes for task in todo)

        def came(answer: Came) -> None:
            nonlocal done
            done += answer.bytes
            advance(stage, done, of, answer.documents)

        for _ in engine.map(function, todo, came):
            pass


def _names(tasks: Sequence[Task]) -> dict[str, str]:
    return {task.identity: f"{task.shard.number:05}" for task in tasks}


def _clean(job: Job, task: Task, seen: Callable[[Document], None] = unseen) -> Came:
    number = task.shard.number
    work = partial(clean, job._replace(shards=(task.shard,)), number, seen=seen)
    made = carry_out(job.at(CLEAN, number), task.identity, work)
    return Came(task.shard.bytes, made.done.documents)


def _finish(job: Job, task: Task) -> Came:
    number = task.shard.number
    made = carry_out(job.at(FINISH, number), task.identity, partial(finish, job, number))
    return Came(task.shard.bytes, made.done.documents)
