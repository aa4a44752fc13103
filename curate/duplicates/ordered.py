"""Arrays in ascending order: their distinct values, their groups, and where values stand in them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate.duplicates.table import Column
from curate.text.codepoints import Bools

Numbers = NDArray[np.int64]


def changes(values: Column) -> Bools:
    """Where another value begins than the one before."""
    found = np.ones(len(values), dtype=np.bool_)
    found[1:] = values[1:] != values[:-1]
    return found


def starts(values: Column) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Where the runs of equal values begin, and for each value where its run does."""
    first = np.flatnonzero(changes(values))
    return first, np.repeat(first, np.diff(np.append(first, len(values))))


def distinct(values: NDArray[Any]) -> NDArray[Any]:
    """The values in ascending order, each once: sorted, which for millions of numbers is faster than numpy's hashing."""
    ordered = np.sort(values)
    return ordered[changes(ordered)]


def found(ordered: Column, wanted: Column) -> Numbers:
    """Where values stand among distinct ones, which are ascending; -1 where they do not."""
    if not len(ordered):
        return np.full(len(wanted), -1, dtype=np.int64)
    at = np.minimum(np.searchsorted(ordered, wanted), len(ordered) - 1)
    return np.where(ordered[at] == wanted, at, -1)
