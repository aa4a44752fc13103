"""Lines that recur on a host's pages: counted by ranges of their keys, so that memory stays in bounds.

First every line's documents are counted. Then copies of a page are told, because a line of an article that lies under four
addresses recurs and is none of the site's: documents with one address are one page, and so are documents that have the same lead
line. That is the line with the most characters by the number of the host's documents that have it: of what a site repeats it is the
article, not the template. At last the groups are looked at again, each page counting once.

In memory are the rows of one range, as many as the corpus allows, and about 100 bytes for each document of the corpus.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from curate.duplicates.corpus import Corpus, Sketched
from curate.duplicates.lines import UNMEASURED, joined
from curate.duplicates.ordered import changes
from curate.duplicates.table import Column, Table, loaded, read, write
from curate.places import Place
from curate.text.codepoints import Bools
from curate.text.shingles import Hashes

Rows = NDArray[np.int64]
_ROW_BYTES: Final = 160  # that a row takes while its partition is looked at
_NOWHERE: Final = np.iinfo(np.int64).max
_MILLION: Final = 1e6  # measures are added up as whole numbers: the sum is the same in any order
_TENTH: Final = 10
_LINES: Final = {
    "key": np.uint64,
    "row": np.int64,
    "doc": np.int64,
    "chars": np.int32,
    "sentence": np.bool_,
    "from_top": np.int32,
    "from_end": np.int32,
    "measure": np.float32,
}
_DOCUMENTS: Final = {"score": np.float64, "lead": np.uint64, "first": np.int64, "last": np.int64}


class Asked(NamedTuple):
    """What a line must have to be found. See `SiteLines`."""

    min_pages: int
    share: float
    host_pages: int
    max_chars: int
    spread: int
    model_at_most: float
    inside_at_most: float


class Part(NamedTuple):
    """A range of keys, and where things lie. Small: it goes to other processes."""

    number: int
    of: int  # a power of two
    shards: tuple[Sketched, ...]
    sketch: str
    work: Place
    asked: Asked


class Found(NamedTuple):
    """Rows to go, in order, with the share of the host's pages that have the line; and the groups they come of."""

    rows: Rows
    in_place: Bools
    shares: NDArray[np.float64]
    groups: dict[str, Column]


def recurring(corpus: Corpus, sketch: str, asked: Asked) -> Found:
    """What recurs in a corpus, by the tables of a sketch."""
    parts = _parts(corpus, sketch, asked)
    for _ in corpus.map(_count, parts):
        pass
    _tell_pages(corpus, parts)
    for _ in corpus.map(_decide, parts):
        pass
    for part in parts:
        _file(part, "recurs").unlink()  # not by the task: it may be done twice
    drops = [loaded(_file(part, "drops")) for part in parts]
    rows = joined([drop["row"] for drop in drops], np.int64)
    order = np.argsort(rows, kind="stable")
    shares, in_place = joined([drop["share"] for drop in drops], np.float64), joined([drop["in_place"] for drop in drops], np.bool_)
    groups = [loaded(_file(part, "groups")) for part in parts]
    return Found(
        rows[order], in_place[order], shares[order], {name: np.concatenate([table[name] for table in groups]) for name in groups[0]}
    )


def _parts(corpus: Corpus, sketch: str, asked: Asked) -> list[Part]:
    """The ranges; what lives is written down for whoever works on one."""
    total = sum(len(alive) for alive in corpus.alive)
    of = 1
    while of * corpus.memory < total * _ROW_BYTES and of < 1 << 16:
        of *= 2
    for number, alive in enumerate(corpus.alive):
        write(corpus.work / f"alive-{number}.table", {"alive": alive})
    return [Part(number, of, corpus.shards, sketch, corpus.work, asked) for number in range(of)]


def _file(part: Part, kind: str) -> Place:
    return part.work / f"{kind}-{part.number}.table"


def _slices(part: Part) -> Iterator[dict[str, Column]]:
    """The rows of a range that live, shard by shard: key, number of row and document among all, and what the sketch has by row."""
    low, high = ((part.number + end << 64) // part.of for end in (0, 1))
    rows_before = documents_before = 0
    for number, shard in enumerate(part.shards):
        table, first = shard.table(part.sketch), shard.documents["first"]
        start = int(np.searchsorted(table["keys"], np.uint64(low)))
        end = int(np.searchsorted(table["keys"], np.uint64(high))) if high < 1 << 64 else len(table["keys"])
        rows = table["key_rows"][start:end].astype(np.int64)
        lives = read(part.work / f"alive-{number}.table")["alive"][rows]
        rows = rows[lives]
        yield {
            "key": table["keys"][start:end][lives],
            "row": rows + rows_before,
            "doc": np.searchsorted(first, rows, side="right") - 1 + documents_before,
            **{name: table[name][rows] for name in _LINES if name in table and name != "key"},
        }
        rows_before += int(first[-1])
        documents_before += len(first) - 1


def _starts(keys: NDArray[Any]) -> Rows:
    """Where runs of equal values start."""
    return np.flatnonzero(changes(keys))


def _sizes(starts: Rows, end: int) -> Rows:
    """How long the runs are; `end` is where the last one does."""
    return np.diff(np.append(starts, end))


def _count(part: Part) -> int:
    """Count the documents of each line; leave by document its lead line and where its own sentences
    stand, those that do not recur; and the rows that do.
    """
    slices = list(_slices(part))
    found = {name: joined([one[name] for one in slices], dtype) for name, dtype in _LINES.items()}
    del slices
    order = np.argsort(found["key"], kind="stable")  # rows ascend in it, and so do documents
    found = {name: column[order] for name, column in found.items()}
    starts = _starts(found["key"])
    fresh = np.zeros(len(order), dtype=np.int64)  # 1 where a line stands in a document for the first time
    fresh[starts] = 1
    fresh[1:] |= found["doc"][1:] != found["doc"][:-1]
    times = np.repeat(np.add.reduceat(fresh, starts), _sizes(starts, len(order)))
    again = times >= part.asked.min_pages
    write(_file(part, "documents"), _by_document(found, times, found["sentence"] & ~again))
    write(_file(part, "recurs"), {name: column[again] for name, column in found.items()})
    return int(again.sum())


def _by_document(found: Table, times: Rows, own: Bools) -> dict[str, Column]:
    """The lead line among some rows for each of their documents, and the first and the last of its own sentences."""
    numbers, inverse = np.unique(found["doc"], return_inverse=True)
    scores = found["chars"] / times
    best = {name: np.zeros(len(numbers), dtype=dtype) for name, dtype in _DOCUMENTS.items()}
    np.maximum.at(best["score"], inverse, scores)
    leads = scores == best["score"][inverse]
    np.maximum.at(best["lead"], inverse[leads], found["key"][leads])
    best["first"][:], best["last"][:] = _NOWHERE, -1
    np.minimum.at(best["first"], inverse[own], found["row"][own])
    np.maximum.at(best["last"], inverse[own], found["row"][own])
    return {"doc": numbers, **best}


def _tell_pages(corpus: Corpus, parts: Sequence[Part]) -> None:
    """Merge what the ranges know of documents, and write down by document its page, the pages of its host, its own sentences."""
    hosts, addresses = (joined([shard.column(parts[0].sketch, name) for shard in corpus.shards], np.uint64) for name in ("host", "page"))
    best = {name: np.zeros(len(hosts), dtype=dtype) for name, dtype in _DOCUMENTS.items()}
    best["first"][:], best["last"][:] = _NOWHERE, -1
    for part in parts:
        table = read(_file(part, "documents"))
        doc = table["doc"]
        better = (table["score"] > best["score"][doc]) | ((table["score"] == best["score"][doc]) & (table["lead"] > best["lead"][doc]))
        for name in ("score", "lead"):
            best[name][doc[better]] = table[name][better]
        best["first"][doc] = np.minimum(best["first"][doc], table["first"])
        best["last"][doc] = np.maximum(best["last"][doc], table["last"])
        _file(part, "documents").unlink()
    pages = _of_one_address(addresses, best["score"], best["lead"])
    write(corpus.work / "pages.table", {"page": pages, "of": _host_pages(hosts, pages), "first": best["first"], "last": best["last"]})


def _of_one_address(addresses: Hashes, scores: NDArray[np.float64], leads: Hashes) -> Hashes:
    """The lead of each document, or of the best one with its address; a document without lines keeps 0."""
    order = np.lexsort((leads, scores, addresses))
    starts = _starts(addresses[order])
    sizes = _sizes(starts, len(order))
    best = np.zeros(len(order), dtype=np.uint64)
    best[order] = np.repeat(leads[order][starts + sizes - 1], sizes)
    pages: Hashes = np.where((addresses == 0) | (leads == 0), leads, best)
    return pages


def _host_pages(hosts: Hashes, pages: Hashes) -> Rows:
    """For each document the number of different pages of its host; those without lines are none."""
    order = np.lexsort((pages, hosts))
    host, page = hosts[order], pages[order]
    fresh = page != 0
    fresh[1:] &= (page[1:] != page[:-1]) | (host[1:] != host[:-1])
    starts = _starts(host)
    counts = np.zeros(len(order), dtype=np.int64)
    counts[order] = np.repeat(np.add.reduceat(fresh, starts, dtype=np.int64), _sizes(starts, len(order)))
    return counts


def _decide(part: Part) -> int:
    """Look at the lines of a range that recur, and leave the rows that go and the groups they come of."""
    asked, found, pages = part.asked, read(_file(part, "recurs")), read(part.work / "pages.table")
    starts = _starts(found["key"])
    sizes = _sizes(starts, len(found["key"]))
    group = np.repeat(np.arange(len(starts)), sizes)
    counted = _different(group, pages["page"][found["doc"]], len(starts))
    of = pages["of"][found["doc"][starts]]
    shares = np.round(counted / np.maximum(of, 1), 6)
    chars = np.maximum.reduceat(found["chars"], starts)
    recurs = (counted >= asked.min_pages) & (of >= asked.host_pages) & (shares >= asked.share) & (chars <= asked.max_chars)
    measures = _means(found["measure"], starts, sizes)
    measured = measures != UNMEASURED
    doubted, inside_doubted = (measured & (measures <= limit) for limit in (asked.model_at_most, asked.inside_at_most))
    sentence = np.logical_or.reduceat(found["sentence"], starts)
    placed, agrees = _in_place(found, group, starts, asked.spread)
    inside = (pages["first"][found["doc"]] < found["row"]) & (found["row"] < pages["last"][found["doc"]])
    low = np.where(inside, inside_doubted[group], doubted[group])
    goes = np.where(sentence[group], agrees[group] & placed & low, ~inside | low) & recurs[group]
    write(_file(part, "drops"), {"row": found["row"][goes], "share": shares[group][goes], "in_place": sentence[group][goes]})
    some = np.zeros(len(starts), dtype=np.bool_)
    some[group[goes]] = True
    write(_file(part, "groups"), _groups(found, starts, some, {"pages": counted, "of": of, "share": shares, "measure": measures}))
    return int(goes.sum())


def _different(group: Rows, pages: Hashes, count: int) -> Rows:
    """How many different pages each group has."""
    order = np.lexsort((pages, group))
    group, pages = group[order], pages[order]
    fresh = np.concatenate(([True], (group[1:] != group[:-1]) | (pages[1:] != pages[:-1])))[: len(group)]
    return np.bincount(group[fresh], minlength=count)


def _means(measures: Column, starts: Rows, sizes: Rows) -> NDArray[np.float64]:
    """The mean measure of each group; -1 where one of its rows has none."""
    whole = np.round(measures.astype(np.float64) * _MILLION).astype(np.int64)
    means: NDArray[np.float64] = np.round(np.add.reduceat(whole, starts) / sizes / _MILLION, 6)
    return np.where(np.minimum.reduceat(measures, starts) == UNMEASURED, UNMEASURED, means)


def _in_place(found: Table, group: Rows, starts: Rows, spread: int) -> tuple[Bools, Bools]:
    """Which rows stand where most of their group do, from the top or from the end, whichever more agree on; and the groups of which
    nine in ten do.
    """
    sizes = _sizes(starts, len(group))
    near, counts = [], []
    for name in ("from_top", "from_end"):
        order = np.lexsort((found[name], group))
        median = found[name][order][starts + (sizes - 1) // 2]
        near.append(np.abs(found[name] - median[group]) <= spread)
        counts.append(np.bincount(group[near[-1]], minlength=len(starts)))
    top = counts[0] >= counts[1]
    return np.where(top[group], *near), np.maximum(*counts) * _TENTH >= sizes * (_TENTH - 1)


def _groups(found: Table, starts: Rows, some: Bools, facts: Table) -> dict[str, Column]:
    """One row a group: its key, facts, the range of its places, and its first row and document."""
    ends = starts[some]
    table = {"key": found["key"][ends], "row": found["row"][ends], "doc": found["doc"][ends]}
    for name in ("from_top", "from_end"):
        for word, least in (("least", np.minimum), ("most", np.maximum)):
            table[f"{name}_{word}"] = least.reduceat(found[name], starts)[some]
    return {**table, **{name: fact[some] for name, fact in facts.items()}}
