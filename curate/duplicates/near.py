"""Near-duplicates of a corpus, from the sketches to what goes: exact copies, then pairs, verified, and the choice among them.

Exact copies collapse first: one stands for all of them in what follows, and they do as it does. Band keys and first
words then give pairs to compare (`join`), these are measured (`verify`), and it is chosen what stays (`choose`). Every pair
that was found near is left in `pairs.table` of the work folder.
"""

from collections.abc import Iterable
from functools import partial
from typing import Final, NamedTuple

import numpy as np

from curate.duplicates import choose
from curate.duplicates.choose import Gone
from curate.duplicates.corpus import Corpus, Drops
from curate.duplicates.items import Near, Plan, take_out
from curate.duplicates.join import Pairs, candidates, copies, paired, parts_of
from curate.duplicates.join import tasks as partitions
from curate.duplicates.lookups import Rows, places, rows, unsorted
from curate.duplicates.ordered import Numbers, found
from curate.duplicates.prepare import begin
from curate.duplicates.table import Column, loaded, write
from curate.duplicates.verify import Edges, edges_in, verify
from curate.duplicates.verify import tasks as chunks
from curate.places import Place

PAIRS: Final = "pairs.table"
RULES: Final = ("near", "beginning", "exact", "indexed-near", "indexed-beginning", "indexed-exact")
_EXACT: Final = 2
_INDEXED: Final = 3  # what an index adds to the number of a rule


class Copies(NamedTuple):
    """Exact copies: see `join.copies`; ascending by `items`."""

    items: Numbers
    best: Numbers
    own: Column
    other: Numbers
    indexed: Numbers


def settle(corpus: Corpus, near: Near) -> Drops:
    """What goes of a corpus, as `Drops`."""
    plan = begin(corpus, near)
    copied = _copies(corpus, plan)
    take_out(corpus.work, plan, copied.items[copied.items != copied.best])
    joined = [path for column in ("keys", "first") for path in corpus.map(candidates, partitions(corpus, plan, column))]
    edges = _verified(corpus, plan, "edges", joined)
    items, _ = unsorted(np.concatenate(parts_of(edges.pairs)))
    edged = choose.edged(edges, items, places(corpus.work, plan, items))
    if near.keep_one:
        out = copied.items[copied.indexed >= 0]
        gone = _with_copies(corpus.work, plan, choose.keep_one(edged, out, near.containment, partial(_measured, corpus, plan)), copied)
    else:
        gone = _all_with_copies(choose.drop_all(edged, near.containment), copied)
    _keep_pairs(corpus, plan, edges, copied)
    return _drops(corpus, plan, gone)


def _copies(corpus: Corpus, plan: Plan) -> Copies:
    left = list(corpus.map(copies, partitions(corpus, plan, "exact")))
    choose.check(left, "exact copies", plan.near)
    tables = [loaded(one.path) for one in left]
    columns = [np.concatenate([table[name] for table in tables]) for name in ("item", "best", "own", "other", "indexed")]
    order = np.argsort(columns[0])
    return Copies(*(column[order] for column in columns))


def _verified(corpus: Corpus, plan: Plan, name: str, paths: list[Place]) -> Edges:
    left = list(corpus.map(verify, chunks(corpus.work, plan, name, paths)))
    choose.check(left, "pairs that are near", plan.near)
    return edges_in(one.path for one in left)


def _measured(corpus: Corpus, plan: Plan, pairs: Pairs) -> Edges:
    path = corpus.work / "further.table"
    write(path, {"pairs": pairs})
    return _verified(corpus, plan, "measured", [path])


def _with_copies(work: Place, plan: Plan, gone: Gone, copied: Copies) -> Gone:
    """What goes with its copies: they go for what the best of them goes for, or for it, or for one that an index holds."""
    known = copied.indexed >= 0
    follow = ~known & (copied.items != copied.best)
    items, best, own = copied.items[follow], copied.best[follow], copied.own[follow]
    at = found(gone.items, best)
    led = at >= 0
    led[led] = ~_of_one_document(work, plan, items[led], gone.of[at[led]])
    exact = ~own & (at < 0)
    parts = [
        gone,
        Gone(items[led], *(column[at[led]] for column in gone[1:])),
        _exact(items[exact], best[exact]),
        _exact(copied.items[known], copied.indexed[known]),
    ]
    return _joined(parts)


def _all_with_copies(gone: Gone, copied: Copies) -> Gone:
    """The same where nothing stays that has a copy in another document, or an edge."""
    of = np.where(copied.indexed >= 0, copied.indexed, np.where(copied.own, copied.other, copied.best))
    exact = of >= 0
    led = ~exact
    at = found(gone.items, copied.best)
    led &= at >= 0
    edged = found(copied.items[exact | led], gone.items) < 0
    return _joined(
        [
            Gone(*(column[edged] for column in gone)),
            Gone(copied.items[led], *(column[at[led]] for column in gone[1:])),
            _exact(copied.items[exact], of[exact]),
        ]
    )


def _exact(items: Numbers, of: Numbers) -> Gone:
    ones = np.ones(len(items))
    return Gone(items, of, np.full(len(items), _EXACT, dtype=np.uint8), ones, ones)


def _joined(parts: Iterable[Gone]) -> Gone:
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    order = np.argsort(columns[0])
    return Gone(*(column[order] for column in columns))


def _of_one_document(work: Place, plan: Plan, one: Numbers, other: Numbers) -> Column:
    distinct, inverse = unsorted(np.concatenate((one, other)))
    documents = places(work, plan, distinct).documents[inverse]
    same: Column = documents[: len(one)] == documents[len(one) :]
    return same


def _keep_pairs(corpus: Corpus, plan: Plan, edges: Edges, copied: Copies) -> None:
    """Write `pairs.table`: of each pair the documents' keys, the paragraphs' numbers, whether an index holds them, measure and rule.

    Rules are numbers of `names`; `whole` says that documents were compared. Of exact copies each is paired with the
    best, or with that of an index, and none of these pairs is told again as near.
    """
    known = copied.indexed >= 0
    apart = ~known & ~copied.own
    same = np.concatenate((copied.items[known], copied.items[apart])), np.concatenate((copied.indexed[known], copied.best[apart]))
    edges = Edges(*(column[~np.isin(edges.pairs, paired(*same))] for column in edges))
    left, right = parts_of(edges.pairs)
    one, other = np.concatenate((left, same[0])), np.concatenate((right, same[1]))
    exact = len(same[0])
    here, there = (_where(corpus.work, plan, items) for items in (one, other))
    columns = {
        "a_doc": here.docs,
        "a_paragraph": here.paragraphs,
        "b_doc": there.docs,
        "b_paragraph": there.paragraphs,
        "a_indexed": one >= _first_indexed(plan),
        "b_indexed": other >= _first_indexed(plan),
        "measure": np.concatenate((np.where(edges.near, edges.jaccard, edges.contained), np.ones(exact))),
        "rule": np.concatenate((np.where(edges.near, choose.NEAR, choose.BEGINNING), np.full(exact, _EXACT))).astype(np.uint8),
    }
    order = np.lexsort((other, one))
    table = {name: column[order] for name, column in columns.items()}
    write(corpus.work / PAIRS, {**table, "names": np.array(RULES, dtype="S20"), "whole": np.array([plan.near.whole])})


def _where(work: Place, plan: Plan, items: Numbers) -> Rows:
    distinct, inverse = unsorted(items)
    return Rows(*(column[inverse] for column in rows(work, plan, distinct)))


def _first_indexed(plan: Plan) -> int:
    """The number of the first item of an index."""
    return next((part.first for part in plan.parts if part.indexed), plan.end)


def _drops(corpus: Corpus, plan: Plan, gone: Gone) -> Drops:
    goes = rows(corpus.work, plan, gone.items).rows
    of = _where(corpus.work, plan, gone.of).rows
    rules = gone.rules + np.where(gone.of >= _first_indexed(plan), _INDEXED, 0).astype(np.uint8)
    return Drops(goes, rules, gone.measures, gone.limits, of, RULES, whole=plan.near.whole)
