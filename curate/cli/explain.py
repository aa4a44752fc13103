"""`curate explain`: one page, line by line, with what took each dropped line."""

import sys
from typing import Any, Final

import click
import msgspec
from rich.text import Text

from curate.cli.options import reading_options, settings
from curate.cli.tables import Terminal
from curate.formats.inputs import find
from curate.report.explain import as_json, explain
from curate.run.shard import clean

_STYLES: Final = {"page": "bold", "kept": "", "dropped": "red", "edited": "yellow", "why": "dim"}
_UNBROKEN: Final = 1_000_000  # columns: outside a terminal a paragraph stays on its line


@click.command()
@click.argument("page", metavar="PAGE")
@click.option("--json", "json_", is_flag=True, help="One JSON object a page instead.")
@reading_options
def command(page: str, json_: bool, **options: Any) -> int:  # noqa: ANN401, FBT001  # click passes options by name
    """Show what cleaning does to the pages in PAGE (a file, or - for standard input).

    Dropped lines are marked with -, edited ones with ~; below them stand the step, the rule, the measure with its
    limit, and the line that a repeat repeats. It is the run of `curate clean`, told instead of written.
    """
    config, reading = settings(options)
    pipeline = config.pipeline()
    console = Terminal(highlight=False, width=None if sys.stdout.isatty() else _UNBROKEN)
    failures = 0
    for document in clean(find([page]), reading, pipeline):
        failures += document.outcome == "failed"
        if json_:
            click.echo(msgspec.json.encode(as_json(document)))
            continue
        for kind, text in explain(document):
            console.print(Text(text, style=_STYLES[kind]), soft_wrap=not sys.stdout.isatty())
    return 1 if failures else 0
