import unicodedata

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from curate.document import document_of_lines
from curate.text.codepoints import code_points
from curate.text.folding import Folded, fold

steady = settings(deadline=None, derandomize=True, max_examples=300)
# Characters that fold to nothing, to a blank, to several, or to another; and every kind of line end.
ODD = "aBß\u00ad\u200b\ufeff…¨´ﬃŉǰİ½①㎏«»“—\t \u00a0\u3000\x0c\x1f\u2028\r\n \u0301日"
odd = st.text(st.sampled_from(ODD) | st.characters(codec="utf-8"), max_size=40)

SAME = {
    "quotes in any shape": ("‘don’t’ “so” „so‟ «so» ‹so› 〝so〞 `so´ ′ ″", '\'don\'t\' "so" "so" "so" \'so\' "so" \'so\' \' "'),
    "dashes in any shape": ("a‐b‑c‒d–e—f―g−h﹘i﹣j-k", "a-b-c-d-e-f-g-h-i-j-k"),
    "an apostrophe in full width": ("don＇t", "don't"),
    "case": ("READ More", "read more"),
    "a sharp s": ("STRASSE Straße", "strasse strasse"),
    "a final sigma": ("ΟΔΟΣ οδος", "οδοσ οδοσ"),
    "full width letters and digits": ("ＡＢＣ１２３！", "abc123!"),
    "ligatures": ("ﬁne oﬃce", "fine office"),
    "fractions and units": ("½ ㎏ ①", "1⁄2 kg 1"),
    "an ellipsis is three stops": ("more… and…more", "more... and...more"),
    "a soft hyphen is nothing": ("news\u00adpaper", "newspaper"),
    "several invisible characters in a row are nothing": ("\u200bnews\u00ad\u200d\u2060paper\ufeff", "newspaper"),
    "control characters are nothing": ("bell\x07s\x00", "bells"),
    "blanks of any kind are one": ("a\u00a0b\u3000c\u2009 \t d\x0be\x0cf\x85g\u2028h", "a b c d e f g h"),
    "line breaks in a line are blanks": ("a\nb\r\nc", "a b c"),
    "no blank at the edges": (" \u00a0edges\t ", "edges"),
    "a blank beside something invisible is still one": ("a \u00ad b\u00ad ", "a b"),
    "an accent of its own leaves no blank at the edge": ("¨a", "\u0308a"),
    "nothing": ("", ""),
    "nothing but invisible characters": ("\u00ad\u200b", ""),
    "nothing but blanks": (" \t\n\u3000", ""),
}


@pytest.mark.parametrize(("text", "expected"), SAME.values(), ids=SAME)
def test_folding_takes_away(text: str, expected: str):
    assert fold(text) == expected


DIFFERENT = {
    "accents say something": ("pêche", "peche"),
    "a full stop says something": ("Read more.", "Read more"),
    "a dot over the i says something": ("İzmir", "Izmir"),
    "a hyphen is no blank": ("e-mail", "e mail"),
    "one blank is not none": ("a b", "ab"),
    "a double quote is not two single ones": ('"', "''"),
    "a Cyrillic letter is not its Latin look-alike": ("а", "a"),
    "digits stay themselves": ("10 comments", "11 comments"),
}


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT)
def test_folding_keeps_apart(one: str, other: str):
    assert fold(one) != fold(other)


def test_folding_each_known_character_twice_changes_nothing():
    known = [chr(point) for point in range(0x110000) if unicodedata.category(chr(point)) not in {"Cn", "Co", "Cs"}]
    once = fold("x".join(known))
    assert fold(once) == once


@steady
@given(odd)
@example("ǰ̣¨ ﬃ")
def test_folding_twice_changes_nothing(text: str):
    once = fold(text)
    assert fold(once) == once
    assert once == once.strip(" ")
    assert "  " not in once


@steady
@given(odd)
@example("\ufeffa\r\n\u00ad\n\n…\n \u200b \n\ufeffb")
@example("\u00ad\n\u00ad")
@example("a\n¨b\n\u00ad c")
def test_a_page_has_one_folded_line_for_each_paragraph(page: str):
    document = document_of_lines(page)
    folded = document.folded
    assert folded.lines == [fold(paragraph.text) for paragraph in document.paragraphs]
    assert folded.text == "\n".join(folded.lines)
    assert len(folded.lines) == document.read


@steady
@given(odd)
@example("  A…b \r\n\u00ad\nﬃ  ß\u00adc")
def test_offsets_lead_back_to_the_characters(page: str):
    document = document_of_lines(page)
    folded = document.folded
    origin, lines = folded.offsets
    numbers = folded.line_numbers()
    assert len(origin) == len(numbers) == len(folded.text)
    assert (np.diff(origin) >= 0).all()
    for char, offset, number in zip(folded.text, origin.tolist(), numbers.tolist(), strict=True):
        if char == "\n":
            assert document.ends[number] <= offset < document.starts[number + 1]
        else:
            assert document.starts[number] <= offset < document.ends[number]
            assert char == " " or char in fold(document.page[offset])
    if document.read:
        assert [folded.text[at:].split("\n")[0] for at in lines.tolist()] == folded.lines


def test_every_character_of_an_expansion_leads_to_what_was_expanded():
    document = document_of_lines("Oﬃce…\n\n  Next")
    origin, lines = document.folded.offsets
    assert document.folded.text == "office...\nnext"
    assert origin.tolist() == [0, 1, 1, 1, 2, 3, 4, 4, 4, 8, 9, 10, 11, 12]
    assert lines.tolist() == [0, 10]


def test_line_numbers_give_the_break_to_the_line_before():
    assert document_of_lines("ab\n\u00ad\nc").folded.line_numbers().tolist() == [0, 0, 0, 1, 2]


def test_a_page_without_paragraphs_has_no_lines():
    folded = Folded(code_points(" \n "), np.zeros(0, dtype=np.int32))
    assert (folded.text, folded.lines) == ("", [])
    assert folded.line_numbers().tolist() == []


def test_a_paragraph_of_several_lines_folds_to_one():
    folded = Folded(code_points("One\n  two\nThree"), np.array([0, 10], dtype=np.int32))
    assert folded.lines == ["one two", "three"]
