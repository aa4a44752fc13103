import re

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from curate.document import NOTHING, WHOLE, Applied, Change, Document, Facts, document_of_blocks, document_of_lines

steady = settings(deadline=None, derandomize=True, max_examples=250)
pages = st.text(st.sampled_from("ab.é日 \t\n\r\x0b\x0c\x1c\x85\u2028\u3000\ufeff\u200b"), max_size=60)


def texts(document: Document) -> list[str]:
    return [paragraph.text for paragraph in document.paragraphs]


def blocks(*paragraphs: str) -> Document:
    numbers = np.zeros(len(paragraphs), dtype=np.int32)
    return document_of_blocks(paragraphs, Facts(["p"] * len(paragraphs), numbers, numbers, numbers, numbers, ["body"], [-1], [""]))


LINES = {
    "nothing": ("", []),
    "nothing but white space": (" \n\t\r\n\u3000\n", []),
    "one line without an end": ("alpha", ["alpha"]),
    "line feeds": ("alpha\nbeta\n", ["alpha", "beta"]),
    "carriage returns with line feeds": ("alpha\r\nbeta\r\n", ["alpha", "beta"]),
    "carriage returns": ("alpha\rbeta\r", ["alpha", "beta"]),
    "all three": ("alpha\nbeta\r\ngamma\rdelta", ["alpha", "beta", "gamma", "delta"]),
    "white space at the ends of a line": ("  alpha beta\t \n\u00a0gamma", ["alpha beta", "gamma"]),
    "a byte order mark is no part of the first line": ("\ufeffalpha\nbeta", ["alpha", "beta"]),
    "nor after white space": (" \n\ufeff\n\ufeffalpha", ["alpha"]),
    "a byte order mark further down is a character": ("alpha\n\ufeff\nbeta", ["alpha", "\ufeff", "beta"]),
    "a byte order mark in a line is": ("al\ufeffpha", ["al\ufeffpha"]),
    "a form feed ends no line": ("alpha\x0cbeta\n\x0cgamma", ["alpha\x0cbeta", "gamma"]),
    "Unicode's line ends end no line": (
        "alpha\u2028beta\u2029gamma\x85delta\x0bepsilon",
        ["alpha\u2028beta\u2029gamma\x85delta\x0bepsilon"],
    ),
    "a zero-width space is text": ("\u200b\nalpha", ["\u200b", "alpha"]),
    "a null character is text": ("\0\nalpha", ["\0", "alpha"]),
    "characters beyond the basic plane are one each": ("😀 alpha\n𝄞", ["😀 alpha", "𝄞"]),
}


@pytest.mark.parametrize(("page", "expected"), LINES.values(), ids=LINES)
def test_lines_become_paragraphs(page: str, expected: list[str]):
    assert texts(document_of_lines(page)) == expected


BLANKS = {
    "line after line": ("a\nb\nc", "...", "a\nb\nc"),
    "a blank line": ("a\n\nb", ".#", "a\n\nb"),
    "several blank lines are written as one": ("a\n\n\n\nb", ".#", "a\n\nb"),
    "no blank line before the first": ("\n\na\nb", "..", "a\nb"),
    "\\r\\n is one line end": ("a\r\nb\r\n\r\nc", "..#", "a\nb\n\nc"),
    "\\r\\r is two": ("a\r\rb", ".#", "a\n\nb"),
    "\\n\\r is two": ("a\n\rb", ".#", "a\n\nb"),
    "a line of white space is blank": ("a\n \t\x0c\nb", ".#", "a\n\nb"),
    "a line of nothing but a form feed is blank": ("a\n\x0c\nb", ".#", "a\n\nb"),
    "a form feed between lines is no line": ("a\n\x0cb", "..", "a\nb"),
}


@pytest.mark.parametrize(("page", "expected", "text"), BLANKS.values(), ids=BLANKS)
def test_blank_lines(page: str, expected: str, text: str):
    document = document_of_lines(page)
    assert document.blank_before.tolist() == [flag == "#" for flag in expected]
    assert document.text == text


def naive_lines(page: str) -> list[tuple[int, int, bool]]:
    """Start, end and whether a blank line stands before, line by line and character by character."""
    found: list[tuple[int, int, bool]] = []
    blank, at = False, 0
    for line in re.findall(r"(?:[^\r\n]*(?:\r\n|\r|\n))|[^\r\n]+\Z", page):
        above = len(line) - len(line.lstrip(" \t\n\r\x0b\x0c\x1c\x85\u2028\u3000\ufeff")) if not found else 0
        ink = [place for place, char in enumerate(line) if place >= above and not char.isspace()]
        if ink:
            found.append((at + ink[0], at + ink[-1] + 1, blank and bool(found)))
        blank = not ink
        at += len(line)
    return found


@steady
@given(pages)
@example("\r\n\r\n a\r\r\nb\n\r")
def test_lines_are_split_as_the_naive_way_does(page: str):
    document = document_of_lines(page)
    found = zip(document.starts.tolist(), document.ends.tolist(), document.blank_before.tolist(), strict=True)
    assert list(found) == naive_lines(page)
    assert document.read == len(document.starts)
    assert document.chars_read == document.chars_kept == sum(map(len, texts(document)))
    assert document.points.tolist() == list(map(ord, page))


@steady
@given(pages)
def test_the_text_of_a_page_read_again_is_the_same(page: str):
    document = document_of_lines(page)
    again = document_of_lines(document.text)
    assert texts(again) == texts(document)
    assert again.blank_before.tolist() == document.blank_before.tolist()
    assert again.text == document.text


def test_blocks_are_paragraphs_with_blank_lines_between():
    document = blocks("alpha", "beta\ngamma", "😀")
    assert texts(document) == ["alpha", "beta\ngamma", "😀"]
    assert document.text == "alpha\n\nbeta\ngamma\n\n😀"
    assert document.is_html
    assert texts(blocks()) == []
    assert blocks().text == ""


def test_a_dropped_paragraph_leaves_its_text_and_no_gap():
    document = document_of_lines("alpha\n\nbeta\n\ngamma\ndelta")
    document.apply("step", [Change(1, 0, 4, rule="r#1", measure=0.5, limit=0.25)])
    assert document.kept == [0, 2, 3]
    assert document.text == "alpha\n\ngamma\ndelta"
    assert document.text_of(1) == "beta"
    assert [paragraph.kept for paragraph in document.paragraphs] == [True, False, True, True]
    assert (document.chars_read, document.chars_kept) == (19, 15)
    [applied] = document.changes
    assert applied == Applied("step", 1, 0, 4, "beta", "", "r#1", 0.5, 0.25, NOTHING)


def test_a_blank_line_stays_when_the_paragraph_after_it_goes():
    document = document_of_lines("alpha\n\nbeta\ngamma")
    document.apply("step", [Change(1, 0, 4)])
    assert document.text == "alpha\n\ngamma"


# label: paragraph, spans and what they become, what is left, what was taken away
CHANGES: dict[str, tuple[str, list[tuple[int, int, str]], str, list[str]]] = {
    "a trim in the middle leaves the white space": ("alpha beta gamma", [(6, 10, "")], "alpha  gamma", ["beta"]),
    "a trim at the end takes the white space before it": ("alpha beta", [(6, 10, "")], "alpha", [" beta"]),
    "a trim at the beginning takes the white space after it": ("alpha \t beta", [(0, 5, "")], "beta", ["alpha \t "]),
    "a trim of all but white space is a drop": (". alpha .", [(1, 9, ""), (0, 1, "")], "", [" alpha .", "."]),
    "an edit puts text in": ("alpha beta", [(0, 5, "omega")], "omega beta", ["alpha"]),
    "an edit keeps the white space around it": ("alpha beta gamma", [(6, 10, "B")], "alpha B gamma", ["beta"]),
    "an insertion takes nothing away": ("alpha gamma", [(6, 6, "beta ")], "alpha beta gamma", [""]),
    "a later change counts in the text as it then stands": ("alpha beta", [(0, 5, "x"), (2, 6, "y")], "x y", ["alpha", "beta"]),
    "two trims from the end to the beginning": ("a beta c delta e", [(9, 14, ""), (2, 6, "")], "a  c  e", ["delta", "beta"]),
    "a trim after an edit": ("alpha beta", [(0, 5, "omega!"), (6, 11, "")], "omega!", ["alpha", " beta"]),
    "a line of several leaves no blank line": ("alpha\nbeta\ngamma", [(6, 10, "")], "alpha\ngamma", ["beta\n"]),
    "the first line of several": ("alpha\nbeta", [(0, 5, "")], "beta", ["alpha\n"]),
    "the last line of several": ("alpha\nbeta", [(6, 10, "")], "alpha", ["\nbeta"]),
    "two lines of several": ("alpha\nbeta\ngamma\ndelta", [(6, 10, ""), (6, 11, "")], "alpha\ndelta", ["beta\n", "gamma\n"]),
    "a line that goes with its own line break": ("alpha\nbeta\ngamma", [(6, 11, "")], "alpha\ngamma", ["beta\n"]),
    "part of a line leaves the line": ("alpha\nbeta two\ngamma", [(6, 10, "")], "alpha\n two\ngamma", ["beta"]),
    "a line break that goes joins its lines": ("alpha\nbeta", [(5, 6, "")], "alphabeta", ["\n"]),
    "characters beyond the basic plane are one each": ("😀😀 beta", [(0, 2, "")], "beta", ["😀😀 "]),
}


@pytest.mark.parametrize(("paragraph", "spans", "left", "gone"), CHANGES.values(), ids=CHANGES)
def test_changes_of_one_paragraph(paragraph: str, spans: list[tuple[int, int, str]], left: str, gone: list[str]):
    document = blocks("before", paragraph, "after")
    document.apply("step", [Change(1, *span) for span in spans])
    assert document.kept == ([0, 1, 2] if left else [0, 2])
    assert document.text == "\n\n".join(filter(None, ["before", left, "after"]))
    assert [applied.text for applied in document.changes] == gone
    assert [applied.end - applied.start for applied in document.changes] == list(map(len, gone))
    assert document.chars_kept == len("before") + len(left) + len("after")


def test_an_indented_line_that_goes_leaves_no_blank_line():
    document = blocks("alpha\n  beta\ngamma")
    document.apply("step", [Change(0, 8, 12)])
    assert [line for line in document.text.split("\n") if not line.strip()] == []


def test_other_paragraphs_keep_their_text_and_what_is_derived_is_made_anew():
    document = document_of_lines("Alpha\n\n beta \ngamma")
    assert document.folded.lines == ["alpha", "beta", "gamma"]
    document.apply("step", [Change(2, 0, 5, "G"), Change(0, 0, 5, "ALPHA and more")])
    assert texts(document) == ["ALPHA and more", "beta", "G"]
    assert document.page == "ALPHA and more\n\n beta \nG"
    assert document.folded.lines == ["alpha and more", "beta", "g"]
    assert document.points.tolist() == list(map(ord, document.page))
    assert document.lengths.tolist() == [14, 4, 1]


def test_a_paragraph_dropped_after_an_edit_stays_as_it_last_stood():
    for together in (False, True):
        document = document_of_lines("alpha beta\ngamma")
        steps = [Change(0, 0, 5, "omega"), Change(0, 0, 10)]
        for changes in [steps] if together else [[change] for change in steps]:
            document.apply("step", changes)
        assert document.changes[-1].text == "omega beta"
        assert document.text_of(0) == "omega beta", f"{together=}"


IMPOSSIBLE = {
    "a span that ends after the paragraph": [Change(0, 0, 6)],
    "a span that begins before it": [Change(0, -1, 3)],
    "a span that ends before it begins": [Change(0, 3, 2)],
    "a paragraph that there is not": [Change(2, 0, 1)],
    "the whole document, which only the pipeline can drop": [Change(WHOLE, 0, 0)],
    "a paragraph counted from the end": [Change(-2, 0, 1)],
    "a paragraph that is gone": [Change(0, 0, 5), Change(0, 0, 5)],
    "an insertion into a paragraph that is gone": [Change(0, 0, 5), Change(0, 0, 0, "x")],
    "a span of what stood there before": [Change(0, 0, 4), Change(0, 0, 2)],
}


@pytest.mark.parametrize("changes", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_impossible_changes_are_errors(changes: list[Change]):
    document = document_of_lines("alpha\nbeta")
    with pytest.raises(IndexError):
        document.apply("step", changes)


@steady
@given(st.lists(st.text("ab .\n", min_size=1).filter(str.strip), min_size=1, max_size=4), st.data())
def test_every_change_can_be_taken_back(paragraphs: list[str], data: st.DataObject):
    document = blocks(*paragraphs)
    for _ in range(data.draw(st.integers(1, 4))):
        if not document.kept:
            break
        number = data.draw(st.sampled_from(document.kept))
        start, end = sorted(data.draw(st.tuples(*[st.integers(0, int(document.lengths[number]))] * 2)))
        document.apply("step", [Change(number, start, end, data.draw(st.sampled_from(["", "", "x", "y z"])))])
    now = {number: document.text_of(number) if document.live[number] else "" for number in range(document.read)}
    for change in reversed(document.changes):
        stood = now[change.paragraph]
        assert stood[change.start : change.start + len(change.new)] == change.new
        now[change.paragraph] = stood[: change.start] + change.text + stood[change.start + len(change.new) :]
    assert list(now.values()) == paragraphs


def test_tokens_are_those_of_the_nearest_containers():
    zero = np.zeros(2, dtype=np.int32)
    names = ["Page", "main Content", "", "Share-Bar links", "x"]
    facts = Facts(["p", "p"], zero, zero, zero, np.array([3, 4]), ["body", "div", "div", "ul", "aside"], [-1, 0, 1, 2, 0], names)
    assert facts.tokens(0) == {"share-bar", "links", "main", "content"}
    assert facts.tokens(0, levels=1) == {"share-bar", "links"}
    assert facts.tokens(0, levels=9) == {"share-bar", "links", "main", "content", "page"}
    assert facts.tokens(1) == {"x", "page"}
    assert facts.tokens(1, levels=0) == set()


HOSTS = {
    "the host of the address": ("https://news.harbour.example/a?b", "", "news.harbour.example"),
    "without its port": ("http://www.harbour.example:8080/", "", "www.harbour.example"),
    "lower case": ("HTTP://Harbour.Example/A", "", "harbour.example"),
    "the site that was given goes first": ("https://harbour.example/", "Gazette.example", "gazette.example"),
    "no address": ("", "", ""),
    "a path is no host": ("/articles/1", "", ""),
    "an address that is none": ("https://[harbour/", "", ""),
}


@pytest.mark.parametrize(("url", "site", "expected"), HOSTS.values(), ids=HOSTS)
def test_host(url: str, site: str, expected: str):
    document = document_of_lines("alpha")
    document.url, document.site = url, site
    assert document.host == expected


def test_a_text_page_has_no_links_and_no_dom():
    document = document_of_lines("alpha\nbeta")
    assert not document.is_html
    assert document.link_chars.tolist() == [0, 0]
