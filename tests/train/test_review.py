"""Reviews and the labelled pages that come of them."""

import gzip
import json
import re
from pathlib import Path

import pytest

from curate.errors import ConfigError, UsageError
from curate.train.data import read
from curate.train.labels import CHROME, CONTENT, NEUTRAL
from curate.train.review import PageLabels, label, read_review, summary

CONFIG = """\
extends = "rules-only"
[[step]]
name = "language"
off = true
[[step]]
name = "repeats"
[[step]]
name = "min-chars"
"""
HTML = """<!doctype html><html lang="en"><body><nav><a href="/a">Harbours</a></nav>
<article><h1>The ferry at Oxney</h1><p>The ferry at Oxney was painted twice in one summer, and nobody could say why it had to be.</p>
<p>Its keeper keeps a tin of each colour in the shed and opens neither of them before the swallows have gone.</p></article>
<p>Article continues below</p></body></html>"""


@pytest.fixture
def run(curate, story, tmp_path):
    """A run over a text page, an HTML page, a record and a page that cannot be read; its keys by name."""
    pages, out, config = tmp_path / "pages", tmp_path / "out", tmp_path / "curate.toml"
    pages.mkdir()
    (pages / "ferry.txt").write_text(f"Article continues below\n\n  {story(3)}\n{story(1)}", encoding="utf-8")
    (pages / "oxney.html").write_text(HTML, encoding="utf-8")
    record = {"text": story(2, first=3), "url": "https://www.ferry.example/a"}
    (pages / "records.jsonl").write_text(json.dumps(record) + "\n" + json.dumps({"html": HTML, "url": "https://oxney.example/b"}) + "\n")
    (pages / "broken.html").write_bytes(b"<html>" + b"<div>" * 3000)
    config.write_text(CONFIG, encoding="utf-8")
    ran = curate("clean", pages, "-o", out, "--config", config, "--allow-failed", 1, "--quiet")
    assert (ran.code, ran.err) == (0, "")
    return out


@pytest.fixture
def keys(curate, run):
    return {row["source"]["path"] + str(row["source"]["record"] or ""): row["doc"] for row in curate.rows(run, "pages")}


@pytest.fixture
def review(tmp_path):
    """A function that writes a review file and reads it."""

    def written(*lines):
        path = tmp_path / "review.jsonl"
        said = [
            line if isinstance(line, str) else json.dumps(dict(zip(("doc", "paragraph", "keep", "by"), line, strict=False)))
            for line in lines
        ]
        path.write_text("\n".join(said) + "\n", encoding="utf-8", errors="surrogateescape")
        return read_review(path)

    return written


def rows(folder):
    return [json.loads(line) for line in (folder / "pages.jsonl").read_text(encoding="utf-8").splitlines()]


class TestTextPages:
    def test_the_page_comes_as_it_was_read_with_what_the_run_decided(self, run, keys, review, story, tmp_path):
        [done] = label(run, review((keys["ferry.txt"], 1, True)), tmp_path / "labelled")
        [row] = rows(tmp_path / "labelled")
        assert row["lines"] == ["Article continues below", *story(3).splitlines(), story(1).strip()]
        assert row["labels"] == [CHROME, CONTENT, CONTENT, CONTENT, NEUTRAL], "what goes as a repeat is not thereby chrome"
        assert (row["page_id"], row["source"], row["lang"]) == (keys["ferry.txt"], "review", "und")
        assert done.labels == tuple(row["labels"])
        assert "html" not in row
        assert sorted(path.name for path in (tmp_path / "labelled").iterdir()) == ["pages.jsonl"]

    def test_a_review_comes_before_the_run_both_ways(self, run, keys, review, tmp_path):
        label(run, review((keys["ferry.txt"], 0, True), (keys["ferry.txt"], 2, False), (keys["ferry.txt"], 4, True)), tmp_path / "labelled")
        assert rows(tmp_path / "labelled")[0]["labels"] == [CONTENT, CONTENT, CHROME, CONTENT, CONTENT]

    def test_only_what_was_reviewed_counts_if_asked(self, run, keys, review, tmp_path):
        label(run, review((keys["ferry.txt"], 2, False)), tmp_path / "labelled", only_reviewed=True)
        assert rows(tmp_path / "labelled")[0]["labels"] == [NEUTRAL, NEUTRAL, CHROME, NEUTRAL, NEUTRAL]

    def test_a_record_brings_its_address_and_its_site(self, run, keys, review, story, tmp_path):
        label(run, review((keys["records.jsonl"], 0, True)), tmp_path / "labelled")
        [row] = rows(tmp_path / "labelled")
        assert (row["url"], row["site"]) == ("https://www.ferry.example/a", "ferry.example")
        assert row["lines"] == story(2, first=3).splitlines()

    def test_a_page_of_odd_bytes_has_the_lines_that_were_read(self, curate, review, tmp_path):
        pages, out = tmp_path / "odd", tmp_path / "odd-out"
        pages.mkdir()
        (pages / "a.txt").write_bytes(
            "\ufeffThe tin is blue.\r\n\x0c\r\nSo is the other one\xff.\rAnd the third.".encode("latin-1", "replace")
        )
        curate("clean", pages, "-o", out, "--preset", "rules-only", "--quiet")
        [page] = curate.rows(out, "pages")
        label(out, review((page["doc"], 0, True)), tmp_path / "labelled")
        [row] = rows(tmp_path / "labelled")
        assert len(row["lines"]) == len(row["labels"]) == page["read"] == 3
        assert row["lines"][2] == "And the third."

    def test_pages_that_nobody_reviewed_are_left_out_and_the_order_is_that_of_the_run(self, run, keys, review, tmp_path):
        label(run, review((keys["records.jsonl"], 0, True), (keys["ferry.txt"], 0, False)), tmp_path / "labelled")
        assert [row["page_id"] for row in rows(tmp_path / "labelled")] == [keys["ferry.txt"], keys["records.jsonl"]]


class TestHtmlPages:
    def test_the_file_is_copied_and_named(self, run, keys, review, tmp_path):
        label(run, review((keys["oxney.html"], 0, False)), tmp_path / "labelled")
        [row] = rows(tmp_path / "labelled")
        assert row["html"] == f"html/{keys['oxney.html']}.html.gz"
        assert gzip.decompress((tmp_path / "labelled" / row["html"]).read_bytes()).decode() == HTML
        assert "lines" not in row
        assert row["labels"] == [CHROME, CONTENT, CONTENT, CONTENT, CHROME]

    def test_html_of_a_record_becomes_a_file(self, run, keys, review, tmp_path):
        [key] = [key for name, key in keys.items() if name.startswith("records.jsonl") and name != "records.jsonl"]
        label(run, review((key, 0, False)), tmp_path / "labelled")
        [row] = rows(tmp_path / "labelled")
        assert gzip.decompress((tmp_path / "labelled" / row["html"]).read_bytes()).decode() == HTML
        assert row["site"] == "oxney.example"

    def test_a_file_that_has_changed_is_left_out_and_said(self, run, keys, review, tmp_path):
        (tmp_path / "pages" / "oxney.html").write_text(HTML.replace("twice", "thrice"), encoding="utf-8")
        done = label(run, review((keys["oxney.html"], 0, False), (keys["ferry.txt"], 0, False)), tmp_path / "labelled")
        assert [page.problem[:40] for page in done] == ["", "has changed since the run read it: its s"]
        assert [row["page_id"] for row in rows(tmp_path / "labelled")] == [keys["ferry.txt"]]
        assert not (tmp_path / "labelled" / "html").exists()

    def test_a_file_that_is_gone_is_said_and_text_pages_do_not_need_theirs(self, run, keys, review, tmp_path):
        (tmp_path / "pages").rename(tmp_path / "elsewhere")
        done = label(run, review((keys["oxney.html"], 0, False), (keys["ferry.txt"], 0, False)), tmp_path / "labelled")
        assert [bool(page.problem) for page in done] == [False, True]
        assert "label where the run was started" in done[1].problem

    def test_the_same_pages_give_the_same_bytes(self, run, keys, review, tmp_path):
        said = review((keys["oxney.html"], 0, False))
        for name in ("one", "two"):
            label(run, said, tmp_path / name)
        one, two = (sorted(path.read_bytes() for path in (tmp_path / name).rglob("*") if path.is_file()) for name in ("one", "two"))
        assert one == two


def test_what_is_written_is_read_for_training(run, keys, review, story, tmp_path):
    [record] = [key for name, key in keys.items() if name.startswith("records.jsonl") and name != "records.jsonl"]
    done = label(run, review((keys["ferry.txt"], 1, True), (keys["oxney.html"], 0, True), (record, 1, False)), tmp_path / "labelled")
    pages = {page.id: page for page in read([tmp_path / "labelled"])}
    assert [pages[one.doc].labels.tolist() for one in done] == [list(one.labels) for one in done]
    assert {(page.partial, page.source) for page in pages.values()} == {(False, "review")}
    assert pages[record].site == "oxney.example"
    assert pages[keys["ferry.txt"]].document.text_of(2) == story(3).splitlines()[1]


class TestReviews:
    def test_of_judgements_that_contradict_the_last_holds_and_is_told(self, run, keys, review, tmp_path):
        said = review((keys["ferry.txt"], 0, True, "ann"), (keys["ferry.txt"], 0, True, "cy"), "", (keys["ferry.txt"], 0, False, "bo"))
        [(earlier, later)] = said.overruled
        assert (earlier.by, earlier.line, later.by, later.line) == ("cy", 2, "bo", 4)
        done = label(run, said, tmp_path / "labelled")
        assert rows(tmp_path / "labelled")[0]["labels"][0] == CHROME
        told = summary(done, said)
        assert "1 of them reviewed, 1 judgements overruled (by ann 1, bo 1, cy 1)" in told
        assert "5 paragraphs: 3 content, 1 chrome, 1 neutral" in told

    def test_every_wrong_line_is_told_at_once_and_nothing_is_written(self, run, keys, review, tmp_path):
        said = review(
            (keys["ferry.txt"], 5, True),
            "{not json \udcff",
            ("0123456789abcdef0123", 0, True),
            ("ferry.txt", 0, True),
            (keys["ferry.txt"], -1, True),
            (keys["ferry.txt"], 0, "yes"),
            (keys["broken.html"], 0, True),
            '{"doc": "a", "paragraph": 0, "keep": true, "who": "ann"}',
            '{"doc": "a", "paragraph": 0}',
            '["a", 0, true]',
            (keys["ferry.txt"], 4, True),
        )
        with pytest.raises(ConfigError) as raised:
            label(run, said, tmp_path / "labelled")
        problems = raised.value.problems
        assert [problem.line for problem in problems] == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
        assert "has paragraphs 0 to 4; found 5" in problems[0].message
        assert "the keys are in its pages-* files" in problems[2].message
        assert f"the page of that name is '{keys['ferry.txt']}'" in problems[3].message
        assert "was never read" in problems[6].message
        assert not (tmp_path / "labelled").exists()
        assert not list(tmp_path.glob(".labelled*"))

    def test_a_review_of_nothing_is_refused(self, review):
        with pytest.raises(UsageError, match="holds no judgement"):
            review("", " ")

    def test_what_is_there_is_not_written_over(self, run, keys, review, tmp_path):
        said = review((keys["ferry.txt"], 0, True))
        label(run, said, tmp_path / "labelled")
        with pytest.raises(UsageError, match="is not written over"):
            label(run, said, tmp_path / "labelled")

    def test_a_run_without_its_texts_is_refused(self, curate, keys, review, tmp_path):
        curate("clean", tmp_path / "pages", "-o", tmp_path / "spans", "--preset", "rules-only", "--ledger", "spans", "--quiet")
        with pytest.raises(UsageError, match="only --ledger full"):
            label(tmp_path / "spans", review((keys["ferry.txt"], 0, True)), tmp_path / "labelled")
        assert not (tmp_path / "labelled").exists()


def test_the_page_on_the_format_has_every_field_that_is_written_and_its_examples_are_rows(tmp_path):
    page = (Path(__file__).parents[2] / "docs" / "model.md").read_text(encoding="utf-8")
    fields = re.findall(r"^\| `(\w+)`", page.partition("### Rows")[2].partition("### Folders")[0], re.MULTILINE)
    assert set(PageLabels.__struct_fields__) <= set(fields)
    decoder = json.JSONDecoder()
    example = page.partition("### Rows")[2].partition("```")[2].partition("```")[0].strip()
    first, end = decoder.raw_decode(example)
    second, _ = decoder.raw_decode(example[end:].strip())
    assert {*first, *second, "with"} == set(fields)
    assert len(first["lines"]) == len(first["labels"])
    judgement = page.partition("### From a run")[2].partition("```")[2].partition("```")[0].strip()
    (tmp_path / "review.jsonl").write_text(judgement, encoding="utf-8")
    assert not read_review(tmp_path / "review.jsonl").problems
