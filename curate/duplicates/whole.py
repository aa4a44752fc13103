"""Documents as items: their hashes, keys and measures are made from those of their live rows."""

import numpy as np

from curate.duplicates.items import COPY, LONG, NONE, Plan, path_of
from curate.duplicates.ordered import starts
from curate.duplicates.sketch import by_key, document_signatures
from curate.duplicates.table import Column, Table, read
from curate.places import Place
from curate.text.minhash import EMPTY, Hashes32, band_keys
from curate.text.shingles import mixed


def documents_as_items(work: Place, plan: Plan, number: int) -> Table:
    """Documents as items; columns are named as in a sketch. Dead rows count as if they had never been there.

    `least` and `largest` are those of a document's shingles. Documents that take no part have no keys and no hashes.
    """
    part, near = plan.parts[number], plan.near
    folder = part.sketched
    sketch, first = folder.table(near.sketch), folder.documents["first"][part.start : part.start + part.documents + 1]
    rows = slice(int(first[0]), int(first[-1]))
    alive = np.ones(rows.stop - rows.start, dtype=np.bool_) if part.indexed else np.array(read(path_of(work, "alive", number))["alive"])
    owners = np.repeat(np.arange(part.documents), np.diff(first))
    words = np.bincount(owners, sketch["words"][rows] * alive, part.documents).astype(np.int64)
    takes = words >= near.min_words
    kept = np.flatnonzero(alive & takes[owners])
    least, largest = _extremes(sketch, kept + rows.start, owners[kept], part.documents)
    kinds = np.where(takes, np.where(least <= largest, LONG, COPY), NONE).astype(np.uint8)
    everything = slice(part.start, part.start + part.documents)
    signed = sketch["signatures"][everything] if part.indexed else document_signatures(sketch, first, alive)
    keyed = np.flatnonzero(kinds == LONG)
    keys = band_keys(signed[keyed], near.bands, near.rows)
    sorted_keys, key_rows = by_key(keys.ravel(), np.repeat(keyed.astype(np.uint32), near.bands))
    return {
        "exact": _sequences(sketch["exact"][rows][kept], owners[kept], part.documents),
        "first": _firsts(sketch["first"][rows][kept], owners[kept], part.documents),
        "least": least,
        "largest": largest,
        "kinds": kinds,
        "keys": sorted_keys,
        "key_rows": key_rows,
    }


def _sequences(exact: Column, owners: Column, count: int) -> Column:
    """A hash of each document's paragraphs in their order, but for those without words; 0 for one that has none."""
    owners, exact = owners[exact > 0], exact[exact > 0]
    first, of = starts(owners)
    places = np.arange(len(owners)) - of
    found = np.zeros(count, dtype=np.uint64)
    if len(first):
        found[owners[first]] = mixed(np.add.reduceat(mixed(exact ^ mixed(places.astype(np.uint64) + np.uint64(1))), first))
    return found


def _firsts(first: Column, owners: Column, count: int) -> Column:
    """The beginning of each document's first paragraph that is long enough to have one."""
    owners, first = owners[first > 0], first[first > 0]
    begins, _ = starts(owners)
    found = np.zeros(count, dtype=np.uint64)
    found[owners[begins]] = first[begins]
    return found


def _extremes(sketch: Table, rows: Column, owners: Column, count: int) -> tuple[Hashes32, Hashes32]:
    """The least and the largest shingle of each document; the least is above the largest for one that has none."""
    least, largest = np.full(count, EMPTY), np.zeros(count, dtype=np.uint32)
    at = sketch["at"]
    some = at[rows + 1] > at[rows]
    rows, owners = rows[some], owners[some]
    begins, _ = starts(owners)
    if len(begins):
        least[owners[begins]] = np.minimum.reduceat(sketch["shingles"][at[rows]], begins)
        largest[owners[begins]] = np.maximum.reduceat(sketch["shingles"][at[rows + 1] - 1], begins)
    return least, largest
