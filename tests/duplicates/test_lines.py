"""What is written down of a page's lines, so that those can be found that recur."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.document import KEPT, Change, Document, document_of_blocks, document_of_lines
from curate.duplicates import lines
from curate.duplicates.lines import Lines
from curate.duplicates.table import Table
from curate.formats import html
from curate.formats.limits import Limits


def page(text: str, host: str = "oxney.example") -> Document:
    doc = document_of_lines(text)
    doc.site = host
    return doc


def sketch(docs: Sequence[Document]) -> Table:
    sketching = Lines().begin()
    for doc in docs:
        sketching.add(doc)
    return sketching.table()


def keys(*texts: str) -> list[int]:
    return sketch([page(text) for text in texts])["key"].tolist()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("12 comments", "3 Comments"),
        ("Read more…", "READ MORE"),
        ("at 12:30 today", "at 9 today"),
        ("By 7 a.m.", "by 1,204 a.m."),
        ("返回首页", "返回 首页"),
    ],
)
def test_lines_that_differ_in_numbers_case_and_signs_have_one_key(one: str, other: str):
    first, second = keys(one, other)
    assert first == second != 0


@pytest.mark.parametrize(("one", "other"), [("Read more", "More read"), ("comments", "12 comments"), ("covid19", "covid20"), ("a b", "ab")])
def test_lines_that_say_something_else_have_another(one: str, other: str):
    first, second = keys(one, other)
    assert first != second


@pytest.mark.parametrize("line", ["12", "12:30", "* * *", "___", "→", "\u00ad"])
def test_a_line_without_letters_has_none(line: str):
    assert keys(line) == [0]


def test_a_line_of_no_host_has_none_and_of_another_host_another():
    table = sketch([page("Read more", host) for host in ("", "oxney.example", "lundholm.example")])
    assert table["key"][0] == 0
    assert len(set(table["key"].tolist())) == 3


def test_a_line_that_a_rule_keeps_has_none():
    doc = page("Read more\nJoin the talk")
    doc.apply("site-rules", [Change(1, 0, 0, rule="sites/o/oxney.example/talk", measure=KEPT)])
    assert [bool(key) for key in sketch([doc])["key"]] == [True, False]


def test_what_has_gone_is_no_row_and_counts_for_no_place():
    doc = page("Menu\nOne\nTwo\nThree\nFoot")
    doc.live[[1, 3]] = False
    table = sketch([page(""), page("Only"), doc])
    assert table["from_top"].tolist() == [0, 0, 1, 2]
    assert table["from_end"].tolist() == [0, 2, 1, 0]
    assert table["chars"].tolist() == [4, 4, 3, 4]
    assert table["key"][1:].tolist() == keys("Menu", "Two", "Foot")


def test_the_model_s_measure_comes_along_where_it_was_stored():
    doc = page("Menu\nOne\nTwo")
    doc.measures["page-model"] = [0.25, 0.5, 0.75]
    doc.live[1] = False
    assert sketch([doc, page("Menu")])["measure"].tolist() == [0.25, 0.75, lines.UNMEASURED]


def test_a_page_is_its_address_without_what_follows_the_sign_for_a_part():
    docs = [page("Menu") for _ in range(4)]
    docs[1].url, docs[2].url, docs[3].url = "https://oxney.example/1", "https://oxney.example/1#talk", "https://oxney.example/1?talk"
    nowhere, one, same, other = sketch(docs)["page"].tolist()
    assert nowhere == 0 != one == same != other


def test_keys_are_sorted_and_know_their_rows():
    table = sketch([page("Menu\n12\nRead more"), page("Read more\nMenu"), page("Read more", host="")])
    assert table["keys"].tolist() == sorted(key for key in table["key"].tolist() if key)
    assert table["key"][table["key_rows"]].tolist() == table["keys"].tolist()
    same = table["keys"][1:] == table["keys"][:-1]
    assert (np.diff(table["key_rows"].astype(int))[same] > 0).all()


def test_html_is_sketched_by_its_paragraphs():
    doc = html.parse(b"<body><p>Read\n<br>more</p><p></p><p>12 comments</p></body>", Limits())
    doc.site = "oxney.example"
    assert sketch([doc])["key"].tolist() == keys("Read more", "3 comments")


def test_nothing_has_a_table_too():
    for docs in ([], [page("")], [document_of_blocks([], html.parse(b"", Limits()).facts)]):
        table = sketch(docs)
        assert [len(table[name]) for name in ("key", "keys", "key_rows", "measure", "sentence")] == [0] * 5
        assert len(table["host"]) == len(docs)


PIECES = st.lists(st.sampled_from(["Menu", "12", "read more", "→", "刷漆", "é", "_", " ", "\n", "\n\n", "3d"]), max_size=12).map("".join)


@given(st.lists(PIECES, max_size=6), st.integers(1, 30))
def test_a_page_is_sketched_alike_in_any_company(texts: list[str], block: int):
    docs = [page(text) for text in texts]
    alone = [sketch([doc]) for doc in docs]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "_BLOCK", block)
        together = sketch(docs)
    for name in ("key", "chars", "sentence", "from_top", "from_end", "host", "page"):
        assert together[name].tolist() == [value for table in alone for value in table[name].tolist()]
