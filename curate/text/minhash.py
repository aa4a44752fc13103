"""MinHash signatures of many sets at once, value for value those of `datasketch`'s scheme `affine32`, and the keys of their bands.

A signature holds for each of some permutations of the 32-bit numbers the least value that a member of the set has in
it (Broder 1997); the share of places where two signatures agree estimates Jaccard's measure of the sets. `affine32` is
datasketch 2: MurmurHash3's finalizer once, then `a * h + b` modulo 2³² with an odd `a`, which is a permutation.
"""

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from curate.text.shingles import Hashes, mixed

Signatures = NDArray[np.uint32]  # (sets, permutations)
Hashes32 = NDArray[np.uint32]
Offsets = NDArray[np.int64]

EMPTY: Final = np.uint32(0xFFFFFFFF)  # every value of the empty set's signature
SEED: Final = 1  # datasketch's default: signatures of other programs compare with ours
_BLOCK: Final = 1 << 15  # hashes that are permuted at a time: with what comes of them they stay in a cache of 256 kB
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)


def signatures(hashes: Hashes32, at: Offsets, permutations: int) -> Signatures:
    """The signature of each set; set `i` is `hashes[at[i]:at[i + 1]]`. Empty sets get `EMPTY` throughout."""
    sets = np.flatnonzero(np.diff(at))  # the least of nothing is not defined, so empty sets are left out
    starts = at[sets]
    found = np.full((len(at) - 1, permutations), EMPTY, dtype=np.uint32)
    for start in range(0, len(hashes), _BLOCK):
        end = min(start + _BLOCK, len(hashes))
        low, high = np.searchsorted(starts, start, "right") - 1, np.searchsorted(starts, end)
        least = _least(_finalized(hashes[start:end]), np.maximum(starts[low:high] - start, 0), permutations)
        here = sets[low:high]
        found[here] = np.minimum(found[here], least)  # the first set may have begun in the block before
    return found


def band_keys(signed: Signatures, bands: int, rows: int) -> Hashes:
    """For each set a key of each band (sets, bands): equal where a band's values are, another one for other bands."""
    values = signed.reshape(len(signed), bands, rows)
    keys = np.zeros((len(signed), bands), dtype=np.uint64)
    for row in range(rows):
        keys = keys * _MIX + values[:, :, row]
    return mixed(keys ^ mixed(np.arange(1, bands + 1, dtype=np.uint64)))


def _least(hashes: Hashes32, starts: NDArray[np.intp], permutations: int) -> Signatures:
    """The least value of each run of hashes in each permutation.

    One permutation after the other over a whole block: the runs then lie in a row in memory, which makes the least of
    them two and a half times as fast as one run after the other over all permutations.
    """
    factors, shifts = _permutations(permutations)
    least = np.empty((permutations, len(starts)), dtype=np.uint32)
    permuted = np.empty_like(hashes)
    for number in range(permutations):
        np.multiply(hashes, factors[number], out=permuted)
        np.add(permuted, shifts[number], out=permuted)
        np.minimum.reduceat(permuted, starts, out=least[number])
    return least.T


def _finalized(hashes: Hashes32) -> Hashes32:
    """MurmurHash3's finalizer for 32 bits (Appleby 2011)."""
    hashes = hashes ^ (hashes >> np.uint32(16))
    hashes *= np.uint32(0x85EBCA6B)
    hashes ^= hashes >> np.uint32(13)
    hashes *= np.uint32(0xC2B2AE35)
    hashes ^= hashes >> np.uint32(16)
    return hashes


@cache
def _permutations(count: int) -> tuple[Hashes32, Hashes32]:
    """Factors and shifts, drawn as datasketch draws them: numpy keeps what RandomState gives the same for good (NEP 19)."""
    draw = np.random.RandomState(SEED)  # no other generator gives datasketch's numbers
    factors = draw.randint(0, 1 << 31, count, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    return factors, draw.randint(0, 1 << 32, count, dtype=np.uint32)
