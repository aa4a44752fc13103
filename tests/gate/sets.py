"""The labelled sets that the gate scores, and the part of each that a fold held out."""

import gzip
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

HTML_SETS = ("articles", "segments", "readability", "fundus", "fundus_eval", "wcxb")
TEXT_SETS = ("lines", "lines_extra")
EXCERPT = 20  # lines
PAGES_FILES = ("text-pages.json", "html-pages.json")
UNLISTED = 0.05  # share of the pages that may have no labels

Row = dict[str, Any]
Gold = dict[str, dict[str, Any]]


class Sets(NamedTuple):
    """All labelled pages: HTML pages by set, text pages with the set they are of."""

    folder: Path
    html: dict[str, Gold]
    text: dict[str, list[Row]]


class Untrue(Exception):  # noqa: N818  # named for what it says
    """Folds that would make the figures untrue."""


def read(folder: Path) -> Sets:
    """The sets below a folder, each as its README describes it."""
    html = {name: json.loads((folder / name / "gold.json").read_text(encoding="utf-8")) for name in HTML_SETS}
    text = {}
    for name in TEXT_SETS:
        with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
            text[name] = [json.loads(line) for line in file if line.strip()]
    return Sets(folder, html, text)


def key(row: Row) -> str:
    """What a text page goes by: one page comes from several converters."""
    return f"{row['page_id']}|{row['converter']}"


def fold_of(trained: Path, folds: Sequence[int], sets: Sets, *, whole: bool) -> dict[str, int]:
    """Which fold is to score a page, by page id: the one that held it out.

    Training leaves out pages without any labels, and lists them nowhere; they are scored where their site is held out, or by
    the first fold, as nobody has seen them. Raises Untrue where a page is held out twice, where pages of one site are in two
    folds, so that a fold would be scored on a site it has seen, and, of the whole, where many pages are held out nowhere.
    """
    found: dict[str, int] = {}
    for fold in folds:
        for page in sorted(_held(trained / f"fold-{fold}")):
            if page in found:
                raise Untrue(f"the page {page} is held out by fold {found[page]} and by fold {fold}")
            found[page] = fold
    sites: dict[str, int] = {}
    everything = {page: gold["site"] for pages in sets.html.values() for page, gold in pages.items()}
    everything |= {row["page_id"]: row["site"] for rows in sets.text.values() for row in rows}
    for page, site in everything.items():
        if page in found and sites.setdefault(site, found[page]) != found[page]:
            raise Untrue(f"pages of {site} are in the folds {sites[site]} and {found[page]}")
    unlisted = everything.keys() - found.keys()
    if whole and len(unlisted) > UNLISTED * len(everything):
        raise Untrue(f"{len(unlisted)} of {len(everything)} pages are held out by no fold, such as {min(unlisted)}")
    for page in unlisted:
        if whole or everything[page] in sites:
            found[page] = sites.get(everything[page], 1)
    return found


def _held(folder: Path) -> set[str]:
    """The pages that a fold held out: text and HTML have a list each, by source."""
    lists = [json.loads((folder / name).read_text(encoding="utf-8")) for name in PAGES_FILES]
    return {page for held in lists for pages in held.values() for page in pages}


def part(sets: Sets, held: Mapping[str, int], fold: int) -> Sets:
    """The pages that a fold held out."""
    html = {name: {page: gold for page, gold in pages.items() if held.get(page) == fold} for name, pages in sets.html.items()}
    text = {name: [row for row in rows if held.get(row["page_id"]) == fold] for name, rows in sets.text.items()}
    return Sets(sets.folder, html, text)


def excerpt(row: Row) -> Row:
    """So many lines of a page; where they begin is told by a hash of its name, so it is the same each time."""
    places = len(row["lines"]) - EXCERPT + 1
    if places <= 1:
        return row
    start = int.from_bytes(hashlib.blake2b(key(row).encode(), digest_size=8).digest()) % places
    window = slice(start, start + EXCERPT)
    return {**row, "lines": row["lines"][window], "labels": row["labels"][window]}


def lowered(row: Row) -> Row:
    """A page in lower case, as some corpora have it."""
    return {**row, "lines": [line.lower() for line in row["lines"]]}


def write_html(gold: Gold, source: Path, to: Path) -> Path:
    """A set of HTML pages in the form of the sets: gold.json, and the pages as links."""
    (to / "html").mkdir(parents=True)
    (to / "gold.json").write_text(json.dumps(gold), encoding="utf-8")
    for page in gold:
        (to / "html" / f"{page}.html.gz").symlink_to((source / "html" / f"{page}.html.gz").resolve(strict=True))
    return to


def write_text(rows: Sequence[Row], to: Path) -> Path:
    """Text pages in the form of the sets."""
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return to
