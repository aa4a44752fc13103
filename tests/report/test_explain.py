"""A document told line by line."""

import json

import pytest

from curate.document import Change, Of, Source, document_of_lines
from curate.report.explain import as_json, elsewhere, explain, visible


def told(doc):
    return [(line.kind, line.text) for line in explain(doc)]


@pytest.fixture
def doc():
    """A page of four lines, as it was read."""
    document = document_of_lines("First line\nSecond line\nThird line\nFourth line\n")
    document.doc, document.id = "d0c", "page.txt"
    return document


class TestLines:
    def test_a_page_that_nothing_was_done_to(self, doc):
        assert told(doc) == [
            ("page", "page.txt: 4 of 4 paragraphs kept, 42 of 42 characters"),
            ("kept", "   0   First line"),
            ("kept", "   1   Second line"),
            ("kept", "   2   Third line"),
            ("kept", "   3   Fourth line"),
        ]

    def test_tags_stand_below_the_page_without_the_empty_ones(self, doc):
        doc.tags = {"lang": "en", "lang_score": 0.9, "packs": "", "zero": 0}
        assert told(doc)[1] == ("why", "       lang en; lang_score 0.9; zero 0")

    def test_a_dropped_line_is_followed_by_the_step_and_the_rule(self, doc):
        doc.apply("site-rules", [Change(1, 0, 11, rule="generic/en/share-bar#prompts")])
        assert told(doc)[2:4] == [("dropped", "   1 - Second line"), ("why", "       site-rules  generic/en/share-bar#prompts")]
        assert told(doc)[0][1] == "page.txt: 3 of 4 paragraphs kept, 31 of 42 characters"

    def test_a_measure_stands_with_its_limit(self, doc):
        doc.apply("short-lines", [Change(1, 0, 11, measure=11.0, limit=12.5)])
        assert told(doc)[3] == ("why", "       short-lines  11 (limit 12.5)")

    def test_a_repeat_says_what_it_repeats(self, doc):
        doc.apply("repeats", [Change(1, 0, 11, rule="near", measure=0.75, limit=0.6, of=Of("d0c", 3))])
        assert told(doc)[3] == ("why", "       repeats  near  0.75 (limit 0.6)  repeats 3: Fourth line")

    def test_a_repeat_of_another_page_names_it(self, doc):
        doc.apply("duplicates", [Change(1, 0, 11, of=Of("0ther", 7))])
        assert told(doc)[3] == ("why", "       duplicates  repeats 0ther 7")

    def test_a_repeat_of_a_page_that_is_told_as_well_says_where_it_stands_and_how_it_begins(self, doc):
        other = document_of_lines("A line\n" + "Another line of the other page, which goes on for longer than anybody wants to read")
        other.doc, other.source = "0ther", Source("news/other.txt")
        doc.apply("duplicates", [Change(1, 0, 11, of=Of("0ther", 1)), Change(2, 0, 10, of=Of("gone", 0))])
        others = elsewhere([doc, other])
        assert others == {Of("0ther", 1): "news/other.txt 1: Another line of the other page, which goes on for longer tha"}
        whys = [line.text for line in explain(doc, others) if line.kind == "why"]
        assert whys == [f"       duplicates  repeats {others[Of('0ther', 1)]}", "       duplicates  repeats gone 0"]

    def test_a_trim_shows_the_line_as_it_is_left_and_what_was_cut(self, doc):
        doc.apply("site-rules", [Change(2, 5, 10, rule="a#b")])
        assert told(doc)[3:5] == [("edited", "   2 ~ Third"), ("why", "       site-rules  a#b  cut ' line'")]

    def test_an_edit_shows_both_texts(self, doc):
        doc.apply("fix-encoding", [Change(0, 0, 5, new="Last")])
        assert told(doc)[1:3] == [("edited", "   0 ~ Last line"), ("why", "       fix-encoding  'First' → 'Last'")]

    def test_several_changes_of_one_line_stand_in_their_order(self, doc):
        doc.apply("fix-encoding", [Change(0, 0, 5, new="Last")])
        doc.apply("min-chars", [Change(0, 0, 9, measure=30, limit=120)])
        assert told(doc)[1:4] == [
            ("dropped", "   0 - Last line"),
            ("why", "       fix-encoding  'First' → 'Last'"),
            ("why", "       min-chars  30 (limit 120)"),
        ]

    def test_a_page_with_nothing_left_says_what_emptied_it(self, doc):
        doc.apply("repeats", [Change(number, 0, int(doc.lengths[number])) for number in range(4)])
        doc.outcome, doc.reason = "emptied", "repeats"
        assert told(doc)[0][1] == "page.txt: emptied by repeats; 0 of 4 paragraphs kept, 0 of 42 characters"

    def test_a_page_that_failed_is_one_line(self):
        document = document_of_lines("")
        document.id, document.outcome, document.reason = "page.txt", "failed", "broken JSON: nested too deep"
        assert told(document) == [("page", "page.txt: failed, broken JSON: nested too deep")]

    def test_nothing_in_a_line_is_obeyed_by_a_terminal(self):
        document = document_of_lines("\x1b[2J red\x1b[31m\x07\n")
        document.id = "\x1b[2J.txt"
        document.tags = {"lang": "\x1b[2J"}
        document.apply("\x1b", [Change(0, 0, 3, rule="a\x1b#b")])
        assert not any(char in line for _, line in told(document) for char in "\x1b\x07")

    def test_nothing_in_a_reason_is_obeyed_by_a_terminal(self):
        document = document_of_lines("")
        document.outcome, document.reason = "failed", "missing field: \x1b[2J"
        assert "\x1b" not in told(document)[0][1]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain – “text” 😀", "plain – “text” 😀"),
        ("two\nlines", "two⏎lines"),
        ("a\xa0b\u3000c\u2028d", "a\xa0b\u3000c\u2028d"),
        ("a\x1b[31mb\x00\x7f\x9b", "a\ufffd[31mb\ufffd\ufffd\ufffd"),
        ("a\rb\x0bc\x0c", "a\ufffdb\ufffdc\ufffd"),
        ("soft\xadhyphen \u202eturned", "soft\ufffdhyphen \ufffdturned"),
        ("", ""),
    ],
    ids=["plain text", "line breaks", "white space", "control characters", "carriage returns", "invisible characters", "nothing"],
)
def test_text_is_made_visible(text, shown):
    assert visible(text) == shown


class TestJson:
    def test_every_paragraph_has_the_changes_made_to_it(self, doc):
        doc.apply("fix-encoding", [Change(0, 0, 5, new="Last")])
        doc.apply("repeats", [Change(1, 0, 11, rule="near", measure=0.75, limit=0.6, of=Of("d0c", 3))])
        page = as_json(doc)
        assert [(part["paragraph"], part["kept"], part["text"]) for part in page["paragraphs"]] == [
            (0, True, "Last line"),
            (1, False, "Second line"),
            (2, True, "Third line"),
            (3, True, "Fourth line"),
        ]
        nothing = {"doc": "", "paragraph": 0}
        edit = {"step": "fix-encoding", "rule": "", "start": 0, "end": 5, "text": "First", "new": "Last", "measure": 0.0, "limit": 0.0}
        assert page["paragraphs"][0]["changes"] == [{**edit, "of": nothing}]
        [drop] = page["paragraphs"][1]["changes"]
        assert (drop["text"], drop["measure"], drop["of"]) == ("Second line", 0.75, {"doc": "d0c", "paragraph": 3})
        assert page["paragraphs"][2]["changes"] == []

    def test_it_is_json_with_the_facts_of_the_page(self, doc):
        doc.url, doc.tags = "https://oxneylantern.example/", {"lang": "en"}
        page = json.loads(json.dumps(as_json(doc)))
        assert list(page) == ["doc", "id", "url", "source", "outcome", "reason", "tags", "paragraphs"]
        assert (page["doc"], page["id"], page["url"], page["tags"]) == ("d0c", "page.txt", "https://oxneylantern.example/", {"lang": "en"})
        assert page["source"] == {"path": "", "record": 0, "sha256": "", "encoding": "utf-8"}
