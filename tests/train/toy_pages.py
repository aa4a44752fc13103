"""Labelled pages that are generated: a few lines of chrome, some sentences, chrome again. Easy to learn, and of nobody."""

import json
import random
from pathlib import Path
from typing import Any

NOUNS = "ferry bell heron painter shed harbour clerk chain swallow lantern pier net boat tide school cat".split()
VERBS = "painted mended found sold counted carried forgot lent".split()
PLACES = "Oxney Ferrigate Thole Wrackham Lundholm Osterby".split()
CHROME = ("Home", "Tides", "Read more", "12 comments", "Share this page", "Sign in", "Menu", "Follow us", "Related tides", "Back to top")


def sentence(draw: random.Random) -> str:
    """A sentence that says nothing in particular, of the length of prose."""
    one, two, three = (draw.choice(NOUNS) for _ in range(3))
    return (
        f"The {one} of {draw.choice(PLACES)} was {draw.choice(VERBS)} by the {two}, and nobody on the bank could say "
        f"why the {three} had to be {draw.choice(VERBS)} again before the end of the summer."
    )


def row(number: int, seed: int = 0, sites: int = 12) -> dict[str, Any]:
    """A page with its labels; its byline is neutral."""
    draw = random.Random(f"{seed} {number}")  # noqa: S311  # no secret
    above, below = ([draw.choice(CHROME) for _ in range(draw.randint(1, 4))] for _ in range(2))
    body = [sentence(draw) for _ in range(draw.randint(2, 6))]
    site = f"paper{number % sites}.example"
    return {
        "page_id": f"toy-{number}",
        "url": f"https://www.{site}/{number}",
        "site": site,
        "source": "toy",
        "lines": [*above, "By Maud Tallis", *body, *below],
        "labels": [0] * len(above) + [2] + [1] * len(body) + [0] * len(below),
    }


def written(folder: Path, count: int = 36, seed: int = 0, **changed: Any) -> Path:
    """A folder with so many rows."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [{**row(number, seed), **changed} for number in range(count)]
    (folder / "toy.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return folder


def as_html(row: dict[str, Any]) -> str:
    """The same page with a tree: what is chrome is linked and stands in boxes of its own."""
    lines = zip(row["lines"], row["labels"], strict=True)
    body = "".join(f"<p>{line}</p>" if label else f"<div class='box'><a href='/{line}'>{line}</a></div>" for line, label in lines)
    return f"<html><head><title>{row['page_id']}</title></head><body><main>{body}</main></body></html>"


def written_html(folder: Path, count: int = 24, seed: int = 0) -> Path:
    """A folder with so many rows and their pages."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [row(number, seed) for number in range(count)]
    for one in rows:
        (folder / f"{one['page_id']}.html").write_text(as_html(one), encoding="utf-8")
    named = [{"html": f"{one['page_id']}.html", **{key: value for key, value in one.items() if key != "lines"}} for one in rows]
    (folder / "toy-html.jsonl").write_text("".join(json.dumps(one) + "\n" for one in named), encoding="utf-8")
    return folder
