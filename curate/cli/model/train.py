"""`curate model train`: make weights for the page model from labelled pages."""

import math
from pathlib import Path

import click
from rich.markup import escape

from curate.cli.tables import console
from curate.errors import UsageError


def _weights(given: tuple[str, ...]) -> dict[str, float]:
    """What `--weight SOURCE=NUMBER` says."""
    found = {}
    for text in given:
        source, _, number = text.rpartition("=")
        try:
            found[source] = float(number)
        except ValueError:
            raise UsageError(f"--weight is SOURCE=NUMBER, as in news=0.5; found {text!r}") from None
        if not (source and 0 <= found[source] < math.inf):
            raise UsageError(f"--weight is SOURCE=NUMBER with a number that is 0 or more; found {text!r}")
    return found


@click.command()
@click.argument("data", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path), metavar="DATA...")
@click.option(
    "-o", "--out", required=True, type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help="Folder for weights and cards."
)
@click.option(
    "--folds", type=click.IntRange(min=2), default=5, metavar="N", help="Parts of the sites that are held out in turn. [default: 5]"
)
@click.option("--fold", "only", type=click.IntRange(min=1), default=None, metavar="K", help="Fit the weights of one fold only.")
@click.option("--fold-weights", is_flag=True, help="Write the weights of each fold, too, and which pages it held out.")
@click.option("--only", "kinds", type=click.Choice(["text", "html"]), default=None, help="Train one of the two models. [default: both]")
@click.option(
    "--weight",
    multiple=True,
    metavar="SOURCE=NUMBER",
    help="What the pages of a set weigh; html:SOURCE or text:SOURCE for one of the models. [default: 1]",
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, metavar="N", help="The same pages and seed give the same weights. [default: 0]"
)
@click.option("--workers", type=click.IntRange(min=1), default=1, metavar="N", help="Processes; each does whole folds. [default: 1]")
def command(
    data: tuple[Path, ...],
    out: Path,
    folds: int,
    only: int | None,
    *,
    fold_weights: bool,
    kinds: str | None,
    weight: tuple[str, ...],
    seed: int,
    workers: int,
) -> int:
    """Train the page model on the labelled pages in DATA, cross-validated by site.

    Text pages make text.weights, HTML pages html.weights; each comes with a model card. docs/model.md has the format of the pages.
    Needs the extra `train`.
    """
    if only is not None and only > folds:
        raise UsageError(f"--fold {only} is none of the {folds} folds")
    try:
        from curate.train.model import Plan, train, write  # noqa: PLC0415  # PyTorch takes seconds
    except ModuleNotFoundError as problem:
        if problem.name != "torch":
            raise
        raise UsageError("training needs PyTorch: pip install 'curate[train]'") from None
    from curate.train.data import read  # noqa: PLC0415

    said = console()

    def report(line: str) -> None:
        said.print(escape(line), highlight=False, soft_wrap=True)

    plan = Plan(folds, only, fold_weights, seed, workers, _weights(weight))
    for path in write(train(list(read(data)), plan, report, kinds), out):
        report(f"wrote {path}")
    return 0
