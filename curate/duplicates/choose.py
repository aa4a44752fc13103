"""Which of the items that repeat each other stay.

**Keep one.** Items stand in the order of choice (`lookups.places`); what an index holds comes first and stays.

1. In that order an item goes when a near one before it stays, for the nearest of these. Edges on which one is the
   beginning of the other are left for the second pass, unless the shorter one is an index's.
2. Among what has stayed, larger ones first, an item goes for the largest one that stays and begins as it does. Those
   that had gone for it must have an edge of their own to that one or to another one that stays; if one has none, the
   contained item stays.

Then what each item went for stays. After the first pass, since an item's fate is settled before those behind it look at
it. In the second pass an item is taken out only when all who point to it have been pointed to others that stay; when
these are taken out in turn, the same holds for them. And a larger one that something goes for has had its turn. Exact
copies follow the first of them, which is in the place of all: their shingles are the same, and so are their edges.

**Drop all.** Whatever is near another one goes, and so does the beginning of another one, but not what it begins: the rest of that is
nowhere else. It names the first in order that it repeats.

What goes can hang on any edge, so the choice is made in one process, and there is a limit to how many it loads.
"""

from array import array
from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import count
from typing import Final, NamedTuple

import numpy as np

from curate.duplicates.corpus import Left
from curate.duplicates.items import Near
from curate.duplicates.join import Pairs, paired, parts_of
from curate.duplicates.lookups import Places
from curate.duplicates.ordered import Numbers, changes, distinct, found
from curate.duplicates.table import Column
from curate.duplicates.verify import Edges
from curate.errors import SurroundingsError
from curate.text.codepoints import Bools

NEAR: Final = 0
BEGINNING: Final = 1

_MOST: Final = 100_000_000  # pairs, or exact copies, among which one process chooses; docs/scale.md has the memory that they take
_BLOCK: Final = 1 << 20  # edges that are Python's numbers at a time


def check(left: Sequence[Left], what: str, near: Near) -> None:
    """Raise SurroundingsError where tasks have left more than one process chooses among; to be asked before it is loaded."""
    entries = sum(one.entries for one in left)
    if entries > _MOST:
        raise SurroundingsError(
            f"duplicate-{'documents' if near.whole else 'paragraphs'} found {entries:,} {what}, and one process chooses among {_MOST:,} at "
            "most: raise min_words or jaccard, put site-lines before it (what repeats most is what sites repeat), or clean by language or "
            "by host, each part into a folder of its own"
        )


class Gone(NamedTuple):
    """Items that go, what for, by which rule, and how near they are; one entry an item, ascending."""

    items: Column  # i64
    of: Column
    rules: Column  # u8
    measures: Column  # f64
    limits: Column


class Reasons(NamedTuple):
    """Reasons to go: an item may go for another one. Arrays with one entry a reason; items by their places in the order of choice."""

    goes: Column  # i64
    stays: Column
    rules: Column  # u8
    measures: Column  # f64
    limits: Column

    def sorted(self, *keys: Column) -> "Reasons":
        """The same by `goes`, and for one item in the order of keys, the last of which counts first."""
        order = np.lexsort((*keys, self.goes))
        return Reasons(*(column[order] for column in self))

    def of(self, item: int) -> range:
        """The numbers of an item's reasons, which are sorted by `goes`."""
        return range(*np.searchsorted(self.goes, [item, item + 1]).tolist())


class Edged(NamedTuple):
    """Items that have edges, and their edges by place: the lower place and the higher one."""

    items: Numbers  # by place in the order of choice
    documents: Numbers  # of each
    indexed: int  # how many of them, the first ones, are of an index
    edges: Edges
    low: Numbers
    high: Numbers
    small: Numbers  # the place of the one that is the beginning of the other; that of the lower item where neither is
    large: Numbers


def edged(edges: Edges, items: Numbers, placed: Places) -> Edged:
    """Edges by the places of their items, which are given in ascending order."""
    order = np.argsort(placed.order, kind="stable")
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    left, right = (place[np.searchsorted(items, one)] for one in parts_of(edges.pairs))
    turned = edges.inside == 2  # noqa: PLR2004  # see Edges
    return Edged(
        items[order],
        placed.documents[order],
        int((placed.order < 0).sum()),
        edges,
        np.minimum(left, right),
        np.maximum(left, right),
        np.where(turned, right, left),
        np.where(turned, left, right),
    )


def drop_all(of: Edged, containment: float) -> Gone:
    """Everything that is near or inside something else, but for what an index holds."""
    rules = np.where(of.edges.near, NEAR, BEGINNING).astype(np.uint8)
    measures = np.where(of.edges.near, of.edges.jaccard, of.edges.contained)
    limits = np.where(of.edges.near, of.edges.limits, containment)
    goes, stays = np.concatenate((of.high, of.low)), np.concatenate((of.low, of.high))
    both = Reasons(goes, stays, *(np.tile(part, 2) for part in (rules, measures, limits)))
    both = Reasons(*(column[np.tile(of.edges.near, 2) | (goes == np.tile(of.small, 2))] for column in both))
    both = both.sorted(both.stays)
    first = changes(both.goes) & (both.goes >= of.indexed)
    return _gone(of, both, np.flatnonzero(first))


def keep_one(of: Edged, out: Numbers, containment: float, measure: Callable[[Pairs], Edges]) -> Gone:
    """What goes so that of all that repeats itself one stays. `out` are items, ascending, that are gone already.

    `measure` verifies pairs that have not been compared.
    """
    directed = (of.edges.inside > 0) & (of.small >= of.indexed)
    near, inside = _near(of, of.edges.near & ~directed), _inside(of, directed, containment)
    gone = bytearray(np.isin(of.items, out).tobytes())
    taken = _first_pass(near, gone)
    followers = _followers(near, taken, inside)
    wanted = _uncompared(of, inside, gone, followers)
    further = _towards(of, measure(distinct(paired(*(of.items[places] for places in wanted)))), wanted, containment)
    reasons = Reasons(*(np.concatenate(columns) for columns in zip(near, inside, further, strict=True)))
    _Second(near, inside, further, gone, taken, followers).run(_turns(of, directed))
    numbers = np.frombuffer(taken, dtype=np.int64)
    return _gone(of, reasons, numbers[numbers >= 0])


def _near(of: Edged, kept: Bools) -> Reasons:
    """Items behind go for near ones before them, for the nearest first."""
    rules = np.full(int(kept.sum()), NEAR, dtype=np.uint8)
    near = Reasons(of.high[kept], of.low[kept], rules, of.edges.jaccard[kept], of.edges.limits[kept])
    return near.sorted(near.stays, -near.measures)


def _inside(of: Edged, kept: Bools, containment: float) -> Reasons:
    """Beginnings go for what they begin, for the largest first."""
    rules, limits = np.full(int(kept.sum()), BEGINNING, dtype=np.uint8), np.full(int(kept.sum()), containment)
    return Reasons(of.small[kept], of.large[kept], rules, of.edges.contained[kept], limits).sorted(of.large[kept], -of.edges.larger[kept])


def _first_pass(near: Reasons, gone: bytearray) -> "array[int]":
    """For each item the number of the reason that it goes for, -1 for none; those that go are marked in `gone`."""
    taken = array("q", [-1]) * len(gone)
    for start in range(0, len(near.goes), _BLOCK):
        block = slice(start, start + _BLOCK)
        for number, goes, stays in zip(count(start), near.goes[block].tolist(), near.stays[block].tolist(), strict=False):
            if not (gone[goes] or gone[stays]):
                gone[goes] = True
                taken[goes] = number
    return taken


def _followers(near: Reasons, taken: "array[int]", inside: Reasons) -> dict[int, list[int]]:
    """Of each item that is the beginning of another one: those that go for it."""
    numbers = np.frombuffer(taken, dtype=np.int64)
    goers = np.flatnonzero(numbers >= 0)
    goers = goers[np.isin(near.stays[numbers[goers]], inside.goes)]
    followers: dict[int, list[int]] = defaultdict(list)
    for item, stays in zip(goers.tolist(), near.stays[numbers[goers]].tolist(), strict=True):
        followers[stays].append(item)
    return followers


def _uncompared(of: Edged, inside: Reasons, gone: bytearray, followers: dict[int, list[int]]) -> tuple[Numbers, Numbers]:
    """Pairs to compare before the second pass: what goes for a beginning, and the largest one that begins so."""
    wanted = []
    for item, behind in followers.items():
        large = next((int(inside.stays[number]) for number in inside.of(item) if not gone[inside.stays[number]]), None)
        if large is not None and not gone[item]:
            wanted += [(follower, large) for follower in behind if of.documents[follower] != of.documents[large]]
    pairs = np.array(sorted(wanted), dtype=np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def _towards(of: Edged, measured: Edges, wanted: tuple[Numbers, Numbers], containment: float) -> Reasons:
    """The pairs wanted that are near, or whose first is the beginning of the second."""
    left, _ = parts_of(measured.pairs)
    goes, stays = wanted
    at = found(measured.pairs, paired(of.items[goes], of.items[stays]))
    known = at >= 0
    goes, stays, at = goes[known], stays[known], at[known]
    begins = measured.inside[at] == np.where(of.items[goes] == left[at], 1, 2)
    rules = np.where(measured.near[at], NEAR, BEGINNING).astype(np.uint8)
    measures = np.where(measured.near[at], measured.jaccard[at], measured.contained[at])
    limits = np.where(measured.near[at], measured.limits[at], containment)
    use = measured.near[at] | begins
    return Reasons(*(column[use] for column in (goes, stays, rules, measures, limits)))


def _turns(of: Edged, directed: Bools) -> list[int]:
    """The items that are beginnings, the largest first."""
    items, at = np.unique(of.small[directed], return_index=True)
    turns: list[int] = items[np.argsort(-of.edges.smaller[directed][at], kind="stable")].tolist()
    return turns


class _Second(NamedTuple):
    """The second pass: see the module. Reasons are numbered through, `near` first, then `inside`, then `further`."""

    near: Reasons
    inside: Reasons
    further: Reasons
    gone: bytearray
    taken: "array[int]"
    followers: dict[int, list[int]]

    def run(self, turns: list[int]) -> None:
        """Take out what can be."""
        for item in turns:
            reason = self._beginning(item) if not self.gone[item] else -1
            if reason < 0:
                continue
            moves = [self._another(follower, item) for follower in self.followers.get(item, ())]
            if -1 in moves:
                continue
            self.gone[item], self.taken[item] = True, reason
            for follower, move in zip(self.followers.pop(item, ()), moves, strict=True):
                self.taken[follower] = move
                self.followers.setdefault(self._stays(move), []).append(follower)

    def _stays(self, reason: int) -> int:
        for reasons in (self.near, self.inside, self.further):
            if reason < len(reasons.stays):
                return int(reasons.stays[reason])
            reason -= len(reasons.stays)
        raise IndexError(reason)

    def _beginning(self, item: int) -> int:
        """The reason that an item is the beginning of one that stays, -1 for none."""
        return self._first(self.inside.of(item), self.inside, len(self.near.goes), -1)

    def _another(self, item: int, without: int) -> int:
        """A reason for an item to go for something else that stays, -1 for none."""
        base = len(self.near.goes)
        found = self._first(self.near.of(item), self.near, 0, without)
        if found < 0:
            found = self._first(self.inside.of(item), self.inside, base, without)
        return found if found >= 0 else self._first(self.further.of(item), self.further, base + len(self.inside.goes), without)

    def _first(self, numbers: range, reasons: Reasons, base: int, without: int) -> int:
        return next((base + n for n in numbers if not self.gone[stays := int(reasons.stays[n])] and stays != without), -1)


def _gone(of: Edged, reasons: Reasons, numbers: Numbers) -> Gone:
    """The items that go for some reasons."""
    goes = of.items[reasons.goes[numbers]]
    order = np.argsort(goes)
    numbers = numbers[order]
    return Gone(goes[order], of.items[reasons.stays[numbers]], reasons.rules[numbers], reasons.measures[numbers], reasons.limits[numbers])
