"""What the cases cannot say of repeats: what a paragraph repeats and how much of it, and what a long page costs."""

import time

import pytest

from curate.document import Of, document_of_lines
from curate.filters.repeats import Repeats

ONE = "Volunteers carried the last of the library books across the flooded market square in fishing baskets on Sunday"
TWO = f"{ONE}, the librarian of Lundholm said"
CUT = ONE[:75]


def found(page: str, **parameters: object) -> list[tuple[int, str, int]]:
    doc = document_of_lines(page)
    doc.doc = "page"
    changes = list(Repeats(**parameters).judge(doc))
    assert all(change.start == 0 and change.end == doc.lengths[change.paragraph] and not change.new for change in changes)
    assert {change.of.doc for change in changes} <= {"page"}
    return [(change.paragraph, change.rule, change.of.paragraph) for change in changes]


def test_a_repeat_names_what_it_repeats():
    assert found(f"{ONE}\nThe water has gone since.\n{ONE}") == [(2, "exact", 0)]
    assert found(f"{ONE}\n{TWO}") == [(0, "near", 1)]
    assert found("By Marit Osterby\nBy Marit Osterby") == [(1, "doubled", 0)]


def test_what_is_named_is_still_there():
    assert found(f"{ONE}\n{ONE}\n{TWO}\n{TWO}") == [(0, "near", 2), (1, "exact", 2), (3, "exact", 2)]
    assert found(f"{CUT}\n{TWO}\n{ONE}\n{CUT}") == [(0, "beginning", 1), (2, "near", 1), (3, "exact", 1)]


def test_the_earlier_of_equal_copies_stays():
    assert found(f"{ONE} again\n{ONE} once more") == [(0, "near", 1)]
    assert found(f"{ONE} today\n{ONE} again") == [(1, "near", 0)]
    assert found(f"{ONE} again\n{ONE} once more", keep="earlier") == [(1, "near", 0)]


def test_a_change_has_its_measure_and_the_limit():
    doc = document_of_lines(f"{CUT}\n{TWO}\n{ONE}")
    changes = {change.paragraph: change for change in Repeats().judge(doc)}
    assert (changes[0].rule, changes[0].measure, changes[0].limit) == ("beginning", pytest.approx(1.0, abs=0.1), 0.85)
    words, more = len(ONE.split()) - 2, len(TWO.split()) - 2
    assert (changes[2].rule, changes[2].measure, changes[2].limit) == ("near", round(words / more, 6), 0.6)
    assert changes[2].of == Of("", 1)


def test_only_live_paragraphs_count():
    doc = document_of_lines(f"{ONE}\n{ONE}\n{TWO}\nBy Marit Osterby\nBy Marit Osterby")
    doc.live[[0, 2, 3]] = False
    assert list(Repeats().judge(doc)) == []


def test_lines_parted_by_one_that_is_gone_follow_each_other():
    doc = document_of_lines("By Marit Osterby\nShare this\nBy Marit Osterby")
    doc.live[1] = False
    assert [change.paragraph for change in Repeats().judge(doc)] == [2]


@pytest.mark.parametrize("page", ["", "one", "***\n***", "\u00ad\n\u00ad"])
def test_a_page_with_little_on_it_has_no_repeats(page: str):
    assert found(page) == []


def test_paragraphs_that_all_begin_alike_do_not_cost_their_square():
    line = (
        "The harbour board of Lundholm has resolved in its session of this week that berth {} shall be given to the boat {} of the island"
    )
    page = "\n".join(line.format(number, "abcdefghij"[number % 10] * (number // 10 + 2)) for number in range(3000))
    began = time.perf_counter()
    assert found(page) == []
    assert time.perf_counter() - began < 5


def test_many_copies_of_a_line_go():
    assert found("\n".join([ONE] * 500)) == [(number, "exact", 0) for number in range(1, 500)]
