"""`curate clean`: pages in, clean documents and a ledger out."""

import sys
from pathlib import Path
from typing import Any, Final

import click
from click.core import ParameterSource

from curate.cli.options import output_options, run_options
from curate.cli.progress import progress
from curate.cli.running import cores, plan_of, plan_options
from curate.cli.tables import console, summary
from curate.errors import UsageError
from curate.formats.inputs import WORK
from curate.run.plan import PLAN_FILE, Plan, check, read
from curate.run.run import Run

_STDOUT: Final = "-"
_OF_A_RUN: Final = frozenset({"out", "plan", "allow_failed", "workers", "quiet"})  # what a frozen plan does not say


@click.command()
@click.argument("inputs", nargs=-1, metavar="IN...")
@click.option(
    "-o", "--out", default="", metavar="OUT", help="Folder for clean, ledger, pages and run.json; - writes clean JSONL to standard output."
)
@click.option("--plan", default="", metavar="OUT", help="Carry out what `curate plan` has planned in OUT, instead of IN and options.")
@click.option("--text", "text_only", is_flag=True, help="With -o -: write the bare text.")
@run_options
@output_options
@plan_options
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
    default=None,
    metavar="N",
    help="Processes at most; the output is the same. [default: one a processor]",
)
@click.option("-q", "--quiet", is_flag=True, help="No progress and no closing table.")
def command(inputs: tuple[str, ...], out: str, plan: str, **options: Any) -> int:  # noqa: ANN401  # the options above, by name
    """Clean the pages in IN: files, folders (searched through), globs, or - for standard input.

    Reads .txt, .html, .htm, .jsonl and .ndjson, each plain, .gz or .zst; other suffixes by what is in the file. A run that
    was ended goes on when the same command is given again; one that is finished does again what has changed.
    """
    if options["text_only"] and out != _STDOUT:
        raise UsageError("--text goes with -o -: a folder gets the records")
    if out == _STDOUT and (options["ledger"] or options["compress"]):
        raise UsageError("--ledger and --compress go with a folder: a stream gets the clean documents alone")
    run = Run(_planned(plan) if plan else _plan(inputs, out, options), options["workers"] or cores())
    out = out or plan
    said = console()
    with progress(said, quiet=options["quiet"]) as advance:
        if out == _STDOUT:
            run.to_stream(sys.stdout.buffer, advance, text_only=options["text_only"])
            new = True
        else:
            new = run.to_folder(Path(out), advance)
    if not options["quiet"]:
        said.print(summary(run.counts, run.pipeline))
        if out != _STDOUT:
            done = "" if new else "nothing has changed since the last run: "
            said.print(f"{done}clean, ledger, pages and run.json are in {out}", soft_wrap=True, markup=False)
    return 1 if run.counts.failed_share > options["allow_failed"] else 0


def _plan(inputs: tuple[str, ...], out: str, options: dict[str, Any]) -> Plan:
    if not inputs:
        raise click.UsageError("Missing argument 'IN...'.")
    if not out:
        raise click.UsageError("Missing option '-o' / '--out'.")
    return plan_of(inputs, "" if out == _STDOUT else out, options)


def _planned(folder: str) -> Plan:
    """The plan that was made in a folder."""
    context = click.get_current_context()
    given = [name for name in context.params if name not in _OF_A_RUN and context.get_parameter_source(name) is ParameterSource.COMMANDLINE]
    if given or context.params["out"]:
        raise UsageError(f"--plan {folder} says what is read, how and where to; it goes without {', '.join(given) or '-o'}")
    plan = read(Path(folder) / WORK / PLAN_FILE)
    check(plan)
    return plan
