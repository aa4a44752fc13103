"""Tables that end a command."""

import sys

from rich.console import Console
from rich.table import Table

from curate.pipeline import Pipeline
from curate.run.counts import Counts

_PLAIN_WIDTH = 110


class Terminal(Console):
    """A console that leaves it to `main` what happens when its reader has gone; rich would end the program."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def console() -> Terminal:
    """Standard error: results go to standard output, words about them do not."""
    return Terminal(stderr=True, highlight=False, width=None if sys.stderr.isatty() else _PLAIN_WIDTH)


def summary(counts: Counts, pipeline: Pipeline) -> Table:
    """What was read, what each step took, what is left."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("", "documents", "paragraphs", "characters", ""):
        table.add_column(column, justify="right" if column else "left")
    chars = counts.chars_read or 1
    table.add_row("read", f"{counts.documents:,}", f"{counts.read:,}", f"{counts.chars_read:,}", "")
    for name, count in pipeline.counts.items():
        if count.documents:
            gone = count.chars_removed - count.chars_added
            edited = f"{count.edited:,} edited" if count.edited else ""
            table.add_row(f"  {name}", f"{count.documents:,}", f"-{count.dropped:,}", f"{-gone:,}", f"{gone / chars:6.1%}  {edited}")
    table.add_row("kept", f"{counts.outcomes['kept']:,}", f"{counts.kept:,}", f"{counts.chars_kept:,}", f"{counts.chars_kept / chars:6.1%}")
    for reason, number in counts.reasons.most_common():
        table.add_row(f"  {reason}", f"{number:,}", "", "", "")
    for kind, number in counts.aside.most_common():
        table.add_row(f"  no page: {kind}", f"{number:,}", "", "", "")
    return table
