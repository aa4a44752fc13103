"""What rules cost, measured: only the arithmetic and the order of things, for no test may depend on time."""

import gc

import pytest

from curate.document import document_of_lines
from curate.rules.library import made_of
from curate.rules.match import Matching
from curate.workbench import budget
from curate.workbench.budget import Cost, measure

NO_RULES = Matching(made_of([]))


def test_a_ratio_is_of_rules_to_folding():
    cost = Cost(pages=4, lines=200, folding=0.002, rules=0.01)
    assert cost.ratio == pytest.approx(5)
    assert cost.a_line(cost.rules) == pytest.approx(50)
    assert cost.thousand_pages == pytest.approx(2.5)


def test_nothing_costs_nothing():
    assert measure(NO_RULES, [])._replace(folding=0, rules=0) == Cost(0, 0, 0, 0)
    assert (Cost(0, 0, 0, 0).ratio, Cost(0, 0, 0, 0).thousand_pages, Cost(0, 0, 0, 0).a_line(1.0)) == (0, 0, 0)


def test_pages_and_lines_are_counted_and_nothing_is_changed():
    docs = [document_of_lines("The quay\nThe ferry"), document_of_lines("The mill")]
    cost = measure(NO_RULES, docs, rounds=1)
    assert (cost.pages, cost.lines) == (2, 3)
    assert cost.folding > 0
    assert cost.rules > 0
    assert not any(doc.changes for doc in docs)


def clock(monkeypatch, *seconds):
    """Time that goes by as it is told: folding and rules of each round by turns, each page's round but the first."""
    ticks = [0.0]
    for second in seconds:
        ticks.append(ticks[-1] + second)
    readings = iter([ticks[0], ticks[1], ticks[2]] + [tick for at in range(2, len(ticks) - 2, 2) for tick in ticks[at : at + 3]])
    monkeypatch.setattr(budget.time, "perf_counter", lambda: next(readings))


def test_of_each_the_best_round_counts_and_the_first_does_not(monkeypatch):
    clock(monkeypatch, 0.1, 0.1, 2, 30, 1, 40, 3, 20)
    cost = measure(NO_RULES, [document_of_lines("The quay")], rounds=3)
    assert (cost.folding, cost.rules) == (pytest.approx(1), pytest.approx(20))


def test_long_rounds_are_few(monkeypatch):
    clock(monkeypatch, *[9] * 2 * (1 + budget.FEWEST))
    assert measure(NO_RULES, [document_of_lines("The quay")]).ratio == pytest.approx(1)


def test_the_garbage_collector_is_as_it_was(monkeypatch):
    seen = []
    monkeypatch.setattr(budget, "_round", lambda *_: seen.append(gc.isenabled()) or (1.0, 1.0))
    assert gc.isenabled()
    measure(NO_RULES, [], rounds=1)
    assert seen == [True, False]
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
