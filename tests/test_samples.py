"""The samples come out as they did; `make golden` rewrites what is expected, and the diff is reviewed like code."""

import os
import subprocess
from itertools import groupby
from pathlib import Path

import pytest

from curate.config import load
from curate.formats.inputs import find
from curate.formats.pages import Reading
from curate.report.explain import elsewhere, explain
from curate.run.plan import planned
from curate.run.run import Run
from curate.run.work import unadvanced

SAMPLES = Path(__file__).parent.parent / "samples"
PAGES = SAMPLES / "pages"
GOLDEN = SAMPLES / "golden"
CONFIG = SAMPLES / "curate.toml"
NAMES = sorted(path.name for path in PAGES.iterdir())
WRITTEN = ("clean-00000.jsonl", "ledger-00000.jsonl", "pages-00000.jsonl")


@pytest.fixture(scope="module")
def told():
    """The explanation of every file of the samples."""
    config = load(CONFIG)
    reading = Reading(config.input.format, config.input.site_from, config.input.fields, config.limits)
    documents = list(Run(planned([str(PAGES)], find([str(PAGES)]), config, reading, limit=None)).documents(unadvanced))
    others = elsewhere(documents)
    return {
        name: "".join(f"{line.text}\n" for document in of_file for line in explain(document, others))
        for name, of_file in groupby(documents, key=lambda document: document.source.path)
    }


@pytest.mark.parametrize("name", NAMES)
def test_sample_comes_out_as_expected(name, told, pytestconfig):
    expected = GOLDEN / f"{name}.txt"
    if pytestconfig.getoption("golden"):
        GOLDEN.mkdir(exist_ok=True)
        expected.write_text(told[name], encoding="utf-8")
    assert told[name].split("\n") == expected.read_text(encoding="utf-8").split("\n")


def test_every_expected_result_is_of_a_sample(pytestconfig):
    results = {path.name.removesuffix(".txt"): path for path in GOLDEN.iterdir()}
    for name in results.keys() - set(NAMES):
        if pytestconfig.getoption("golden"):
            results.pop(name).unlink()
    assert sorted(results) == NAMES


@pytest.fixture(scope="module")
def written(curate, tmp_path_factory):
    """The output folder of a run over the samples."""
    out = tmp_path_factory.mktemp("samples") / "out"
    ran = curate("clean", PAGES, "--config", CONFIG, "-o", out)
    assert ran.code == 0, ran.err
    return out


def contents(out):
    return {name: (out / name).read_bytes() for name in WRITTEN}


def test_samples_run_twice_give_the_same_bytes(written, script, tmp_path):
    command = [script, "clean", PAGES, "--config", CONFIG, "-o", tmp_path, "--quiet"]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONHASHSEED": "7"})
    assert contents(tmp_path) == contents(written)


def test_samples_named_in_another_order_give_the_same_bytes(written, curate, tmp_path):
    files = sorted(PAGES.iterdir(), reverse=True)
    assert curate("clean", *files, "--config", CONFIG, "-o", tmp_path).code == 0
    assert contents(tmp_path) == contents(written)


def test_the_same_page_gives_the_same_rows_in_any_company(written, curate, tmp_path):
    assert curate("clean", PAGES / "blog.txt", "--config", CONFIG, "-o", tmp_path).code == 0
    for alone, among_others in zip(contents(tmp_path).values(), contents(written).values(), strict=True):
        assert alone
        assert set(alone.splitlines()) <= set(among_others.splitlines())


def test_samples_are_given_back(written, curate, tmp_path):
    assert curate("restore", written, "-o", tmp_path).code == 0
    texts = [path for path in PAGES.iterdir() if path.suffix == ".txt"]
    assert texts
    for path in texts:
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(name + ".txt" * name.endswith(".html") for name in NAMES)
