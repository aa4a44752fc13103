"""The order of documents by which it is chosen what stays: by date, undated ones last, then by address, then by key."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from curate.duplicates.corpus import DOCUMENTS, Sketched
from curate.duplicates.sketch import gather, offsets
from curate.duplicates.table import Column, Table
from curate.text.minhash import Offsets

Ranks = NDArray[np.int64]
Strings = tuple[NDArray[np.uint8], Offsets]  # the bytes of all, and where those of each begin

_WINDOW: Final = 8  # bytes that are compared at a time, as one number


def ranks(parts: Sequence[Sketched]) -> Ranks:
    """For each document of all parts, in order, its place among them; no two have the same.

    Addresses are compared only where dates agree, some bytes at a time and as long as any are alike. In memory are a
    few numbers a document, and the addresses of those that share their date with another one.
    """
    dates = np.concatenate([np.zeros(0, dtype=np.int64), *(part.column(DOCUMENTS, "date") for part in parts)])
    rank = np.searchsorted(np.sort(dates), dates).astype(np.int64)
    for read in (_urls, _keys):
        alike = np.flatnonzero(np.bincount(rank, minlength=len(rank))[rank] > 1)
        flat, at = _joined([read(part.documents, numbers) for part, numbers in _parted(parts, alike)])
        rank[alike] = _refined(rank[alike], flat, at)
    rank[np.argsort(rank, kind="stable")] = np.arange(len(rank))
    return rank


def _parted(parts: Sequence[Sketched], numbers: Column) -> Iterator[tuple[Sketched, Column]]:
    """Each part with those of the numbers, ascending, that are its documents, counted from its first."""
    start = 0
    for part in parts:
        end = start + len(part.documents["doc"])
        yield part, numbers[slice(*np.searchsorted(numbers, [start, end]))] - start
        start = end


def _urls(documents: Table, numbers: Column) -> Strings:
    flat, at = gather(documents["url_at"], documents["url_bytes"], numbers)
    return flat, at


def _keys(documents: Table, numbers: Column) -> Strings:
    keys = documents["doc"][numbers]
    return keys.view(np.uint8), np.arange(len(keys) + 1, dtype=np.int64) * keys.dtype.itemsize


def _joined(strings: Sequence[Strings]) -> Strings:
    flat = np.concatenate([np.zeros(0, dtype=np.uint8), *(flat for flat, _ in strings)])
    return flat, offsets(np.concatenate([np.zeros(0, dtype=np.int64), *(np.diff(at) for _, at in strings)]))


def _refined(rank: Ranks, flat: NDArray[np.uint8], at: Offsets) -> Ranks:
    """Ranks among documents that share theirs, by the order of their strings; a string comes before its continuations."""
    rank = rank.copy()
    alike, start = np.arange(len(rank)), 0
    while len(alike) and start <= int(np.diff(at)[alike].max()):
        keys = _window(flat, at, alike, start)
        order = np.lexsort((keys, rank[alike]))
        alike, keys = alike[order], keys[order]
        group = np.diff(rank[alike], prepend=-1) != 0
        part = group | (np.diff(keys, prepend=keys[:1]) != 0)
        places = np.arange(len(alike))
        rank[alike] += np.maximum.accumulate(np.where(part, places, 0)) - np.maximum.accumulate(np.where(group, places, 0))
        still = ~part
        still[:-1] |= ~part[1:]
        alike, start = alike[still], start + _WINDOW
    return rank


def _window(flat: NDArray[np.uint8], at: Offsets, numbers: Column, start: int) -> NDArray[np.uint64]:
    """Eight bytes of each string as a number that sorts as they do; zeros behind its end."""
    places = at[numbers][:, None] + np.arange(start, start + _WINDOW)
    inside = places < at[numbers + 1][:, None]
    window = np.where(inside, flat[np.minimum(places, len(flat) - 1)] if len(flat) else 0, 0).astype(np.uint8)
    found: NDArray[np.uint64] = window.view(">u8").ravel().astype(np.uint64)
    return found
