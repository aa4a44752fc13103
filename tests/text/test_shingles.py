import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from curate.document import document_of_lines
from curate.text.shingles import Hashed, shingles, words

steady = settings(deadline=None, derandomize=True, max_examples=150)
PERIOD = 1 << 15  # the powers of the hash come round after as many characters


def words_of(page: str) -> Hashed:
    folded = document_of_lines(page).folded
    return words(folded.points, folded.line_numbers())


def counts(of: Hashed, paragraphs: int) -> list[int]:
    return np.bincount(of.owners, minlength=paragraphs).tolist()


WORDS = {
    "blanks part words": ("one two  three", 3),
    "signs part words": ("one,two;three—four", 4),
    "an apostrophe parts a word": ("don't", 2),
    "an underscore does not": ("snake_case", 1),
    "digits and letters are one word": ("route66", 1),
    "a decimal point parts digits": ("3.14", 2),
    "an accent of its own stays in its word": ("re\u0301sume\u0301", 1),
    "vowel signs stay in their word": ("हिन्दी", 1),
    "a Chinese character is a word": ("日本語", 3),
    "Japanese and Latin side by side": ("日本語text字", 5),
    "a mark after an ideograph is no word of its own": ("か\u3099ら", 2),
    "Thai is counted by the letter, marks with it": ("ก็ดี", 2),
    "Korean writes blanks": ("안녕 하세요", 2),
    "an ellipsis parts words": ("so…then", 2),
    "a soft hyphen does not": ("news\u00adpaper", 1),
    "signs alone are no words": ("— * —", 0),
    "a mark that stands alone is no word": ("a \u0301 b", 2),
    "no text, no words": ("", 0),
}


@pytest.mark.parametrize(("text", "expected"), WORDS.values(), ids=WORDS)
def test_words(text: str, expected: int):
    assert len(words_of(text).hashes) == expected


def test_words_know_their_paragraph():
    assert words_of("one two\n***\nthree\n日本").owners.tolist() == [0, 0, 2, 3, 3]


def test_a_hash_is_the_same_on_every_machine():
    assert words_of("harbour 港").hashes.tolist() == [8781902740870999628, 5440059521189351814]


@pytest.mark.parametrize("before", [0, 1, 7, PERIOD - 8, PERIOD - 7, PERIOD - 4, PERIOD - 1, PERIOD, PERIOD + 1, 3 * PERIOD - 3, 200_000])
def test_a_word_has_one_hash_wherever_it_stands(before: int):
    alone = words_of("harbour").hashes[0]
    for filler in (".", "x", "日"):
        page = filler * (before - 1) + " " * bool(before) + "harbour" + " y" * 40
        found = words_of(page).hashes
        assert alone in found.tolist(), f"{before} characters of {filler!r} before it"


@pytest.mark.parametrize("before", [0, 1, 100, PERIOD - 1, PERIOD])
def test_a_word_longer_than_the_powers_reach_has_one_hash_too(before: int):
    word = "abc" * PERIOD
    assert words_of("." * before + word).hashes.tolist() == words_of(word).hashes.tolist()


@steady
@given(st.lists(st.text("abcé", min_size=1, max_size=4), min_size=1, max_size=30), st.sampled_from([0, 1, 50, PERIOD - 9]))
def test_equal_words_have_equal_hashes_and_others_others(tokens: list[str], before: int):
    hashes = words_of("-" * before + " ".join(tokens)).hashes.tolist()
    assert len(hashes) == len(tokens)
    assert len(set(zip(tokens, hashes, strict=True))) == len(set(tokens)) == len(set(hashes))


APART = {
    "letters in another order": ("listen", "silent"),
    "one letter more": ("aaa", "aaaa"),
    "a number and a longer one": ("0", "00"),
    "an accent": ("peche", "pêche"),
}


@pytest.mark.parametrize(("one", "other"), APART.values(), ids=APART)
def test_words_that_differ_have_other_hashes(one: str, other: str):
    assert words_of(one).hashes.tolist() != words_of(other).hashes.tolist()


def test_words_that_fold_alike_are_equal():
    assert words_of("Straße “OFFICE” news\u00adpaper").hashes.tolist() == words_of("strasse 'oﬃce' newspaper").hashes.tolist()


SIZES = {
    "as many shingles as places to begin one": ("a b c d e", 3, [3]),
    "a paragraph of just the size is one": ("a b c", 3, [1]),
    "a shorter paragraph is one": ("a b\nc d e f", 3, [1, 2]),
    "a paragraph of one word is one": ("a\nb c d e", 4, [1, 1]),
    "no shingle reaches over a paragraph's end": ("a b c\nd e f", 3, [1, 1]),
    "a paragraph without words has none": ("a b c\n* * *\nd e f", 3, [1, 0, 1]),
    "shingles of one word are the words": ("a b c", 1, [3]),
    "characters of unspaced scripts are words": ("日本語の新聞", 5, [2]),
    "a page of fewer words than the size": ("a b c", 5, [1]),
    "a page of two words": ("a b", 8, [1]),
    "a page of one word": ("a", 8, [1]),
    "a page of short paragraphs": ("a\nb\nc d", 9, [1, 1, 1]),
    "a page without words": ("***", 5, [0]),
}


@pytest.mark.parametrize(("page", "size", "expected"), SIZES.values(), ids=SIZES)
def test_shingles(page: str, size: int, expected: list[int]):
    assert counts(shingles(words_of(page), size), len(expected)) == expected


def naive(paragraphs: list[list[str]], size: int) -> list[tuple[int, tuple[str, ...]]]:
    return [
        (number, tuple(paragraph[at : at + size]))
        for number, paragraph in enumerate(paragraphs)
        for at in range(max(1, len(paragraph) - size + 1))
    ]


@steady
@given(st.lists(st.lists(st.sampled_from(["ash", "birch", "cedar"]), min_size=1, max_size=8), min_size=1, max_size=6), st.integers(1, 6))
@example([["ash", "ash", "ash"], ["ash"], ["birch", "ash"]], 2)
def test_shingles_are_equal_where_their_words_are(paragraphs: list[list[str]], size: int):
    enough = [["oak"] * size, *paragraphs]  # pages of fewer words than the size have a case of their own
    found = shingles(words_of("\n".join(" ".join(paragraph) for paragraph in enough)), size)
    expected = naive(enough, size)
    assert found.owners.tolist() == [number for number, _ in expected]
    pairs = set(zip([run for _, run in expected], found.hashes.tolist(), strict=True))
    assert len(pairs) == len({run for run, _ in pairs}) == len({value for _, value in pairs})


def test_a_short_paragraph_has_one_shingle_however_long_its_page_is():
    alone = shingles(words_of("ferry times"), 5).hashes.tolist()
    assert len(alone) == 1
    for rest in ("one", "one two", "one two three four five six seven"):
        assert shingles(words_of(f"ferry times\n{rest}"), 5).hashes.tolist()[:1] == alone


def test_a_shingle_is_the_same_on_another_page():
    here = shingles(words_of("filler " * 9_000 + "the ferry leaves at noon"), 5).hashes
    there = shingles(words_of("The ferry leaves at noon."), 5).hashes
    assert there.tolist() == [here[-1]]
