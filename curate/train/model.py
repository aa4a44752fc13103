"""Train a model on labelled pages: cross-validate by site, calibrate on what was held out, fit to all, write weights and card."""

import multiprocessing
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import numpy as np

from curate.errors import UsageError
from curate.fields import nearest
from curate.models.net import Array, net_of
from curate.models.page import BAGS, TABLES, Probabilities, inputs, kind_of, mean_odds, measured, with_odds
from curate.models.weights import FORMAT, Head, dump
from curate.text.codepoints import Ints
from curate.train import calibrate
from curate.train.calibrate import Answers
from curate.train.card import Held, card
from curate.train.data import LabelledPage
from curate.train.fit import Example, Examples, Recipe, Report, fit
from curate.train.folds import fold_of
from curate.train.labels import CHROME, CONTENT, NEUTRAL
from curate.train.odds import Table, odds_of, tables, votes
from curate.train.recipes import RECIPES
from curate.train.variants import cleaned, excerpts, unspaced, worn

_EXCERPTS: Final = 3  # of each page
_BY_WORD: Final = ("odds-words-", "odds-heading-")
_HELD: Final = "pages.json"


class Plan(NamedTuple):
    """What is to be trained."""

    folds: int = 5
    only: int | None = None  # one fold: its pages are held out, and nothing is fitted to all pages
    fold_weights: bool = False  # whether the weights of each fold are written, too
    seed: int = 0
    workers: int = 1
    weights: Mapping[str, float] = {}  # of sources, "news" or in one of the models "html:news"; 1 for those that are not named


class _Job(NamedTuple):
    """A fit: the folds whose pages it does without, and the one that it is asked about."""

    without: tuple[int, ...]
    asked: int


class Prepared(NamedTuple):
    """A page, ready for training, and the fold that holds it out."""

    page: LabelledPage
    examples: Examples
    fold: int


def prepare(pages: Sequence[LabelledPage], plan: Plan, of: str) -> list[Prepared]:
    """The features of pages and their variants; of the pages without any labels nothing can be learned, so they are left out."""
    rng = np.random.default_rng(plan.seed)
    ready = []
    for number, page in enumerate(pages):
        if not (page.labels != NEUTRAL).any():
            continue
        weight = plan.weights.get(f"{of}:{page.source}", plan.weights.get(page.source, 1.0))
        examples = Examples(_example(page, weight))
        if of == "text":
            examples = examples._replace(
                excerpts=tuple(_example(other, weight) for other in excerpts(page, _EXCERPTS, rng)),
                worn=tuple(_example(other, weight) for other in _worn(page, number, rng)),
            )
        ready.append(Prepared(page, examples, fold_of(page.site, page.id, plan.folds)))
    return ready


def _worn(page: LabelledPage, number: int, rng: np.random.Generator) -> list[LabelledPage]:
    """The page as it could as well have come; cleaned only where something would be left of it."""
    others = [worn(page, number), unspaced(page, number)]
    return [*others, cleaned(page, rng)] if (page.labels == CONTENT).any() else others


def _example(page: LabelledPage, weight: float) -> Example:
    document = page.document
    return Example(inputs(document, np.arange(document.read, dtype=np.int32)), page.labels, document.lengths, weight, page.partial)


class Fitted(NamedTuple):
    """What came of a job: the arrays of the model by name, the loss epoch by epoch, and the log odds of the pages it was asked about."""

    arrays: dict[str, Array]
    losses: list[str]
    odds: dict[int, Probabilities]  # by the number of the prepared page


class Trained(NamedTuple):
    """A model for one kind of page, and what is known of it."""

    of: str
    files: dict[str, bytes]  # by name, relative to the folder that they are written to
    card: str


def train(pages: Sequence[LabelledPage], plan: Plan, report: Report, only: str | None = None) -> list[Trained]:
    """A model for each kind of page that there is, text and HTML, or for one; `report` is told what goes on, line by line.

    Raises UsageError where the pages are too few to be trained and measured on.
    """
    sources = {name for page in pages for name in (page.source, f"{kind_of(page.document)}:{page.source}")}
    for name in plan.weights.keys() - sources:
        raise UsageError(f"there are no pages of a set {name!r} that could weigh more or less; {nearest(name, sources)}")
    found = []
    for of in [only] if only else RECIPES:
        ready = prepare([page for page in pages if kind_of(page.document) == of], plan, of)
        if ready:
            report(f"{of}: {len(ready):,} pages of {len({page.page.site for page in ready}):,} sites")
            _check(ready, plan, of)
            found.append(_train(ready, plan, of, report))
    if not found:
        raise UsageError(f"there are no {only or 'labelled'} pages to train on: none has a paragraph with a label")
    return found


def _check(pages: list[Prepared], plan: Plan, of: str) -> None:
    """Raise UsageError unless every job of a plan has both content and chrome to learn from, and to be measured on."""
    for job in _jobs(plan):
        sides = [[page.page.labels for page in pages if page.fold not in job.without]]
        if job.asked:
            sides.append([page.page.labels for page in pages if page.fold == job.asked])
        if not all({CONTENT, CHROME} <= {int(label) for labels in side for label in np.unique(labels)} for side in sides):
            sites = len({page.page.site for page in pages})
            raise UsageError(
                f"{len(pages)} {of} pages of {sites} sites are too few for {plan.folds} folds: each needs paragraphs of both kinds on "
                "both sides; label pages of more sites, or ask for another number of folds"
            )


def _jobs(plan: Plan) -> list[_Job]:
    """What has to be fitted."""
    if plan.only is None:
        return [*(_Job((fold,), fold) for fold in range(1, plan.folds + 1)), _Job((), 0)]
    # What the weights are worth is measured on a further fold, by weights that have seen neither.
    further = plan.only % plan.folds + 1
    return [_Job((plan.only,), plan.only), _Job((plan.only, further), further)]


def _train(pages: list[Prepared], plan: Plan, of: str, report: Report) -> Trained:
    jobs = _jobs(plan)
    recipe = RECIPES[of]
    done = dict(zip(jobs, _fitted(pages, jobs, recipe, plan, report), strict=True))
    files = {}
    odds = {number: answer for fitted in done.values() for number, answer in fitted.odds.items()}
    for job in jobs:
        if len(job.without) > 1 or (job.asked and not (plan.fold_weights or plan.only)):
            continue
        others = {number: answer for number, answer in odds.items() if pages[number].fold not in job.without}
        head = _head(pages, others, of, recipe, plan)
        folder = f"fold-{job.asked}/" if job.asked else ""
        files[f"{folder}{of}.weights"] = dump(head, done[job].arrays)
        if job.asked:
            out: defaultdict[str, list[str]] = defaultdict(list)
            for page in pages:
                if page.fold == job.asked:
                    out[page.page.source].append(page.page.id)
            files[f"{folder}{of}-{_HELD}"] = msgspec.json.encode(out)
    head = _head(pages, odds, of, recipe, plan)
    held = [
        Held(
            page.source,
            page.site,
            page.labels,
            page.document.lengths,
            measured(answer, head.knots, pages[number].examples.page.inputs.tree),
        )
        for number, answer in sorted(odds.items())
        for page in [pages[number].page]
    ]
    return Trained(of, files, card(head, recipe, held, [line for fitted in done.values() for line in fitted.losses]))


def _head(pages: list[Prepared], odds: Mapping[int, Probabilities], of: str, recipe: Recipe, plan: Plan) -> Head:
    """What a file of weights says besides its arrays, measured by held-out answers."""
    answers = pooled(pages, odds)
    knots = calibrate.knots(answers)
    found = np.concatenate([measured(answer, knots, pages[number].examples.page.inputs.tree) for number, answer in odds.items()])
    scored = np.concatenate([pages[number].page.labels for number in odds]) != NEUTRAL
    return Head(
        format=FORMAT,
        input=of,
        features=[feature.name for feature in TABLES[of]],
        tables=BAGS[of],
        dilations=list(recipe.dilations),
        nets=recipe.nets,
        knots=knots,
        curve=calibrate.curve(found[scored], answers.labels, answers.chars),
        about={"pages": len(pages), "sites": len({page.page.site for page in pages}), "seed": plan.seed, "recipe": asdict(recipe)},
        arrays=[],
        sha256="",
    )


def pooled(pages: list[Prepared], odds: Mapping[int, Probabilities]) -> Answers:
    """The answers for all pages that have one."""
    labels = np.concatenate([pages[number].page.labels for number in odds])
    scored = labels != NEUTRAL
    chars = np.concatenate([pages[number].page.document.lengths for number in odds])
    return Answers(np.concatenate(list(odds.values()))[scored], labels[scored], chars[scored])


_at_hand: list[Prepared] = []  # the pages, for workers, which get them by fork and not over a pipe


def _fitted(pages: list[Prepared], jobs: Sequence[_Job], recipe: Recipe, plan: Plan, report: Report) -> list[Fitted]:
    """What comes of jobs, in their order, whoever does them."""
    _at_hand[:] = pages
    tasks = [(job, recipe, plan.seed) for job in jobs]
    try:
        if plan.workers == 1:
            return [_told(_run(task), report) for task in tasks]
        with multiprocessing.get_context("fork").Pool(plan.workers) as pool:
            return [_told(fitted, report) for fitted in pool.imap(_run, tasks)]
    finally:
        _at_hand.clear()


def _told(fitted: Fitted, report: Report) -> Fitted:
    for line in fitted.losses:
        report(line)
    return fitted


def _run(task: tuple[_Job, Recipe, int]) -> Fitted:
    job, recipe, seed = task
    losses: list[str] = []
    name = f"without fold {job.asked}" if job.asked else "all pages"
    seen = [page for page in _at_hand if page.fold not in job.without]
    asked = {number: page.examples.page.inputs for number, page in enumerate(_at_hand) if page.fold == job.asked}
    learned = _odds(seen)
    examples = [page.examples for page in seen]
    if learned is not None:  # what a page is told of names and words comes from other sites
        examples = [
            page.examples._replace(
                page=page.examples.page._replace(inputs=with_odds(page.examples.page.inputs, odds_of(learned, _voter(page.page))))
            )
            for page in seen
        ]
        asked = {number: with_odds(given, odds_of(learned)) for number, given in asked.items()}
    arrays = fit(examples, recipe, seed, lambda line: losses.append(f"{name}: {line}"), groups_of(recipe))
    nets = [net_of(net, recipe.dilations, len(recipe.rows)) for net in arrays]
    return Fitted(_named(arrays, learned), losses, {number: mean_odds(nets, given) for number, given in asked.items()})


def _voter(page: LabelledPage) -> str:
    """Whose vote a page is part of: its site's, or its own where nobody knows the site."""
    return page.site or page.id


def _odds(pages: Sequence[Prepared]) -> tuple[Table, Table] | None:
    """The tables of odds that some pages vote for; None for pages without a DOM."""
    trees = [(_voter(page.page), page.examples.page.inputs.tree, page.page.labels) for page in pages]
    found = [(site, tree, labels) for site, tree, labels in trees if tree is not None]
    return tables(votes(found), [site for site, _, _ in found]) if found else None


def _named(nets: Sequence[Mapping[str, Array]], learned: tuple[Table, Table] | None) -> dict[str, Array]:
    """All arrays of a model by the names that they have in its file."""
    arrays = {f"{number}/{name}": array for number, net in enumerate(nets) for name, array in net.items()}
    if learned is not None:
        names, words = odds_of(learned)
        arrays |= {"odds/names": names, "odds/words": words}
    return arrays


def groups_of(recipe: Recipe) -> list[Ints]:
    """The columns of HTML features that go by names, and those that go by words; a page of a site with neither has to do without."""
    if recipe.rows:
        return []
    names = [feature.name for feature in TABLES["html"]]
    by_name = [
        at for at, name in enumerate(names) if name.startswith(("own-", "near-", "above-", "odds-")) and not name.startswith(_BY_WORD)
    ]
    by_word = [at for at, name in enumerate(names) if name.startswith(_BY_WORD)]
    return [np.array(by_name, dtype=np.int32), np.array(by_word, dtype=np.int32)]


def write(trained: Sequence[Trained], folder: Path) -> list[Path]:
    """Write weights and cards; the paths of what was written."""
    written = []
    for model in trained:
        for name, data in {**model.files, f"{model.of}.md": model.card.encode("utf-8")}.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            written.append(path)
    return written
