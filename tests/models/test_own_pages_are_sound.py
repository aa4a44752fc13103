"""The project's own labelled pages load, every paragraph has its label, and each kind has what its name promises."""

import importlib.util
import re
from collections import Counter
from pathlib import Path

import pytest

_SPEC = importlib.util.spec_from_file_location("page_model_pages", Path(__file__).parent.parent / "filters" / "page_model_pages.py")
assert _SPEC
assert _SPEC.loader
own = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(own)

PAGES = own.pages()
KINDS = sorted({page.kind for page in PAGES})
LANGUAGES = set("en de fr es it pt nl pl ru zh ja ko ar th".split())
WITHOUT_CONTENT = {"all_chrome"}
# What must be among the paragraphs of one label on some page of a kind, as a pattern: a file that lost its subject is noticed.
PROMISES = {
    "author_bios": (own.CHROME, r"(?i)\bwrites|covers|reporter|journaliste|autor"),
    "captions": (own.NEUTRAL, r"(?i)photo|picture|foto|fot\.|©"),
    "comments": (own.CHROME, r"(?i)\breply\b|antworten|responder"),
    "documentation": (own.CONTENT, r"\(\)|--\w|\{|="),
    "forums": (own.CHROME, r"(?i)\bposts|beiträge|сообщени"),
    "glossaries": (own.CONTENT, r"^[A-ZÁÉ][^.]{2,40}( – |$)"),
    "interviews": (own.CONTENT, r"^.{6,90}\?$"),
    "listings": (own.CHROME, r"(?i)\bsort\b|filter|ordina"),
    "live_blogs": (own.CHROME, r"\b\d\d?[:.]\d\d\b"),
    "poems": (own.CONTENT, r"^\w.{10,50}[a-z,]$"),
    "products": (own.CHROME, r"(?i)basket|cart|warenkorb|carrito|winkelwagen"),
    "recipes": (own.CONTENT, r"^(\d+|½|¼) ?(g|ml|dl|tbsp|tsp|cucchiai|colheres)?\b"),
    "related": (own.CHROME, r"(?i)related|more on|leggi|read also|read next"),
    "sports": (own.CONTENT, r"\b\d+[-–:]\d+\b"),
    "tables_of_contents": (own.CHROME, r"(?i)contents|inhalt|on this page"),
}
ids = [f"{page.kind}: {page.name}" for page in PAGES]


def paragraphs(page, label):
    document = page.document()
    return [document.text_of(number) for number, found in enumerate(page.labels) if found == label]


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_a_page_has_a_label_a_paragraph_and_no_trace_of_it(page):
    assert page.document().read == len(page.labels)
    assert b"data-gold" not in page.data
    assert page.data.decode("utf-8").strip()


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_a_page_has_content_and_chrome_but_where_all_is_chrome(page):
    counts = Counter(page.labels)
    assert counts[own.CHROME] >= 5
    assert bool(counts[own.CONTENT]) != (page.kind in WITHOUT_CONTENT)


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_a_page_is_as_long_as_pages_are(page):
    assert len(page.labels) >= (10 if page.kind in {"short", "all_chrome"} else 20)


def test_every_host_and_address_is_invented():
    for page in PAGES:
        hosts = re.findall(r"(?:https?:)?//([^/\s\"'<>]+)", f"{page.url} {page.data.decode('utf-8')}")
        assert hosts
        assert not [host for host in hosts if not host.endswith(".example")]


def test_hosts_and_names_are_not_used_twice():
    hosts = Counter(page.url.split("/")[2] for page in PAGES)
    assert not [host for host, count in hosts.items() if count > 1]
    assert len(set(ids)) == len(PAGES)


def test_every_kind_comes_as_text_and_as_html():
    assert {(page.kind, page.is_html) for page in PAGES} == {(kind, is_html) for kind in KINDS for is_html in (False, True)}


def test_there_are_enough_pages_and_all_languages():
    assert len(PAGES) >= 44
    assert {page.lang for page in PAGES} == LANGUAGES


@pytest.mark.parametrize("kind", sorted(PROMISES))
def test_a_kind_has_what_its_name_promises(kind):
    label, pattern = PROMISES[kind]
    found = [any(re.search(pattern, text) for text in paragraphs(page, label)) for page in PAGES if page.kind == kind]
    assert found
    assert any(found)


def test_short_pages_are_short():
    words = {page.name: len(" ".join(paragraphs(page, own.CONTENT)).split()) for page in PAGES if page.kind == "short"}
    assert words
    assert not {name: count for name, count in words.items() if not 50 <= count <= 150}


def test_pages_in_languages_without_spaces_are_in_them():
    letters = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]")
    for page in PAGES:
        if page.kind == "no_spaces":
            text = "".join(paragraphs(page, own.CONTENT))
            assert len(letters.findall(text)) > 0.6 * len(text), page.name


def test_the_nearest_label_decides():
    data, labels = own._of_html(
        '<div data-gold="keep"><p>one</p><div class="a" data-gold="drop"><p>two</p><p data-gold="keep">three</p></div></div><p>four</p>'
    )
    assert labels == (own.CONTENT, own.CHROME, own.CONTENT, own.CHROME)
    assert "gold" not in data


def test_signs_are_not_part_of_the_page():
    assert own._of_text("+ one\n- two\n\n? three\n") == ("one\ntwo\nthree\n", (own.CONTENT, own.CHROME, own.NEUTRAL))
    with pytest.raises(AssertionError, match="begins with"):
        own._of_text("one\n")
