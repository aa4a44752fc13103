"""`curate clean`: pages in, clean documents and a ledger out."""

import sys
from functools import partial
from typing import Any, Final

import click
from click.core import ParameterSource

from curate.cli.options import output_options, run_options
from curate.cli.progress import progress
from curate.cli.running import do_share, end_run, engine_options, failed_option, plan_of, plan_options, planned_in, run_of, share_option
from curate.cli.tables import console
from curate.errors import UsageError
from curate.places import place
from curate.run.engines import RAY
from curate.run.plan import Plan, check
from curate.run.shares import WHOLE, Share

_STDOUT: Final = "-"
_OF_A_RUN: Final = frozenset({"plan", "share", "allow_failed", "workers", "engine", "address", "quiet"})  # what no frozen plan says


@click.command()
@click.argument("inputs", nargs=-1, metavar="IN...")
@click.option(
    "-o", "--out", default="", metavar="OUT", help="Folder for clean, ledger, pages and run.json; - writes clean JSONL to standard output."
)
@click.option("--plan", default="", metavar="OUT", help="Carry out what `curate plan` has planned in OUT, instead of IN and options.")
@share_option("With --plan: clean one share of the shards, and leave the rest of the run to other jobs, as in 3/100.")
@click.option("--text", "text_only", is_flag=True, help="With -o -: write the bare text.")
@run_options
@output_options
@plan_options
@failed_option
@engine_options
def command(inputs: tuple[str, ...], out: str, plan: str, share: Share | None, **options: Any) -> int:  # noqa: ANN401  # the options above, by name
    """Clean the pages in IN: files, folders (searched through), globs, or - for standard input.

    Reads text, HTML, JSON lines, CSV, WARC and WET, each plain, .gz or .zst, Parquet, Arrow and zip: by suffix, or else by what is
    in the file. A run that was ended goes on when the same command is given again; one that is finished does again what has
    changed.
    """
    if share and not plan:
        raise UsageError("--shard goes with --plan OUT: shares are of what `curate plan IN... -o OUT` has planned")
    _check_stream(out, options)
    run = run_of(_planned(plan, share or WHOLE) if plan else _plan(inputs, out, options), options)
    if share:
        return do_share(share, "cleaned", partial(run.clean_share, place(plan), share), quiet=options["quiet"])
    out = out or plan
    said = console()
    with progress(said, quiet=options["quiet"]) as advance:
        if out == _STDOUT:
            run.to_stream(sys.stdout.buffer, advance, text_only=options["text_only"])
            new = True
        else:
            new = run.to_folder(place(out), advance)
    if not options["quiet"]:
        end_run(said, run, out if out != _STDOUT else "", new=new)
    return 1 if run.counts.failed_share > options["allow_failed"] else 0


def _check_stream(out: str, options: dict[str, Any]) -> None:
    """What a stream cannot have, and a folder cannot."""
    if options["text_only"] and out != _STDOUT:
        raise UsageError("--text goes with -o -: a folder gets the records")
    if out == _STDOUT and (options["ledger"] or options["compress"]):
        raise UsageError("--ledger and --compress go with a folder: a stream gets the clean documents alone")
    if out == _STDOUT and options["engine"] == RAY:
        raise UsageError(f"--engine {RAY} goes with a folder: machines share a folder or a store, and no stream")


def _plan(inputs: tuple[str, ...], out: str, options: dict[str, Any]) -> Plan:
    if not inputs:
        raise click.UsageError("Missing argument 'IN...'.")
    if not out:
        raise click.UsageError("Missing option '-o' / '--out'.")
    return plan_of(inputs, "" if out == _STDOUT else out, options)


def _planned(folder: str, share: Share) -> Plan:
    """The plan that was made in a folder; of its inputs those of a share are looked at."""
    context = click.get_current_context()
    asked = [param for param in context.command.params if context.get_parameter_source(param.name or "") is ParameterSource.COMMANDLINE]
    given = [param.opts[0] if isinstance(param, click.Option) else "IN" for param in asked if param.name not in _OF_A_RUN]
    if given:
        raise UsageError(f"--plan {folder} says what is read, how and where to; it goes without {', '.join(given)}")
    plan = planned_in(place(folder), share)
    check(plan, None if share is WHOLE else {shard.number for shard in share.part(plan.shards)})
    return plan
