"""`curate model label`: labelled pages for training, from a run and what people said of it."""

from pathlib import Path

import click

from curate.cli.options import PLACE
from curate.cli.tables import console
from curate.places import Place
from curate.train.review import Judgement, label, read_review, summary


@click.command()
@click.argument("run", metavar="RUN", type=PLACE)
@click.argument("review", metavar="REVIEW", type=click.Path(dir_okay=False, exists=True, path_type=Path))
@click.option(
    "-o",
    "--out",
    metavar="LABELLED",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder to write the labelled pages to; a new or empty one.",
)
@click.option("--only-reviewed", is_flag=True, help="Paragraphs that nobody judged are neutral; else they have the run's own decision.")
def command(run: Place, review: Path, out: Path, *, only_reviewed: bool) -> int:
    """Write the pages of RUN that REVIEW judges to LABELLED, with a label for each paragraph.

    RUN is the output folder of `curate clean` with --ledger full. REVIEW is JSON lines, one judgement of a paragraph each:
    {"doc": "…", "paragraph": 3, "keep": true, "by": "ann"}, with `doc` and `paragraph` as in the run's records. Where
    judgements of a paragraph contradict, the last one holds and each is reported. Text pages come from the ledger as they
    were read; HTML pages are copied from the inputs of the run, and one that has changed since is named and left out.

    Exit code 1: a page could not be labelled. Any wrong line of REVIEW is exit code 2, and nothing is written.
    """
    said = console()
    judged = read_review(review)
    done = label(run, judged, out, only_reviewed=only_reviewed)
    for earlier, later in judged.overruled:
        place = f"{judged.path}:{later.line}: {later.doc} paragraph {later.paragraph}"
        said.print(f"{place}: {_says(later)} overrules {_says(earlier)} (line {earlier.line})", markup=False, soft_wrap=True)
    for page in done:
        if page.problem:
            said.print(f"{page.path} ({page.doc}) {page.problem}", markup=False, soft_wrap=True)
    said.print(summary(done, judged), markup=False, soft_wrap=True)
    said.print(f"the labelled pages are in {out}", markup=False, soft_wrap=True)
    return 1 if any(page.problem for page in done) else 0


def _says(judgement: Judgement) -> str:
    return f"{judgement.by or 'somebody'}'s {'keep' if judgement.keep else 'drop'}"
