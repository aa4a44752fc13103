"""`curate model label`."""

import json

import pytest


@pytest.fixture
def run(curate, story, tmp_path):
    (tmp_path / "ferry.txt").write_text(f"Article continues below\n{story(3)}", encoding="utf-8")
    curate("clean", tmp_path / "ferry.txt", "-o", tmp_path / "out", "--preset", "rules-only", "--quiet")
    return tmp_path / "out"


def review(tmp_path, doc, *judgements):
    path = tmp_path / "review.jsonl"
    rows = [{"doc": doc, "paragraph": number, "keep": keep, "by": by} for number, keep, by in judgements]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_it_writes_labelled_pages_and_says_how_many(curate, run, tmp_path):
    [page] = curate.rows(run, "pages")
    path = review(tmp_path, page["doc"], (1, True, "ann"), (1, False, "bo"))
    ran = curate("model", "label", run, path, "-o", tmp_path / "labelled")
    assert (ran.code, ran.out) == (0, "")
    assert f"{path}:2: {page['doc']} paragraph 1: bo's drop overrules ann's keep (line 1)" in ran.err
    assert "labelled: 1 pages (1 text, 0 HTML), 4 paragraphs: 2 content, 2 chrome, 0 neutral" in ran.err
    assert json.loads((tmp_path / "labelled" / "pages.jsonl").read_text())["labels"] == [0, 0, 1, 1]


def test_only_reviewed_makes_the_rest_neutral(curate, run, tmp_path):
    [page] = curate.rows(run, "pages")
    ran = curate("model", "label", run, review(tmp_path, page["doc"], (1, True, "ann")), "-o", tmp_path / "labelled", "--only-reviewed")
    assert ran.code == 0
    assert json.loads((tmp_path / "labelled" / "pages.jsonl").read_text())["labels"] == [2, 1, 2, 2]


def test_wrong_lines_end_with_2_and_their_numbers(curate, run, tmp_path):
    path = review(tmp_path, "ferry.txt", (1, True, "ann"))
    path.write_text(path.read_text() + "{\n")
    ran = curate("model", "label", run, path, "-o", tmp_path / "labelled")
    assert ran.code == 2
    assert f"{path}:1: doc: the run has no page 'ferry.txt'; the page of that name is" in ran.err
    assert f"{path}:2: " in ran.err
    assert not (tmp_path / "labelled").exists()


def test_a_page_that_cannot_be_labelled_ends_with_1(curate, tmp_path):
    page = tmp_path / "oxney.html"
    page.write_text("<html><body><p>The ferry at Oxney was painted twice in one summer.</p></body></html>")
    curate("clean", page, "-o", tmp_path / "out", "--preset", "rules-only", "--quiet")
    [row] = curate.rows(tmp_path / "out", "pages")
    page.unlink()
    ran = curate("model", "label", tmp_path / "out", review(tmp_path, row["doc"], (0, True, "ann")), "-o", tmp_path / "labelled")
    assert ran.code == 1
    assert f"oxney.html ({row['doc']}) cannot be found" in ran.err
    assert "labelled: 0 pages" in ran.err


def test_what_holds_no_run_is_refused(curate, tmp_path):
    ran = curate("model", "label", tmp_path, review(tmp_path, "a", (0, True, "ann")), "-o", tmp_path / "labelled")
    assert ran.code == 2
    assert "holds no finished run" in ran.err
