"""What a character looks like."""

import unicodedata

import numpy as np
import pytest

from curate.text import shapes
from curate.text.codepoints import code_points

SHAPES = {
    "blanks of any width, and line breaks": (" \t\n\u00a0\u3000\u2028", shapes.SPACE),
    "capitals, title case among them": ("AÉЖΩǅ", shapes.UPPER),
    "small letters": ("aéжßﬁ", shapes.LOWER),
    "letters without case that write blanks": ("אعकㅎ한ªʰ", shapes.UNCASED),
    "letters that write no blanks": ("漢ひカกລខက豈", shapes.IDEOGRAPH),
    "marks of all kinds": ("\u0301\u093f\u20dd\u0e47", shapes.MARK),
    "digits of any script": ("09٣२８", shapes.DIGIT),
    "what ends a sentence": (".!?…。！？｡؟۔।", shapes.STOP),
    "commas and semicolons": (",;，、،؛", shapes.COMMA),
    "colons": (":：", shapes.COLON),
    "quotation marks, apostrophes among them": ("\"'’‚„“”«「『", shapes.QUOTE),
    "brackets": ("()[]{}（】〈⟨⟩", shapes.BRACKET),
    "dashes": ("-‐–—〜", shapes.DASH),
    "what parts the entries of menus": ("|•·►→»›>+*×★", shapes.DIVIDER),
    "slashes and what addresses are made of": ("/\\_=&", shapes.SLASH),
    "handles and tags": ("@#＠＃", shapes.AT),
    "money": ("$€£¥₹", shapes.MONEY),
    "rights": ("©®™℠", shapes.RIGHTS),
    "all others": ("%^~§½²Ⅷ😀\u200b\u00ad\ufffd\0", shapes.OTHER),
}


@pytest.mark.parametrize(("chars", "shape"), SHAPES.values(), ids=SHAPES)
def test_shapes(chars: str, shape: int):
    assert dict(zip(chars, shapes.shapes(code_points(chars)).tolist(), strict=True)) == dict.fromkeys(chars, shape)


def test_every_shape_has_a_case():
    named = {
        value for name, value in vars(shapes).items() if name.isupper() and not name.startswith("_") and name not in {"COUNT", "UNSPACED"}
    }
    assert named == {shape for _, shape in SHAPES.values()} == set(range(1, shapes.COUNT))


def test_no_sign_has_two_shapes():
    for chars, shape in SHAPES.values():
        for other, another in SHAPES.values():
            assert shape == another or not set(chars) & set(other)


def test_every_character_has_a_shape_below_the_count():
    points = np.concatenate((np.arange(0x3100), np.arange(0x3100, 0xD800, 97), np.arange(0xE000, 0x110000, 997))).astype(np.uint32)
    found = shapes.shapes(points)
    assert found.min() >= 1
    assert found.max() < shapes.COUNT


def test_letters_and_digits_stand_in_a_row_so_that_a_range_finds_words():
    for point in range(0x3000):
        char, shape = chr(point), int(shapes.shapes(np.array([point]))[0])
        inside = unicodedata.category(char)[0] in "LM" or unicodedata.category(char) == "Nd"
        assert inside == (shapes.UPPER <= shape <= shapes.DIGIT), f"U+{point:04X}"
