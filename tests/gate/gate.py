"""The floor under the page model: its figures in a cross-validation by site, held against those in figures.json.

`gate.py check` trains the model once for each fold of the labelled pages, cleans what the fold held out with the
installed `curate` and that fold's weights, scores the pages of all folds as one, and ends with 1 where a figure has
fallen by more than its tolerance. `gate.py raise` freezes the better figures; lower ones only with `--lower`. `--fold K`
is one fold from scratch, with frozen figures of its own. The Makefile has the commands.
"""

import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

import click
import figures
import pooling
import sets
from figures import Figure
from pooling import Again, Evaluate, Value
from sets import HTML_SETS, TEXT_SETS, Row, Sets

FROZEN = Path(__file__).parent / "figures.json"
FOLDS = 5
ENVIRONMENT = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}  # the quality folder is read, and nothing is left in it

# `page` is the preset that users run; `model` is the page model with nothing but the language that it needs.
STEPS = {
    "page": """\
extends = "page"
[output]
ledger = "counts"
[[step]]
name = "page-model"
after = "site-rules"
store = true
weights = '{weights}'
""",
    "model": """\
[output]
ledger = "counts"
[[step]]
name = "language"
[[step]]
name = "page-model"
store = true
weights = '{weights}'
""",
}
# Views of the text pages: as they are, as people bring them, as some corpora have them.
VIEWS: dict[str, Callable[[Row], Row]] = {"text": lambda row: row, "excerpts": sets.excerpt, "lower-case": sets.lowered}


class Gate(NamedTuple):
    """What the gate runs on and with."""

    quality: Path
    work: Path
    curate: str
    fold: int | None
    workers: int
    weight: tuple[str, ...] = ()

    @property
    def scope(self) -> str:
        """What the figures are of, as figures.json names it."""
        return "whole" if self.fold is None else f"fold-{self.fold}"

    @property
    def folds(self) -> list[int]:
        return list(range(1, FOLDS + 1)) if self.fold is None else [self.fold]


class Kept(NamedTuple):
    """What the runs of all folds kept, by steps and set."""

    html: dict[tuple[str, str], dict[str, str]]
    text: dict[tuple[str, str], dict[str, list[int]]]
    probabilities: dict[str, dict[str, list[float]]]  # by view, of the model alone
    again: dict[str, list[Again]]


def train(gate: Gate) -> None:
    """The weights of each fold, from the pages that it does not hold out."""
    one = [] if gate.fold is None else ["--fold", str(gate.fold)]
    curate = shlex.split(gate.curate)
    how = ["--folds", str(FOLDS), *one, "--fold-weights", "--workers", str(gate.workers)]
    how += [part for weight in gate.weight for part in ("--weight", weight)]
    command = [*curate, "model", "train", str(gate.quality / "dev"), "-o", str(gate.work), *how]
    if subprocess.run(command, env=ENVIRONMENT, check=False).returncode:
        raise click.ClickException(f"{shlex.join(command)} failed")


def score(gate: Gate, what: str, pages: Path, config: Path, out: Path) -> None:
    """One run of `score.py`, which leaves what it kept in a folder and what it says beside it."""
    script = [sys.executable, str(gate.quality / "score.py"), what, str(pages)]
    command = [*script, "--curate", gate.curate, "--config", str(config), "--keep", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, check=False)
    out.with_suffix(".txt").write_text(done.stdout, encoding="utf-8")
    if done.returncode:
        raise click.ClickException(f"{shlex.join(command)} ended with {done.returncode}\n{done.stdout[-1000:]}{done.stderr[-2000:]}")


def configs(gate: Gate, fold: int, to: Path) -> dict[str, Path]:
    """The configurations with a fold's weights."""
    paths = {}
    for name, text in STEPS.items():
        paths[name] = to / f"{name}.toml"
        paths[name].write_text(text.format(weights=(gate.work / f"fold-{fold}").resolve()), encoding="utf-8")
    return paths


def run_fold(gate: Gate, fold: int, held: Sets, kept: Kept) -> None:
    """Clean and score the pages that a fold held out; what is kept goes to `kept`."""
    work = gate.work / f"fold-{fold}" / "runs"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    by_steps = configs(gate, fold, work)
    for name, gold in held.html.items():
        if gold:
            pages = sets.write_html(gold, held.folder / name, work / "sets" / name)
            for steps, config in by_steps.items():
                score(gate, "html", pages, config, work / f"{steps}-{name}")
                kept.html.setdefault((steps, name), {}).update(pooling.texts(work / f"{steps}-{name}"))
    rows = [row for name in TEXT_SETS for row in held.text[name]]
    for view, seen_as in VIEWS.items():
        viewed = [seen_as(row) for row in rows]
        if not viewed:
            continue
        pages = sets.write_text(viewed, work / "sets" / f"{view}.jsonl")
        for steps, config in by_steps.items():
            score(gate, "lines", pages, config, work / f"{steps}-{view}")
            kept.text.setdefault((steps, view), {}).update(pooling.masks(work / f"{steps}-{view}", viewed))
        kept.probabilities.setdefault(view, {}).update(pooling.measures(work / f"model-{view}", viewed))
    for name, folders in (("html", [f"page-{name}" for name in HTML_SETS]), ("text", ["page-text"])):
        once = [text for folder in folders for _, text in sorted(pooling.texts(work / folder).items())]
        if once:
            kept.again.setdefault(name, []).append(clean_again(gate, once, by_steps["page"], work / f"again-{name}"))


def clean_again(gate: Gate, once: Sequence[str], config: Path, work: Path) -> Again:
    """Clean texts that are clean already, as text pages."""
    (work / "pages").mkdir(parents=True)
    for number, text in enumerate(once):
        (work / "pages" / f"{number:05d}.txt").write_text(text + "\n", encoding="utf-8")
    command = [*shlex.split(gate.curate), "clean", str(work / "pages"), "-o", str(work / "out"), "--config", str(config), "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, check=False)
    if done.returncode:
        raise click.ClickException(f"{shlex.join(command)} ended with {done.returncode}\n{done.stderr[-2000:]}")
    return pooling.again(work / "out")


def values(sets_: Sets, kept: Kept, evaluate: Evaluate) -> Iterator[tuple[str, Value]]:
    """Every measure of every set over the pages of all folds, with the steps it is measured under."""
    rows = [row for name in TEXT_SETS for row in sets_.text[name]]
    for steps in STEPS:
        for name, gold in sets_.html.items():
            yield from ((steps, one) for one in pooling.html_values(name, gold, kept.html.get((steps, name), {}), evaluate))
        masks = kept.text.get((steps, "text"), {})
        for name in TEXT_SETS:
            yield from ((steps, one) for one in pooling.text_values(name, sets_.text[name], masks, evaluate))
        for view, seen_as in VIEWS.items():
            viewed = [seen_as(row) for row in rows]
            yield from ((steps, one) for one in pooling.text_values(view, viewed, kept.text.get((steps, view), {}), evaluate))
    for view, seen_as in VIEWS.items():
        viewed = [seen_as(row) for row in rows]
        yield from (("model", one) for one in pooling.curve(view, viewed, kept.probabilities.get(view, {})))
    for name, parts in kept.again.items():
        pages = len(rows) if name == "text" else sum(map(len, sets_.html.values()))
        yield from (("page", one) for one in pooling.lost_again(name, parts, pages))


def measure(gate: Gate) -> list[Figure]:
    """The figures of all folds, or of the one, from their weights."""
    everything = sets.read(gate.quality / "dev")
    try:
        held = sets.fold_of(gate.work, gate.folds, everything, whole=gate.fold is None)
    except (sets.Untrue, FileNotFoundError) as problem:
        raise click.ClickException(f"the folds in {gate.work} cannot be scored: {problem}") from None
    kept = Kept({}, {}, {}, {})
    for fold in gate.folds:
        click.echo(f"fold {fold}: cleaning what it held out", err=True)
        run_fold(gate, fold, sets.part(everything, held, fold), kept)
    scored = everything if gate.fold is None else sets.part(everything, held, gate.fold)
    found = values(scored, kept, evaluate_of(gate.quality))
    one_fold = gate.fold is not None
    return [figures.figure(one.set, steps, one.measure, one.value, one.pages, one_fold=one_fold) for steps, one in found]


def evaluate_of(quality: Path) -> Evaluate:
    """The quality folder's scoring."""
    spec = importlib.util.spec_from_file_location("evaluate", quality / "evaluate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode = True
    spec.loader.exec_module(module)
    return cast("Evaluate", module)


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What both commands are told."""
    for option in (
        click.option("--measured", is_flag=True, help="Take the figures that the last check measured; train and run nothing."),
        click.option("--trained", is_flag=True, help="Take the folds' weights that are in --out already."),
        click.option("--frozen", type=click.Path(path_type=Path), default=FROZEN, help="File of the frozen figures."),
        click.option("--fold", type=click.IntRange(1, FOLDS), default=None, help="This fold alone, from scratch."),
        click.option("--workers", type=click.IntRange(min=1), default=1, help="Processes that train."),
        click.option("--weight", multiple=True, help="What the pages of a set weigh in training, as `curate model train` takes it."),
        click.option("-o", "--out", type=click.Path(path_type=Path), default=Path("build/gate"), help="Folder for weights and runs."),
        click.option("--required", is_flag=True, help="A quality folder that is not there is an error."),
        click.option("--quality", type=click.Path(path_type=Path), required=True, help="Folder with score.py, evaluate.py and dev/."),
    ):
        command = option(command)
    return command


def gate_of(quality: Path, out: Path, fold: int | None, workers: int, weight: tuple[str, ...]) -> Gate:
    """The gate that the options ask for, with the `curate` that is installed beside this Python."""
    return Gate(quality, out, str(Path(sysconfig.get_path("scripts")) / "curate"), fold, workers, weight)


def figures_now(gate: Gate, *, required: bool, trained: bool, again: bool) -> list[Figure] | None:
    """The figures as they are now; None where there are no labelled pages to measure them on."""
    quality = gate.quality
    if not (quality / "score.py").is_file() or not (quality / "dev").is_dir():
        said = f"there are no labelled pages in {str(quality)!r} (score.py, evaluate.py, dev/)"
        if required:
            raise click.UsageError(said)
        click.echo(f"gate skipped: {said}")
        return None
    stored = gate.work / f"measured-{gate.scope}.json"
    if again:
        return figures.read(stored).get(gate.scope, [])
    if not trained:
        train(gate)
    found = measure(gate)
    figures.write(stored, {gate.scope: found})
    return found


@click.group()
def main() -> None:
    """Hold the page model's figures against the frozen ones, or freeze better ones."""


@main.command()
@options
def check(frozen: Path, *, required: bool, trained: bool, measured: bool, **on: Any) -> None:
    """Measure, show all figures, and end with 1 where one has fallen, or where none is frozen."""
    gate = gate_of(**on)
    found = figures_now(gate, required=required, trained=trained, again=measured)
    if found is None:
        return
    before = figures.read(frozen).get(gate.scope, [])
    for line in figures.table(found, before):
        click.echo(line)
    gone = figures.fallen(before, found)
    for one in gone:
        click.echo(f"fallen: {one}")
    click.echo(f"gate ({gate.scope}): {len(found)} figures, {len(before)} frozen, {len(gone)} fallen")
    if not (found and before) or gone:
        sys.exit(1)


@main.command("raise")
@options
@click.option("--lower", is_flag=True, help="Freeze what is measured, lower figures too.")
def raise_(frozen: Path, *, required: bool, trained: bool, measured: bool, lower: bool, **on: Any) -> None:
    """Measure, and freeze the figures that are better or new; a fallen one stays as it is and ends with 1."""
    gate = gate_of(**on)
    found = figures_now(gate, required=required, trained=trained, again=measured)
    if found is None:
        return
    if not found:
        raise click.ClickException("nothing is measured, so there is nothing to freeze")
    everything: dict[str, Sequence[Figure]] = dict(figures.read(frozen))
    made = figures.raised(everything.get(gate.scope, ()), found, lower=lower)
    figures.write(frozen, {**everything, gate.scope: made.figures})
    for one in made.refused:
        click.echo(f"not lowered without --lower: {one}")
    click.echo(f"{frozen} has {len(made.figures)} figures of {gate.scope}")
    if made.refused:
        sys.exit(1)


if __name__ == "__main__":
    main()
