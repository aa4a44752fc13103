"""The stage between cleaning and finishing: the corpus steps decide, one after another, each among what the ones before have left.

Held in memory are, by row of the whole corpus, whether it is alive and whether it is held (a byte each) and what it has gone for
(eight bytes); of one step at a time its drops (about a hundred bytes each); and what the step itself takes, which is told how much it
may.
"""

import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

from curate.duplicates.corpus import Answer, Corpus, Item, Map, Sketched
from curate.duplicates.index import Index
from curate.errors import SurroundingsError
from curate.pipeline import StepCount, timed
from curate.places import Place, place
from curate.run.ending import Ending
from curate.run.job import Done, Job
from curate.run.settled import table_of
from curate.run.shard import pieces
from curate.run.stages import discard
from curate.steps import Across

KEPT_FILES: Final = ("pairs.table", "lines.jsonl")  # what a step may leave in its folder for other commands to read
_MOST: Final = 1 << 32  # rows: a pair of them is one number of 64 bits


def settle(job: Job, to: Path, map: Map[Any, Any], workers: int, scratch: Place) -> Done:  # noqa: A002  # what an engine is
    """Settle a run whose shards have been cleaned: tables of drops for each shard in `to`, and what steps keep, by their names.

    In `scratch`, which may be `to`, is meanwhile what the tasks of `map` share; it has to be a place that all of them see.
    """
    pipeline = job.config.pipeline()
    of_shards = {shard.number: pieces(job, shard.number) for shard in job.shards}
    shards, indexed = tuple(chain.from_iterable(of_shards.values())), _indexed(job)
    _check(sum(len(part.documents["paragraph"]) for part in (*shards, *indexed)), indexed=bool(indexed))
    drops = to / ".drops"
    drops.mkdir()
    ending = Ending(shards, indexed, drops)
    for placed in pipeline.across:
        count = pipeline.counts[placed.name]
        work = _emptied(scratch / f".{placed.name}")
        with timed(count):
            corpus = Corpus(shards, ending.alive, job.memory // workers, partial(_counted, map, count), work, indexed)
            ending.take(placed.name, cast("Across", placed.step).settle(corpus))
        _keep(work, to / placed.name)
    ending.resolve()
    names = [table_of(number, piece) for number, parts in of_shards.items() for piece in range(len(parts))]
    for part, name in enumerate(names):
        ending.write(part, to / name)
    shutil.rmtree(drops)
    return Done(steps=pipeline.counts)


def _check(rows: int, *, indexed: bool) -> None:
    """Raise SurroundingsError where there are too many rows to number."""
    if rows > _MOST:
        raise SurroundingsError(
            f"{rows:,} paragraphs{', those of the index with them,' if indexed else ''} are more than the {_MOST:,} that one run compares; "
            "clean by language or by host, each part into a folder of its own"
        )


def _indexed(job: Job) -> tuple[Sketched, ...]:
    """What earlier runs left in the index, if there is one."""
    if not job.index:
        return ()
    return Index(place(job.index)).segments(without=job.run)


class _Worked(NamedTuple):
    """An answer, and in which process how many seconds of CPU time went into it."""

    answer: Any
    process: int
    seconds: float


def _work(function: Callable[[Item], Answer], item: Item) -> _Worked:
    began = time.thread_time()
    answer = function(item)
    return _Worked(answer, os.getpid(), time.thread_time() - began)


def _counted(map_: Map[Any, Any], count: StepCount, function: Callable[[Item], Answer], items: Sequence[Item]) -> Iterator[Answer]:
    """A map that counts the time of other processes as the step's; that of this one is counted anyway."""
    for worked in map_(partial(_work, function), items):
        count.cpu_seconds += worked.seconds * (worked.process != os.getpid())
        yield worked.answer


def _emptied(folder: Place) -> Place:
    """A folder with nothing in it: a run that was ended may have left something."""
    discard(folder)
    folder.mkdir(parents=True)
    return folder


def _keep(work: Place, to: Path) -> None:
    """Take away what a step has left in its folder, and put what others read into `to`."""
    for name in KEPT_FILES:
        if (work / name).exists():
            to.mkdir(exist_ok=True)
            with (work / name).open("rb") as kept, (to / name).open("wb") as file:
                shutil.copyfileobj(kept, file)
    discard(work)
