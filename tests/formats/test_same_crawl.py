"""The same crawl in every format: the same texts, and the same changes for the same reasons."""

import json
from pathlib import Path
from typing import NamedTuple

import generate
import pytest
import warcs

CONFIG = """
extends = "corpus"

[input]
shard_bytes = {}
"""
SIZES = {"warc.gz": 200_000}  # so that such a file is cut
WORLD = generate.World(60, paragraphs=(2, 4))
FORMS = ("warc", "warc.gz", "html", "jsonl", "parquet")


class Cleaned(NamedTuple):
    """What a run has made of pages, by their addresses, without what tells where they were read."""

    texts: dict[str, dict[str, object]]
    changes: dict[str, list[dict[str, object]]]
    outcomes: dict[str, tuple[str, str]]
    shards: int
    aside: dict[str, int]


@pytest.fixture(scope="module")
def cleaned(curate, tmp_path_factory):
    """A function from a format to what a run makes of the crawl in it."""
    known: dict[str, Cleaned] = {}

    def of(form: str) -> Cleaned:
        if form not in known:
            known[form] = clean(curate, tmp_path_factory.mktemp(form), form)
        return known[form]

    return of


def clean(curate, folder: Path, form: str) -> Cleaned:
    (folder / "config.toml").write_text(CONFIG.format(SIZES.get(form, 2_000_000)))
    given = folder / ("crawl" if form == "html" else f"crawl.{form}")
    warcs.write(WORLD, form, given)
    out = folder / "out"
    ran = curate("clean", given, "-o", out, "--config", folder / "config.toml", "--workers", 1)
    assert ran.code == 0, ran.err
    pages = curate.rows(out, "pages")
    url = {row["doc"]: row["url"] for row in pages}
    changes: dict[str, list[dict[str, object]]] = {address: [] for address in url.values()}
    for row in curate.rows(out, "ledger"):
        of = row["of"]
        changes[url[row["doc"]]].append(row | {"doc": "", "of": (url.get(of["doc"], ""), of["paragraph"])})
    assert len(url) == len(changes) == WORLD.documents
    return Cleaned(
        {row["url"]: {name: row[name] for name in row.keys() - {"doc", "id", "source", "meta"}} for row in curate.rows(out)},
        changes,
        {row["url"]: (row["outcome"], row["reason"]) for row in pages},
        len(list(out.glob("clean-*"))),
        json.loads((out / "run.json").read_text()).get("aside", {}),
    )


@pytest.mark.parametrize("form", FORMS[1:])
def test_a_crawl_comes_out_the_same_whatever_it_lies_in(cleaned, form):
    one, other = cleaned(FORMS[0]), cleaned(form)
    assert other.outcomes == one.outcomes
    assert other.texts == one.texts
    assert other.changes == one.changes


def test_the_crawl_has_what_tells_formats_apart(cleaned):
    """Repeats across pages, so that changes name others; several shards, so that a WARC file is cut inside; records that are no pages."""
    crawl = cleaned("warc.gz")
    changes = [change for some in crawl.changes.values() for change in some]
    assert sum(change["of"][0] != "" for change in changes) > 10
    assert {change["step"] for change in changes} >= {"duplicate-documents", "duplicate-paragraphs"}
    assert crawl.shards > 5
    assert crawl.aside == {"warcinfo": 1, "request": 60, "metadata": 60, "status 301": 6, "type image/jpeg": 12}
