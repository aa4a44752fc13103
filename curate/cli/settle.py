"""`curate settle`: compare the documents of a plan that is clean."""

from typing import Any

import click

from curate.cli.options import PLACE
from curate.cli.progress import progress
from curate.cli.running import engine_options, planned_in, run_of
from curate.cli.tables import console
from curate.places import Place


@click.command()
@click.argument("out", metavar="OUT", type=PLACE)
@engine_options
def command(out: Place, **options: Any) -> int:  # noqa: ANN401  # the options above, by name
    """Decide across the documents of the plan in OUT what repeats, when all shares of it have been cleaned.

    `curate plan` has made the plan, `curate clean --plan OUT --shard K/N` cleans shares of it, `curate finish OUT` comes next.
    Exit code 2: shares are missing, or were cleaned by another version; the message names the first of them.
    """
    run = run_of(planned_in(out), options)
    said = console()
    if not run.pipeline.across:
        new, text = False, "there is nothing to settle: the configuration has no step that compares documents"
    else:
        with progress(said, quiet=options["quiet"]) as advance:
            new = run.settle(out, advance)
        text = (
            f"settled: {len(run.plan.shards):,} shard{'s' * (len(run.plan.shards) != 1)}"
            if new
            else "nothing has changed since it was settled"
        )
    if not options["quiet"]:
        said.print(f"{text}; next: `curate finish {out}`", soft_wrap=True, markup=False)
    return 0
