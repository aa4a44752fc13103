"""Labelled pages as they come: rows, packed rows, folders with a gold.json; and what is wrong with them."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zstandard

from curate.errors import ConfigError, UsageError
from curate.formats.limits import Limits
from curate.train.data import LabelledPage, read

SENTENCE = "The ferry at Oxney was painted twice in one summer and nobody could say why."
OTHER = "A heron has been standing on the lower chain since the first week of May."
HTML = f"<html><head><title>Tides</title></head><body><nav><a href='/'>Home</a></nav><p>{SENTENCE}</p><p>{OTHER}</p></body></html>"
ROW: dict[str, Any] = {"page_id": "t1", "site": "oxney.example", "source": "quay", "lines": ["Home", SENTENCE], "labels": [0, 1]}


def rows(folder: Path, *given: dict[str, Any], name: str = "pages.jsonl") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in given), encoding="utf-8")
    return path


def row(**changed: Any) -> dict[str, Any]:
    return {key: value for key, value in {**ROW, **changed}.items() if value is not ...}


def one(folder: Path, **changed: Any) -> LabelledPage:
    [page] = read([rows(folder, row(**changed))])
    return page


def problems(*paths: Path) -> list[str]:
    with pytest.raises(ConfigError) as told:
        list(read(paths))
    return [str(problem).replace(f"{paths[0].parent}/", "") for problem in told.value.problems]


# Rows.


def test_a_row_with_lines_and_labels(tmp_path: Path):
    page = one(tmp_path, url="https://www.oxney.example/tides")
    assert (page.id, page.site, page.source, page.partial) == ("t1", "oxney.example", "quay", False)
    assert [page.document.text_of(number) for number in range(page.document.read)] == ["Home", SENTENCE]
    assert page.labels.tolist() == [0, 1]
    assert page.labels.dtype == np.int8
    assert page.document.url == "https://www.oxney.example/tides"
    assert page.document.tags["lang"] == "en"
    assert not page.document.is_html


LINES = {
    "labels of empty lines go with them": (["Home", "", "  ", SENTENCE], [0, 2, 2, 1], [0, 1]),
    "labels of the lines that are not empty": (["Home", "", SENTENCE], [0, 1], [0, 1]),
    "white space inside a line is a blank": (["Home\nTides", f"  {SENTENCE} "], [2, 1], [2, 1]),
    "a page without any text": ([""], [], []),
    "a page without a line": ([], [], []),
}


@pytest.mark.parametrize(("lines", "labels", "expected"), LINES.values(), ids=LINES)
def test_lines(tmp_path: Path, lines: list[str], labels: list[int], expected: list[int]):
    page = one(tmp_path, lines=lines, labels=labels)
    assert page.labels.tolist() == expected
    assert page.document.read == len(expected)
    assert "Home\n" not in page.document.page or lines[0] == "Home"


def test_a_row_with_the_main_text(tmp_path: Path):
    page = one(tmp_path, lines=["Home", SENTENCE, "Tides", OTHER], labels=..., text=f"{SENTENCE}\n{OTHER}")
    assert page.labels.tolist() == [0, 1, 0, 1]
    assert not page.partial


def test_a_row_with_known_strings(tmp_path: Path):
    page = one(tmp_path, lines=["Home page", SENTENCE, OTHER], labels=..., **{"with": ["painted twice"], "without": ["Home page"]})
    assert (page.labels.tolist(), page.partial) == ([0, 1, 2], True)
    assert one(tmp_path, labels=..., without=["Home"]).labels.tolist() == [0, 2]


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
def test_a_row_with_html_beside_it(tmp_path: Path, packed: bool):  # noqa: FBT001
    (tmp_path / "html").mkdir()
    data, name = HTML.encode("utf-8"), "html/h1.html.gz" if packed else "html/h1.html"
    (tmp_path / name).write_bytes(gzip.compress(data) if packed else data)
    page = one(tmp_path, page_id="h1", lines=..., html=name, labels=[0, 1, 1])
    assert page.document.is_html
    assert [page.document.text_of(number) for number in range(3)] == ["Home", SENTENCE, OTHER]
    assert page.labels.tolist() == [0, 1, 1]


SITES = {
    "the site": ({"site": "www.oxney.example", "url": "https://elsewhere.example"}, "oxney.example"),
    "or else the address": ({"site": "", "url": "https://www.quay.example/a"}, "quay.example"),
    "nulls are nothing": ({"site": None, "url": None}, ""),
    "nothing said": ({"site": ...}, ""),
}


@pytest.mark.parametrize(("given", "site"), SITES.values(), ids=SITES)
def test_sites(tmp_path: Path, given: dict[str, Any], site: str):
    assert one(tmp_path, **given).site == site


def test_a_set_without_a_name_is_called_as_its_file(tmp_path: Path):
    [page] = read([rows(tmp_path, row(source=...), name="ferries.part1.jsonl")])
    assert page.source == "ferries"


def test_fields_that_nobody_knows_and_empty_lines_are_left_alone(tmp_path: Path):
    path = rows(tmp_path, row(weather="fair"))
    path.write_text(f"\n{path.read_text()}\n  \n")
    assert [page.id for page in read([path])] == ["t1"]


# Files and folders.


def test_files_of_a_folder_come_in_the_order_of_their_names_packed_or_not(tmp_path: Path):
    rows(tmp_path, row(page_id="b1"), row(page_id="b2"), name="b.jsonl")
    plain = rows(tmp_path, row(page_id="x"), name="plain").read_bytes()
    (tmp_path / "c.jsonl.gz").write_bytes(gzip.compress(plain.replace(b'"x"', b'"c"')))
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "z.jsonl.zst").write_bytes(zstandard.compress(plain.replace(b'"x"', b'"a"')))
    (tmp_path / "notes.txt").write_text("no rows")
    assert [page.id for page in read([tmp_path])] == ["a", "b1", "b2", "c"]
    assert [page.id for page in read([tmp_path / "c.jsonl.gz", tmp_path / "b.jsonl"])] == ["c", "b1", "b2"]


def test_zstandard_that_was_written_as_a_stream_is_read(tmp_path: Path):
    packing = zstandard.ZstdCompressor().compressobj()
    (tmp_path / "a.jsonl.zst").write_bytes(packing.compress(json.dumps(ROW).encode()) + packing.flush())
    assert [page.id for page in read([tmp_path])] == ["t1"]


def test_a_folder_of_a_benchmark(tmp_path: Path):
    folder = tmp_path / "harbours"
    (folder / "html").mkdir(parents=True)
    (folder / "html" / "p1.html").write_text(HTML, encoding="utf-8")
    (folder / "html" / "p2.html.gz").write_bytes(gzip.compress(HTML.encode()))
    known = {
        "p1": {"text": SENTENCE, "url": "https://oxney.example/1"},
        "p2": {"with": ["heron"], "without": ["Home"], "url": None, "site": "quay.example"},
    }
    (folder / "gold.json").write_text(json.dumps(known), encoding="utf-8")
    pages = list(read([tmp_path]))
    assert [(page.id, page.site, page.source, page.partial) for page in pages] == [
        ("p1", "oxney.example", "harbours", False),
        ("p2", "quay.example", "harbours", True),
    ]
    assert [page.labels.tolist() for page in pages] == [[0, 1, 0], [0, 2, 1]]


def test_a_folder_without_any_is_told(tmp_path: Path):
    (tmp_path / "notes.txt").write_text("no rows")
    with pytest.raises(UsageError, match=r"there are no labelled pages in .*: neither rows \(\*\.jsonl, \.gz, \.zst\) nor a gold\.json"):
        list(read([tmp_path]))


# What is wrong.


def test_all_problems_of_a_file_are_told_at_once_with_their_lines(tmp_path: Path):
    path = rows(tmp_path, row(), row(page_id="t2", labels=[0]), row(page_id="t3", lines=...), row(page_id="t4", labels=...))
    with path.open("a") as more:
        more.write('{"lines": 7}\n{\n' + json.dumps(row(page_id="t7", labels=[0, 3])) + "\n")
    told = problems(path)
    assert [problem.partition(": ")[0] for problem in told] == [f"pages.jsonl:{line}" for line in range(2, 8)]
    assert "pages.jsonl:2: t2: 1 labels for 2 paragraphs; each is 1 (content), 0 (chrome) or 2 (neither)" in told
    assert "pages.jsonl:3: t3: a row has either `lines` or `html`" in told
    assert "pages.jsonl:4: t4: a row has `labels`, `text`, or `with` and `without`" in told
    assert "pages.jsonl:7: t7: 2 labels for 2 paragraphs; each is 1 (content), 0 (chrome) or 2 (neither)" in told
    assert any(problem.startswith("pages.jsonl:5: Expected `array") for problem in told)


def test_a_row_with_both_kinds_of_page_is_refused(tmp_path: Path):
    [told] = problems(rows(tmp_path, row(html="a.html")))
    assert told == "pages.jsonl:1: t1: a row has either `lines` or `html`"


def test_a_page_that_is_not_there_is_named(tmp_path: Path):
    [told] = problems(rows(tmp_path, row(lines=..., html="html/gone.html")))
    assert told.startswith("pages.jsonl:1: t1: ")
    assert "gone.html" in told


def test_a_page_beyond_the_limits_is_named(tmp_path: Path):
    (tmp_path / "deep.html").write_text("<div>" * 100_000)
    [told] = problems(rows(tmp_path, row(lines=..., html="deep.html")))
    assert told.startswith("pages.jsonl:1: t1: ")
    small = Limits(bytes=10)
    (tmp_path / "deep.html").write_text(HTML)
    with pytest.raises(ConfigError):
        list(read([tmp_path / "pages.jsonl"], small))


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.jsonl.zst", "gold.json"])
def test_a_file_that_is_not_what_its_name_says_is_told(tmp_path: Path, name: str):
    (tmp_path / name).write_bytes(b"no such thing")
    with pytest.raises(ConfigError, match=f"{name}: cannot be read"):
        list(read([tmp_path]))


def test_a_file_that_was_cut_off_is_told(tmp_path: Path):
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(json.dumps(ROW).encode())[:-12])
    with pytest.raises(ConfigError, match="cannot be read"):
        list(read([tmp_path]))


def test_sound_pages_before_a_problem_are_no_reason_to_go_on(tmp_path: Path):
    path = rows(tmp_path, row(), row(page_id="t2", labels=[]))
    with pytest.raises(ConfigError):
        list(read([path]))
