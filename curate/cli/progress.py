"""How far a run has come: a bar on a terminal, plain lines in a log, nothing when quiet."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from curate.run.work import Advance, unadvanced

_LOG_EVERY: Final = 10_000  # documents between two lines of a log


@contextmanager
def progress(console: Console, *, quiet: bool) -> Iterator[Advance]:
    """A function to call as documents are done; see `Advance`."""
    if quiet:
        yield unadvanced
    elif sys.stderr.isatty():
        with _bar(console) as bar:
            yield bar
    else:
        yield _log(console)


def _log(console: Console) -> Advance:
    counts: dict[str, int] = {}

    def advance(stage: str, _done: int, _of: int, documents: int) -> None:
        before = counts.get(stage, 0)
        counts[stage] = before + documents
        if counts[stage] // _LOG_EVERY > before // _LOG_EVERY:
            console.print(f"{stage}: {counts[stage]:,} documents")

    return advance


@contextmanager
def _bar(console: Console) -> Iterator[Advance]:
    columns = (
        TextColumn("{task.description:6}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[documents]:,} documents"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=None, documents=0)
        now, count = "", 0

        def advance(stage: str, done: int, of: int, documents: int) -> None:
            nonlocal now, count
            if stage != now:
                now, count = stage, 0
                bar.reset(task, description=stage, total=of or None)
            count += documents
            bar.update(task, completed=done, documents=count)

        yield advance
