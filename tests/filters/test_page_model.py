"""The page model on the project's own labelled pages: no kind of page may come out worse than it did; `make golden` rewrites the floor.

The step runs without rules, at its default dial. The floor is the second one: the labelled pages that the model is
trained on are no part of the project (`make gate` has the first).
"""

import importlib.util
import json
from itertools import pairwise
from pathlib import Path

import pytest

from curate.document import document_of_lines
from curate.filters.page_model import PageModel
from curate.pipeline import Pipeline, Placed
from curate.tags.language import Language

_SPEC = importlib.util.spec_from_file_location("page_model_pages", Path(__file__).parent / "page_model_pages.py")
assert _SPEC
assert _SPEC.loader
own = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(own)

FLOOR = Path(__file__).parent / "page_model" / "floor.json"
PAGES = own.pages()
KINDS = sorted({page.kind for page in PAGES})
ids = [f"{page.kind}: {page.name}" for page in PAGES]


def cleaned(document, **fields):
    return Pipeline([Placed("language", Language()), Placed("page-model", PageModel(**fields))]).run(document)


def chars(page, document, label, *, kept):
    """Characters of the paragraphs with a label that were kept, or were not."""
    return sum(
        len(paragraph.text)
        for paragraph, is_ in zip(document.paragraphs, page.labels, strict=True)
        if is_ == label and paragraph.kept == kept
    )


@pytest.fixture(scope="module")
def figures():
    """For each kind of page, text and HTML apart, the characters of content that are lost and those of chrome that are kept."""
    found = {}
    for page in PAGES:
        document = cleaned(page.document())
        kind = found.setdefault(f"{page.kind} {'html' if page.is_html else 'text'}", {"content": 0, "lost": 0, "chrome": 0, "kept": 0})
        kind["lost"] += (lost := chars(page, document, own.CONTENT, kept=False))
        kind["content"] += lost + chars(page, document, own.CONTENT, kept=True)
        kind["kept"] += (kept := chars(page, document, own.CHROME, kept=True))
        kind["chrome"] += kept + chars(page, document, own.CHROME, kept=False)
    return dict(sorted(found.items()))


def test_no_kind_of_page_comes_out_worse_than_it_did(figures, pytestconfig):
    if pytestconfig.getoption("golden"):
        FLOOR.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    floor = json.loads(FLOOR.read_text(encoding="utf-8"))
    assert figures.keys() == floor.keys()
    worse = {
        kind: (found, floor[kind])
        for kind, found in figures.items()
        if found["lost"] > floor[kind]["lost"] or found["kept"] > floor[kind]["kept"]
    }
    assert not worse


def test_short_pages_survive():
    for page in PAGES:
        if page.kind == "short":
            document = cleaned(page.document())
            lost, kept = (chars(page, document, own.CONTENT, kept=kept) for kept in (False, True))
            assert kept > 0.8 * (lost + kept), f"{page.name}: {kept} of {lost + kept} characters are left"


def test_a_page_that_is_all_chrome_says_that_the_model_has_emptied_it():
    menu = "Home News Sport Weather Opinion Subscribe Contact Search".split()
    document = cleaned(document_of_lines("\n".join([*menu, "Log in", "About us", "Privacy policy", "© 2026 Wrackham Packet"])))
    assert (document.kept, document.outcome, document.reason) == ([], "emptied", "page-model")


def test_the_dial_goes_one_way():
    for page in PAGES[::5]:
        kept = [set(cleaned(page.document(), max_loss=loss).kept) for loss in (0.0, 0.005, 0.02, 0.05, 0.2)]
        assert len(kept[0]) == len(page.labels), "nothing may be lost, so nothing goes"
        assert all(more >= less for more, less in pairwise(kept)), page.name


def test_every_drop_has_its_probability_and_the_limit():
    document = cleaned(PAGES[0].document())
    assert document.changes
    assert all(0 <= change.measure < change.limit < 1 for change in document.changes)


def test_a_page_without_a_language_is_looked_at_all_the_same():
    document = document_of_lines("Home\nNews\nSport\n" + PAGES[0].document().text)
    assert Pipeline([Placed("page-model", PageModel())]).run(document).outcome in {"kept", "emptied"}
