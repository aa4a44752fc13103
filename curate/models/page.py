"""A page as the net is given it, and the net's answer: one function each, for training and for use."""

from collections.abc import Sequence
from functools import cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from curate.document import Document
from curate.errors import UsageError
from curate.models import dom, odds, text
from curate.models.features import Dense, Feature
from curate.models.net import Net, logits
from curate.models.odds import Odds
from curate.models.tokens import Bags, words_of
from curate.models.tree import Page, page_of
from curate.models.weights import Model, load, path_of
from curate.text.codepoints import Ints

TABLES: Final[dict[str, tuple[Feature, ...]]] = {"text": text.TABLE, "html": (*text.TABLE, *dom.TABLE, *odds.TABLE)}
BAGS: Final[dict[str, int]] = {"text": 1, "html": 0}

Probabilities = NDArray[np.float64]


class Inputs(NamedTuple):
    """What the net is given of a page: a row, and a bag of each kind, for each paragraph. `tree` is None without a DOM."""

    dense: Dense
    bags: tuple[Bags, ...]
    tree: Page | None


@cache
def model(folder: str, of: str) -> Model:
    """The model for pages of a kind, from a folder or, with "", the built-in one.

    Raises UsageError where the file cannot be used, or was trained for other features than these.
    """
    loaded = load(folder, of)
    if loaded.head.features != [feature.name for feature in TABLES[of]] or loaded.head.tables != BAGS[of]:
        path = str(path_of(folder, of))
        raise UsageError(f"{path!r} was trained for the features of another version; train it again: `curate model train`")
    return loaded


def kind_of(doc: Document) -> str:
    """Which model a page is for."""
    return "html" if doc.is_html else "text"


def inputs(doc: Document, live: Ints) -> Inputs:
    """The features of some paragraphs of a page, at least one, whose numbers ascend; the others are as good as not there.

    For HTML those of learned odds are still to come: `with_odds`.
    """
    lines = text.lines_of(doc, live)
    dense = text.dense_of(lines)
    if not doc.is_html:
        return Inputs(dense, (words_of(lines),), None)
    tree = page_of(doc, live)
    return Inputs(np.concatenate([dense, dom.dense(doc, tree, dense)], axis=1), (), tree)


def with_odds(given: Inputs, tables: Odds | None) -> Inputs:
    """The same with the features that are looked up in tables of learned odds, where there is a tree to look them up for."""
    if given.tree is None or tables is None:
        return given
    return given._replace(dense=np.concatenate([given.dense, odds.dense(given.tree, tables)], axis=1))


def probabilities(model: Model, doc: Document, live: Ints) -> Probabilities:
    """The probability that each of the paragraphs `live` is content."""
    given = with_odds(inputs(doc, live), model.odds)
    return measured(mean_odds(model.nets, given), model.head.knots, given.tree)


def mean_odds(nets: Sequence[Net], given: Inputs) -> Probabilities:
    """The mean of the log odds that some nets give."""
    mean: Probabilities = np.mean([logits(net, given.dense, given.bags) for net in nets], axis=0, dtype=np.float64)
    return mean


def measured(log_odds: Probabilities, knots: list[tuple[float, float]], tree: Page | None) -> Probabilities:
    """Log odds as the measure of the step: a calibrated probability, and with a tree what `dom.adjusted` makes of it."""
    found = probability(calibrated(log_odds, knots))
    return found if tree is None else dom.adjusted(found, tree)


def calibrated(log_odds: Probabilities, knots: list[tuple[float, float]]) -> Probabilities:
    """Log odds as the measured frequencies have them: between the knots by straight lines, beyond them by a shift."""
    at, to = np.array(knots, dtype=np.float64).T
    beyond = np.minimum(log_odds - at[0], 0) + np.maximum(log_odds - at[-1], 0)
    answer: Probabilities = np.interp(log_odds, at, to) + beyond
    return answer


def probability(log_odds: Probabilities) -> Probabilities:
    """Log odds as a probability."""
    answer: Probabilities = 1 / (1 + np.exp(-log_odds))
    return answer
