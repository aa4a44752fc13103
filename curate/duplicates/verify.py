"""How near pairs of items really are: exact measures of their shingles, many pairs at a time.

A pair of paragraphs whose bands agree is near in nine cases of ten; nothing is dropped for a case that is not.
Jaccard's measure is the shared share of all shingles of two sets, containment that of the smaller one's (Broder 1997).
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from curate.duplicates.corpus import Left
from curate.duplicates.items import LONG, SHORT, Plan, kinds, plan_of
from curate.duplicates.join import Pairs, parts_of
from curate.duplicates.lookups import shingles, unsorted, values
from curate.duplicates.ordered import Numbers, distinct
from curate.duplicates.sketch import gather
from curate.duplicates.table import Column, loaded, read, write
from curate.places import Place, place
from curate.text.minhash import Hashes32, Offsets

_BLOCK: Final = 1 << 13  # pairs that are measured at a time: their shingles stay in a cache
_PAIR: Final = 64  # bytes of a pair and what is said of it
_PARAGRAPHS: Final = 2_000  # bytes of the shingles of a pair of them, while they are put side by side
_DOCUMENTS: Final = 40_000
_MOST: Final = 1 << 16  # pairs whose shingles are read in at a time: each time all tables are opened
_DECIMALS: Final = 6
_HALF: Final = np.uint64(32)


class Task(NamedTuple):
    """A chunk: the pairs from `low` up to but not `high` that stand in some files."""

    work: str
    paths: tuple[str, ...]
    name: str
    low: int
    high: int


class Edges(NamedTuple):
    """Verified pairs: arrays with one entry a pair, ascending by `pairs`.

    `near`: by Jaccard's measure; `inside`: 1 where the lower item is the beginning of the other one, 2 the other way
    round, else 0. `smaller` and `larger`: how many shingles they have.
    """

    pairs: Column  # u64
    jaccard: Column  # f64
    limits: Column  # that Jaccard's measure met
    contained: Column
    near: Column  # bool
    inside: Column  # u8
    smaller: Column  # i64
    larger: Column


def tasks(work: Place, plan: Plan, name: str, paths: Sequence[Place]) -> list[Task]:
    """Chunks of the pairs in some files, each of which has them in ascending order."""
    most = max(plan.memory // (_PAIR * max(len(paths), 1)), 1)  # of a file between two bounds
    bounds = [np.zeros(0, dtype=np.uint64), *(np.array(read(path)["pairs"][most::most]) for path in paths)]
    ordered = np.sort(np.concatenate(bounds))[len(paths) - 1 :: max(len(paths), 1)].tolist()
    texts = tuple(map(str, paths))
    return [Task(str(work), texts, f"{name}-{n:05}", a, b) for n, (a, b) in enumerate(zip([0, *ordered], [*ordered, 1 << 64], strict=True))]


def verify(task: Task) -> Left:
    """Measure the pairs of a chunk, and write those that are near: see `Edges`."""
    work = place(task.work)
    plan = plan_of(work)
    pairs = distinct(
        np.concatenate([np.zeros(0, dtype=np.uint64), *(np.array(_slice(read(place(path))["pairs"], task)) for path in task.paths)])
    )
    read_in = max(min(plan.memory // (_DOCUMENTS if plan.near.whole else _PARAGRAPHS), _MOST), 1)
    found = [_measured(work, plan, pairs[start : start + read_in]) for start in range(0, max(len(pairs), 1), read_in)]
    path = work / f"{task.name}.table"
    edges = joined(found)
    write(path, edges._asdict())
    return Left(path, len(edges.pairs))


def joined(edges: Sequence[Edges]) -> Edges:
    """Edges one behind the other."""
    return Edges(*(np.concatenate(columns) for columns in zip(*edges, strict=True)))


def edges_in(paths: Iterable[Place]) -> Edges:
    """The edges of some files."""
    none = Edges(
        *(np.zeros(0, dtype=kind) for kind in (np.uint64, np.float64, np.float64, np.float64, np.bool_, np.uint8, np.int64, np.int64))
    )
    return joined([none, *(Edges(**loaded(path)) for path in paths)])


def _slice(pairs: Pairs, task: Task) -> Pairs:
    high = len(pairs) if task.high >> 64 else int(np.searchsorted(pairs, np.uint64(task.high)))
    return pairs[int(np.searchsorted(pairs, np.uint64(task.low))) : high]


def _measured(work: Place, plan: Plan, pairs: Pairs) -> Edges:
    near = plan.near
    items, inverse = unsorted(np.concatenate(parts_of(pairs)))
    left, right = inverse[: len(pairs)], inverse[len(pairs) :]
    kind = kinds(work, plan, items)
    flat, at = shingles(work, plan, items)
    sizes = np.diff(at)
    blocks = [slice(start, start + _BLOCK) for start in range(0, max(len(pairs), 1), _BLOCK)]
    shared = np.concatenate([shared_shingles(flat, at, left[block], right[block]) for block in blocks])
    smaller, larger = np.minimum(sizes[left], sizes[right]), np.maximum(sizes[left], sizes[right])
    jaccard = np.round(shared / np.maximum(smaller + larger - shared, 1), _DECIMALS)
    contained = np.round(shared / np.maximum(smaller, 1), _DECIMALS)
    alike = kind[left] == kind[right]
    limits = np.where(kind[left] == SHORT, near.short_jaccard, near.jaccard)
    first = values(work, plan, items, "first")
    begins = alike & (kind[left] == LONG) & (first[left] > 0) & (first[left] == first[right])
    # Of two that are about as long neither is cut off: there the rank decides.
    inside = begins & (contained >= near.containment) & (smaller <= near.containment * larger)
    which = np.where(inside, np.where(sizes[left] < sizes[right], 1, 2), 0).astype(np.uint8)
    close = alike & (jaccard >= limits)
    kept = close | inside
    return Edges(*(column[kept] for column in Edges(pairs, jaccard, limits, contained, close, which, smaller, larger)))


def shared_shingles(flat: Hashes32, at: Offsets, left: Numbers, right: Numbers) -> Numbers:
    """How many shingles the sets `left[i]` and `right[i]` share.

    Shingles that a pair of numbers knows by its place are sorted in both: merging two sorted runs finds equal ones at
    a few nanoseconds a shingle.
    """
    packed = np.concatenate([_packed(flat, at, sets) for sets in (left, right)])
    packed.sort(kind="stable")
    again = packed[1:][packed[1:] == packed[:-1]]
    return np.bincount((again >> _HALF).astype(np.int64), minlength=len(left)).astype(np.int64)


def _packed(flat: Hashes32, at: Offsets, sets: Numbers) -> NDArray[np.uint64]:
    """The shingles of sets, each with the place of its set in the upper half."""
    found, to = gather(at, flat, sets)
    return (np.repeat(np.arange(len(sets), dtype=np.uint64), np.diff(to)) << _HALF) | found
