"""`curate clean`: pages in, clean documents and a ledger out."""

import sys
from pathlib import Path
from typing import Any, Final

import click

from curate.cli.options import output_options, reading_options, settings
from curate.cli.progress import progress
from curate.cli.tables import console, summary
from curate.errors import UsageError
from curate.formats.inputs import find
from curate.run.run import Run

_STDOUT: Final = "-"


@click.command()
@click.argument("inputs", nargs=-1, required=True, metavar="IN...")
@click.option(
    "-o",
    "--out",
    required=True,
    metavar="OUT",
    help="Folder for clean, ledger, pages and run.json; - writes clean JSONL to standard output.",
)
@click.option("--text", "text_only", is_flag=True, help="With -o -: write the bare text.")
@reading_options
@output_options
@click.option("--limit", type=click.IntRange(min=1), default=None, metavar="N", help="Read only the first N documents.")
@click.option(
    "--allow-failed",
    type=click.FloatRange(0, 1),
    default=0.0,
    metavar="SHARE",
    help="Share of documents that may fail before the exit code is 1. [default: 0]",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=1,
    metavar="N",
    help="Processes; each takes whole files, and the output is the same. [default: 1]",
)
@click.option("-q", "--quiet", is_flag=True, help="No progress and no closing table.")
def command(inputs: tuple[str, ...], out: str, **options: Any) -> int:  # noqa: ANN401  # the options above, by name
    """Clean the pages in IN: files, folders (searched through), globs, or - for standard input.

    Reads .txt, .html, .htm, .jsonl and .ndjson, each plain, .gz or .zst; other suffixes by what is in the file.
    """
    if options["text_only"] and out != _STDOUT:
        raise UsageError("--text goes with -o -: a folder gets the records")
    if out == _STDOUT and (options["ledger"] or options["compress"]):
        raise UsageError("--ledger and --compress go with a folder: a stream gets the clean documents alone")
    config, reading = settings(options)
    files = find(inputs, without="" if out == _STDOUT else out)
    run = Run(inputs, files, config, reading, options["limit"], options["workers"])
    said = console()
    with progress(files, said, quiet=options["quiet"]) as advance:
        if out == _STDOUT:
            run.to_stream(sys.stdout.buffer, advance, text_only=options["text_only"])
        else:
            run.to_folder(Path(out), advance)
    if not options["quiet"]:
        said.print(summary(run.counts, run.pipeline))
        if out != _STDOUT:
            said.print(f"clean, ledger, pages and run.json are in {out}", soft_wrap=True, markup=False)
    return 1 if run.counts.failed_share > options["allow_failed"] else 0
