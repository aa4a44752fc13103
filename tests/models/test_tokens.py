"""The words of a paragraph as rows of a table, held against a version that goes line by line."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from curate.document import document_of_lines
from curate.models.text import lines_of
from curate.models.tokens import TABLE_BITS, Bags, words_of

steady = settings(deadline=None, derandomize=True, max_examples=80)
MASK = (1 << 64) - 1
FIRST, LAST, PAIR = 0x8CB92BA72F3D8DD7, 0xE7037ED1A0B428DB, 0xD6E8FEB86659FD93
HEAD, TAIL = 16, 8


def bags(page: str) -> Bags:
    doc = document_of_lines(page)
    return words_of(lines_of(doc, np.arange(doc.read, dtype=np.int32)))


def of_each(found: Bags) -> list[list[int]]:
    return [sorted(part.tolist()) for part in np.split(found.ids, np.cumsum(found.counts)[:-1])]


def row(value: int) -> int:
    """The finalizer of splitmix64, and the upper bits of it."""
    value ^= value >> 30
    value = value * 0xBF58476D1CE4E5B9 & MASK
    value ^= value >> 27
    value = value * 0x94D049BB133111EB & MASK
    value ^= value >> 31
    return value >> (64 - TABLE_BITS)


def naive(page: str) -> list[list[int]]:
    doc = document_of_lines(page)
    lines = lines_of(doc, np.arange(doc.read, dtype=np.int32))
    found = []
    for number in range(doc.read):
        words = lines.hashes[lines.word_owners == number].tolist()
        tokens = []
        for place, word in enumerate(words):
            if place < HEAD or place >= len(words) - TAIL:
                tokens.append(word)
                if place + 1 < len(words):
                    tokens.append(word * PAIR + words[place + 1] & MASK)
        if words:
            tokens += [words[0] ^ FIRST, words[-1] ^ LAST]
        found.append(sorted(map(row, tokens)))
    return found


@steady
@given(st.lists(st.lists(st.sampled_from(["ferry", "bell", "heron", "7", "日本", "***"]), min_size=1, max_size=30), min_size=1, max_size=6))
@example([["***"]])
@example([["ferry"]])
@example([["***"], ["ferry"], ["***"]])
@example([["ferry", "bell", "heron"] * 20, ["***"]])
def test_bags_are_as_line_by_line(lines: list[list[str]]):
    page = "\n".join(map(" ".join, lines))
    assert of_each(bags(page)) == naive(page)


COUNTS = {
    "a word is itself, the first and the last": ("Home", [3]),
    "of two words there is a pair, too": ("Home page", [5]),
    "signs have no words": ("***\nHome", [0, 3]),
    "all words of a line of 24 count": ("ferry " * 24, [24 + 23 + 2]),
    "of a longer one its head and its tail do": ("ferry " * 100, [HEAD + TAIL + HEAD + TAIL - 1 + 2]),
}


@pytest.mark.parametrize(("page", "expected"), COUNTS.values(), ids=COUNTS)
def test_counts(page: str, expected: list[int]):
    found = bags(page)
    assert found.counts.tolist() == expected
    assert len(found.ids) == sum(expected)


def test_no_pair_reaches_over_a_paragraph_s_end():
    assert of_each(bags("Home page\nTides"))[0] == of_each(bags("Home page"))[0]
    assert of_each(bags("Home page\nTides"))[1] == of_each(bags("Tides"))[0]


def test_what_stands_in_the_middle_of_a_long_line_is_not_looked_at():
    def page(middle: str) -> str:
        return "ferry " * 20 + middle + " bell" * 12

    assert of_each(bags(page("heron"))) == of_each(bags(page("swan")))
    assert of_each(bags("heron " + page("x"))) != of_each(bags("swan " + page("x")))


def test_case_and_numbers_make_no_difference_and_order_does():
    assert of_each(bags("Read 12 comments")) == of_each(bags("READ 7 comments"))
    assert of_each(bags("comments read")) != of_each(bags("read comments"))


def test_the_rows_are_those_of_the_table_and_the_same_on_every_machine():
    assert of_each(bags("harbour 港")) == naive("harbour 港")
    assert bags("harbour 港").ids.tolist() == [5476, 6521, 8021, 1195, 5844]
    ids = bags("\n".join(f"word{chr(97 + n % 26)}{chr(97 + n // 26)} stands here" for n in range(600))).ids
    assert ids.min() >= 0
    assert ids.max() < 1 << TABLE_BITS
    assert len(np.unique(ids)) > 1200, "they are spread over the table"
