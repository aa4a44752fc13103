"""`curate finish`: write the corpus of a plan that is clean and settled."""

from functools import partial
from typing import Any

import click

from curate.cli.options import PLACE
from curate.cli.progress import progress
from curate.cli.running import do_share, end_run, engine_options, failed_option, planned_in, run_of, share_option
from curate.cli.tables import console
from curate.places import Place
from curate.run.run import Run
from curate.run.shares import WHOLE, Share


@click.command()
@click.argument("out", metavar="OUT", type=PLACE)
@share_option("Finish one share of the shards only, as in 3/100; without it the rest is finished, and the corpus written.")
@failed_option
@engine_options
def command(out: Place, share: Share | None, **options: Any) -> int:  # noqa: ANN401  # the options above, by name
    """Write clean, ledger, pages and run.json of the plan in OUT, when all of it has been cleaned and settled.

    Exit code 2: something is still to be done before, and the message says what; 1 and 0 as for `curate clean`.
    """
    run = run_of(planned_in(out, share or WHOLE), options)
    if share:
        return _share(run, out, share, quiet=options["quiet"])
    said = console()
    with progress(said, quiet=options["quiet"]) as advance:
        new = run.finish(out, advance)
    if not options["quiet"]:
        end_run(said, run, str(out), new=new)
    return 1 if run.counts.failed_share > options["allow_failed"] else 0


def _share(run: Run, out: Place, share: Share, *, quiet: bool) -> int:
    if not run.pipeline.across:
        if not quiet:
            console().print("there is nothing to finish by shares: without steps that compare documents what is clean is finished")
        return 0
    return do_share(share, "finished", partial(run.finish_share, out, share), quiet=quiet)
