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
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

from curate.duplicates.corpus import Answer, Corpus, Item, Map, Sketched
from curate.duplicates.index import Index
from curate.pipeline import StepCount, timed
from curate.run.ending import Ending
from curate.run.job import Done, Job
from curate.steps import Across

KEPT_FILES: Final = ("pairs.table", "lines.jsonl")  # what a step may leave in its folder for other commands to read


def settle(job: Job, to: Path, map: Map[Any, Any], workers: int = 1) -> Done:  # noqa: A002  # what an engine is
    """Settle a run whose shards have been cleaned: a table of drops for each shard in `to`, and what steps keep, by their names."""
    pipeline = job.config.pipeline()
    shards = tuple(Sketched(job.at("clean", shard.number)) for shard in job.shards)
    indexed = _indexed(job)
    scratch = to / ".drops"
    scratch.mkdir()
    ending = Ending(shards, indexed, scratch)
    for placed in pipeline.across:
        count = pipeline.counts[placed.name]
        work = to / placed.name
        work.mkdir()
        with timed(count):
            corpus = Corpus(shards, ending.alive, job.memory // workers, partial(_counted, map, count), work, indexed)
            ending.take(placed.name, cast("Across", placed.step).settle(corpus))
        _tidy(work)
    ending.resolve()
    for part, shard in enumerate(job.shards):
        ending.write(part, to / f"{shard.number:05}.table")
    shutil.rmtree(scratch)
    return Done(steps=pipeline.counts)


def _indexed(job: Job) -> tuple[Sketched, ...]:
    """What earlier runs left in the index, if there is one."""
    if not job.index:
        return ()
    return Index(Path(job.index)).segments(without=job.run)


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


def _tidy(work: Path) -> None:
    """Take away what a step has left in its folder but for what others read, and the folder where nothing is left."""
    for path in sorted(work.iterdir()):
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name not in KEPT_FILES:
            path.unlink()
    if not any(work.iterdir()):
        work.rmdir()
