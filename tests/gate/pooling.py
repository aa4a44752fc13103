"""What the runs of all folds kept, put together and scored as one.

F1 over all pages is not the mean of the folds' F1, and published figures are over all pages. The scoring is that of the
quality folder, given as the module `evaluate`.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from sets import Gold, Row, key

STEP = "page-model"
LOSSES = {"chrome_at_0.5": 0.005, "chrome_at_1": 0.01, "chrome_at_2": 0.02}  # shares of the content's characters


class Evaluate(Protocol):
    """The scoring functions of the quality folder."""

    def score_articles(self, gold: Gold, pred: Mapping[str, str]) -> dict[str, Any]: ...
    def score_segments(self, gold: Gold, pred: Mapping[str, str]) -> dict[str, Any]: ...
    def score_lines(self, gold: Sequence[Row], pred: Mapping[str, Sequence[int]]) -> dict[str, Any]: ...


class Value(NamedTuple):
    """A measured value, and the number of pages it is measured on."""

    set: str
    measure: str
    value: float
    pages: int


def records(out: Path, kind: str) -> Iterator[dict[str, Any]]:
    """The rows of one kind that a run wrote."""
    for path in sorted(out.glob(f"{kind}-*.jsonl")):
        with path.open(encoding="utf-8") as file:
            for line in file:
                yield json.loads(line)


def _stem(record: dict[str, Any]) -> str:
    return str(record["source"]["path"]).rpartition("/")[2].split(".html")[0].split(".txt")[0]


def texts(out: Path) -> dict[str, str]:
    """What a run kept of HTML pages, by page id."""
    return {_stem(record): record["text"] for record in records(out, "clean")}


def masks(out: Path, rows: Sequence[Row]) -> dict[str, list[int]]:
    """For each line of text pages whether a run kept it; the run has numbered the pages in their order."""
    kept = {_stem(record): set(record["kept"]) for record in records(out, "clean")}
    found = {}
    for number, row in enumerate(rows):
        mine, mask, paragraph = kept.get(f"{number:05d}", set()), [], 0
        for line in row["lines"]:
            is_paragraph = bool(line.split())
            mask.append(int(is_paragraph and paragraph in mine))
            paragraph += is_paragraph
        found[key(row)] = mask
    return found


def measures(out: Path, rows: Sequence[Row]) -> dict[str, list[float]]:
    """The model's probability for each line of text pages; NaN for lines that are no paragraph."""
    stored = {_stem(record): record["measures"][STEP] for record in records(out, "pages")}
    found = {}
    for number, row in enumerate(rows):
        mine = stored[f"{number:05d}"]
        paragraphs = [place for place, line in enumerate(row["lines"]) if line.split()]
        if len(mine) != len(paragraphs):
            raise ValueError(f"{key(row)}: {len(mine)} measures for {len(paragraphs)} lines")
        found[key(row)] = [float("nan")] * len(row["lines"])
        for place, probability in zip(paragraphs, mine, strict=True):
            found[key(row)][place] = probability
    return found


def html_values(name: str, gold: Gold, kept: Mapping[str, str], evaluate: Evaluate) -> Iterator[Value]:
    """F1 of a set of HTML pages, and of each kind of page in it."""
    if not gold:
        return
    score = evaluate.score_articles if "text" in next(iter(gold.values())) else evaluate.score_segments
    kinds = sorted({page["page_type"] for page in gold.values() if "page_type" in page})
    for kind in ("", *kinds):
        some = {page: known for page, known in gold.items() if not kind or known["page_type"] == kind}
        yield Value(f"{name}/{kind}" if kind else name, "f1", score(some, kept)["f1"], len(some))


def text_values(name: str, rows: Sequence[Row], kept: Mapping[str, Sequence[int]], evaluate: Evaluate) -> Iterator[Value]:
    """The scores of a set of text pages."""
    if rows:
        score = evaluate.score_lines(rows, kept)
        for measure in ("char_f1", "line_f1", "content_loss", "chrome_recall_lines"):
            yield Value(name, measure, score[measure], len(rows))


def curve(name: str, rows: Sequence[Row], probabilities: Mapping[str, Sequence[float]]) -> Iterator[Value]:
    """The share of chrome lines that go at the highest limit that loses no more than so much of the content's characters."""
    found = [
        (p, label, len(line))
        for row in rows
        for p, label, line in zip(probabilities[key(row)], row["labels"], row["lines"], strict=True)
        if label in {0, 1} and line.split()
    ]
    if not found:
        return
    p, label, length = (np.array(column, dtype=np.float64) for column in zip(*found, strict=True))
    order = np.argsort(p, kind="stable")
    p, content = p[order], label[order] == 1
    lost = np.cumsum(np.where(content, length[order], 0.0))
    gone = np.cumsum(~content)
    # A limit takes all lines of one probability or none of them.
    ends = np.flatnonzero(np.append(p[1:] != p[:-1], True))  # a value among values
    for measure, loss in LOSSES.items():
        allowed = ends[lost[ends] <= loss * lost[-1]]
        yield Value(name, measure, gone[allowed[-1]] / max(gone[-1], 1) if len(allowed) else 0.0, len(rows))


class Again(NamedTuple):
    """Characters that a second cleaning read, and kept."""

    read: int
    kept: int


def again(out: Path) -> Again:
    """What a second cleaning did, by the count of its run."""
    chars = json.loads((out / "run.json").read_text(encoding="utf-8"))["chars"]
    return Again(chars["read"], chars["kept"])


def lost_again(name: str, parts: Sequence[Again], pages: int) -> Iterator[Value]:
    """The share of characters that a second cleaning loses."""
    read = sum(part.read for part in parts)
    if read:
        yield Value(name, "lost_again", 1 - sum(part.kept for part in parts) / read, pages)
