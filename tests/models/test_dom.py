"""The features of the DOM, and what comes after the net."""

import numpy as np
import pytest

from curate.document import Change, Document
from curate.formats.html import of_snippet
from curate.models import dom, text
from curate.models.features import Dense
from curate.models.names import GROUPS, sign
from curate.models.tree import page_of
from curate.text.codepoints import Ints

COLUMN = {feature.name: number for number, feature in enumerate(dom.TABLE)}
PROSE = (
    "The ferry to the northern islands left late on Monday, as a storm had torn its ropes. Nobody was hurt, the master of the harbour said."
)
PAGE = f"""
<title>Ferry leaves late - The Harbour Post</title><meta name=description content="A storm had torn the ropes of a ferry.">
<div class="siteNav"><ul><li><a>News</a><li><a>Weather</a></ul></div>
<main><h1>Ferry leaves late</h1><div class="article-body"><p>{PROSE}</p><p>{PROSE.replace("ferry", "boat")}</p>
<h2>The storm</h2><p><b>By night</b></p>
<p>{PROSE.replace("Monday", "Friday")}</p></div><aside><h3>Related</h3><a>Crane falls</a></aside></main><footer>All rights reserved</footer>
"""
NEWS, WEATHER, HEADLINE, FIRST, SECOND, STORM, NIGHT, LAST, RELATED, CRANE, RIGHTS = range(11)


def features(doc: Document, live: Ints) -> Dense:
    return dom.dense(doc, page_of(doc, live), text.dense(doc, live))


def every(doc: Document) -> Ints:
    return np.arange(doc.read, dtype=np.int32)


@pytest.fixture(scope="module")
def found() -> Dense:
    doc = of_snippet(PAGE, ())
    assert doc.read == RIGHTS + 1
    return features(doc, every(doc))


CASES = {
    "the tag": ("tag-h1", HEADLINE, 1),
    "another tag": ("tag-h1", FIRST, 0),
    "the parent's tag": ("parent-ul", NEWS, 1),
    "an element further out": ("in-main", FIRST, 1),
    "not the element itself": ("in-footer", RIGHTS, 0),
    "a word of a class in camel case, two elements further out": ("near-menu", NEWS, 1),
    "a word of the class around": ("near-body", FIRST, 1),
    "no word of the class around": ("near-menu", FIRST, 0),
    "links": ("link-density", WEATHER, 1),
    "no links": ("link-density", FIRST, 0),
    "bold": ("all-strong", NIGHT, 1),
    "not bold": ("strong", FIRST, 0),
    "in the container of half of the prose": ("half-inside", FIRST, 1),
    "a box beside it": ("half-inside", CRANE, 0),
    "the best container": ("best-inside", LAST, 1),
    "a menu is in none": ("nearly-all-inside", NEWS, 0),
    "a direct child": ("half-direct", FIRST, 1),
    "the share of prose of the same path": ("path-prose", FIRST, 1),
    "a path without prose": ("path-prose", CRANE, 0),
    "since the headline": ("since-h1", SECOND, np.log1p(2)),
    "above the headline": ("until-h1", NEWS, np.log1p(2)),
    "the level of the last heading": ("heading-level", LAST, 2),
    "no heading above": ("heading-level", NEWS, 0),
    "the heading of this text": ("heading-same", NIGHT, 1),
    "the headline has the words of the title": ("title-share", HEADLINE, 1),
    "most of a paragraph was said before": ("said-before", FIRST, 0),
}


@pytest.mark.parametrize(("name", "paragraph", "expected"), CASES.values(), ids=CASES)
def test_features(found: Dense, name: str, paragraph: int, expected: float):
    assert found[paragraph, COLUMN[name]] == pytest.approx(expected, abs=1e-5)


def test_what_paragraphs_say_again(found: Dense):
    assert found[SECOND, COLUMN["said-before"]] > 0.5
    assert found[FIRST, COLUMN["said-after"]] > 0.5


def test_names_are_distinct():
    names = [feature.name for feature in (*text.TABLE, *dom.TABLE)]
    assert len(names) == len(set(names))


def test_a_dropped_paragraph_is_as_good_as_not_there():
    whole, without = of_snippet(PAGE, ()), of_snippet(PAGE.replace("<h3>Related</h3>", "<h3></h3>"), ())
    live = np.delete(every(whole), RELATED)
    assert np.array_equal(features(whole, live), features(without, every(without)))


def test_text_that_search_engines_are_given():
    stated = f'{{"@type": "Article", "articleBody": "{" ".join([PROSE] * 5)}"}}'
    page = f'<script type="application/ld+json">{stated}</script><p>{PROSE}<p>Crane falls'
    doc = of_snippet(page, ())
    found = features(doc, every(doc))
    assert found[:, COLUMN["stated"]].tolist() == [1, 1]
    assert found[:, COLUMN["stated-share"]].tolist() == [1, 0]


@pytest.mark.parametrize("page", ["x", "<p>x<p>y", "<div>" * 80 + "x", f"<a>{PROSE}</a>", "<p>***", "<main>渡し船"])
def test_any_page_has_finite_features(page: str):
    doc = of_snippet(page, ())
    found = features(doc, every(doc))
    assert found.shape == (doc.read, len(dom.TABLE))
    assert np.isfinite(found).all()


GROUP_CASES = {
    "a short stem is a whole word": ("div\0adapter\0", "advert", False),
    "and counts as one": ("div\0top-ad\0", "advert", True),
    "a long stem counts inside a word": ("div\0js-relatedposts\0", "related", True),
    "the id": ("div\0\0siteFooter", "footer", True),
    "the role": ("div\0\0\0navigation", "menu", True),
    "not the tag": ("article\0\0", "article", False),
}


@pytest.mark.parametrize(("signature", "group", "expected"), GROUP_CASES.values(), ids=GROUP_CASES)
def test_groups(signature: str, group: str, *, expected: bool):
    assert bool(sign(signature).groups >> list(GROUPS).index(group) & 1) is expected


def test_signatures_that_differ_in_numbers_are_of_one_kind():
    assert sign("div\0post item-12\0").kind == sign("div\0post item-7\0p9").kind
    assert sign("div\0post item\0").kind != sign("p\0post item\0").kind


def adjusted(page: str, probabilities: list[float]) -> list[float]:
    doc = of_snippet(page, ())
    return dom.adjusted(np.array(probabilities), page_of(doc, every(doc))).tolist()


ADJUSTED = {
    "a heading with content below stays": ("<h2>a</h2><p>b", [0.7, 0.9], [0.7, 0.9]),
    "a heading is worth at most what is below it": ("<h2>a</h2><p>b", [0.7, 0.2], [0.2, 0.2]),
    "the best of the next three counts, headings aside": (
        "<h2>a</h2><h3>b</h3><p>c<p>d<p>e<p>f",
        [0.7, 0.8, 0.1, 0.1, 0.3, 0.9],
        [0.3, 0.3, 0.1, 0.1, 0.3, 0.9],
    ),
    "a heading at the end is worth nothing": ("<p>a<h2>b</h2>", [0.9, 0.7], [0.9, 0]),
    "the headline is left alone": ("<h1>a</h1><p>b", [0.9, 0.2], [0.9, 0.2]),
}


@pytest.mark.parametrize(("page", "given", "expected"), ADJUSTED.values(), ids=ADJUSTED)
def test_headings_after_the_net(page: str, given: list[float], expected: list[float]):
    assert adjusted(page, given) == pytest.approx(expected)


CELLS = "<table><tr><td>Boats<td>18<tr><td>Cranes<td>7</table>"


def test_the_cells_of_a_table_of_data_stay_or_go_together():
    assert len(set(adjusted(f"<p>a{CELLS}", [0.4, 0.9, 0.1, 0.8, 0.2])[1:])) == 1
    assert adjusted(f"<p>a{CELLS}", [0.4, 0.9, 0.1, 0.8, 0.2])[0] == 0.4


def test_a_table_of_prose_is_left_alone():
    page = f"<table><tr><td>{PROSE}<td>{CASES['links'][0] * 9}<tr><td>{PROSE[:70]}<td>b</table>"
    assert adjusted(page, [0.9, 0.1, 0.8, 0.2]) == [0.9, 0.1, 0.8, 0.2]


def test_the_whole_text_once_more_is_worth_what_is_new_in_it():
    other = PROSE.replace("ferry", "tug").replace("islands", "piers")
    assert adjusted(f"<p>{PROSE}<p>{other}<div>{PROSE} {other}</div>", [0.9, 0.8, 0.9])[2] < 0.5
    assert adjusted(f"<p>{PROSE}<p>{other}<div>{PROSE} {other}</div>", [0.1, 0.1, 0.9])[2] == 0.9


def test_a_page_in_subheadings_is_judged_by_the_net_and_no_heading_rule():
    sentences = [
        f"Sentence number {number} of the harbour log is long enough to be taken for prose by anybody, and ends." for number in range(6)
    ]
    doc = of_snippet("<h1>Log</h1>" + "".join(f"<h2>{sentence}</h2>" for sentence in sentences), ())
    tree = page_of(doc, np.arange(doc.read, dtype=np.int32))
    assert dom.adjusted(np.full(doc.read, 0.9), tree).tolist() == [0.9] * doc.read


def test_links_count_no_more_than_is_left_of_their_paragraph():
    doc = of_snippet("<p><a href='/'>All tides of the week</a> are here</p><p>Something else.</p>", ())
    doc.apply("rules", [Change(0, 0, 22)])
    assert page_of(doc, np.arange(2, dtype=np.int32)).link_density.tolist() == [1.0, 0.0]
