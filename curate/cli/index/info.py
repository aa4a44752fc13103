"""`curate index info`: what an index holds, run by run, and how paragraphs are sketched in it."""

import sys
from collections.abc import Sequence
from dataclasses import asdict

import click
import msgspec
from rich.table import Table

from curate.cli.tables import Terminal
from curate.duplicates.index import Index
from curate.duplicates.sketch import Shingled
from curate.places import place

_UNBROKEN = 1 << 16  # columns that other programs, which read no breaks, get


class _Row(msgspec.Struct):
    """A run in the index, or all of them."""

    run: str
    documents: int
    paragraphs: int
    bytes: int

    @property
    def share(self) -> int:
        """Bytes a paragraph."""
        return round(self.bytes / self.paragraphs) if self.paragraphs else 0


@click.command()
@click.argument("folder", metavar="DIR")
@click.option("--json", "json_", is_flag=True, help="One JSON object instead.")
def command(folder: str, json_: bool) -> int:  # noqa: FBT001  # click passes options by name
    """List the runs whose sketches the index in DIR keeps, in the order in which they were added.

    What is in the index stays: a later run drops what repeats it. Below stands how paragraphs are sketched, which has to be
    the same in every run. The exit code is 2 for a folder that is no index.
    """
    index = Index(place(folder))
    sketcher = index.sketcher()
    rows = [_Row(segment.run, segment.documents, segment.paragraphs, segment.size) for segment in index.contents()]
    total = _Row("all", *(sum(getattr(row, name) for row in rows) for name in ("documents", "paragraphs", "bytes")))
    if json_:
        click.echo(msgspec.json.encode({"sketch": sketcher, "runs": rows, "all": total}))
        return 0
    console = Terminal(highlight=False, width=None if sys.stdout.isatty() else _UNBROKEN)
    console.print(_table([*rows, total]))
    console.print(f"\nsketch {_said(sketcher)}")
    return 0


def _table(rows: Sequence[_Row]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("run", "documents", "paragraphs", "bytes", "bytes a paragraph"):
        table.add_column(column, justify="left" if column == "run" else "right")
    for row in rows:
        table.add_row(row.run, f"{row.documents:,}", f"{row.paragraphs:,}", f"{row.bytes:,}", f"{row.share:,}")
    return table


def _said(sketcher: Shingled) -> str:
    """The settings by name, as a step of a configuration has them."""
    return ", ".join(f"{name} = {value}" for name, value in asdict(sketcher).items())
