"""What the cases cannot say of justext: that it decides as jusText does, what it measured, and what a long page costs."""

import subprocess
import sys
import time

import justext as library
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.document import KEPT, Change, document_of_lines
from curate.filters.justext import Justext
from curate.formats import html
from curate.formats.limits import Limits

SENTENCE = "The board of the harbour met on Monday and it was said that the wall should be raised by a metre"
NAMES = "Oxney Ferrigate Thole Wrackham Lundholm Osterby Tallis Brannock Marit Odile Harbourside Quayfield Shipyard"
BLOCKS = (
    f"<p>{SENTENCE} and {SENTENCE} before the storms of the autumn.</p>",  # good
    f"<p>{SENTENCE}.</p>",  # near-good
    f"<p>{NAMES}</p>",  # bad
    "<p>The end</p>",  # short
    "<p>Photo: Odile Brannock</p>",  # short
    "<p>Read <a href='/more'>more</a></p>",  # short with a link
    f"<p><a href='/wall'>{SENTENCE}</a></p>",  # links
    f"<p>{SENTENCE} © Quay News</p>",
    f"<p>{SENTENCE} &amp;copy Quay News</p>",
    "<h2>A wall to be raised</h2>",  # short heading
    f"<h2>{SENTENCE}</h2>",  # near-good heading
    "<h3><a href='/wall'>A wall</a> to be raised</h3>",
    f"<p>{NAMES} and the board of the harbour that has been there from the first</p>",  # between the two limits, or near them
)


def document(page: str, lang: str = "en"):
    doc = html.parse(page.encode("utf-8"), Limits()) if page.startswith("<") else document_of_lines(page)
    doc.tags["lang"] = lang
    return doc


def dropped(page: str, lang: str = "en", **parameters: object) -> list[int]:
    doc = document(page, lang)
    changes = list(Justext(**parameters).judge(doc))
    assert all(change.start == 0 and change.end == doc.lengths[change.paragraph] and not change.new for change in changes)
    return [change.paragraph for change in changes]


def theirs(page: str, words: frozenset[str], **parameters: object) -> list[int]:
    return [number for number, found in enumerate(library.justext(page, words, **parameters)) if found.is_boilerplate]


limits = st.fixed_dictionaries(
    {},
    optional={
        "length_low": st.integers(0, 120),
        "length_high": st.integers(0, 300),
        "stopwords_low": st.sampled_from([0.0, 0.2, 0.3, 0.5, 1.0]),
        "stopwords_high": st.sampled_from([0.0, 0.32, 0.45, 0.55, 1.0]),
        "max_link_density": st.sampled_from([0.0, 0.2, 0.5, 1.0]),
        "max_heading_distance": st.integers(0, 400),
        "no_headings": st.booleans(),
    },
)


@settings(deadline=None, derandomize=True, max_examples=400)
@given(st.lists(st.sampled_from(BLOCKS), min_size=1, max_size=14), limits)
def test_it_decides_as_jus_text_does(blocks, parameters):
    page = f"<html><body>{''.join(blocks)}</body></html>"
    assert dropped(page, **parameters) == theirs(page, library.get_stoplist("English"), **parameters)


@settings(deadline=None, derandomize=True, max_examples=100)
@given(st.lists(st.sampled_from(BLOCKS), min_size=1, max_size=14))
def test_it_decides_as_the_language_independent_mode_does(blocks):
    page = f"<html><body>{''.join(blocks)}</body></html>"
    assert dropped(page, "und") == theirs(page, frozenset(), stopwords_low=0, stopwords_high=0)


def test_defaults_are_those_of_jus_text():
    from justext import core

    defaults = {name.removesuffix("_DEFAULT").lower(): value for name, value in vars(core).items() if name.endswith("_DEFAULT")}
    ours = Justext()
    assert {name: getattr(ours, name) for name in Justext.__slots__} == {name: defaults[name] for name in Justext.__slots__}


@pytest.mark.parametrize(
    ("block", "rule", "measure", "limit"),
    [
        (BLOCKS[1], "neargood", len(SENTENCE) + 1, 200),
        (f"<p>{NAMES} and the board of it</p>", "neargood", 4 / 18, 0.32),
        (BLOCKS[2], "bad-stop-words", 0.0, 0.2),
        (BLOCKS[3], "short", 7, 70),
        (BLOCKS[5], "bad-short-link", 9, 70),
        (BLOCKS[6], "bad-link-density", 1.0, 0.5),
        (BLOCKS[7], "bad-copyright", 0.0, 0.0),
    ],
)
def test_a_change_has_its_measure_and_the_limit(block, rule, measure, limit):
    [change] = Justext(stopwords_low=0.2, max_link_density=0.5).judge(document(f"<body>{block}</body>"))
    assert (change.rule, change.measure, change.limit) == (rule, round(measure, 6), limit)


def test_links_of_a_paragraph_that_was_cut_are_all_of_it_at_most():
    doc = document(f"<body><p>{SENTENCE} <a href='/more'>{SENTENCE}</a></p></body>")
    doc.apply("site-rules", [Change(0, 10, int(doc.lengths[0]))])
    [change] = Justext().judge(doc)
    assert (change.rule, change.measure) == ("bad-link-density", 1.0)


def test_only_live_paragraphs_count():
    doc = document(f"{SENTENCE} and {SENTENCE} again\nThe end\n{NAMES}\n{SENTENCE} and {SENTENCE} again")
    assert [change.paragraph for change in Justext().judge(doc)] == [1, 2]
    doc.live[2] = False
    assert list(Justext().judge(doc)) == []


@pytest.mark.parametrize("page", ["", "one", "\u00ad", "\u00ad\n***"])
def test_a_page_with_little_on_it_is_emptied(page):
    assert dropped(page) == list(range(document(page).read))


def test_short_lines_by_the_thousand_do_not_cost_their_square():
    long = f"{SENTENCE} and {SENTENCE} again"
    page = "\n".join([long, *["The end"] * 20_000, long, *[SENTENCE] * 20_000])
    began = time.perf_counter()
    assert dropped(page) == []
    assert time.perf_counter() - began < 10


def test_the_step_is_known_without_loading_lxml():
    code = "import curate.filters.justext, curate.cli.main, sys; sys.exit('lxml' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_what_a_keep_rule_names_stays():
    doc = document_of_lines("Log in\nShort.")
    doc.apply("site-rules", [Change(0, 0, 0, rule="generic/en/own#log-in", measure=KEPT)])
    assert [change.paragraph for change in Justext().judge(doc)] == [1]
