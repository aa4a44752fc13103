"""`curate explain`: one page, line by line, with what took each dropped line."""

import sys
from collections.abc import Iterable
from typing import Any, Final

import click
import msgspec
from rich.text import Text

from curate.cli.options import CORPUS, run_options, settings
from curate.cli.tables import Terminal
from curate.document import Document
from curate.formats.inputs import find
from curate.report.explain import NO_OTHERS, as_json, elsewhere, explain
from curate.run.plan import planned
from curate.run.run import Run
from curate.run.work import unadvanced

_STYLES: Final = {"page": "bold", "kept": "", "dropped": "red", "edited": "yellow", "why": "dim"}
_UNBROKEN: Final = 1_000_000  # columns: outside a terminal a paragraph stays on its line


@click.command()
@click.argument("page", metavar="PAGE")
@click.option("--json", "json_", is_flag=True, help="One JSON object a page instead.")
@run_options
def command(page: str, json_: bool, **options: Any) -> int:  # noqa: ANN401, FBT001  # click passes options by name
    """Show what cleaning does to the pages in PAGE (a file, a folder, or - for standard input).

    Dropped lines are marked with -, edited ones with ~; below them stand the step, the rule, the measure with its
    limit, and the line that a repeat repeats, with its page where it is another one. It is the run of `curate clean`,
    told instead of written: what repeats across documents is what repeats among the pages in PAGE.
    """
    config, reading = settings(options, CORPUS)
    run = Run(planned([page], find([page]), config, reading, limit=None))
    console = Terminal(highlight=False, width=None if sys.stdout.isatty() else _UNBROKEN)
    failures = 0
    documents: Iterable[Document] = run.documents(unadvanced)
    others = NO_OTHERS
    if run.pipeline.across:  # the first page may repeat the last one
        documents = list(documents)
        others = elsewhere(documents)
    for document in documents:
        failures += document.outcome == "failed"
        if json_:
            click.echo(msgspec.json.encode(as_json(document)))
            continue
        for kind, text in explain(document, others):
            console.print(Text(text, style=_STYLES[kind]), soft_wrap=not sys.stdout.isatty())
    return 1 if failures else 0
