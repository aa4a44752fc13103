"""The stages of a run, each carried out for the shards that are not done yet: clean, settle, finish."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from curate.document import Document
from curate.duplicates.index import Index, sketcher_of
from curate.pipeline import Pipeline
from curate.places import Place, is_local, place
from curate.run.elsewhere import elsewhere, having
from curate.run.identity import Identities, digest
from curate.run.job import CLEAN, FINISH, SETTLE, Came, Done, Job, Task
from curate.run.plan import Plan, Shard
from curate.run.serial import Engine
from curate.run.settle import settle
from curate.run.settled import table_of
from curate.run.shard import clean, finish, pieces, surviving, unseen
from curate.run.shares import WHOLE, Answered, Did, Share, did, taken
from curate.run.stages import Entry, carry_out, discard, entries, entry, sweep, tidy
from curate.run.wanting import Wanting, carried_out, wanting

Advance = Callable[[str, int, int, int], None]  # told of progress: the stage, bytes of input it has done, of how many, documents since

_SETTLING: Final = ".settling"  # what tasks of settling share, where their machines share a store and no disk


def unadvanced(_stage: str, _done: int, _of: int, _documents: int) -> None:
    """For those who do not want to be told."""


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
        while "/" in name and name not in self._before:  # a page of an archive is below its name
            name = name.rpartition("/")[0]
        self._advance(CLEAN, self._before[name] + min(offset, self._sizes[name]), self._of, 1)


class State(NamedTuple):
    """How far a stage is."""

    stage: str
    done: int
    of: int  # shards


class Work:
    """The stages of one run, in its folder."""

    def __init__(self, plan: Plan, pipeline: Pipeline, folder: Place, run: str = "") -> None:
        self.job = Job(plan.config, plan.reading, plan.shards, plan.limit, folder, plan.memory, plan.index, run)
        self._pipeline = pipeline
        self._identities = Identities(self.job, pipeline)
        self._cleaning = [Task(shard, self._identities.clean(shard), self._identities.program) for shard in plan.shards]
        # Looked up once: the index takes a run only if they are still the same then.
        self._segments = [part.folder for part in Index(place(plan.index)).segments(without=run)] if plan.index else []

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
        self.clean(engine, advance)
        self.settle(engine, advance)
        self.finish(engine, advance)

    def clean(self, engine: Engine, advance: Advance) -> None:
        """Clean the shards that are not clean."""
        self.tidy()
        self._do(CLEAN, self._cleaning, engine, advance)

    def tidy(self) -> None:
        """Give what has been cleaned the numbers that shards have now, and take away what no shard has any more."""
        tidy(self.job.work / CLEAN, _names(self._cleaning))

    @property
    def program(self) -> str:
        """What the work is carried out by; see `Identities.program`."""
        return self._identities.program

    def settle(self, engine: Engine, advance: Advance) -> None:
        """Settle what has been cleaned, where there are corpus steps and that is not done."""
        if not self._pipeline.across:
            discard(self.job.work / SETTLE)
        elif not self.settled():
            advance(SETTLE, 0, 0, 0)
            carry_out(self.job.work / SETTLE, self._settling(), partial(self._settle, engine))

    def settled(self) -> bool:
        """Whether what has been cleaned is settled."""
        return entry(self.job.work / SETTLE).identity == self._settling()

    def finish(self, engine: Engine, advance: Advance) -> None:
        """Finish the shards that are not finished, where there are corpus steps."""
        if not self._pipeline.across:
            discard(self.job.work / FINISH)
            return
        tasks = self._finishing()
        tidy(self.job.work / FINISH, _names(tasks))
        self._do(FINISH, tasks, engine, advance)

    def share(self, stage: str, share: Share, engine: Engine, advance: Advance) -> Did:
        """Clean or finish what of a share is not done and nobody else is at."""
        tasks = self._tasks(stage, share)
        return did(len(tasks), self._do(stage, tasks, engine, advance, claims=True))

    def wanting(self, share: Share = WHOLE) -> Wanting:
        """What of a share is not clean."""
        tasks = self._tasks(CLEAN, share)
        return wanting(CLEAN, tasks, self._entries(CLEAN, tasks), self._pipeline)

    def index(self) -> None:
        """Put what is left into the index, in the place of what this run has put there before."""
        if not self.job.index:
            return
        index, numbers = Index(place(self.job.index)), [shard.number for shard in self.job.shards]
        content = digest([entry.result for stage in (CLEAN, FINISH) for entry in self.entries(stage)])
        if not index.holds(self.job.run, content):
            cleaned = [piece for number in numbers for piece in pieces(self.job, number)]
            alive = [rows for number in numbers for rows in surviving(self.job, number)]
            sketcher = sketcher_of(self._pipeline.sketchers)
            index.add(self.job.run, content, cleaned, alive, sketcher=sketcher, settled=self._segments)

    def sweep(self) -> None:
        """Take away what is half done."""
        for folder in (self.job.work, self.job.work / CLEAN, self.job.work / FINISH):
            sweep(folder)

    def entries(self, stage: str) -> Iterator[Entry]:
        """What has been counted by a stage."""
        yield from [entry(self.job.work / SETTLE)] if stage == SETTLE else self._entries(stage, self._cleaning)

    def states(self) -> list[State]:
        """How far each stage is; one that waits for another counts as not done."""
        of = len(self.job.shards)
        found = [State(CLEAN, of - len(self._open(CLEAN, self._cleaning)), of)]
        if self._pipeline.across:
            settled = found[0].done == of and self.settled()
            found.append(State(SETTLE, of * settled, of))
            found.append(State(FINISH, of - len(self._open(FINISH, self._finishing())) if settled else 0, of))
        return found

    def _tasks(self, stage: str, share: Share) -> Sequence[Task]:
        return share.part(self._cleaning) if stage == CLEAN else self._finishing(share)

    def _entries(self, stage: str, tasks: Sequence[Task]) -> list[Entry]:
        """What is known of the tasks of a stage."""
        return entries([self.job.at(stage, task.shard.number) for task in tasks])

    def _function(self, stage: str, seen: Callable[[Document], None], *, apart: bool, claims: bool) -> Callable[[Task], Came]:
        """What carries out a task of a stage."""
        job = self.job._replace(shards=())  # of many; each task brings its own
        function: Callable[[Task], Came] = partial(_clean, job, seen=seen) if stage == CLEAN else partial(_finish, job)
        if apart:
            function = partial(elsewhere, job, stage, having(self._pipeline), function)
        return partial(taken, job, stage, function) if claims else function

    def _settling(self) -> str:
        cleaned = list(zip(self.job.shards, self.entries(CLEAN), strict=True))
        return self._identities.settle(cleaned, self._segments)

    def _settle(self, engine: Engine, to: Path) -> Done:
        scratch = self.job.work / _SETTLING if not is_local(self.job.work) and engine.apart else place(str(to))
        done = settle(self.job, to, engine.map, engine.workers, scratch)
        done.program = self._identities.program
        return done

    def _finishing(self, share: Share = WHOLE) -> list[Task]:
        hashes, cleaned = entry(self.job.work / SETTLE).hashes, share.part(self._cleaning)
        return [
            task._replace(identity=self._identities.finish(found, _drops(hashes, task, found), indexed=bool(self.job.index)))
            for task, found in zip(cleaned, self._entries(CLEAN, cleaned), strict=True)
        ]

    def _open(self, stage: str, tasks: Sequence[Task]) -> list[Task]:
        """What of a stage is still to be done."""
        entries = self._entries(stage, tasks)
        return [task for task, found in zip(tasks, entries, strict=True) if not carried_out(found, task, stage, self._pipeline)]

    def _do(self, stage: str, tasks: Sequence[Task], engine: Engine, advance: Advance, *, claims: bool = False) -> list[Answered]:
        """Have a stage carried out for the shards for which it is not done, each under a claim if other jobs may be at it too."""
        todo = self._open(stage, tasks)
        watched = stage == CLEAN and engine.here(len(todo))  # then each document is told of, and else each shard
        seen = Watch([task.shard for task in tasks], advance) if watched else unseen
        function = self._function(stage, seen, apart=engine.apart, claims=claims)
        of = sum(task.shard.bytes for task in tasks)
        done = of - sum(task.shard.bytes for task in todo)

        def came(answer: Came) -> None:
            nonlocal done
            done += answer.bytes
            if not watched:
                advance(stage, done, of, answer.documents)

        return [Answered(task, answer) for task, answer in zip(todo, engine.map(function, todo, came), strict=True)]


def _drops(hashes: Mapping[str, str], task: Task, cleaned: Entry) -> list[str]:
    """The hashes of a shard's tables of drops, among those of all that was settled."""
    return [hashes.get(table_of(task.shard.number, piece), "") for piece in range(cleaned.done.pieces)]


def _names(tasks: Sequence[Task]) -> dict[str, str]:
    return {task.identity: f"{task.shard.number:05}" for task in tasks}


def _clean(job: Job, task: Task, seen: Callable[[Document], None] = unseen) -> Came:
    number = task.shard.number
    work = partial(clean, job._replace(shards=(task.shard,)), number, seen=seen)
    return _carried_out(job, CLEAN, task, work)


def _finish(job: Job, task: Task) -> Came:
    return _carried_out(job, FINISH, task, partial(finish, job, task.shard.number))


def _carried_out(job: Job, stage: str, task: Task, work: Callable[[Path], Done]) -> Came:
    def by(to: Path) -> Done:
        done = work(to)
        done.program = task.program
        return done

    made = carry_out(job.at(stage, task.shard.number), task.identity, by)
    return Came(task.shard.bytes, made.done.documents)
