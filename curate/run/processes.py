"""Clean files in several processes at once; the rows come in the order, and to the byte, of a run in one.

A worker gets the names of a few files and leaves their rows in part files; documents never cross between processes.
"""

import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from curate.config import Config
from curate.errors import SurroundingsError
from curate.formats.inputs import File
from curate.formats.pages import Reading
from curate.pipeline import StepCount
from curate.run.counts import Counts
from curate.run.rows import made
from curate.run.shard import clean
from curate.run.writer import parts

_TASKS_A_WORKER: Final = 8  # so that a worker with quick files takes over from one with slow ones


class Task(NamedTuple):
    """What a worker is told."""

    files: tuple[File, ...]
    config: Config
    reading: Reading
    folder: Path


class Part(NamedTuple):
    """What a worker answers."""

    folder: Path  # where its rows are, for `FolderSink.append`
    last: str  # the name of the last file it read
    counts: Counts
    steps: dict[str, StepCount]


def clean_in_processes(files: Sequence[File], config: Config, reading: Reading, workers: int, beside: Path) -> Iterator[Part]:
    """Clean the files; yields the parts, left in a folder below `beside`, in the order of the files.

    Raises SurroundingsError when a worker dies.
    """
    shares = list(_shares(files, workers * _TASKS_A_WORKER))
    context = get_context("spawn")
    lifeline, held = context.Pipe(duplex=False)
    with (
        TemporaryDirectory(prefix=".parts-", dir=beside) as folder,
        ProcessPoolExecutor(min(workers, len(shares)), mp_context=context, initializer=_begin, initargs=(lifeline,)) as pool,
    ):
        tasks = [Task(tuple(share), config, reading, Path(folder) / f"{number:06}") for number, share in enumerate(shares)]
        try:
            yield from pool.map(_work, tasks)
        except BrokenProcessPool as problem:
            raise SurroundingsError("a worker process died, perhaps for want of memory; run again with fewer --workers") from problem
        except BaseException:
            held.close()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _shares(files: Sequence[File], number: int) -> Iterator[Sequence[File]]:
    """The files in order, in at most `number` runs of nearly the same length."""
    number = min(number, len(files))
    yield from (files[len(files) * n // number : len(files) * (n + 1) // number] for n in range(number))


def _begin(lifeline: Connection) -> None:
    """What a worker does first: leave Ctrl-C to the parent, and end when the parent lets go or dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        lifeline.poll(None)  # nothing is ever sent: this returns when the other end is closed
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _work(task: Task) -> Part:
    pipeline = task.config.pipeline()
    counts = Counts()
    with parts(task.folder, made(pipeline), task.config.output) as sink:
        for document in clean(task.files, task.reading, pipeline):
            sink.write(document)
            counts.add(document)
    return Part(task.folder, task.files[-1].name, counts, pipeline.counts)
