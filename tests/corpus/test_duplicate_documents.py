"""What the cases cannot say of duplicate documents: what is named, and what dead paragraphs and shared sketches change."""

from collections.abc import Callable
from typing import Any

from curate.corpus.duplicate_documents import DuplicateDocuments
from curate.corpus.duplicate_paragraphs import DuplicateParagraphs
from curate.document import Document, document_of_lines

FERRY = "The ferry at Oxney was painted twice in one summer, and nobody could say why it had to be done again."
HERON = "A heron has been standing on the lower chain since Easter, and is now counted among the crew by the ferryman."
POEM = "The only painter sent the board a poem, which was read out by the clerk and found to be too long for the hull."
SHORT = "Nobody voted for it."
STEP = DuplicateDocuments(min_words=20)


def document(key: str, *lines: str, date: str = "") -> Document:
    doc = document_of_lines("\n".join(lines))
    doc.doc, doc.date = key, date
    return doc


def test_a_document_is_named_by_its_first_live_paragraph(settled: Callable[..., Any]):
    pages = [document("a", SHORT, FERRY, HERON), document("b", FERRY, HERON)]
    found = settled(STEP, pages, dead={("a", 0)})
    assert found.whole
    assert {place: (gone.rule, gone.of) for place, gone in found.gone.items()} == {("b", 0): ("exact", ("a", 1))}


def test_what_is_dead_counts_as_if_it_had_never_been_there(settled: Callable[..., Any]):
    pages = [document("a", FERRY, HERON, POEM), document("b", FERRY, HERON)]
    assert [gone.rule for gone in settled(STEP, pages).gone.values()] == ["beginning"]
    assert [gone.rule for gone in settled(STEP, pages, dead={("a", 2)}).gone.values()] == ["exact"]
    assert settled(STEP, pages, dead={("b", 0)}).gone == {}


def test_the_earliest_date_stays_and_undated_copies_go(settled: Callable[..., Any]):
    pages = [
        document("a", FERRY, HERON),
        document("b", FERRY, HERON, date="2025-01-01T10:00:00+02:00"),
        document("c", FERRY, HERON, date="2025-01-01T09:00:00Z"),
    ]
    assert {place: gone.of for place, gone in settled(STEP, pages).gone.items()} == {("a", 0): ("b", 0), ("c", 0): ("b", 0)}


def test_a_document_without_a_shingle_goes_only_for_an_exact_copy(settled: Callable[..., Any]):
    few = [f"word{number} word" for number in range(30)]
    pages = [document("a", *few), document("b", *few), document("c", *few[1:])]
    assert {place: gone.rule for place, gone in settled(STEP, pages).gone.items()} == {("b", 0): "exact"}


def test_both_duplicate_steps_share_a_sketch():
    assert DuplicateDocuments().sketcher == DuplicateParagraphs().sketcher
    assert DuplicateDocuments(shingle=4).sketcher != DuplicateParagraphs().sketcher
