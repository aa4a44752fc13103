"""Selectors that steps hand to the reader: which paragraphs they cover."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest

from curate.document import Change, Document
from curate.errors import PageError
from curate.formats import html
from curate.formats.inputs import File
from curate.formats.limits import Limits
from curate.formats.pages import Reading, pages
from curate.pipeline import Pipeline, Placed

PAGE = b"""<html><head><link rel=canonical href="https://www.harbourgazette.example/bridge"></head><body>
<nav class="menu main"><a href=/>Home</a> <a href=/tides>Tides</a></nav>
<article><h1>Bridge stuck</h1><p>The bridge is stuck. <span class=promo>Read it in the app.</span> It will stay so.</p>
<aside class=promo><p>Follow the tides</p><ul><li>by post</li></ul></aside></article></body></html>"""


def covered(selectors: Sequence[str], page: bytes = PAGE) -> list[tuple[str, list[int]]]:
    document = html.parse(page, Limits(), lambda _host, _generator: selectors)
    assert document.selectors == tuple(selectors)
    return [(paragraph.text, sorted(document.facts.covers(paragraph.number))) for paragraph in document.paragraphs]


def test_without_selectors_nothing_is_covered():
    assert covered([]) == [
        ("Home Tides", []),
        ("Bridge stuck", []),
        ("The bridge is stuck. Read it in the app. It will stay so.", []),
        ("Follow the tides", []),
        ("by post", []),
    ]


def test_a_paragraph_is_covered_by_selectors_of_any_element_around_it():
    found = dict(covered(["aside", "li", "article", ".menu", ".men"]))
    assert found["by post"] == [0, 1, 2]
    assert found["Follow the tides"] == [0, 2]
    assert found["Home Tides"] == [3]


def test_an_inline_element_that_is_selected_is_a_paragraph_of_its_own():
    texts = covered(["span.promo"])
    assert ("Read it in the app.", [0]) in texts
    assert ("The bridge is stuck.", []) in texts
    assert ("It will stay so.", []) in texts


def test_a_link_that_is_selected_still_counts_as_one():
    document = html.parse(PAGE, Limits(), lambda _host, _generator: ["nav a"])
    assert document.facts.link_chars.tolist()[:2] == [4, 5]


@pytest.mark.parametrize(
    ("site", "url", "expected"),
    [
        ("", "", "www.harbourgazette.example"),
        ("", "https://copies.example/1", "copies.example"),
        ("Tides.example", "https://copies.example/1", "tides.example"),
    ],
)
def test_selectors_are_asked_for_by_the_host_that_is_known_best(site: str, url: str, expected: str):
    asked = []
    html.parse(PAGE, Limits(), lambda host, _generator: asked.append(host) or (), site=site, url=url)
    assert asked == [expected]


@dataclass(frozen=True)
class DropAsides:
    """A step as a plugin would bring it."""

    def selectors(self, host: str, _generator: str) -> Sequence[str]:
        return ["aside.promo"] if host.endswith("harbourgazette.example") else []

    def judge(self, doc: Document) -> Iterator[Change]:
        wanted = {number for number, selector in enumerate(doc.selectors) if selector in self.selectors(doc.host, "")}
        for number in doc.kept:
            if doc.facts.covers(number) & wanted:
                yield Change(number, 0, int(doc.lengths[number]), rule="aside.promo")


def test_a_step_gets_its_selectors_from_the_reader_to_the_ledger(tmp_path):
    path = tmp_path / "a.html"
    path.write_bytes(PAGE)
    pipeline = Pipeline([Placed("drop-asides", DropAsides())])
    [document] = pages(File(str(path), "a.html"), Reading(), pipeline.selectors)
    assert [change.text for change in pipeline.run(document).changes] == ["Follow the tides", "by post"]
    [other] = pages(File(str(path), "a.html"), Reading(url="https://copies.example/"), pipeline.selectors)
    assert pipeline.run(other).changes == []


def test_a_selector_that_is_none_fails_the_page_and_not_the_run(tmp_path):
    path = tmp_path / "a.html"
    path.write_bytes(PAGE)
    [document] = pages(File(str(path), "a.html"), Reading(), lambda _host, _generator: ["p:::"])
    assert document.outcome == "failed"
    assert document.reason.startswith("cannot be parsed: ")
    with pytest.raises(PageError, match="limit line"):
        html.parse(PAGE, Limits(line=5), lambda _host, _generator: ["p"])
