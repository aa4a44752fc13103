"""How far a run has come: a bar on a terminal, plain lines in a log, nothing when quiet."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from curate.formats.inputs import STDIN, File
from curate.run.run import Advance

_LOG_EVERY: Final = 10_000  # documents between two lines of a log


@contextmanager
def progress(files: Sequence[File], console: Console, *, quiet: bool) -> Iterator[Advance]:
    """A function to call as documents are done: with the file and the offset the run has come to, and how many."""
    if quiet:
        yield lambda _name, _offset, _number: None
        return
    sizes = [0 if file.path == STDIN else _size(file.path) for file in files]
    before = dict(zip((file.name for file in files), accumulate(sizes, initial=0), strict=False))
    size_of = dict(zip((file.name for file in files), sizes, strict=True))
    documents = 0
    if not sys.stderr.isatty():

        def log(_name: str, _offset: int, number: int) -> None:
            nonlocal documents
            documents += number
            if documents // _LOG_EVERY > (documents - number) // _LOG_EVERY:
                console.print(f"{documents:,} documents")

        yield log
        return
    columns = (BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[documents]:,} documents"), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=sum(sizes) or None, documents=0)

        def advance(name: str, offset: int, number: int) -> None:
            nonlocal documents
            documents += number
            bar.update(task, completed=before[name] + min(offset, size_of[name]), documents=documents)

        yield advance


def _size(path: str) -> int:
    """Bytes of a file; 0 for one that is gone, which reading it will report."""
    try:
        return Path(path).stat().st_size
    except OSError:
        return 0
