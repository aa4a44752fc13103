"""The choice of what stays, on graphs of edges made at random: whatever they are, its promises hold."""

import itertools
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
import pytest
from corpora import Page, corpus
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.corpus.duplicate_paragraphs import DuplicateParagraphs
from curate.duplicates import choose, near, verify
from curate.duplicates.choose import BEGINNING, NEAR, drop_all, edged, keep_one
from curate.duplicates.join import Pairs, paired, parts_of
from curate.duplicates.lookups import Places
from curate.duplicates.verify import Edges
from curate.errors import SurroundingsError

JACCARD, CONTAINMENT = 0.8, 0.95

Pair = tuple[int, int]


class Relation(NamedTuple):
    """What holds between two items, the lower number first."""

    near: bool = False
    begins: bool = False  # the smaller is the beginning of the larger


class World(NamedTuple):
    """Items by number, and what they would be found to be if all were compared with all."""

    sizes: list[int]
    order: list[int]  # below 0: of an index
    documents: list[int]
    relations: Mapping[Pair, Relation]
    known: frozenset[Pair]  # the pairs that have been compared

    @property
    def indexed(self) -> set[int]:
        return {item for item, place in enumerate(self.order) if place < 0}

    def inside(self, small: int, large: int) -> bool:
        relation = self.relations.get((min(small, large), max(small, large)), Relation())
        return relation.begins and self.sizes[small] < self.sizes[large]

    def near(self, one: int, other: int) -> bool:
        return self.relations.get((min(one, other), max(one, other)), Relation()).near

    def edges(self, pairs: Iterable[Pair]) -> Edges:
        rows = []
        for one, other in sorted(pairs):
            inside = 1 if self.inside(one, other) else 2 if self.inside(other, one) else 0
            if self.near(one, other) or inside:
                sizes = sorted((self.sizes[one], self.sizes[other]))
                rows.append((one << 32 | other, 0.9, JACCARD, 0.97, self.near(one, other), inside, *sizes))
        kinds = (np.uint64, np.float64, np.float64, np.float64, np.bool_, np.uint8, np.int64, np.int64)
        columns = zip(*rows, strict=True) if rows else [()] * len(kinds)
        return Edges(*(np.array(column, dtype=kind) for column, kind in zip(columns, kinds, strict=True)))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    count = draw(st.integers(2, 9))
    numbers = range(count)
    indexed = draw(st.integers(0, 2))
    order = draw(st.permutations([place - indexed for place in numbers]))
    documents = [draw(st.integers(0, 4)) if order[item] >= 0 else 100 for item in numbers]
    relations = {
        pair: Relation(draw(st.booleans()), draw(st.booleans()))
        for pair in itertools.combinations(numbers, 2)
        if documents[pair[0]] != documents[pair[1]]
    }
    sizes = draw(st.lists(st.integers(10, 20), min_size=count, max_size=count))
    known = frozenset(draw(st.sets(st.sampled_from(sorted(relations))))) if relations else frozenset()
    return World(sizes, order, documents, relations, known)


class Chosen(NamedTuple):
    gone: dict[int, tuple[int, int]]  # what for, and by which rule
    asked: set[Pair]  # pairs that were compared only for the second pass


def chosen(world: World, out: Iterable[int] = ()) -> Chosen:
    edges = world.edges(world.known)
    items = np.unique(np.concatenate(parts_of(edges.pairs)))
    places = Places(np.array(world.documents)[items], np.array(world.order)[items])
    asked: set[Pair] = set()

    def measure(pairs: Pairs) -> Edges:
        wanted = set(zip(*(part.tolist() for part in parts_of(pairs)), strict=True))
        asked.update(wanted)
        return world.edges(wanted)

    found = keep_one(edged(edges, items, places), np.array(sorted(out), dtype=np.int64), CONTAINMENT, measure)
    rows = zip(found.items.tolist(), found.of.tolist(), found.rules.tolist(), strict=True)
    return Chosen({item: (of, rule) for item, of, rule in rows}, asked)


@settings(max_examples=600, deadline=None)
@given(world=worlds())
def test_what_goes_names_what_stays_on_an_edge_and_what_can_go_does(world: World):
    gone, asked = chosen(world)
    assert all(world.documents[one] != world.documents[other] for one, other in asked)
    assert not world.indexed & set(gone)
    for item, (of, rule) in gone.items():
        assert of not in gone
        assert world.near(item, of) if rule == NEAR else world.inside(item, of)
        assert (min(item, of), max(item, of)) in world.known | asked
    for one, other in world.known:
        if one in gone or other in gone or {one, other} <= world.indexed:
            continue
        small, large = (one, other) if world.inside(one, other) else (other, one)
        if world.inside(small, large) and small not in world.indexed:
            assert small in {of for of, _ in gone.values()}, "only what others went for may stay beside what it begins"
        else:
            assert not world.near(one, other)


@settings(max_examples=200, deadline=None)
@given(world=worlds())
def test_with_drop_all_everything_near_or_inside_another_goes_for_the_first_in_order(world: World):
    edges = world.edges(world.known)
    items = np.unique(np.concatenate(parts_of(edges.pairs)))
    places = Places(np.array(world.documents)[items], np.array(world.order)[items])
    found = drop_all(edged(edges, items, places), CONTAINMENT)
    beside: dict[int, list[int]] = {}
    for one, other in zip(*(part.tolist() for part in parts_of(edges.pairs)), strict=True):
        for goes, stays in ((one, other), (other, one)):
            if world.near(one, other) or world.inside(goes, stays):
                beside.setdefault(goes, []).append(stays)
    first = {item: min(others, key=world.order.__getitem__) for item, others in beside.items() if item not in world.indexed}
    assert dict(zip(found.items.tolist(), found.of.tolist(), strict=True)) == first


def world(sizes: list[int], near: Iterable[Pair] = (), begins: Iterable[Pair] = (), further: Iterable[Pair] = ()) -> World:
    """Items in order, each of a document of its own; `further` are near pairs that have not been compared."""
    relations = {pair: Relation(pair in {*near, *further}, pair in set(begins)) for pair in {*near, *begins, *further}}
    return World(sizes, list(range(len(sizes))), list(range(len(sizes))), relations, frozenset({*near, *begins}))


@pytest.mark.parametrize(
    ("given_", "gone"),
    [
        pytest.param(world([9, 9, 9], near=[(0, 1), (1, 2)]), {1: (0, NEAR)}, id="what is near only to what went stays"),
        pytest.param(world([9, 12], near=[(0, 1)], begins=[(0, 1)]), {0: (1, BEGINNING)}, id="the beginning goes, though it is first"),
        pytest.param(world([9, 12, 15], begins=[(0, 1), (1, 2)]), {1: (2, BEGINNING)}, id="the larger ones have their turn first"),
        pytest.param(world([9, 12, 15], begins=[(0, 1), (0, 2)]), {0: (2, BEGINNING)}, id="a beginning goes for the largest"),
        pytest.param(
            world([9, 9, 12], near=[(0, 1)], begins=[(0, 2)]),
            {1: (0, NEAR)},
            id="a beginning stays that another went for which has no other edge",
        ),
        pytest.param(
            world([9, 9, 12], near=[(0, 1)], begins=[(0, 2)], further=[(1, 2)]),
            {0: (2, BEGINNING), 1: (2, NEAR)},
            id="what went for a beginning is compared with what it begins",
        ),
    ],
)
def test_the_choice(given_: World, gone: dict[int, tuple[int, int]]):
    assert chosen(given_).gone == gone


def test_what_an_index_begins_with_goes_for_it_where_both_are_near():
    held = World([9, 12], [-1, 0], [100, 0], {(0, 1): Relation(near=True, begins=True)}, frozenset({(0, 1)}))
    assert chosen(held).gone == {1: (0, NEAR)}


def test_nothing_goes_for_what_is_gone_already():
    assert chosen(world([9, 9, 9], near=[(0, 1), (1, 2)]), out=[0]).gone == {2: (1, NEAR)}


@pytest.mark.parametrize(
    ("words", "loading", "said"),
    [
        (["ten"] * 3, near, "found 3 exact copies, and one process chooses among 2 at most: raise min_words"),
        (["ten", "tin", "tan"], verify, "found 3 pairs that are near, and one process"),
    ],
)
def test_more_than_one_process_can_choose_among_is_refused_before_it_is_loaded(tmp_path, monkeypatch, words, loading, said):
    pages = [[Page(f"one two three four five six seven eight nine {word}", word + str(number))] for number, word in enumerate(words)]
    step = DuplicateParagraphs(jaccard=0.6)
    monkeypatch.setattr(choose, "_MOST", 3)
    assert len(step.settle(corpus(tmp_path, pages)).rows) == 2
    monkeypatch.setattr(choose, "_MOST", 2)
    monkeypatch.setattr(loading, "loaded", lambda _path: pytest.fail("it was loaded"))
    with pytest.raises(SurroundingsError, match=f"duplicate-paragraphs {said}"):
        step.settle(corpus(tmp_path, pages))


def test_pairs_are_numbers_with_the_lower_item_first():
    pairs = paired(np.array([5, 1]), np.array([2, 7]))
    assert [part.tolist() for part in parts_of(pairs)] == [[2, 1], [5, 7]]
