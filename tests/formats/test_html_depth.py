import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from curate.errors import PageError
from curate.formats import html
from curate.formats.html_depth import _counted, depth
from curate.formats.limits import Limits

ROUGH = 1 << 60  # no page is beyond this

DEPTHS = {
    "nothing": ("", 0),
    "text": ("1 < 2 </ >", 0),
    "one in another": ("<div><p><b>one</b></p></div>", 2),
    "one after another": ("<div></div>" * 50, 1),
    "no end tags": ("<div>" * 5, 5),
    "void elements": ("<div>" + "<br><img src=a><input><hr>" * 50, 1),
    "paragraphs and list items end by themselves": ("<ul>" + "<li>one<p>two" * 50, 1),
    "rows and cells do too": ("<table>" + "<tr><td>one<td>two" * 50, 1),
    "end tags before any start": ("</div>" * 50 + "<div><div></div></div>", 2),
    "tags in remarks": ("<div><!-- " + "<div>" * 50 + " --></div>", 1),
    "tags in scripts": ("<div><script>'" + "<div>" * 50 + "'</script></div>", 1),
    "tags in titles and text fields": ("<title><b><b><b></title><textarea><b><b><b></textarea><b>", 1),
    "shapes that close themselves in a drawing": ("<svg>" + "<path d='' />" * 50 + "</svg>", 1),
    "a slash closes no other element": ("<div/>" * 5, 5),
    "capitals": ("<DIV><Div></dIV></DIV>", 2),
}


@pytest.mark.parametrize(("page", "deepest"), DEPTHS.values(), ids=DEPTHS)
def test_the_exact_count_is_the_depth_of_what_can_pile_up(page: str, deepest: int):
    assert _counted(page.encode(), ROUGH) == deepest


def test_a_page_that_is_surely_shallow_is_not_counted():
    assert depth(b"<div>" * 5 + b"<p>" * 5, 10) == 10
    assert depth(b"<div>" * 5 + b"<p>" * 5, 9) == 5


def real(page: str, *passed: str) -> int:
    """The depth below the body that the parser finds, elements named in `passed` not counted."""
    deepest, waiting = 0, [(LexborHTMLParser(page).body, 0)]
    while waiting:
        node, level = waiting.pop()
        deepest = max(deepest, level)
        waiting += [(child, level + (child.tag not in {*passed, "-comment"})) for child in node.iter()]
    return deepest


inline = st.sampled_from(["text", "<br>", "<img src='a'>", "<!-- <i> -->", "&lt;b&gt;", "a < b", "<input disabled/>", "<wbr>"])
nested = st.recursive(
    inline,
    lambda inner: st.builds(
        lambda tag, rest, parts: f"<{tag}{rest}>{''.join(parts)}</{tag}>",
        st.sampled_from(["div", "section", "article", "blockquote", "ASIDE", "main"]),
        st.sampled_from(["", " class='a b'", "\n id=x", " title='a > b'"]),
        st.lists(inner, max_size=4),
    ),
    max_leaves=25,
)


@settings(deadline=None, derandomize=True, max_examples=200)
@given(st.lists(nested, max_size=4).map("".join))
def test_the_estimate_is_never_too_small(page: str):
    assert _counted(page.encode(), ROUGH) >= real(page, "br", "img", "input", "wbr")
    assert depth(page.encode(), ROUGH) >= _counted(page.encode(), ROUGH)


DEEP = {
    "elements without end tags": "<div>",
    "elements with end tags of others": "<div></x>",
    "blocks with end tags of inline elements": "<div></span>",
    "elements with end tags of nothing": "<div></>",
    "inline elements with end tags of blocks": "<span></div>",
    "readings without their characters": "<rt>",
    "groups of options outside of a choice": "<optgroup>",
    "shapes outside of a drawing": "<path />",
    "a remark that ends at once": "<!--><div>-->",
    "inline elements whose end tags stand inside a block": "<span><div></span>",
    "unknown elements whose end tags stand inside a block": "<x-y><ul></x-y>",
    "drawings that a block breaks off": "<svg><ul></svg>",
    "end tags of what stands outside of the cell": "<table><td></center><center>",
    "elements named like a script": "<script-x><div></script-y>",
}


@pytest.mark.parametrize("piece", DEEP.values(), ids=DEEP)
def test_a_page_that_is_too_deep_is_refused(piece: str):
    page = piece * 1100
    assert real(page) > 1000
    with pytest.raises(PageError) as caught:
        html.parse(page.encode(), Limits())
    assert caught.value.reason == "limit depth"


def seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def test_a_hundred_thousand_nested_elements_are_refused_at_once():
    def refused() -> None:
        with pytest.raises(PageError, match="limit depth: found 100,000, the limit is 1,000"):
            html.parse(b"<div>" * 100_000, Limits())

    assert seconds(refused) < 5  # the parser alone would take far longer


SHALLOW = {
    "breaks": ("one" + "<br>" * 5000, 1),
    "list items": ("<ul>" + "<li>one" * 5000 + "</ul>", 5000),
    "paragraphs": ("<p>one" * 5000, 5000),
    "cells": ("<table>" + "<tr><td>one" * 5000 + "</table>", 5000),
    "closed elements": ("<div>one</div>" * 5000, 5000),
    "links": ("<a href='#'>one</a> " * 5000, 1),
    "images": ("one" + "<img src='a'>" * 5000, 1),
}


@pytest.mark.parametrize(("page", "paragraphs"), SHALLOW.values(), ids=SHALLOW)
def test_a_long_page_is_not_a_deep_one(page: str, paragraphs: int):
    assert html.parse(page.encode(), Limits()).read == paragraphs


def test_a_page_at_the_limit_is_read():
    assert html.parse(b"<div>" * 1000 + b"one", Limits()).read == 1


UNFINISHED = {"titles": b"<title>", "scripts": b"<script>", "text fields": b"<textarea>", "remarks": b"<div><!--"}


@pytest.mark.parametrize("piece", UNFINISHED.values(), ids=UNFINISHED)
def test_the_count_of_what_never_ends_takes_no_longer_than_of_what_does(piece: bytes):
    name = piece[1:-1]
    ended = piece + (b"-->" if b"!--" in piece else b"</" + name + b">")
    fast = seconds(lambda: _counted(ended * 3000, ROUGH))
    assert seconds(lambda: _counted(piece * 3000, ROUGH)) < 20 * fast + 0.1
