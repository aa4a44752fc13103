"""What the cases cannot say of duplicate paragraphs: measures, what is named, and paragraphs that one page has twice."""

from collections.abc import Callable
from typing import Any

from curate.corpus.duplicate_paragraphs import DuplicateParagraphs
from curate.document import Document, document_of_lines

FERRY = "The ferry at Oxney was painted twice in one summer, and nobody could say why it had to be done again before the autumn came"
STEP = DuplicateParagraphs()


def document(key: str, *lines: str) -> Document:
    doc = document_of_lines("\n".join(lines))
    doc.doc = key
    return doc


def test_a_drop_has_its_measure_and_the_limit(settled: Callable[..., Any]):
    pages = [document("a", FERRY), document("b", FERRY.replace("The ferry", "A ferry")), document("c", FERRY)]
    gone = settled(STEP, pages).gone
    words = len(FERRY.split()) - 2
    assert gone["b", 0] == ("near", round((words - 1) / (words + 1), 6), 0.8, ("a", 0))
    assert gone["c", 0] == ("exact", 1.0, 1.0, ("a", 0))


def test_what_one_page_has_twice_goes_twice_for_what_another_page_has_once(settled: Callable[..., Any]):
    pages = [document("a", FERRY), document("b", FERRY, "- more", FERRY)]
    assert {place: gone.of for place, gone in settled(STEP, pages).gone.items()} == {("b", 0): ("a", 0), ("b", 2): ("a", 0)}


def test_what_one_page_has_twice_stays_twice_where_that_page_is_first(settled: Callable[..., Any]):
    pages = [document("a", FERRY, FERRY), document("b", FERRY)]
    assert {place: gone.of for place, gone in settled(STEP, pages).gone.items()} == {("b", 0): ("a", 0)}


def test_a_quotation_that_all_pages_of_a_corpus_have_stays_once(settled: Callable[..., Any]):
    pages = [document(f"{number:020}", f"Report number {number} from the island of Oxney", FERRY) for number in range(200)]
    gone = settled(STEP, pages, shards=4).gone
    quoted = {place for place in gone if place[1] == 1}
    assert len(quoted) == 199
    assert {gone[place].of for place in quoted} == {(f"{0:020}", 1)}
