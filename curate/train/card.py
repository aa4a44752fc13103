"""The model card: what a model was trained on, what it reaches on sites it has not seen, and how sure it may be."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from curate.fields import describe
from curate.models.page import Probabilities
from curate.models.weights import Head
from curate.train.fit import Recipe
from curate.train.labels import CHROME, CONTENT, NEUTRAL, Labels

_DIALS: Final = (0.005, 0.01, 0.02, 0.03, 0.05)
_BINS: Final = tuple(tenth / 10 for tenth in range(11))


class Held(NamedTuple):
    """A page that was held out, and what the net that had not seen its site said of its paragraphs."""

    source: str
    site: str
    labels: Labels
    chars: NDArray[np.int32]
    probabilities: Probabilities


def card(head: Head, recipe: Recipe, held: Sequence[Held], losses: Iterable[str]) -> str:
    """The card in Markdown. No page is measured by a net that has seen it or another one of its site."""
    kinds = {"text": "text without a DOM", "html": "pages with a DOM"}
    parts = [
        f"# The page model for {kinds[head.input]}",
        "## Data",
        _table(("set", "pages", "sites", "paragraphs of content", "of chrome", "of neither"), _data(held)),
        "## What it reaches",
        "On pages held out by site. `max_loss` is the dial, the limit what it comes to; F1 of content by characters and by paragraphs.",
        _table(("set", "max_loss", "limit", "content lost", "chrome gone", "F1, characters", "F1, paragraphs"), _reached(held, head)),
        "## How sure it may be",
        "Paragraphs by the probability that they were given, and the share of them that is content.",
        _table(("from", "to", "paragraphs", "mean probability", "content"), _sure(held)),
        "## Recipe",
        _table(("parameter", "value", "what it is"), _recipe(recipe)),
        "## Loss in training",
        "\n".join(f"- {line}" for line in losses),
    ]
    return "\n\n".join(parts) + "\n"


def _table(titles: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def _by_source(held: Sequence[Held]) -> Iterator[tuple[str, list[Held]]]:
    """The pages of each set, and of all of them where there are several."""
    sources = sorted({page.source for page in held})
    for source in sources:
        yield source, [page for page in held if page.source == source]
    if len(sources) > 1:
        yield "all", list(held)


def _recipe(recipe: Recipe) -> Iterator[Sequence[object]]:
    for row in describe(Recipe):
        yield row.name, repr(getattr(recipe, row.name)), row.description


def _data(held: Sequence[Held]) -> Iterator[Sequence[object]]:
    for source, pages in _by_source(held):
        labels = np.concatenate([page.labels for page in pages])
        counts = [f"{int((labels == label).sum()):,}" for label in (CONTENT, CHROME, NEUTRAL)]
        yield source, f"{len(pages):,}", f"{len({page.site for page in pages}):,}", *counts


def _reached(held: Sequence[Held], head: Head) -> Iterator[Sequence[object]]:
    losses, limits = zip(*head.curve, strict=True)
    for source, pages in _by_source(held):
        found = np.concatenate([page.probabilities for page in pages])
        labels = np.concatenate([page.labels for page in pages])
        chars = np.concatenate([page.chars for page in pages]).astype(np.float64)
        for dial in _DIALS:
            limit = float(np.interp(dial, losses, limits))
            kept, content, chrome = found >= limit, labels == CONTENT, labels == CHROME
            lost = chars[content & ~kept].sum() / max(chars[content].sum(), 1)
            by_char = _f1(chars[content & kept].sum(), chars[chrome & kept].sum(), chars[content & ~kept].sum())
            by_line = _f1((content & kept).sum(), (chrome & kept).sum(), (content & ~kept).sum())
            gone = (chrome & ~kept).sum() / max(chrome.sum(), 1)
            yield source, dial, f"{limit:.3f}", f"{lost:.4f}", f"{gone:.4f}", f"{by_char:.4f}", f"{by_line:.4f}"


def _f1(right: float, wrong: float, missed: float) -> float:
    return float(2 * right / max(2 * right + wrong + missed, 1))


def _sure(held: Sequence[Held]) -> Iterator[Sequence[object]]:
    found = np.concatenate([page.probabilities for page in held])
    labels = np.concatenate([page.labels for page in held])
    for low, high in pairwise(_BINS):
        some = (labels != NEUTRAL) & (found >= low) & ((found < high) | (high == 1))
        if some.any():
            content = (labels[some] == CONTENT).mean()
            yield f"{low:.1f}", f"{high:.1f}", f"{int(some.sum()):,}", f"{found[some].mean():.3f}", f"{content:.3f}"
