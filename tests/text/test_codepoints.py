import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from curate.text import codepoints
from curate.text.codepoints import IDEOGRAPH, MARK, NO_WORD, WORD, CodePointTable, code_points, is_space, runs, to_text, whole, word_class

steady = settings(deadline=None, derandomize=True, max_examples=200)


def test_a_table_asks_for_each_code_point_once_and_for_no_other():
    asked: list[str] = []

    def value(char: str) -> int:
        asked.append(char)
        return ord(char) + 1

    table = CodePointTable(value)
    assert asked == []
    assert table(code_points("banana")).tolist() == [ord(char) + 1 for char in "banana"]
    assert sorted(asked) == ["a", "b", "n"]
    table(code_points("bandana 𝄞"))
    assert sorted(asked) == [" ", "a", "b", "d", "n", "𝄞"]


def test_a_table_answers_in_the_shape_it_is_asked_in():
    table = CodePointTable(ord)
    assert table(code_points("abcdef").reshape(2, 3)).tolist() == [[97, 98, 99], [100, 101, 102]]
    assert table(code_points("")).tolist() == []


def test_a_table_knows_the_first_and_the_last_code_point():
    assert CodePointTable(lambda char: ord(char) + 1)(code_points("\0\U0010ffff")).tolist() == [1, 0x110000]


def test_white_space_is_what_python_says_and_the_byte_order_mark():
    points = np.concatenate((np.arange(0x10000), np.arange(0x10000, 0x110000, 251))).astype(np.uint32)
    found = {chr(point) for point in points[is_space(points)].tolist()}
    assert found == {chr(point) for point in points.tolist() if chr(point).isspace()}


def test_zero_width_characters_are_no_white_space():
    assert not is_space(code_points("\u200b\u2060\u00ad\u180e")).any()


WHOLE = {
    "sound text stays as it is": ("crème brûlée 😀", "crème brûlée 😀"),
    "nothing stays nothing": ("", ""),
    "a high surrogate alone becomes the replacement character": ("a\ud83db", "a\ufffdb"),
    "a low surrogate alone becomes the replacement character": ("a\ude00", "a\ufffd"),
    "a low surrogate before a high one is two losses": ("\ude00\ud83d", "\ufffd\ufffd"),
    "two halves that belong together become their character": ("\ud83d\ude00", "😀"),
    "a null character is text": ("a\0\ud800", "a\0\ufffd"),
}


@pytest.mark.parametrize(("text", "expected"), WHOLE.values(), ids=WHOLE)
def test_whole(text: str, expected: str):
    assert whole(text) == expected


def test_sound_text_is_not_copied():
    text = "x" * 100
    assert whole(text) is text


@steady
@given(st.text(st.characters(categories=["L", "Cs", "Zs"])))
def test_whole_text_can_be_encoded_and_is_whole(text: str):
    made = whole(text)
    made.encode("utf-8")
    assert whole(made) == made
    assert len(made) <= len(text)


@steady
@given(st.text())
@example("\U0010ffff\0é")
def test_text_comes_back_from_its_code_points(text: str):
    assert code_points(text).tolist() == [ord(char) for char in text]
    assert to_text(code_points(text)) == text


def test_code_points_refuse_lone_surrogates():
    with pytest.raises(UnicodeEncodeError):
        code_points("a\ud800")


RUNS = {
    "no flags, no runs": ("", []),
    "nothing true, no runs": ("...", []),
    "all true is one run": ("###", [(0, 3)]),
    "runs at both edges": ("#..##", [(0, 1), (3, 5)]),
    "a gap of one parts two runs": ("##.#", [(0, 2), (3, 4)]),
}


@pytest.mark.parametrize(("flags", "expected"), RUNS.values(), ids=RUNS)
def test_runs(flags: str, expected: list[tuple[int, int]]):
    starts, ends = runs(np.array([flag == "#" for flag in flags], dtype=np.bool_))
    assert list(zip(starts.tolist(), ends.tolist(), strict=True)) == expected


@steady
@given(st.lists(st.booleans()))
def test_runs_cover_what_is_true_and_never_touch(flags: list[bool]):
    starts, ends = (places.tolist() for places in runs(np.array(flags, dtype=np.bool_)))
    assert [place for start, end in zip(starts, ends, strict=True) for place in range(start, end)] == [n for n, f in enumerate(flags) if f]
    assert all(end < start for end, start in zip(ends, starts[1:], strict=False))


CLASSES = {
    "letters, digits and the underscore are in words": ("aÉßя٣7½_ªא한", WORD),
    "scripts without blanks are words by the letter": ("漢ひカーกລខက豈", IDEOGRAPH),
    "marks belong to a word": ("\u0301\u093f\u20dd\u0e47", MARK),
    "signs, blanks and invisible characters are in no word": (" .-'’$+\u00ad\u200b\u3000、😀\n", NO_WORD),
}


@pytest.mark.parametrize(("chars", "expected"), CLASSES.values(), ids=CLASSES)
def test_word_class(chars: str, expected: int):
    assert dict(zip(chars, word_class(code_points(chars)).tolist(), strict=True)) == dict.fromkeys(chars, expected)


def test_no_table_gives_the_value_that_means_unknown():
    points = code_points("".join(map(chr, range(0x2000))))
    assert all(table(points).all() for table in (word_class, codepoints._space_class))
