"""Measures of pairs: those of plain sets, whatever the sets."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.duplicates.sketch import offsets
from curate.duplicates.verify import shared_shingles

SETS = st.lists(st.sets(st.integers(0, 2**32 - 1) | st.integers(0, 9)), min_size=1, max_size=8)


@given(sets=SETS, data=st.data())
def test_shared_shingles_are_those_of_plain_sets(sets: list[set[int]], data: st.DataObject):
    flat = np.array([shingle for each in sets for shingle in sorted(each)], dtype=np.uint32)
    numbers = st.integers(0, len(sets) - 1)
    pairs = data.draw(st.lists(st.tuples(numbers, numbers), max_size=20))
    left, right = (np.array([pair[side] for pair in pairs], dtype=np.int64) for side in (0, 1))
    found = shared_shingles(flat, offsets([len(each) for each in sets]), left, right)
    assert found.tolist() == [len(sets[one] & sets[other]) for one, other in pairs]


@pytest.mark.parametrize("empty", [0, 3])
def test_empty_sets_share_nothing(empty: int):
    at = np.zeros(empty + 1, dtype=np.int64)
    numbers = np.arange(empty)
    assert shared_shingles(np.zeros(0, dtype=np.uint32), at, numbers, numbers).tolist() == [0] * empty
