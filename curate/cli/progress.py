"""How far a run has come: a bar on a terminal, plain lines in a log, nothing when quiet."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from curate.document import Document
from curate.formats.inputs import STDIN, File

_LOG_EVERY: Final = 10_000  # documents between two lines of a log


@contextmanager
def progress(files: Sequence[File], console: Console, *, quiet: bool) -> Iterator[Callable[[Document], None]]:
    """A function to call after each document."""
    if quiet:
        yield lambda _: None
        return
    sizes = [0 if file.path == STDIN else _size(file.path) for file in files]
    before = dict(zip((file.name for file in files), accumulate(sizes, initial=0), strict=False))
    documents = 0
    if not sys.stderr.isatty():

        def log(_: Document) -> None:
            nonlocal documents
            documents += 1
            if documents % _LOG_EVERY == 0:
                console.print(f"{documents:,} documents")

        yield log
        return
    columns = (BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[documents]:,} documents"), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=sum(sizes) or None, documents=0)

        def advance(document: Document) -> None:
            nonlocal documents
            documents += 1
            bar.update(task, completed=before[document.source.path] + document.source.record, documents=documents)

        yield advance


def _size(path: str) -> int:
    """Bytes of a file; 0 for one that is gone, which reading it will report."""
    try:
        return Path(path).stat().st_size
    except OSError:
        return 0
