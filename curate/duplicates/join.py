"""Which items to compare: those that share a key, found in partitions of the keys' range, each of which fits in memory.

A partition takes its keys from all shards, whose keys are sorted already, and of an index only those that the shards
have too: memory is that of the new part. In a bucket (the items of one key) all are compared with all, but not in a
crowded one: there each is compared with the few that come first in the order of choice, which are those that would
stay, and with the first of the crowd that share its least or its largest shingle (a MinHash of its own, with a chance
as high as the pair's Jaccard measure), so that a crowd within the crowd is found too, at a cost that grows as the crowd does.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from curate.duplicates.corpus import Corpus, Left
from curate.duplicates.items import COPY, NONE, SHORT, Plan, columns, kinds_of_part, plan_of
from curate.duplicates.lookups import Places, extremes, places, unsorted
from curate.duplicates.ordered import Numbers, changes, distinct, found, starts
from curate.duplicates.sketch import offsets
from curate.duplicates.table import Column, Table, write
from curate.places import Place, place
from curate.text.codepoints import Bools
from curate.text.shingles import Hashes

Pairs = NDArray[np.uint64]  # two items in one number, the lower one in the upper half

_CROWDED: Final = 16  # items in a bucket, above which not all are compared with all
_FIRST: Final = 3  # of a crowd, with which all of it are compared
_FIRST_ALIKE: Final = 2  # of those in a crowd that share a shingle
_ENTRY: Final = 96  # bytes that an entry of a partition takes at most: its key and item, sorted and copied
_BLOCK: Final = 1 << 20  # rows of an index that are looked through at a time
_ALL: Final = 1 << 64
_HALF: Final = np.uint64(32)


class Task(NamedTuple):
    """A partition: the keys of a column from one number to another."""

    work: str
    column: str
    number: int
    of: int

    @property
    def path(self) -> Place:
        """The file that its result is in."""
        return place(self.work) / f"joined-{self.column}-{self.number:05}.table"

    @property
    def range(self) -> tuple[np.uint64, np.uint64]:
        """The first and the last key."""
        return np.uint64(self.number * _ALL // self.of), np.uint64((self.number + 1) * _ALL // self.of - 1)


class _Entries(NamedTuple):
    """Items by key: ascending by key."""

    keys: Hashes
    items: Numbers


def tasks(corpus: Corpus, plan: Plan, column: str) -> list[Task]:
    """The partitions of a column (`exact`, `first` or `keys`), as many as the memory asks for."""
    entries = sum(part.items for _, part in plan.new)
    if column == "keys":
        entries = sum(len(columns(corpus.work, plan, number)["keys"]) for number, _ in plan.new)
    count = max(-(-entries * _ENTRY // plan.memory), 1)
    return [Task(str(corpus.work), column, number, count) for number in range(count)]


def copies(task: Task) -> Left:
    """Groups of exact copies: a table with a row for each `item` of a group, in no order.

    `best` is the first of its group in the order of choice; `own` says that both are of the same document; `other` is
    the first that is of another document than `best`, -1 for none; `indexed` the first copy in an index, -1 for none.
    """
    work = place(task.work)
    plan = plan_of(work)
    new, known = _entries(work, plan, task, COPY)
    placed = _placed(work, plan, new.items)
    order = np.lexsort((placed.order, new.keys))
    keys, items, documents = new.keys[order], new.items[order], placed.documents[order]
    _, first = starts(keys)
    own = documents == documents[first]
    others = np.flatnonzero(~own)
    led, which = np.unique(first[others], return_index=True)
    other, indexed = found(led, first), found(known.keys, keys)
    columns = {
        "item": items,
        "best": items[first],
        "own": own,
        "other": np.where(other >= 0, np.append(items[others[which]], -1)[other], -1),
        "indexed": np.where(indexed >= 0, np.append(known.items, -1)[indexed], -1),
    }
    write(task.path, columns)
    return Left(task.path, len(items))


def candidates(task: Task) -> Place:
    """The pairs of items to compare that share a key: a table with the column `pairs`, ascending and distinct."""
    work = place(task.work)
    plan = plan_of(work)
    new, known = _entries(work, plan, task, SHORT)
    keys, items = np.concatenate((new.keys, known.keys)), np.concatenate((new.items, known.items))
    placed = _placed(work, plan, items)
    order = np.lexsort((placed.order, keys))
    keys, items, placed = keys[order], items[order], Places(placed.documents[order], placed.order[order])
    bucket = np.cumsum(changes(keys))
    crowded = np.bincount(bucket)[bucket] > _CROWDED if len(bucket) else np.zeros(0, dtype=np.bool_)
    pairs_of = [
        (here[left], here[right])
        for here, pairs in (
            (np.flatnonzero(~crowded), _all(bucket[~crowded])),
            (np.flatnonzero(crowded), _few(work, plan, items, bucket, crowded)),
        )
        for left, right in pairs
    ]
    write(task.path, {"pairs": _distinct(plan, items, placed, pairs_of)})
    return task.path


def _all(bucket: Column) -> Iterator[tuple[Column, Column]]:
    """All pairs in buckets that are not crowded; places among the entries."""
    for apart in range(1, _CROWDED):
        left = np.flatnonzero(bucket[apart:] == bucket[:-apart]) if apart < len(bucket) else np.zeros(0, dtype=np.intp)
        yield left, left + apart


def _few(work: Place, plan: Plan, items: Numbers, bucket: Column, crowded: Bools) -> Iterator[tuple[Column, Column]]:
    """The pairs of crowded buckets; places among the entries of all of these."""
    bucket = bucket[crowded]
    if not len(bucket):
        return
    once, inverse = unsorted(items[crowded])
    yield from _with_first(bucket, np.arange(len(bucket)), _FIRST)
    for shingle in extremes(work, plan, once):
        order = np.lexsort((np.arange(len(bucket)), shingle[inverse], bucket))
        alike = np.cumsum(changes(bucket[order]) | changes(shingle[inverse][order]))
        yield from _with_first(alike, order, _FIRST_ALIKE)
        yield order[:-1], order[1:]  # and with the next, should the first ones not be near


def _with_first(groups: Column, entries: Column, count: int) -> Iterator[tuple[Column, Column]]:
    """Each entry with the first few of its group; groups stand one behind the other."""
    _, first = starts(groups)
    for number in range(count):
        behind = np.arange(len(groups)) > first + number
        yield entries[(first + number)[behind]], entries[behind]


def _distinct(plan: Plan, items: Numbers, placed: Places, places_of: list[tuple[Column, Column]]) -> Pairs:
    """Pairs as numbers, without those of one document and those of two items of an index."""
    assert plan.end <= 1 << 32  # see `settle`
    pairs = [np.zeros(0, dtype=np.uint64)]
    for left, right in places_of:
        kept = (placed.documents[left] != placed.documents[right]) & ((placed.order[left] >= 0) | (placed.order[right] >= 0))
        pairs.append(paired(items[left[kept]], items[right[kept]]))
    return distinct(np.concatenate(pairs))


def paired(one: Numbers, other: Numbers) -> Pairs:
    """Two items in one number."""
    return (np.minimum(one, other).astype(np.uint64) << _HALF) | np.maximum(one, other).astype(np.uint64)


def parts_of(pairs: Pairs) -> tuple[Numbers, Numbers]:
    """The two items of each pair, the lower one first."""
    return (pairs >> _HALF).astype(np.int64), (pairs & np.uint64(0xFFFFFFFF)).astype(np.int64)


def _placed(work: Place, plan: Plan, items: Numbers) -> Places:
    once, inverse = unsorted(items)
    documents, order = places(work, plan, once)
    return Places(documents[inverse], order[inverse])


def _entries(work: Place, plan: Plan, task: Task, at_least: int) -> tuple[_Entries, _Entries]:
    """The entries of the new part and of the index whose key is there twice at least, once in the new part."""
    taken = [_taken(work, plan, number, task, at_least) for number, _ in plan.new]
    keys = np.concatenate([np.zeros(0, dtype=np.uint64), *(entries.keys for entries in taken)])
    items = np.concatenate([np.zeros(0, dtype=np.int64), *(entries.items for entries in taken)])
    ordered = np.sort(keys)
    repeated = distinct(ordered[1:][ordered[1:] == ordered[:-1]])
    once = ordered[changes(ordered)]
    known = [_looked_up(plan, number, task, once, at_least) for number, _ in plan.indexed] if len(once) else []
    known_keys = np.concatenate([np.zeros(0, dtype=np.uint64), *(entries.keys for entries in known)])
    known_items = np.concatenate([np.zeros(0, dtype=np.int64), *(entries.items for entries in known)])
    shared = found(np.union1d(repeated, known_keys) if len(known_keys) else repeated, keys) >= 0
    return _by_key(keys[shared], items[shared]), _by_key(known_keys, known_items)


def _by_key(keys: Hashes, items: Numbers) -> _Entries:
    order = np.lexsort((items, keys))
    return _Entries(keys[order], items[order])


def _taken(work: Place, plan: Plan, number: int, task: Task, at_least: int) -> _Entries:
    """What a shard has in a partition."""
    table, part, (low, high) = columns(work, plan, number), plan.parts[number], task.range
    if task.column == "keys":
        span = _span(table["keys"], low, high)
        keys, local = np.array(table["keys"][span]), table["key_rows"][span]
    else:
        local = np.flatnonzero((table[task.column] >= max(low, np.uint64(1))) & (table[task.column] <= high))
        keys = table[task.column][local]
    takes = kinds_of_part(work, plan, number, local) >= at_least
    return _Entries(keys[takes], part.first + local[takes].astype(np.int64))


def _span(keys: Hashes, low: np.uint64, high: np.uint64) -> slice:
    return slice(int(np.searchsorted(keys, low)), int(np.searchsorted(keys, high, "right")))


def _looked_up(plan: Plan, number: int, task: Task, wanted: Hashes, at_least: int) -> _Entries:
    """What an index has of keys, ascending: of each key a few items. Only the pages of the file with these keys are read."""
    work, column = place(task.work), task.column
    table, part = columns(work, plan, number), plan.parts[number]
    if column == "keys":
        keys, local = _in_sorted(table, wanted)
    else:
        blocks = [_in_block(table[column], start, wanted) for start in range(0, part.items, _BLOCK)]
        local = np.concatenate([np.zeros(0, dtype=np.int64), *blocks])
        keys = table[column][local]
    takes = kinds_of_part(work, plan, number, local) >= max(at_least, NONE + 1)
    keys, local = keys[takes], local[takes].astype(np.int64)
    order = np.lexsort((local, keys))
    keys, local = keys[order], local[order]
    few = np.arange(len(keys)) - starts(keys)[1] < _CROWDED
    return _Entries(keys[few], part.first + local[few])


def _in_sorted(table: Table, wanted: Hashes) -> tuple[Hashes, Column]:
    keys = table["keys"][_span(table["keys"], wanted[0], wanted[-1])]
    base = int(np.searchsorted(table["keys"], wanted[0]))
    first = np.searchsorted(keys, wanted)
    counts = np.minimum(np.searchsorted(keys, wanted, "right") - first, _CROWDED)
    at = offsets(counts)
    here = base + np.repeat(first - at[:-1], counts) + np.arange(at[-1])
    return np.repeat(wanted, counts), table["key_rows"][here]


def _in_block(column: Hashes, start: int, wanted: Hashes) -> Column:
    return start + np.flatnonzero(found(wanted, column[start : start + _BLOCK]) >= 0)
