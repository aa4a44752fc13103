"""`curate index info`: runs, counts, bytes and settings, for people and for programs; and the runs that fill an index."""

import json
from pathlib import Path

import numpy as np
import pytest

from curate.document import document_of_lines
from curate.duplicates.corpus import Sketched
from curate.duplicates.documents import Documents
from curate.duplicates.index import Index
from curate.duplicates.sketch import Shingled
from curate.duplicates.table import write

SKETCHER = Shingled(shingle=4)


@pytest.fixture
def index(tmp_path: Path) -> Path:
    for number, (run, text) in enumerate({"spring": "the ferry leaves at noon\nthe old pier", "summer": "tide tables\n" * 1200}.items()):
        folder = tmp_path / run
        folder.mkdir()
        doc = document_of_lines(text)
        doc.doc = f"{number:020}"
        documents, sketching = Documents(), SKETCHER.begin()
        documents.add(doc)
        sketching.add(doc)
        write(folder / "documents.table", documents.table())
        write(folder / f"{SKETCHER.name}.table", sketching.table())
        index = Index(tmp_path / "index")
        settled = [part.folder for part in index.segments(run)]
        index.add(run, "0", [Sketched(folder)], [np.ones(doc.read, dtype=np.bool_)], sketcher=SKETCHER, settled=settled)
    return tmp_path / "index"


def size(index: Path, run: str) -> int:
    return sum(path.stat().st_size for path in index.glob(f"segments/*-{run}-0/*"))


def test_runs_are_listed_with_what_they_hold(curate, index):
    ran = curate("index", "info", index)
    assert ran.code == 0
    head, spring, summer, everything, *rest = [line.split() for line in ran.out.splitlines()]
    assert head == "run documents paragraphs bytes bytes a paragraph".split()
    assert spring == ["spring", "1", "2", f"{size(index, 'spring'):,}", f"{round(size(index, 'spring') / 2):,}"]
    assert summer == ["summer", "1", "1,200", f"{size(index, 'summer'):,}", f"{round(size(index, 'summer') / 1200):,}"]
    assert everything[:3] == ["all", "2", "1,202"]
    assert rest == [[], "sketch shingle = 4, chars = 4, bands = 20, rows = 6, min_words = 3, short = 8, begins = 8".split()]


def test_json_has_the_same(curate, index):
    ran = curate("index", "info", index, "--json")
    assert ran.code == 0
    info = json.loads(ran.out)
    assert [(row["run"], row["documents"], row["paragraphs"]) for row in info["runs"]] == [("spring", 1, 2), ("summer", 1, 1200)]
    assert [row["bytes"] for row in info["runs"]] == [size(index, "spring"), size(index, "summer")]
    assert info["all"] == {"run": "all", "documents": 2, "paragraphs": 1202, "bytes": size(index, "spring") + size(index, "summer")}
    assert info["sketch"]["shingle"] == 4


def test_an_empty_run_has_no_bytes_a_paragraph(curate, tmp_path):
    Index(tmp_path / "index").add("spring", "0", [], [], sketcher=SKETCHER, settled=[])
    ran = curate("index", "info", tmp_path / "index")
    assert ran.code == 0
    assert ran.out.splitlines()[1].split()[-1] == "0"


@pytest.mark.parametrize("name", ["nothing", "."])
def test_a_folder_that_is_no_index_is_wrong_usage(curate, tmp_path, name):
    (tmp_path / "notes.txt").touch()
    ran = curate("index", "info", tmp_path / name)
    assert ran.code == 2
    assert "is no index" in ran.err


FERRY = "The ferry to the outer islands leaves at noon and comes back before the tide turns again in the evening."
PIER = "The old pier was painted green by the children of the village school while the harbour master looked on."
LAMP = "Nobody has lit the lamp on the breakwater since the keeper moved inland to live with a cousin who bakes."
CONFIG = '[[step]]\nname = "duplicate-paragraphs"\n'


@pytest.fixture
def clean(curate, tmp_path: Path):
    """Clean a page with an index, and give what is left of it."""
    (tmp_path / "c.toml").write_text(CONFIG, encoding="utf-8")

    def cleaned(name: str, *lines: str) -> list[str]:
        (tmp_path / name).mkdir(exist_ok=True)
        (tmp_path / name / f"{name}.txt").write_text("\n".join(lines), encoding="utf-8")
        options = ("--config", tmp_path / "c.toml", "--index", tmp_path / "kept", "--workers", 1)
        ran = curate("clean", tmp_path / name, "-o", tmp_path / f"{name}-out", *options)
        assert ran.code == 0, ran.err
        return curate.rows(tmp_path / f"{name}-out")[0]["text"].split("\n")

    return cleaned


def test_a_later_run_drops_what_an_earlier_one_has_put_out(curate, clean, tmp_path):
    assert clean("spring", FERRY, PIER) == [FERRY, PIER]
    assert clean("summer", LAMP, FERRY.replace("evening", "morning")) == [LAMP]
    assert clean("autumn", LAMP, PIER, "the kept line") == ["the kept line"]
    runs = json.loads(curate("index", "info", tmp_path / "kept", "--json").out)["runs"]
    assert [row["paragraphs"] for row in runs] == [2, 1, 1], "only what has been put out is in the index"


def test_a_run_is_not_compared_with_itself_nor_with_later_ones_when_it_is_run_again(clean, tmp_path):
    def files() -> dict[str, tuple[bytes, int]]:
        return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in (tmp_path / "kept").rglob("*.table")}

    clean("spring", FERRY)
    clean("summer", PIER, FERRY)
    before = files()
    assert clean("spring", FERRY) == [FERRY]
    assert clean("summer", PIER, FERRY) == [PIER]
    assert files() == before, "a run that has nothing new to say leaves the index as it is"
    assert clean("spring", FERRY, PIER) == [FERRY, PIER]
    assert clean("summer", PIER, FERRY, LAMP) == [LAMP]


def test_settings_that_do_not_fit_the_index_are_told_before_anything_is_read(curate, clean, tmp_path):
    clean("spring", FERRY)
    (tmp_path / "c.toml").write_text(CONFIG + "shingle = 5\n", encoding="utf-8")
    ran = curate("clean", tmp_path / "spring", "-o", tmp_path / "out", "--config", tmp_path / "c.toml", "--index", tmp_path / "kept")
    assert ran.code == 2
    assert f"was made with {Shingled().name}, and this run makes {Shingled(shingle=5).name}" in ran.err
    assert not list((tmp_path / "out").glob("*.jsonl"))
