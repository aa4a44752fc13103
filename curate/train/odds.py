"""Learn the tables of odds from labelled pages.

Each site has one vote on a word, so that a large one does not speak for all; a word counts once five sites have voted. A page
that the net is trained on is given the tables without the votes of its own site, as the pages of sites never seen will be.
"""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from curate.models.odds import ROWS, Odds, Rows, name_rows, word_rows
from curate.models.tree import Page
from curate.train.labels import CHROME, CONTENT, Labels

Counts = NDArray[np.float64]
Places = NDArray[np.intp]

_SITES: Final = 5  # votes that a word needs
_SHRINK: Final = 4.0  # sites that would have voted 0
_MOST: Final = 3.0  # log odds that one vote can give
_PRIOR_NAMES, _PRIOR_WORDS = 5.0, 1.0  # what a site is taken to have seen of each word, at its own share of content
_SHORT_BASE: Final = (0.02, 0.98)  # a site's share of content is taken to be in here


class Vote(NamedTuple):
    """A site's vote: log odds by row of the table."""

    rows: Places
    odds: Counts


class Votes(NamedTuple):
    """The votes of all sites, by site."""

    names: Mapping[str, Vote]
    words: Mapping[str, Vote]


class _Tally(NamedTuple):
    """What a site has: weight of content and of chrome by row, and in all."""

    rows: Counts  # (2, rows)
    whole: Counts  # (2,)


def votes(pages: Iterable[tuple[str, Page, Labels]]) -> Votes:
    """The votes of the sites of some pages: site, page, labels of its live paragraphs."""
    names: dict[str, _Tally] = {}
    words: dict[str, _Tally] = {}
    for site, page, labels in pages:
        for tallies, tally in ((names, _of_names(page, labels)), (words, _of_words(page, labels))):
            known = tallies.setdefault(site, _Tally(np.zeros((2, ROWS)), np.ones(2)))
            known.rows.__iadd__(tally.rows)
            known.whole.__iadd__(tally.whole)
    return Votes(
        {site: _vote(tally, _PRIOR_NAMES) for site, tally in names.items()},
        {site: _vote(tally, _PRIOR_WORDS) for site, tally in words.items()},
    )


class Table:
    """The table that some sites vote for, and the same without one of them."""

    def __init__(self, by_site: Mapping[str, Vote]) -> None:
        self._by_site = by_site
        self._voters, self._sums = np.zeros(ROWS), np.zeros(ROWS)
        for vote in by_site.values():
            self._voters[vote.rows] += 1
            self._sums[vote.rows] += vote.odds

    def without(self, site: str | None = None) -> NDArray[np.float32]:
        """Log odds by row; the votes of `site`, if it has any, do not count."""
        voters, sums = self._voters, self._sums
        if site is not None and site in self._by_site:
            vote = self._by_site[site]
            voters, sums = voters.copy(), sums.copy()
            voters[vote.rows] -= 1
            sums[vote.rows] -= vote.odds
        # Rounded to what the weights file keeps, so that training and use see the same.
        return np.where(voters >= _SITES, sums / (voters + _SHRINK), 0).astype(np.float16).astype(np.float32)


def tables(of: Votes, sites: Iterable[str]) -> tuple[Table, Table]:
    """The tables of names and of words that `sites` vote for."""
    chosen = sorted(set(sites))
    names, words = ({site: by_site[site] for site in chosen if site in by_site} for by_site in of)
    return Table(names), Table(words)


def odds_of(both: tuple[Table, Table], site: str | None = None) -> Odds:
    """What a page of `site` is given while training; without a site what is shipped."""
    return Odds(both[0].without(site), both[1].without(site))


def _of_names(page: Page, labels: Labels) -> _Tally:
    rows = name_rows(page)
    weights = np.sqrt(page.lengths)
    elements = page.chains.elements
    tallies, whole = [], []
    for label in (CONTENT, CHROME):
        weight = weights * (labels == label)
        held = np.zeros(len(page.chains.tags))
        for level in range(elements.shape[1]):
            held += np.bincount(elements[:, level], weights=weight, minlength=len(held))
        tallies.append(np.bincount(rows.rows, weights=held[rows.owners], minlength=ROWS))
        whole.append(weight.sum())
    return _Tally(np.array(tallies), np.array(whole))


def _of_words(page: Page, labels: Labels) -> _Tally:
    rows = Rows(*(np.concatenate(part) for part in zip(*word_rows(page), strict=True)))
    short = np.unique(rows.owners)
    tallies = [np.bincount(rows.rows, weights=labels[rows.owners] == label, minlength=ROWS) for label in (CONTENT, CHROME)]
    return _Tally(np.array(tallies), np.array([(labels[short] == label).sum() for label in (CONTENT, CHROME)], dtype=np.float64))


def _vote(tally: _Tally, prior: float) -> Vote:
    """How far the share of content with each word is from the site's share, in log odds."""
    rows = np.flatnonzero(tally.rows.any(axis=0))
    base = np.clip(tally.whole[0] / tally.whole.sum(), *_SHORT_BASE)
    content, chrome = tally.rows[0, rows] + prior * base, tally.rows[1, rows] + prior * (1 - base)
    return Vote(rows, np.clip(np.log(content / chrome) - np.log(base / (1 - base)), -_MOST, _MOST))
