"""Labels from gold text."""

import numpy as np
import pytest

from curate.document import Document, document_of_lines
from curate.formats.html import of_snippet
from curate.train.labels import CHROME, CONTENT, NEUTRAL, labels, weak_labels

FERRY = "The ferry to the northern islands left an hour late on Monday."
STORM = "A storm had torn the mooring ropes from the quay in the night."
CREW = "Nobody of the crew was hurt, the harbour master said later."


def labelled(page: str, gold: str) -> list[int]:
    return labels(of_snippet(page, ()), gold).tolist()


CASES = {
    "a paragraph of the gold is content, another is chrome": (f"<p>{FERRY}<p>Buy the paper edition today", FERRY, [CONTENT, CHROME]),
    "case, quotes and blanks do not matter": (f"<p>{FERRY.upper()}  ", FERRY, [CONTENT]),
    "paragraphs that the gold joins are both content": (f"<p>{FERRY}<p>{STORM}", f"{FERRY} {STORM}", [CONTENT, CONTENT]),
    "a paragraph that the gold parts is content": (f"<p>{FERRY} {STORM}", f"{FERRY}\n\n{STORM}", [CONTENT]),
    "half in the gold is neither": (f"<p>{FERRY} {CREW}<p>{STORM}", f"{FERRY}\n{STORM}", [NEUTRAL, CONTENT]),
    "a short line is content where the gold has it in the same gap": (
        f"<p>{FERRY}<h2>The storm</h2><p>{STORM}",
        f"{FERRY}\nThe storm\n{STORM}",
        [1, 1, 1],
    ),
    "a short line is chrome where the gold has it elsewhere": (
        f"<p>The storm<p>{FERRY}<p>{STORM}",
        f"{FERRY}\nThe storm\n{STORM}",
        [0, 1, 1],
    ),
    "a short line is chrome where the gold lacks it": (f"<p>{FERRY}<p>Advert<p>{STORM}", f"{FERRY}\n{STORM}", [1, 0, 1]),
    "the second copy is chrome": (f"<p>{FERRY}<p>{STORM}<p>{FERRY}", f"{FERRY}\n{STORM}", [1, 1, 0]),
    "the copy in reading order is content": (f"<p>{STORM}<p>{FERRY}<p>{STORM}<p>{CREW}", f"{FERRY}\n{STORM}\n{CREW}", [0, 1, 1, 1]),
    "what the gold says twice is content twice": (f"<p>{FERRY}<p>{STORM}<p>{FERRY}", f"{FERRY}\n{STORM}\n{FERRY}", [1, 1, 1]),
    "of a copy in pieces and one in one piece the pieces are content": (
        f"<p>{FERRY}<p>{STORM}<div>{FERRY} {STORM}</div>",
        f"{FERRY}\n{STORM}",
        [1, 1, 0],
    ),
    "a line of signs is neither": (f"<p>{FERRY}<p>***<p>{STORM}", f"{FERRY}\n{STORM}", [1, 2, 1]),
    "a list that the gold skips is neither": (
        f"<div><p>{FERRY}<ul><li>two boats<li>one crane</ul><p>{STORM}</div>",
        f"{FERRY}\n{STORM}",
        [1, 2, 2, 1],
    ),
    "a list of links is chrome": (f"<div><p>{FERRY}<ul><li><a>two boats</a></ul><p>{STORM}</div>", f"{FERRY}\n{STORM}", [1, 0, 1]),
    "a list beside the text is chrome": (f"<div><p>{FERRY}</div><ul><li>two boats</ul><p>{STORM}", f"{FERRY}\n{STORM}", [1, 0, 1]),
    "scripts without blanks": ("<p>渡し船は月曜日に一時間遅れて出た。<p>広告", "渡し船は月曜日に一時間遅れて出た。", [CONTENT, CHROME]),
    "no gold, no content": (f"<p>{FERRY}", "", [CHROME]),
}


@pytest.mark.parametrize(("page", "gold", "expected"), CASES.values(), ids=CASES)
def test_labels(page: str, gold: str, expected: list[int]):
    assert labelled(page, gold) == expected


def test_text_pages_have_labels_too():
    assert labels(document_of_lines(f"Menu\n{FERRY}\n"), FERRY).tolist() == [CHROME, CONTENT]


def test_an_empty_page_has_none():
    assert labels(Document("", np.zeros(0, np.int32), np.zeros(0, np.int32), blank_before=np.zeros(0, np.bool_)), FERRY).tolist() == []


def test_known_strings_label_their_paragraphs_only():
    page = of_snippet(f"<p>{FERRY}<p>{STORM}<p>Buy the paper edition today", ())
    assert weak_labels(page, ["northern  islands"], ["Buy the paper"]).tolist() == [CONTENT, NEUTRAL, CHROME]


def test_a_known_string_across_paragraphs_labels_the_one_that_is_most_of_it():
    page = of_snippet(f"<p>{FERRY} {STORM}<p>on Monday", ())
    assert weak_labels(page, [f"{FERRY} {STORM} on Monday"], []).tolist() == [CONTENT, NEUTRAL]


def test_an_empty_string_tells_nothing_of_a_page():
    doc = document_of_lines("The tide came early.\nLog in")
    assert weak_labels(doc, ["", "The tide"], [" "]).tolist() == [CONTENT, NEUTRAL]
