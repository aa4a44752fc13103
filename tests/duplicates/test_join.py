"""Pairs to compare: which of a bucket, and what memory makes of the partitions."""

import random
from pathlib import Path

import numpy as np
from corpora import Page, corpus, sentence

from curate.corpus.duplicate_paragraphs import DuplicateParagraphs
from curate.duplicates.join import parts_of
from curate.duplicates.table import read


def pages(count: int) -> list[Page]:
    line = " ".join(sentence(random.Random(4)))  # noqa: S311  # the same corpus each time
    return [Page(f"{line} {'and so on ' * (number % 4)}", f"{number:020}") for number in range(count)]


def pairs(folder: Path, memory: int) -> list[list[int]]:
    of = corpus(folder, [pages(12)], memory=memory)
    DuplicateParagraphs().settle(of)
    return [read(path)["pairs"].tolist() for path in sorted(of.work.glob("joined-keys-*"))]


def test_little_memory_makes_more_partitions_of_the_same_pairs(tmp_path: Path):
    whole, parted = pairs(tmp_path, 1 << 30), pairs(tmp_path, 1_200)
    assert len(whole) == 1
    assert len(parted) > 10
    assert sorted({pair for part in parted for pair in part}) == whole[0]


def test_in_a_small_bucket_all_are_compared_with_all(tmp_path: Path):
    [found] = pairs(tmp_path, 1 << 30)
    left, right = parts_of(np.array(found, dtype=np.uint64))
    assert list(zip(left.tolist(), right.tolist(), strict=True)) == [
        (a, b) for a in range(4) for b in range(a + 1, 4)
    ]  # the others are exact copies
    assert (np.diff(np.array(found, dtype=np.uint64)) > 0).all()
