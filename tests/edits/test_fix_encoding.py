"""What the cases cannot say of mending: that the gate before ftfy hides nothing, and that changes are small."""

import pytest
from ftfy import fix_encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.document import Change, document_of_lines
from curate.edits.fix_encoding import FixEncoding, suspicious
from curate.text.codepoints import code_points

ENCODINGS = ["latin-1", "cp1252", "cp1251", "cp1250", "cp1253", "cp1254", "cp1257", "iso8859-2", "mac-roman", "cp437"]
WORDS = (
    "déjà à l’été naïve “œuvre” Fähre für Füße São João não ¿mañana? Přístav žluťoučký ponieważ łódź Feribot kışın limanı Prāmis "
    "İstanbul Паром История Йод что їжак пором Ώσπου ρωγμές λιμάνι færgen øya"
    " 港は閉ざされて 渡轮 여객선 เรือ العبّارة 😀 👍🏽 £4 30°C €5 №5 — …"
).split()


def misread(text: str, encoding: str) -> str:
    """UTF-8 read as another encoding; bytes that mean nothing there stay what they are, as browsers have it."""
    return "".join(bytes([byte]).decode(encoding, "ignore") or chr(byte) for byte in text.encode())


def mended(line: str) -> str:
    doc = document_of_lines(line)
    doc.apply("fix-encoding", FixEncoding().edit(doc))
    return doc.text


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=4), st.sampled_from(ENCODINGS), st.integers(1, 2))
@settings(max_examples=300, deadline=None)
def test_the_gate_hides_nothing_that_ftfy_would_mend(words: list[str], encoding: str, times: int):
    line = "-".join(words)  # no blanks: see the known failures among the cases
    for _ in range(times):
        line = misread(line, encoding)
    line = f"[{line}]".replace("\n", "").replace("\r", "")
    if "\n" not in (wanted := fix_encoding(line)) and "\r" not in wanted:
        assert mended(line) == wanted


@given(st.text(st.characters(codec="ascii"), max_size=40))
def test_ascii_is_never_suspicious(text: str):
    assert len(suspicious(code_points(text))) == 0


@pytest.mark.parametrize("line", ["Le café", "Ã", "ÃÃ", "é", ""])
def test_single_characters_are_not_suspicious(line: str):
    assert len(suspicious(code_points(line))) == 0


@pytest.mark.parametrize("line", ["â€", "\x80Èß", "cafÃ©"])
def test_a_line_is_as_suspicious_at_the_end_of_a_page_as_before_a_line_break(line: str):
    assert list(suspicious(code_points(line))) == list(suspicious(code_points(f"{line}\n")))


def test_a_change_is_as_small_as_it_can_be():
    doc = document_of_lines(f"The café is called {misread('l’été', 'cp1252')}, not “winter”.")
    assert list(FixEncoding().edit(doc)) == [Change(0, 20, 28, "’été")]


def test_only_live_paragraphs_are_mended():
    doc = document_of_lines("cafÃ©\ncafÃ©\ncafÃ©")
    doc.live[1] = False
    assert [change.paragraph for change in FixEncoding().edit(doc)] == [0, 2]


def test_a_sequence_does_not_reach_over_a_line_break():
    doc = document_of_lines("Ã\n©")
    assert list(FixEncoding().edit(doc)) == []


def test_what_is_mended_is_a_paragraph_still():
    # "Â\x85" is a C1 line break misread; what comes out must not part the paragraph, nor leave it blank.
    doc = document_of_lines("Â\x85 cafÃ©\nÂ\xa0x")
    doc.apply("fix-encoding", FixEncoding().edit(doc))
    assert doc.read == 2
    assert all(paragraph.text.strip() for paragraph in doc.paragraphs)
    assert document_of_lines(doc.text).read == 2
