"""What becomes of pages before they reach us."""

import numpy as np
import pytest

from curate.document import document_of_lines
from curate.train.data import LabelledPage
from curate.train.labels import CHROME, CONTENT, NEUTRAL
from curate.train.variants import cleaned, excerpts, unspaced, worn

SENTENCE = "The ferry at Oxney was painted twice in one summer, and nobody could say why!"


def page(lines: list[str], labels: list[int] | None = None) -> LabelledPage:
    doc = document_of_lines("\n".join(lines))
    doc.tags["lang"] = "en"
    found = np.array([number % 3 for number in range(doc.read)] if labels is None else labels, dtype=np.int8)
    return LabelledPage("p", "oxney.example", "quay", doc, found)


def texts(of: LabelledPage) -> list[str]:
    return [of.document.text_of(number) for number in range(of.document.read)]


def test_an_excerpt_is_a_window_with_its_labels():
    whole = page([f"Line {number} of the ferry's log" for number in range(150)])
    lines = texts(whole)
    found = list(excerpts(whole, 40, np.random.default_rng(1)))
    assert len(found) == 40
    for part in found:
        first = lines.index(texts(part)[0])
        count = part.document.read
        assert 12 <= count <= 60
        assert texts(part) == lines[first : first + count]
        assert part.labels.tolist() == whole.labels[first : first + count].tolist()
        assert (part.id, part.site, part.source) == (whole.id, whole.site, whole.source)
    assert len({part.document.page for part in found}) > 30


def test_most_excerpts_have_content_in_them():
    whole = page(["Home of the ferry"] * 400, [int(number == 200) for number in range(400)])
    with_content = sum(bool(part.labels.any()) for part in excerpts(whole, 200, np.random.default_rng(2)))
    assert 110 < with_content < 190
    assert list(excerpts(page(["Home"] * 80, [0] * 80), 5, np.random.default_rng(3)))


def test_there_is_none_of_a_page_that_is_one_itself():
    assert list(excerpts(page(["Home", SENTENCE]), 10, np.random.default_rng(0))) == []
    assert list(excerpts(page(["Home"] * 12), 10, np.random.default_rng(0))) == []


def test_excerpts_are_the_same_from_the_same_seed():
    whole = page([f"Line {number}" for number in range(90)])
    one, other, third = (list(map(texts, excerpts(whole, 5, np.random.default_rng(seed)))) for seed in (4, 4, 5))
    assert one == other != third


LINES = ["The Ferry.", "Why? 渡し船。", "...", "So they say…", "CAFÉ"]
WORN = {
    0: ["the ferry.", "why? 渡し船。", "...", "so they say…", "café"],
    1: ["The Ferry", "Why? 渡し船", "...", "So they say", "CAFÉ"],
    2: ["the ferry", "why? 渡し船", "...", "so they say", "café"],
}


@pytest.mark.parametrize("kind", range(6))
def test_worn_pages(kind: int):
    whole = page(LINES)
    found = worn(whole, kind)
    assert texts(found) == WORN[kind % 3]
    assert found.labels.tolist() == whole.labels.tolist()
    assert texts(whole) == LINES, "the page itself stays"


def test_the_language_of_a_variant_is_told_anew():
    whole = page([SENTENCE] * 80)
    whole.document.tags["lang"] = "xx"
    assert worn(whole, 0).document.tags["lang"] == "en"
    assert next(excerpts(whole, 1, np.random.default_rng(0))).document.tags["lang"] == "en"


def test_a_cleaned_page_has_all_of_its_content_and_little_of_its_chrome():
    lines = [f"Menu entry number {number}" for number in range(300)] + ["The tide came early on Monday.", "Nobody had expected it."]
    whole = page(lines, [CHROME] * 300 + [CONTENT, NEUTRAL])
    left = cleaned(whole, np.random.default_rng(3))
    said = texts(left)
    assert said[-2:] == lines[-2:]
    assert left.labels.tolist()[-2:] == [CONTENT, NEUTRAL]
    assert len(said) == len(left.labels) < 2 + 0.15 * 300
    assert set(left.labels.tolist()[:-2]) <= {CHROME}


@pytest.mark.parametrize("kind", [0, 1])
def test_a_page_without_blanks_has_its_paragraphs_and_labels_and_the_same_letters_for_the_same_word(kind: int):
    whole = page(
        ["Harbour news", "The harbour was closed, and the pilots went home.", "12:30", "Harbour"], [CHROME, CONTENT, CHROME, NEUTRAL]
    )
    other = unspaced(whole, kind)
    said = texts(other)
    assert (len(said), other.labels.tolist()) == (4, whole.labels.tolist())
    assert said[2] == ("12：30" if kind == 0 else "12:30")
    assert said[0].startswith(said[3])
    assert said[3] in said[1]
    assert not any(char.isascii() and char.isalpha() for text in said for char in text)
    assert (" " in said[1]) == (kind == 1), "Thai parts clauses with a blank"
    assert kind == 0 or other.document.tags["lang"] == "th"
