"""Learned odds: who votes, and what a page is given."""

import numpy as np
import pytest

from curate.document import Document
from curate.formats.html import of_snippet
from curate.models import odds
from curate.models.tree import Page, page_of
from curate.train.odds import Table, Vote, Votes, odds_of, tables, votes

PAGE = "<div class=zarf><p>A long day in the harbour of Northquay, said the crew.</div><div class=quux><p>Tip jar</div>"
LABELS = np.array([1, 0], dtype=np.int8)
COLUMN = {feature.name: number for number, feature in enumerate(odds.TABLE)}


def page(html: str = PAGE) -> Page:
    doc: Document = of_snippet(html, ())
    return page_of(doc, np.arange(doc.read, dtype=np.int32))


def of_sites(count: int) -> Votes:
    return votes((f"site{number}.example", page(), LABELS) for number in range(count))


def given(count: int, site: str = "") -> np.ndarray:
    found = of_sites(count)
    return odds.dense(page(), odds_of(tables(found, found.names), site))


def test_names_speak_for_content_and_against_it():
    found = given(6)
    assert found[0, COLUMN["odds-parent-sum"]] > 0 > found[1, COLUMN["odds-parent-sum"]]
    assert found[0, COLUMN["odds-lowest"]] == 0
    assert found[1, COLUMN["odds-lowest"]] < -0.3 < 0.3 < found[0, COLUMN["odds-highest"]]


def test_words_of_short_paragraphs_speak_too():
    assert given(6)[1, COLUMN["odds-words-sum"]] < 0


def test_four_sites_are_too_few():
    assert not given(4).any()


def test_a_page_in_training_is_not_told_of_its_own_site():
    assert given(5).any()
    assert not given(5, "site0.example").any()
    assert given(6, "site0.example").any()


def test_a_site_has_one_vote_however_many_its_pages():
    found = votes(("one.example", page(), LABELS) for _ in range(20))
    assert not odds.dense(page(), odds_of(tables(found, found.names))).any()


def test_sites_outside_the_fold_do_not_vote():
    found = of_sites(6)
    assert not odds.dense(page(), odds_of(tables(found, ["site0.example", "site1.example"]))).any()


def test_a_heading_passes_its_words_on():
    html = PAGE + "<h3>Tip jar</h3><p>unheard words"
    found = votes((f"site{number}.example", page(html), np.array([1, 0, 0, 2], dtype=np.int8)) for number in range(6))
    answer = odds.dense(page(html), odds_of(tables(found, found.names)))
    assert answer[3, COLUMN["odds-heading-sum"]] == pytest.approx(answer[2, COLUMN["odds-words-sum"]])
    assert answer[2, COLUMN["odds-heading-sum"]] == 0


@pytest.mark.parametrize("html", ["x", "<p>***", f"<p>{'long ' * 60}"])
def test_any_page_has_odds(html: str):
    found = of_sites(6)
    answer = odds.dense(page(html), odds_of(tables(found, found.names)))
    assert answer.shape == (1, len(odds.TABLE))
    assert np.isfinite(answer).all()


def test_pages_of_no_known_site_vote_for_what_is_shipped():
    by_site = {name: Vote(np.array([7]), np.array([1.0])) for name in ("a", "b", "c", "d", "")}
    assert Table(by_site).without()[7] > 0
    assert Table(by_site).without("")[7] == 0
