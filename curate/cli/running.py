"""What the commands that run over a corpus share: their options, the plan and the run that these make, how they end."""

import os
import re
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import click
import msgspec
from click.core import ParameterSource
from rich.console import Console

from curate.cli.options import CORPUS, settings
from curate.cli.progress import progress
from curate.cli.tables import console, summary
from curate.errors import UsageError
from curate.formats.inputs import WORK, find
from curate.places import Place
from curate.run.engines import ENGINES, PROCESSES, RAY, SERIAL
from curate.run.plan import PLAN_FILE, Plan, planned, read
from curate.run.run import Run
from curate.run.shares import WHOLE, Did, Share
from curate.run.work import Advance

F = TypeVar("F", bound=Callable[..., Any])
_UNITS: Final = {"": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
_LEAST: Final = 10**6  # bytes: with less than some rows at a time nothing comes to an end


def _size(value: str) -> int:
    """The number of bytes that `500MB` or `2GB` stands for."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-z]*)", value.lower())
    if not found or found[2] not in _UNITS:
        raise click.BadParameter(f"{value!r} is no size; say how much and of what (kB, MB, GB, TB), as in 500MB or 2GB")
    if (size := int(float(found[1]) * _UNITS[found[2]])) < _LEAST:
        raise click.BadParameter(f"{value!r} is too little to compare documents in; say 1MB at least")
    return size


def plan_options(command: F) -> F:
    """The options that say how a run is divided and what it may take."""
    options: list[Callable[[F], F]] = [
        click.option("--limit", type=click.IntRange(min=1), default=None, metavar="N", help="Read only the first N documents."),
        click.option(
            "--memory",
            type=_size,
            default="1GB",
            metavar="SIZE",
            help="Memory that comparing documents may take, as in 2GB. [default: 1GB]",
        ),
        click.option(
            "--index",
            default="",
            metavar="DIR",
            help="Folder that remembers what runs have kept: what it holds is not kept again, what this run keeps is added.",
        ),
        click.option(
            "--check-content", is_flag=True, help="Tell by a hash of its content whether a file has changed, not by its size and time."
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


class _ShareType(click.ParamType[Share]):
    """One share of so many."""

    name = "share"

    def convert(self, value: str | Share, param: click.Parameter | None, ctx: click.Context | None) -> Share:
        if isinstance(value, Share):
            return value
        found = re.fullmatch(r"(\d+)/(\d+)", value)
        if not found or not 1 <= int(found[1]) <= int(found[2]):
            self.fail(f"{value!r} is no share; write which of how many, as in 3/100, from 1/100 to 100/100", param, ctx)
        return Share(int(found[1]), int(found[2]))


def share_option(text: str) -> Callable[[F], F]:
    """The option that says which share of the shards a job does."""
    return click.option("--shard", "share", type=_ShareType(), default=None, metavar="K/N", help=text)


def engine_options(command: F) -> F:
    """The options that say who does the work."""
    options: list[Callable[[F], F]] = [
        click.option(
            "--workers",
            type=click.IntRange(min=1),
            default=None,
            metavar="N",
            help="Processes at most, with --engine ray tasks; the output is the same. [default: one a processor]",
        ),
        click.option(
            "--engine",
            type=click.Choice(ENGINES),
            default=PROCESSES,
            help=f"Who does the work: this process, several, or Ray's machines; the output is the same. [default: {PROCESSES}]",
        ),
        click.option(
            "--address", default="", metavar="ADDR", help="With --engine ray: of the cluster. [default: one of this machine alone]"
        ),
        click.option("-q", "--quiet", is_flag=True, help="No progress and no closing words."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


failed_option: Final = click.option(
    "--allow-failed",
    type=click.FloatRange(0, 1),
    default=0.0,
    metavar="SHARE",
    help="Share of documents that may fail before the exit code is 1. [default: 0]",
)


def run_of(plan: Plan, options: dict[str, Any]) -> Run:
    """The run that `engine_options` ask for."""
    engine, workers = options["engine"], options["workers"]
    if options["address"] and engine != RAY:
        raise UsageError(f"--address goes with --engine {RAY}; --engine {engine} stays on this machine")
    if engine == SERIAL and (workers or 1) > 1:
        raise UsageError(f"--engine {SERIAL} is one process: leave --workers {workers} out, or name another engine")
    return Run(plan, workers or {SERIAL: 1, RAY: 0}.get(engine, cores()), engine, options["address"])


def planned_in(out: Place, share: Share = WHOLE) -> Plan:
    """The plan that was made in a folder. Failures are counted when all shares are there, and no job can tell before."""
    context = click.get_current_context()
    if share is not WHOLE and context.get_parameter_source("allow_failed") is ParameterSource.COMMANDLINE:
        raise UsageError("--allow-failed is for the command that ends the run, `curate finish` without --shard: a share is never refused")
    return read(out / WORK / PLAN_FILE)


def do_share(share: Share, verb: str, work: Callable[[Advance], Did], *, quiet: bool) -> int:
    """Carry out a share, and say what has come of it.

    Pages that fail are counted at the end, by `curate finish`: else schedulers would take the job for a failed one.
    """
    said = console()
    with progress(said, quiet=quiet) as advance:
        did = work(advance)
    if not quiet:
        _tell(said, share, did, verb)
    return 0


def _tell(said: Console, share: Share, did: Did, verb: str) -> None:
    before = did.shards - did.now - len(did.left)
    parts = [f"{did.now:,} {verb}", f"{before:,} {verb} before" * bool(before), f"{len(did.left):,} left to other jobs" * bool(did.left)]
    said.print(
        f"share {share.number} of {share.of}, {did.shards:,} shard{'s' * (did.shards != 1)}: {', '.join(filter(None, parts))}",
        soft_wrap=True,
        markup=False,
    )
    for number, who in did.left:
        said.print(f"shard {number} is left to {who}", soft_wrap=True, markup=False)


def end_run(said: Console, run: Run, out: str, *, new: bool) -> None:
    """Say what was read and kept, and where it is."""
    said.print(summary(run.counts, run.pipeline))
    if out:
        done = "" if new else "nothing has changed since the last run: "
        said.print(f"{done}clean, ledger, pages and run.json are in {out}", soft_wrap=True, markup=False)


def plan_of(inputs: Sequence[str], out: str, options: dict[str, Any]) -> Plan:
    """The plan that the options ask for; nothing in the folder `out` is read."""
    config, reading = settings(options, CORPUS)
    files = find(inputs, without=out)
    plan = planned(inputs, files, config, reading, options["limit"], content=options["check_content"])
    return msgspec.structs.replace(plan, memory=options["memory"], index=options["index"])


def cores() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
