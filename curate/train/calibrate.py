"""What a net's answers are worth, measured on pages that it has not seen."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from curate.models.page import Probabilities
from curate.train.labels import CONTENT, Labels

_BINS: Final = 24
_LOSSES: Final = (0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.025, 0.03, 0.04, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5)


class Answers(NamedTuple):
    """Answers for the paragraphs of some pages, one after the other, neutral ones left out."""

    odds: Probabilities
    labels: Labels
    chars: NDArray[np.int32]


def knots(answers: Answers) -> list[tuple[float, float]]:
    """Log odds and the log odds of what was found at them, both ascending: by as many equal parts of the paragraphs, pooled
    where they do not ascend (isotonic regression by pooling adjacent violators, Ayer et al. 1955).
    """
    order = np.argsort(answers.odds, kind="stable")
    pools: list[tuple[float, float, int]] = []  # sum of log odds, content, paragraphs
    for part in np.array_split(order, _BINS):
        if not len(part):
            continue
        pools.append((float(answers.odds[part].sum()), float((answers.labels[part] == CONTENT).sum()), len(part)))
        while len(pools) > 1 and (_share(pools[-2]) >= _share(pools[-1]) or _odds(pools[-2]) >= _odds(pools[-1])):
            last, before = pools.pop(), pools.pop()
            pools.append((before[0] + last[0], before[1] + last[1], before[2] + last[2]))
    shares = [_share(pool) for pool in pools]
    return [(_odds(pool), round(float(np.log(share / (1 - share))), 6)) for pool, share in zip(pools, shares, strict=True)]


def _odds(pool: tuple[float, float, int]) -> float:
    """The mean of the log odds."""
    return round(pool[0] / pool[2], 6)


def _share(pool: tuple[float, float, int]) -> float:
    """Share of content, with half a paragraph of each kind added, so that it is never 0 or 1."""
    return (pool[1] + 0.5) / (pool[2] + 1)


def curve(probabilities: Probabilities, labels: Labels, chars: NDArray[np.int32]) -> list[tuple[float, float]]:
    """Shares of the content's characters, and the limit on the probability below which that much is lost."""
    content = np.flatnonzero(labels == CONTENT)
    order = content[np.argsort(probabilities[content], kind="stable")]
    lost = np.cumsum(chars[order]) / chars[order].sum()
    limits = [float(probabilities[order[min(int(np.searchsorted(lost, loss, side="right")), len(order) - 1)]]) for loss in _LOSSES]
    return [(0.0, 0.0), *((loss, round(limit, 6)) for loss, limit in zip(_LOSSES, limits, strict=True))]
