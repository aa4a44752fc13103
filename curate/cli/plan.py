"""`curate plan`: divide a run into shards; say what is still to do."""

from typing import Any

import click
from rich.table import Table

from curate.cli.options import PLACE, output_options, run_options
from curate.cli.running import plan_of, plan_options
from curate.cli.tables import console
from curate.errors import UsageError
from curate.formats.inputs import STDIN, WORK
from curate.places import Place
from curate.run.plan import PLAN_FILE, Plan
from curate.run.run import Run
from curate.run.work import State


@click.command()
@click.argument("inputs", nargs=-1, required=True, metavar="IN...")
@click.option("-o", "--out", required=True, metavar="OUT", type=PLACE, help="Folder that the run will write to.")
@run_options
@output_options
@plan_options
@click.option("-q", "--quiet", is_flag=True, help="Say nothing.")
def command(inputs: tuple[str, ...], out: Place, **options: Any) -> int:  # noqa: ANN401  # the options above, by name
    """Plan what `curate clean IN... -o OUT` does, read no page, and say how far an earlier run into OUT has come.

    The plan is OUT/.curate/plan.json, which can be read. `curate clean --plan OUT` carries it out, and says so when an
    input is not what it was; or many jobs do, each a share: `curate clean --plan OUT --shard 3/100`, then `curate settle OUT`
    and `curate finish OUT`.
    """
    if STDIN in inputs:
        raise UsageError("standard input cannot be planned: what comes is not known before")
    plan = plan_of(inputs, str(out), options)
    run = Run(plan)
    states = run.freeze(out)
    if not options["quiet"]:
        said = console()
        said.print(_table(plan, states))
        said.print(f"the plan is {out / WORK / PLAN_FILE}", soft_wrap=True, markup=False)
        for line in _next(str(out), across=bool(run.pipeline.across)):
            said.print(line, soft_wrap=True, markup=False)
    return 0


def _next(out: str, *, across: bool) -> list[str]:
    """The commands that carry a plan out."""
    settle = f"`curate settle {out}`, " if across else ""
    shares = f"`curate clean --plan {out} --shard K/N` for each K from 1 to N, {settle}`curate finish {out}`"
    return [f"next: `curate clean --plan {out}`", f"or on several machines: {shares}"]


def _table(plan: Plan, states: list[State]) -> Table:
    """What there is, and by stage what is done."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("", "shards", "done", "to do"):
        table.add_column(column, justify="right" if column else "left")
    files = {part.path for shard in plan.shards for part in shard.parts}
    size = sum(shard.bytes for shard in plan.shards)
    for state in states:
        table.add_row(state.stage, f"{state.of:,}", f"{state.done:,}", f"{state.of - state.done:,}")
    table.caption = f"{len(files):,} files, {size:,} bytes"
    return table
