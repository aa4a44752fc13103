"""Signatures are those of datasketch, value for value, however the sets lie in the blocks."""

import datasketch
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from curate.text import minhash
from curate.text.minhash import EMPTY, band_keys, signatures

PERMUTATIONS = 120
steady = settings(deadline=None, derandomize=True, max_examples=60)
hashes32 = st.integers(0, 2**32 - 1)


def flat(sets: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    at = np.cumsum([0, *map(len, sets)], dtype=np.int64)
    return np.array([value for values in sets for value in values], dtype=np.uint32), at


def datasketch_signature(values: list[int], permutations: int) -> list[int]:
    sketch = datasketch.MinHash(num_perm=permutations, seed=1, scheme="affine32", hashfunc=lambda value: value)
    sketch.update_batch(values)
    return sketch.hashvalues.tolist()


@steady
@given(st.lists(st.lists(hashes32, max_size=12), max_size=8), st.sampled_from([1, 2, 120, 128]))
@example([[0], [], [2**32 - 1, 0], []], PERMUTATIONS)
@example([], PERMUTATIONS)
@example([[], []], 1)
def test_signatures_are_those_of_datasketch(sets: list[list[int]], permutations: int):
    signed = signatures(*flat(sets), permutations)
    assert signed.shape == (len(sets), permutations)
    assert signed.dtype == np.uint32
    assert signed.tolist() == [datasketch_signature(values, permutations) for values in sets]


@pytest.mark.parametrize("block", [1, 2, 3, 7, 50, 51])
def test_a_set_may_lie_in_several_blocks(block: int, monkeypatch: pytest.MonkeyPatch):
    draw = np.random.default_rng(5)
    sets = [draw.integers(0, 2**32, size).tolist() for size in (0, 1, 9, 0, 0, 20, 3, 1, 0, 16, 0)]
    monkeypatch.setattr(minhash, "_BLOCK", block)
    assert signatures(*flat(sets), 8).tolist() == [datasketch_signature(values, 8) for values in sets]


def test_an_empty_set_has_the_greatest_values():
    assert (signatures(*flat([[], [1], []]), 4)[[0, 2]] == EMPTY).all()


def test_what_is_given_stays_as_it_is():
    hashes, at = flat([[5, 6], [7]])
    hashes.setflags(write=False)
    signatures(hashes, at, 3)
    assert hashes.tolist() == [5, 6, 7]


def test_values_agree_as_often_as_the_sets_do():
    draw = np.random.default_rng(6)
    members = draw.integers(0, 2**32, 90).tolist()
    one, other = signatures(*flat([members[:80], members[10:]]), 4000)
    assert abs((one == other).mean() - 70 / 90) < 0.03


def test_the_key_of_a_band_hangs_on_its_values_alone():
    signed = np.arange(24, dtype=np.uint32).reshape(2, 12)
    signed[1, :4] = signed[0, :4]  # the first two bands of two
    keys = band_keys(signed, 6, 2)
    assert keys.shape == (2, 6)
    assert (keys[0] == keys[1]).tolist() == [True, True, False, False, False, False]


def test_equal_values_have_other_keys_in_other_bands():
    keys = band_keys(np.full((1, 120), EMPTY, dtype=np.uint32), 20, 6)
    assert len(set(keys[0].tolist())) == 20


@pytest.mark.parametrize(("one", "other"), [([1, 2], [2, 1]), ([0, 1], [1, 0]), ([0, 0], [0, 1]), ([0, 0], [1, 0])])
def test_values_in_another_order_make_another_key(one: list[int], other: list[int]):
    keys = band_keys(np.array([one, other], dtype=np.uint32), 1, 2)
    assert keys[0] != keys[1]


def test_keys_are_the_same_on_every_machine():
    assert band_keys(signatures(*flat([[1, 2, 3]]), 4), 2, 2).tolist() == [[15381717094673703724, 15515178831868367782]]
