"""What reads as prose, line by line and all at once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.text.codepoints import code_points
from curate.text.folding import fold_lines
from curate.text.prose import prose_lines, reads_as_prose

SENTENCE = "The ferry at Oxney was painted twice in one summer, and nobody knows why"


@pytest.mark.parametrize("end", [".", "!", "?", "…", ":", ".”", ".')", "।", "。」"])
def test_a_long_line_that_ends_as_sentences_do_is_prose(end: str):
    assert reads_as_prose(SENTENCE + end)


@pytest.mark.parametrize("line", ["", SENTENCE, SENTENCE + " →", "A short sentence.", "..........", "港口的渡船。"])
def test_a_short_one_or_one_without_an_end_is_not(line: str):
    assert not reads_as_prose(line)


def test_scripts_whose_characters_are_words_need_fewer():
    assert reads_as_prose("港口的渡船在一个夏天里被刷了两次漆，没有人知道为什么还要再刷一次。")


PIECES = st.sampled_from(["ferry ", "a" * 30, "刷" * 12, "한", ".", "?", ":", '"', ")", "]", "'", " ", "7", "ü"])


@given(st.lists(st.lists(PIECES, max_size=8).map("".join), min_size=1, max_size=6))
def test_all_lines_at_once_are_judged_as_each_is(lines: list[str]):
    folded = fold_lines(lines)
    points = code_points("\n".join(folded) + "\n").astype(np.int32)
    ends = np.flatnonzero(points == 10)
    starts = np.concatenate(([0], ends[:-1] + 1))
    assert prose_lines(points, starts, ends).tolist() == [reads_as_prose(line) for line in folded]
