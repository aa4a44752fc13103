"""What the containers of a page tell of a paragraph: those around it, the best ones of the page, and paragraphs marked up like it."""

from typing import Final

import numpy as np

from curate.models.features import Dense, Feature, log_of
from curate.models.tree import Chains, Figures, Floats, Page, deepest, figures, paths, scores, share_of
from curate.text.codepoints import Bools, Ints

_SHORT: Final = 25  # characters below which Readability gives a paragraph no points
_WITHIN: Final = 4  # levels of containers whose figures are features

_CONTAINER_COLUMNS: Final = ("chars", "prose", "within-prose", "links", "paragraphs", "score", "place", "mean")
_TARGETS: Final = ("best", "half", "most", "nearly-all")
_TARGET_COLUMNS: Final = (
    "inside",
    "before",
    "after",
    "place",
    "below",
    "direct",
    "branch-prose",
    "branch-links",
    "branch-chars",
    "branch-within",
)
CONTAINERS: Final = (
    *(
        Feature(
            f"{column}-{level}",
            f"{column} of the container {level} levels out",
            "text stands among text, links among links (Readability, Arc90 2010)",
        )
        for level in range(_WITHIN + 1)
        for column in _CONTAINER_COLUMNS
    ),
    *(
        Feature(
            f"{target}-{column}",
            f"{column}, of the container that is {target}",
            "one container holds the text, and its other parts are boxes",
        )
        for target in _TARGETS
        for column in _TARGET_COLUMNS
    ),
    Feature("half-score", "score of the container of half of the prose by the best one", "whether both agree"),
    Feature("half-share", "share of the page's characters in it", "pages of one text, pages of many"),
    Feature("half-links", "its link density", "the same"),
)
_CHARS, _LINKED, _PROSE_CHARS, _COUNT = range(4)


def containers(read: int, page: Page, prose: Bools, commas: Floats) -> list[Floats]:
    """The features CONTAINERS of a page of so many paragraphs read; `commas` are logs."""
    of, live, lengths = page.chains, page.live, page.lengths.astype(np.float64)
    linked = page.facts.link_chars[live]
    prose_chars = np.where(prose, lengths - linked, 0)
    held = figures(page.facts, live, read, np.column_stack([lengths, linked, prose_chars, np.ones(len(live))]))
    density = share_of(held.sums[:, _LINKED], held.sums[:, _CHARS])
    points = np.where(lengths >= _SHORT, 1 + np.expm1(commas) + np.minimum(lengths / 100, 3), 0) * (1 - page.link_density)
    score = scores(of, points.astype(np.float32), density)
    best = int(score.argmax())
    total = np.maximum(held.sums[0], 1)
    number = np.arange(len(live), dtype=np.float32)
    spans = np.maximum(held.ends - held.firsts, 1)
    by_element = np.column_stack(
        [
            log_of(held.sums[:, _CHARS]),
            held.sums[:, _PROSE_CHARS] / total[_PROSE_CHARS],
            share_of(held.sums[:, _PROSE_CHARS], held.sums[:, _CHARS]),
            density,
            log_of(held.sums[:, _COUNT]),
            score / max(float(score[best]), 1e-6),
            np.zeros(len(density), dtype=np.float32),
            log_of(share_of(held.sums[:, _CHARS], held.sums[:, _COUNT])),
        ]
    ).astype(np.float32)
    blocks: list[Floats] = []
    for level in range(_WITHIN + 1):
        element = of.elements[:, min(level, of.elements.shape[1] - 1)]
        block = by_element[element]
        block[:, 6] = (number - held.firsts[element]) / spans[element]
        blocks.append(block)
    targets = [best, *(deepest(held, _PROSE_CHARS, share) for share in (0.5, 0.7, 0.9))]
    blocks += [_target(of, held, by_element, target, number) for target in targets]
    half = targets[1]
    figures_of_half = [by_element[half, 5], held.sums[half, _CHARS] / total[_CHARS], density[half]]
    blocks.append(np.broadcast_to(np.array(figures_of_half, dtype=np.float32), (len(live), 3)))
    return blocks


def _target(of: Chains, held: Figures, by_element: Dense, target: int, number: Floats) -> Floats:
    """How the paragraphs stand to a container, and what the child of it holds that each stands in."""
    first, end = int(held.firsts[target]), int(held.ends[target])
    level = (of.elements == target).argmax(axis=1)  # 0 where it is not around the paragraph, or the paragraph stands in it itself
    inside = (number >= first) & (number < end)
    branch = of.elements[np.arange(len(level)), np.maximum(level - 1, 0)]
    figures_of_branch = by_element[branch][:, (1, 3, 0, 2)] * inside[:, None]
    before, after = np.maximum(first - number, 0), np.maximum(number - end + 1, 0)
    place = np.where(inside, (number - first) / max(end - first, 1), 0)
    return np.column_stack([inside, log_of(before), log_of(after), place, level, inside & (level <= 1), figures_of_branch]).astype(
        np.float32
    )


_GROUP_NAMES: Final = ("path", "parent-path", "signature")
_GROUP_COLUMNS: Final = ("prose", "within-prose", "links", "mean", "count", "chars", "sentences", "run")
SAME_MARKUP: Final = tuple(
    Feature(f"{group}-{column}", f"{column} of the paragraphs of the same {group}", "the paragraphs of a text are marked up alike")
    for group in _GROUP_NAMES
    for column in _GROUP_COLUMNS
)


def same_markup(page: Page, linked: Ints, prose: Bools, sentence: Floats) -> list[Floats]:
    """The features SAME_MARKUP; `sentence` tells which paragraphs end as a sentence does."""
    lengths = page.lengths
    prose_chars = np.where(prose, lengths - linked, 0)
    values = (lengths, linked, prose_chars, sentence)
    blocks: list[Floats] = []
    for path in paths(page.chains):
        _, group, count = np.unique(path, return_inverse=True, return_counts=True)
        chars, links, of_prose, sentences = (np.bincount(group, weights=value) for value in values)
        same = np.concatenate(([False], group[1:] == group[:-1], [False]))
        columns = [
            of_prose / max(of_prose.sum(), 1),
            of_prose / chars,
            links / chars,
            log_of(chars / count),
            log_of(count),
            chars / chars.sum(),
            sentences / count,
        ]
        alike = (same[:-1].astype(np.float32) + same[1:]) / 2
        blocks += [np.column_stack(columns).astype(np.float32)[group], alike[:, None].astype(np.float32)]
    return blocks
