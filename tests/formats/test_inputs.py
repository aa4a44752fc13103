import os
from pathlib import Path

import pytest

from curate.errors import UsageError
from curate.formats.inputs import File, bare_suffix, find
from curate.formats.pages import Reading, pages

SUFFIXES = {
    "page.html": ".html",
    "page.html.gz": ".html",
    "crawl.warc.gz": ".warc",
    "crawl.warc.wet.gz": ".wet",
    "PAGE.HTM.ZST": ".htm",
    "page.v2.jsonl": ".jsonl",
    "page.gz": "",
    "page": "",
    ".html": "",
    "page.gz.html": ".html",
    "page.txt.bz2": ".bz2",
    "a.d/page": "",
}


@pytest.mark.parametrize(("name", "expected"), SUFFIXES.items(), ids=SUFFIXES)
def test_the_suffix_that_tells_the_format(name: str, expected: str):
    assert bare_suffix(name) == expected


@pytest.fixture(autouse=True)
def in_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(*paths: str) -> None:
    for path in map(Path, paths):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("one", encoding="utf-8")


def names(*inputs: str, without: str = "") -> list[str]:
    return [file.name for file in find(inputs, without)]


def test_a_folder_gives_what_can_be_read_in_it_by_name():
    write("in/b.txt", "in/a/z.html.gz", "in/a.jsonl", "in/B.NDJSON.zst", "in/c.xhtml", "in/a/y.HTM", "in/d.text")
    write("in/notes.md", "in/data.xml", "in/archive.gz", "in/readme")
    assert names("in") == ["B.NDJSON.zst", "a.jsonl", "a/y.HTM", "a/z.html.gz", "b.txt", "c.xhtml", "d.text"]
    assert find(["in"])[0] == File("in/B.NDJSON.zst", "B.NDJSON.zst", named=False)


def test_a_folder_named_like_a_page_is_a_folder():
    write("in/page.html/a.txt")
    assert names("in") == ["page.html/a.txt"]


def test_a_file_that_is_named_is_read_whatever_its_suffix():
    write("in/notes.md", "in/readme")
    assert find(["in/readme", "in/notes.md"]) == [File("in/notes.md", "notes.md", named=True), File("in/readme", "readme", named=True)]


def test_the_order_of_the_inputs_does_not_matter():
    write("x/b.txt", "y/a.txt", "c.txt")
    assert find(["x", "y", "c.txt"]) == find(["c.txt", "y", "x"])
    assert names("x", "y", "c.txt") == ["a.txt", "b.txt", "c.txt"]


GLOBS = {
    "files of a folder": ("in/*.txt", ["a.txt", "b.txt"]),
    "files of all folders": ("in/**/*.txt", ["a.txt", "b.txt", "x/c.txt", "y/d.txt"]),
    "a folder in the middle": ("in/*/c.txt", ["x/c.txt"]),
    "one character": ("in/?.txt", ["a.txt", "b.txt"]),
    "one of several": ("in/[bq].*", ["b.html", "b.txt"]),
    "whatever its suffix": ("in/*.md", ["n.md"]),
    "folders among the matches are no files": ("in/*", ["a.txt", "b.html", "b.txt", "n.md"]),
    "from here": ("*/a.txt", ["in/a.txt"]),
}


@pytest.mark.parametrize(("pattern", "expected"), GLOBS.values(), ids=GLOBS)
def test_globs(pattern: str, expected: list[str]):
    write("in/a.txt", "in/b.txt", "in/b.html", "in/n.md", "in/x/c.txt", "in/y/d.txt")
    assert names(pattern) == expected
    assert all(file.named for file in find([pattern]))


def test_an_absolute_glob(tmp_path: Path):
    write("in/a.txt")
    assert find([str(tmp_path / "i*" / "*.txt")]) == [File(str(tmp_path / "in/a.txt"), "in/a.txt", named=True)]


def test_a_name_that_looks_like_a_glob_is_a_name_first():
    write("in[1]/a.txt", "b[2].txt", "b2.txt")
    assert names("in[1]") == ["a.txt"]
    assert names("b[2].txt") == ["b[2].txt"]


def test_files_of_one_name_in_two_folders_go_by_their_paths():
    write("x/a.txt", "y/a.txt", "y/b.txt")
    assert names("x", "y") == ["b.txt", "x/a.txt", "y/a.txt"]


def test_no_two_files_go_by_one_name():
    write("x/a.txt", "y/a.txt", "y/x/a.txt")
    assert len(set(names("x", "y"))) == 3


SAME = {
    "the folder twice": ["in", "in"],
    "the folder and a file in it": ["in", "in/a.txt"],
    "a file and a glob": ["in/a.txt", "in/*.txt"],
    "with a slash at the end": ["in", "in/"],
    "with a dot before it": ["in", "./in/a.txt"],
    "by way of another folder": ["in", "in/../in/a.txt"],
}


@pytest.mark.parametrize("inputs", SAME.values(), ids=SAME)
def test_a_file_that_is_named_in_two_ways_is_read_once(inputs: list[str]):
    write("in/a.txt")
    assert len(find(inputs)) == 1


def test_standard_input():
    assert find(["-"]) == [File("-", "-", named=True)]


def test_what_an_earlier_run_wrote_is_not_read():
    write("in/a.txt", "in/out/clean.jsonl", "in/output.txt", "in/out/deep/b.txt")
    assert names("in", without="in/out") == ["a.txt", "output.txt"]
    assert names("in", without="in/../in/out/") == ["a.txt", "output.txt"]
    assert names("in/**/*.*", without="in/out") == ["a.txt", "output.txt"]
    assert names("in", without="elsewhere") == ["a.txt", "out/clean.jsonl", "out/deep/b.txt", "output.txt"]
    with pytest.raises(UsageError, match="nothing to read in 'in/out'"):
        find(["in/out"], without="in/out")


MISSING = {
    "a file that there is not": ("in/b.txt", "there is no file or folder 'in/b.txt'"),
    "a folder without pages": ("empty", "nothing to read in 'empty'; a folder is searched for files ending in .txt"),
    "a glob that matches nothing": ("in/*.html", "nothing to read in 'in/*.html'"),
    "a glob that matches folders only": ("i*", "nothing to read in 'i*'"),
}


@pytest.mark.parametrize(("given", "message"), MISSING.values(), ids=MISSING)
def test_inputs_that_give_nothing_are_errors(given: str, message: str):
    write("in/a.txt", "empty/notes.md")
    with pytest.raises(UsageError) as caught:
        find(["in", given])
    assert str(caught.value).startswith(message)


def test_what_runs_have_left_is_no_input(tmp_path):
    (tmp_path / "pages" / "corpus" / ".curate" / "finish").mkdir(parents=True)
    for name in ("clean-00000.jsonl", "ledger-00001.jsonl.zst", ".curate/finish/clean.jsonl", "more.jsonl"):
        (tmp_path / "pages" / "corpus" / name).write_text("{}\n")
    (tmp_path / "pages" / "clean-00000.jsonl").write_text("{}\n")  # no run has been here
    assert [file.name for file in find([str(tmp_path / "pages")])] == ["clean-00000.jsonl", "corpus/more.jsonl"]


def test_a_folder_that_cannot_be_looked_into_is_a_file_that_cannot_be_read(tmp_path, monkeypatch):
    (tmp_path / "closed").mkdir()
    (tmp_path / "closed" / "hidden.txt").write_text("A line.\n")
    (tmp_path / "page.txt").write_text("A line.\n")
    scandir = os.scandir

    def refused(folder):
        if str(folder).endswith("closed"):  # root would look into every folder
            raise PermissionError(13, "Permission denied", folder)
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refused)
    assert [file.name for file in find([str(tmp_path)])] == ["closed", "page.txt"]
    [failed] = pages(find([str(tmp_path)])[0], Reading())
    assert (failed.outcome, failed.reason) == ("failed", "cannot be read: Is a directory")
