"""Near-duplicates from pages to what goes: what is found, on which measure, and that nothing depends on shards, memory or order."""

import os
import random
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from corpora import Gone, Page, backward, corpus, jaccard, row_names, sentence, told, with_changes, word_shingles
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.corpus.duplicate_documents import DuplicateDocuments
from curate.corpus.duplicate_paragraphs import DuplicateParagraphs
from curate.duplicates.table import read

LONG = bool(os.environ.get("CURATE_LONG"))
LIMIT = 0.8

Row = tuple[str, int]


def planted(pairs: int, seed: int) -> tuple[list[Page], list[tuple[Row, Row]]]:
    """Documents of ten paragraphs, and the pairs of paragraphs with a measure of at least .8 that stand in two of them."""
    draw = random.Random(seed)  # noqa: S311  # the same corpus each time
    lines = []
    for _ in range(pairs):
        words = sentence(draw, 60)
        lines += [words, with_changes(draw, words, draw.randrange(4))]
    order = list(range(len(lines)))
    draw.shuffle(order)
    place = {line: (f"{at // 10:020}", at % 10) for at, line in enumerate(order)}
    pages = [
        Page("\n".join(" ".join(lines[line]) for line in order[at : at + 10]), f"{at // 10:020}", f"https://oxney.example/{at}")
        for at in range(0, len(order), 10)
    ]
    near = [
        (place[line], place[line + 1])
        for line in range(0, len(lines), 2)
        if place[line][0] != place[line + 1][0]
        and round(jaccard(word_shingles(" ".join(lines[line])), word_shingles(" ".join(lines[line + 1]))), 6) >= LIMIT
    ]
    return pages, near


def texts(pages: Sequence[Page]) -> dict[Row, str]:
    return {(page.doc, number): line for page in pages for number, line in enumerate(page.text.splitlines())}


@pytest.mark.parametrize("pairs", [50_000 if LONG else 6_000])
def test_planted_near_duplicates_are_found_and_nothing_goes_but_on_a_measure(tmp_path: Path, pairs: int):
    pages, near = planted(pairs, 7)
    of = corpus(tmp_path, [pages[at : at + 500] for at in range(0, len(pages), 500)])
    gone = told(of, DuplicateParagraphs().settle(of))
    found = [one in gone or other in gone for one, other in near]
    assert len(near) > pairs / 2
    assert sum(found) >= 0.99 * len(near)
    lines = texts(pages)
    for row, what in gone.items():
        assert what.of not in gone
        assert what.of[0] != row[0]
        exact = round(jaccard(word_shingles(lines[row]), word_shingles(lines[what.of])), 6)
        assert exact >= LIMIT
        assert what == Gone("exact" if exact == 1 else "near", what.of, pytest.approx(exact, abs=1e-6), 1.0 if exact == 1 else LIMIT)


WORDS = "the boat left harbour before storm reached island and nobody in town knew who had been aboard when it".split()


@st.composite
def corpora_of_few_lines(draw: st.DrawFn) -> list[Page]:
    """Documents that share lines, lines with a word changed, and beginnings of lines."""
    lines = []
    for number in range(draw(st.integers(1, 4))):
        words = [f"{word}{number}" for word in WORDS] * draw(st.integers(1, 3))
        lines.append(words)
        for _ in range(draw(st.integers(0, 4))):
            start = list(draw(st.sampled_from(lines)))
            if draw(st.booleans()):
                start[draw(st.integers(0, len(start) - 1))] = draw(st.sampled_from(["yes", "no", "perhaps"]))
            lines.append(start[: draw(st.integers(2, len(start)))])
    pages = []
    for number in range(draw(st.integers(2, 9))):
        chosen = draw(st.lists(st.sampled_from(lines), min_size=1, max_size=5))
        date = draw(st.sampled_from(["", "2024-05-01", "2025-01-01T10:00:00+02:00", "2025-01-01T08:00:00Z"]))
        url = draw(st.sampled_from(["", "https://oxney.example/a", "https://oxney.example/a/b"]))
        pages.append(Page("\n".join(" ".join(words) for words in chosen), f"{number:020}", url, date))
    return pages


def parted(pages: Sequence[Page], size: int) -> list[Sequence[Page]]:
    return [pages[at : at + size] for at in range(0, len(pages), size)]


@settings(max_examples=60, deadline=None)
@given(pages=corpora_of_few_lines(), size=st.integers(1, 9), whole=st.booleans(), all_=st.booleans())
def test_what_goes_names_what_stays_whatever_the_shards_the_memory_and_the_map(
    tmp_path_factory: pytest.TempPathFactory,
    pages: list[Page],
    size: int,
    whole: bool,  # noqa: FBT001  # given by hypothesis
    all_: bool,  # noqa: FBT001
):
    folder = tmp_path_factory.mktemp("few")
    policy = "drop-all" if all_ else "keep-one"
    step = DuplicateDocuments(min_words=5, policy=policy) if whole else DuplicateParagraphs(min_words=3, policy=policy)
    of = corpus(folder, [pages])
    gone = told(of, step.settle(of))
    lines = texts(pages)
    for row, what in gone.items():
        assert all_ or what.of not in gone
        assert what.of[0] != row[0]
        if not whole and len(lines[row].split()) > 8:
            one, other = word_shingles(lines[row]), word_shingles(lines[what.of])
            measure = {"near": jaccard(one, other), "exact": float(lines[row] == lines[what.of])}.get(what.rule)
            if what.rule == "beginning":
                assert len(other) > len(one)
                assert lines[row].split()[:8] == lines[what.of].split()[:8]
                measure = len(one & other) / min(len(one), len(other))
            assert what.measure == pytest.approx(measure, abs=1e-6)
            assert what.measure >= what.limit
    shuffled = random.Random(size).sample(pages, len(pages))  # noqa: S311  # the same corpus each time
    other_way = corpus(folder, parted(shuffled, size), memory=12_000, map_=backward)
    assert told(other_way, step.settle(other_way)) == gone


@settings(max_examples=60, deadline=None)
@given(pages=corpora_of_few_lines(), split=st.integers(0, 9), whole=st.booleans())
def test_what_an_index_holds_stays_and_is_named_first(
    tmp_path_factory: pytest.TempPathFactory,
    pages: list[Page],
    split: int,
    whole: bool,  # noqa: FBT001  # given by hypothesis
):
    folder = tmp_path_factory.mktemp("index")
    step = DuplicateDocuments(min_words=5) if whole else DuplicateParagraphs(min_words=3)
    of = corpus(folder, [pages[split:]], indexed=[pages[:split]])
    gone = told(of, step.settle(of))
    old = {page.doc for page in pages[:split]}
    held = {line for (doc, _), line in texts(pages).items() if doc in old}
    assert not any(doc in old for doc, _ in gone)
    for (doc, number), line in texts(pages[split:]).items():
        if not whole and line in held and len(line.split()) > 2:
            assert gone[doc, number].rule == "indexed-exact"
    assert all(what.rule.startswith("indexed-") == (what.of[0] in old) for what in gone.values())
    assert all(what.of not in gone for what in gone.values())


def crowd(lines: int) -> list[Page]:
    draw = random.Random(3)  # noqa: S311  # the same corpus each time
    words = sentence(draw, 60)
    return [Page(" ".join(with_changes(draw, words, 1)), f"{n:020}", f"https://oxney.example/{n:09}") for n in range(lines)]


def compared(folder: Path, pages: Sequence[Page]) -> tuple[int, int, float]:
    """Pairs that were measured, what goes, and the seconds it took."""
    of = corpus(folder, parted(pages, 5_000))
    began = time.process_time()
    drops = DuplicateParagraphs().settle(of)
    spent = time.process_time() - began
    pairs = {pair for path in of.work.glob("joined-[kf]*") for pair in read(path)["pairs"].tolist()}
    return len(pairs), len(drops.rows), spent


def test_a_crowd_of_near_copies_costs_what_its_lines_cost(tmp_path: Path):
    size = 100_000 if LONG else 8_000
    few, _, _ = compared(tmp_path, crowd(size // 8))
    many, gone, spent = compared(tmp_path, crowd(size))
    assert many < 9 * few
    assert many < 40 * size
    assert gone >= 0.99 * size
    assert spent < size / 500  # seconds; a tenth of it on an idle machine


def test_a_crowd_within_a_crowd_is_found(tmp_path: Path):
    draw = random.Random(5)  # noqa: S311  # the same corpus each time
    frame = sentence(draw, 40)
    pages = []
    for group in range(150):
        own = sentence(draw, 20)
        pages += [Page(" ".join([*frame, *own[:19], f"n{group}x{n}"]), f"{group:010}{n:010}") for n in range(10)]
    of = corpus(tmp_path, parted(pages, 1000))
    gone = told(of, DuplicateParagraphs().settle(of))
    assert len(gone) >= 0.99 * 150 * 9
    assert all(row[0][:10] == what.of[0][:10] for row, what in gone.items())


def test_every_pair_found_near_is_left_for_others_to_read(tmp_path: Path):
    draw = random.Random(2)  # noqa: S311  # the same corpus each time
    words = sentence(draw)
    pages = [Page(" ".join(words), "a"), Page(" ".join(words), "b"), Page(" ".join(with_changes(draw, words, 1)), "c")]
    of = corpus(tmp_path, [pages])
    DuplicateParagraphs().settle(of)
    table = read(of.work / "pairs.table")
    pairs = [(one, other, table["names"][rule]) for one, other, rule in zip(table["a_doc"], table["b_doc"], table["rule"], strict=True)]
    assert pairs == [(b"a", b"c", b"near"), (b"b", b"a", b"exact")]
    assert table["measure"].tolist() == [round(jaccard(word_shingles(pages[0].text), word_shingles(pages[2].text)), 6), 1.0]


def test_what_went_before_takes_no_part(tmp_path: Path):
    line = " ".join(sentence(random.Random(1), 30))  # noqa: S311  # the same corpus each time
    pages = [Page(line, "a"), Page(line, "b"), Page(line, "c")]
    of = corpus(tmp_path, [pages], dead=frozenset({("a", 0)}))
    assert {row: what.of for row, what in told(of, DuplicateParagraphs().settle(of)).items()} == {("c", 0): ("b", 0)}
    documents = corpus(tmp_path, [pages], dead=frozenset({("a", 0)}))
    assert set(told(documents, DuplicateDocuments(min_words=5).settle(documents))) == {("c", 0)}


def test_an_empty_corpus_has_no_duplicates(tmp_path: Path):
    for step in (DuplicateParagraphs(), DuplicateDocuments()):
        for shards in ([], [[]], [[Page("", "a")]]):
            of = corpus(tmp_path, shards)
            assert told(of, step.settle(of)) == {}
            assert not row_names(of)
