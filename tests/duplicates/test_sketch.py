"""The sketch of paragraphs: what each column says, and that it hangs on the paragraph and on nothing around it."""

from itertools import pairwise

import datasketch
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.document import FIGURE, LIST, QUOTE, TABLE, Change, Document, Facts, document_of_blocks, document_of_lines
from curate.duplicates import sketch
from curate.duplicates.sketch import HEADING, Shingled, by_key, document_signatures, gather
from curate.text.minhash import EMPTY, band_keys, signatures

steady = settings(deadline=None, derandomize=True, max_examples=40)
LONG = "the ferry to the outer islands leaves at noon and comes back before the tide turns again"
LONGER = LONG + " unless the harbour master says otherwise in the morning"


def sketched(*pages: str | Document, by: Shingled = Shingled()) -> dict[str, np.ndarray]:  # noqa: B008  # immutable
    making = by.begin()
    for page in pages:
        making.add(document_of_lines(page) if isinstance(page, str) else page)
    return making.table()


def row(table: dict[str, np.ndarray], number: int) -> list[int]:
    return table["shingles"][table["at"][number] : table["at"][number + 1]].tolist()


def jaccard(one: str, other: str) -> float:
    table = sketched(f"{one}\n{other}")
    first, second = set(row(table, 0)), set(row(table, 1))
    return len(first & second) / len(first | second)


def without(page: str, *gone: int) -> Document:
    doc = document_of_lines(page)
    doc.apply("test", [Change(number, 0, int(doc.lengths[number])) for number in gone])
    return doc


SETTINGS = [
    Shingled(),
    Shingled(shingle=2),
    Shingled(chars=5),
    Shingled(bands=10),
    Shingled(rows=5),
    Shingled(min_words=2),
    Shingled(short=5),
    Shingled(begins=5),
]


def test_sketches_of_other_settings_have_other_names():
    assert len({settings.name for settings in SETTINGS}) == len(SETTINGS)


def test_the_columns_have_their_types_and_lengths_even_without_a_document():
    types = {"exact": "u8", "words": "i4", "chars": "i4", "flags": "u1", "first": "u8", "at": "i8", "shingles": "u4"}
    types |= {"keys": "u8", "key_rows": "u4", "signatures": "u4"}
    for table, rows, documents in ((sketched(), 0, 0), (sketched(f"{LONG}\n***", "", "a b c"), 3, 3)):
        assert {name: column.dtype.str[1:] for name, column in table.items()} == types
        assert all(len(table[name]) == rows for name in ("exact", "words", "chars", "flags", "first"))
        assert len(table["at"]) == rows + 1
        assert table["signatures"].shape == (documents, 120)
        assert len(table["keys"]) == len(table["key_rows"]) == 20 * np.count_nonzero(np.diff(table["at"]))


def test_words_and_characters_are_counted():
    table = sketched(f"Ferry  times\n***\n{LONG}")
    assert table["words"].tolist() == [2, 0, 17]
    assert table["chars"].tolist() == [12, 3, len(LONG)]


def test_exact_copies_are_those_of_the_same_words_in_the_same_order():
    table = sketched("One Ferry a day\none ferry, a day!\na day one ferry\none ferry a day one\n***\n—")
    first, copy, turned, longer, *without_words = table["exact"].tolist()
    assert first == copy
    assert len({first, turned, longer}) == 3
    assert without_words == [0, 0]


def test_lines_that_begin_alike_have_the_same_first_words():
    table = sketched(f"{LONG}\n{LONGER}\nNow {LONG}\n{' '.join(LONG.split()[:8])}\n{' '.join(LONG.split()[:7])}")
    one, longer, moved, eight, seven = table["first"].tolist()
    assert one == longer == eight
    assert moved not in {one, 0}
    assert seven == 0


def test_only_the_first_words_count_for_a_beginning():
    words = LONG.split()
    later, earlier = [*words[:8], "other", *words[9:]], [*words[:7], "other", *words[8:]]
    table = sketched(f"{LONG}\n{' '.join(later)}\n{' '.join(earlier)}")
    assert table["first"][0] == table["first"][1] != table["first"][2]


def test_shingles_are_ascending_and_distinct():
    table = sketched(f"{LONG}\n{'again and ' * 40}\na b c d\n{LONGER}")
    for number in range(4):
        shingles = row(table, number)
        assert shingles == sorted(set(shingles))
    assert len(row(table, 1)) == 2


SHINGLES = {
    "no words": ("***", 0),
    "two words": ("ferry times", 0),
    "two words that are many characters": ("extraordinarily incomprehensible", 0),
    "three words have character shingles": ("the old pier", 9),
    "three words of one letter each": ("a b c", 2),
    "three ideographs are one shingle": ("日本語", 1),
    "eight words have character shingles": ("a b c d e f g h", 12),
    "nine words have word shingles": ("a b c d e f g h i", 7),
    "a word that comes again makes fewer": ("a b c a b c a b c", 3),
    "ideographs are words": ("港の船は毎日正午に出ます", 10),
}


@pytest.mark.parametrize(("line", "expected"), SHINGLES.values(), ids=SHINGLES)
def test_how_many_shingles_a_line_has(line: str, expected: int):
    assert len(row(sketched(line), 0)) == expected


ALIKE = {
    "digits are masked in short lines": ("Posted 3 March 2021", "posted 4 march 2019", 1.0),
    "digits of other scripts, too": ("page ३ of nine", "page 5 of nine", 1.0),
    "but not how many they are": ("page 12 of nine", "page 5 of nine", 0.6),
    "nor are letters": ("posted 3 march 2021", "posted 3 april 2021", 0.33),
    "digits in long lines say something": (f"{LONG} in 2021", f"{LONG} in 2022", 0.9),
    "a short line is no part of a long one": (LONG, " ".join(LONG.split()[:8]), 0.0),
    "punctuation is nothing to words": (LONG, LONG.replace(" and", ", and") + ".", 1.0),
}


@pytest.mark.parametrize(("one", "other", "expected"), ALIKE.values(), ids=ALIKE)
def test_what_is_alike(one: str, other: str, expected: float):
    assert jaccard(one, other) == pytest.approx(expected, abs=0.07)


@steady
@given(st.lists(st.sampled_from("abcd"), min_size=3, max_size=30))
def test_word_and_character_shingles_never_agree(words: list[str]):
    table = sketched(" ".join(words))
    assert {value & 1 for value in row(table, 0)} == {int(len(words) <= 8)}


PAGES = [f"{LONG}\nthe old pier\n***", "", f"ferry times\n{LONGER}\n港の船は毎日正午に出ます", "Page 3 of 9\n" * 5, LONG]


@pytest.mark.parametrize("block", [1, 20, 40, 60])
def test_a_sketch_hangs_on_no_block(block: int, monkeypatch: pytest.MonkeyPatch):
    whole = sketched(*PAGES)
    monkeypatch.setattr(sketch, "_BLOCK", block)
    parts = sketched(*PAGES)
    assert whole.keys() == parts.keys()
    for name, column in whole.items():
        assert column.tolist() == parts[name].tolist(), name


def test_rows_stand_in_the_order_of_documents_and_paragraphs():
    together, first, second = sketched(LONG, f"the old pier\n{LONGER}"), sketched(LONG), sketched(f"the old pier\n{LONGER}")
    assert together["exact"].tolist() == [*first["exact"], *second["exact"]]
    assert together["shingles"].tolist() == [*first["shingles"], *second["shingles"]]
    assert together["signatures"].tolist() == [*first["signatures"].tolist(), *second["signatures"].tolist()]


def test_only_live_paragraphs_have_rows():
    page = f"{LONG}\nthe old pier\nPage 3 of 9\n{LONGER}"
    assert_same(sketched(without(page, 1, 3)), sketched(f"{LONG}\nPage 3 of 9"))
    assert_same(sketched(without(page, 0, 1, 2, 3)), sketched(""))


def assert_same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]):
    for name, column in one.items():
        assert column.tolist() == other[name].tolist(), name


def test_keys_ascend_and_name_their_rows():
    table = sketched(*PAGES)
    signed = signatures(table["shingles"], table["at"], 120)
    keys = band_keys(signed, 20, 6)
    expected = sorted((key, number) for number in np.flatnonzero(np.diff(table["at"])).tolist() for key in keys[number].tolist())
    assert list(zip(table["keys"].tolist(), table["key_rows"].tolist(), strict=True)) == expected


@steady
@given(st.lists(st.tuples(st.sampled_from([0, 1, 2**60, 2**63, 2**64 - 1]), st.integers(0, 9)), max_size=40))
def test_rows_of_one_key_keep_their_order(pairs: list[tuple[int, int]]):
    keys, rows = by_key(np.array([key for key, _ in pairs], dtype=np.uint64), np.array([row for _, row in pairs], dtype=np.uint32))
    assert list(zip(keys.tolist(), rows.tolist(), strict=True)) == sorted(pairs, key=lambda pair: pair[0])


def test_a_document_has_the_signature_of_all_its_word_shingles():
    table = sketched(*PAGES)
    for number, rows in enumerate([(0, 1, 2), (), (3, 4, 5), (6, 7, 8, 9, 10), (11,)]):
        made = datasketch.MinHash(num_perm=120, seed=1, scheme="affine32", hashfunc=lambda value: value)
        made.update_batch([value for place in rows for value in row(table, place) if not value & 1])
        assert table["signatures"][number].tolist() == made.hashvalues.tolist()
    assert (table["signatures"][1] == EMPTY).all()


FLAGS = Facts(
    tags=("h2", "p", "li", "td", "figcaption", "li"),
    link_chars=np.zeros(6, dtype=np.int32),
    headings=np.array([2, 0, 0, 0, 0, 3], dtype=np.int32),
    flags=np.array([0, 0, LIST, TABLE, FIGURE | QUOTE, LIST], dtype=np.int32),
    elements=np.zeros(6, dtype=np.int32),
    element_tags=("body",),
    element_parents=(-1,),
    element_names=("",),
)


def test_flags_of_html_are_those_of_the_document_and_whether_it_is_a_heading():
    doc = document_of_blocks(["- Times", "One", "Two", "Three", "Four", "Five"], FLAGS)
    assert sketched(doc)["flags"].tolist() == [HEADING, 0, LIST, TABLE, FIGURE | QUOTE, LIST | HEADING]
    doc.live[[0, 2]] = False
    assert sketched(doc)["flags"].tolist() == [0, TABLE, FIGURE | QUOTE, LIST | HEADING]


def test_flags_of_text_are_those_of_its_bullets():
    assert sketched("• noon\n– one\n- two\n-three\n* four\nfive - six")["flags"].tolist() == [LIST, LIST, LIST, 0, LIST, 0]


@steady
@given(st.lists(st.lists(st.integers(0, 99), max_size=4), max_size=6), st.data())
def test_gathered_rows_are_those_asked_for(rows: list[list[int]], data: st.DataObject):
    at = np.cumsum([0, *map(len, rows)], dtype=np.int64)
    flat = np.array([value for values in rows for value in values], dtype=np.uint32)
    wanted = data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=9)) if rows else []
    found, to = gather(at, flat, np.array(wanted, dtype=np.int64))
    assert [found[start:end].tolist() for start, end in pairwise(to)] == [rows[number] for number in wanted]
    assert found.dtype == np.uint32


DEAD = {
    "no row": (),
    "one row": (1,),
    "rows of two documents": (0, 3, 4),
    "all rows of a document": (6, 7, 8, 9, 10),
    "rows without shingles": (2, 3),
    "all rows": tuple(range(12)),
}


@pytest.mark.parametrize("dead", DEAD.values(), ids=DEAD)
def test_a_document_without_some_rows_is_signed_as_if_they_had_never_been_there(dead: tuple[int, ...]):
    lines = [page.splitlines() for page in PAGES]
    first = np.cumsum([0, *map(len, lines)], dtype=np.int64)
    alive = np.ones(first[-1], dtype=np.bool_)
    alive[list(dead)] = False
    left = ["\n".join(line for place, line in enumerate(page) if alive[first[number] + place]) for number, page in enumerate(lines)]
    table = sketched(*PAGES)
    before = table["signatures"].tolist()
    assert document_signatures(table, first, alive).tolist() == sketched(*left)["signatures"].tolist()
    assert table["signatures"].tolist() == before
