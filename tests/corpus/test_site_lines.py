"""What the cases cannot say of site-lines: many pages, the page model's word, what it leaves behind, and that parting changes nothing."""

import json
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curate.corpus.site_lines import CANDIDATES, SiteLines
from curate.document import Document, document_of_lines

Settle = Callable[..., Any]
WORDS = "harbour wall council storm ferry island boat winter keeper bell heron landing parish painter market basket library flood".split()
APPEAL = "If you can, please give a little to the paper of the island, which has no owner but the people who read it."
QUOTATION = "“We shall raise the wall by a full metre before the autumn storms, and nobody will be asked to pay for it twice.”"
WIDGET = "Join the talk, follow other readers and see what they say"


def seeded(seed: int) -> Random:
    return Random(seed)  # noqa: S311  # no secret


def page(number: int, lines: Sequence[str], host: str = "oxney.example", doubted: Sequence[str] = ()) -> Document:
    doc = document_of_lines("\n".join(lines))
    doc.doc, doc.url = f"{number:020}", f"https://{host}/{number}"
    doc.measures["page-model"] = [0.4 if line in doubted else 0.99 for line in lines]
    return doc


def story(draw: Random, least: int = 3) -> list[str]:
    """An invented article: sentences that no other one has."""
    return [" ".join(draw.choices(WORDS, k=draw.randint(12, 30))).capitalize() + "." for _ in range(draw.randint(least, 12))]


def texts(documents: Sequence[Document], found: Any) -> list[str]:
    """What is left of all documents."""
    return [text for doc in documents for number, text, _ in doc.paragraphs if (doc.doc, number) not in found.gone]


def site(count: int, doubted: Sequence[str] = (APPEAL,), seed: int = 1) -> Iterator[Document]:
    """Pages of a site: its menu, the article, a quotation within it, the site's foot."""
    draw = seeded(seed)
    for number in range(count):
        own = story(draw)
        own.insert(draw.randint(1, len(own) - 1), QUOTATION)
        yield page(
            number, ["News", "Boats and tides", APPEAL, *own, WIDGET, f"{number + 2} comments", "© 2024 The Oxney Post"], doubted=doubted
        )


def test_a_template_on_two_hundred_pages_is_gone_from_all_and_the_articles_are_whole(settled: Settle):
    documents = list(site(200))
    found = settled(SiteLines(), documents)
    left = texts(documents, found)
    assert len(found.gone) == 200 * 6
    assert not any(line in {"News", "Boats and tides", APPEAL, WIDGET} or "comments" in line or "©" in line for line in left)
    assert left.count(QUOTATION) == 200


def test_a_quotation_that_pages_share_stays_even_where_the_model_doubts_it(settled: Settle):
    documents = list(site(60, doubted=(APPEAL, QUOTATION)))
    assert texts(documents, settled(SiteLines(spread=0), documents)).count(QUOTATION) == 60


def test_a_quotation_in_the_same_place_of_all_articles_stays_where_the_model_is_in_doubt(settled: Settle):
    draw = seeded(2)
    documents = [page(number, [*story(draw)[:3], QUOTATION, *story(draw), APPEAL]) for number in range(20)]
    for doc in documents:
        doc.measures["page-model"] = [0.9] * doc.read
    left = texts(documents, settled(SiteLines(), documents))
    assert (left.count(QUOTATION), left.count(APPEAL)) == (20, 0)


def test_prose_in_its_place_stays_where_the_model_trusts_it(settled: Settle):
    documents = list(site(60, doubted=()))
    assert texts(documents, settled(SiteLines(), documents)).count(APPEAL) == 60
    assert texts(documents, settled(SiteLines(model_at_most=1), documents)).count(APPEAL) == 0


def test_prose_goes_by_a_rule_of_its_own_with_the_share_as_its_measure(settled: Settle):
    documents = [*site(9), page(9, story(seeded(9)))]
    gone = settled(SiteLines(), documents).gone
    assert gone["0" * 20, 2] == ("recurs-in-place", 0.9, 0.3, None)
    assert gone["0" * 20, 0] == ("recurs", 0.9, 0.3, None)


def test_a_copy_in_the_midst_of_an_article_stays_though_the_line_goes_elsewhere(settled: Settle):
    draw = seeded(3)
    documents = list(site(20))
    documents.append(page(20, [*story(draw, least=12), APPEAL, *story(draw, least=12)], doubted=(APPEAL,)))
    found = settled(SiteLines(), documents)
    assert ("0" * 20, 2) in found.gone
    assert texts(documents, found).count(APPEAL) == 1


def test_a_short_line_between_sentences_goes_only_where_the_model_doubts_it(settled: Settle):
    draw = seeded(4)
    pages = [[*story(draw), "Advertisement", *story(draw), "What happened next?", *story(draw)] for _ in range(10)]
    documents = [page(number, lines, doubted=("Advertisement",)) for number, lines in enumerate(pages)]
    left = texts(documents, settled(SiteLines(), documents))
    assert (left.count("Advertisement"), left.count("What happened next?")) == (0, 10)


def test_a_heading_stays_though_every_article_is_there_twice(settled: Settle):
    draw = seeded(10)
    pages = [[*story(draw), "What happened next?", *story(draw), WIDGET] for _ in range(10)]
    documents = [page(number, lines) for number, lines in enumerate([*pages, *pages])]
    left = texts(documents, settled(SiteLines(), documents))
    assert (left.count("What happened next?"), left.count(WIDGET)) == (20, 0)


def test_a_widget_goes_from_all_pages_of_its_host_and_from_no_other_host(settled: Settle):
    draw = seeded(5)
    documents = [page(number, [*story(draw), WIDGET]) for number in range(30)]
    documents += [page(number, [*story(draw), WIDGET], host="lundholm.example") for number in range(30, 33)]
    found = settled(SiteLines(), documents, shards=4)
    assert {doc for doc, _ in found.gone} == {f"{number:020}" for number in range(30)}
    assert {change.measure for change in found.gone.values()} == {1}


@pytest.mark.parametrize(("of", "goes"), [(4, 0), (5, 4)])
def test_nothing_is_said_of_a_host_with_few_pages(settled: Settle, of: int, goes: int):
    draw = seeded(6)
    documents = [page(number, [*story(draw), *[WIDGET][: number < 4]]) for number in range(of)]
    assert len(settled(SiteLines(), documents).gone) == goes


def test_a_line_counts_once_a_page(settled: Settle):
    draw = seeded(7)
    documents = [page(number, [*story(draw), *["Reply"] * (5 * (number < 3))]) for number in range(8)]
    assert settled(SiteLines(), documents).gone == {}
    documents[5] = page(5, [*story(draw), "Reply"])
    assert len(settled(SiteLines(), documents).gone) == 16


def test_what_has_gone_before_is_not_counted(settled: Settle):
    draw = seeded(8)
    documents = [page(number, [WIDGET, *story(draw)]) for number in range(6)]
    dead = {(f"{number:020}", 0) for number in range(3)}
    assert settled(SiteLines(), documents, dead=dead).gone == {}
    assert len(settled(SiteLines(min_pages=3), documents, dead=dead).gone) == 3


def test_what_is_found_is_kept_for_others_to_read(settled: Settle):
    documents = [*site(5), *(page(number, [*story(seeded(number)), WIDGET], host="lundholm.example") for number in range(5, 10))]
    found = settled(SiteLines(), documents, shards=3)
    rows = [json.loads(line) for line in found.kept[CANDIDATES].splitlines()]
    assert [row["host"] for row in rows] == ["lundholm.example"] + ["oxney.example"] * 6
    foot = next(row for row in rows if row["from_end"] == [0, 0] and row["host"] == "oxney.example")
    assert (foot["pages"], foot["of"], foot["share"], foot["measure"]) == (5, 5, 1.0, 0.99)
    for row in rows:
        assert (row["doc"], row["paragraph"]) in found.gone
        assert row["from_top"][0] <= row["paragraph"] <= row["from_top"][1]
    assert len({row["key"] for row in rows}) == 7


def test_a_report_finds_the_same_and_takes_nothing(settled: Settle):
    documents = list(site(12))
    drop, report = settled(SiteLines(), documents), settled(SiteLines(action="report"), documents)
    assert (drop.reports, report.reports) == (False, True)
    assert (drop.gone, drop.kept[CANDIDATES]) == (report.gone, report.kept[CANDIDATES])


@pytest.mark.parametrize("shards", [0, 1, 3])
def test_a_corpus_of_nothing_has_no_lines(settled: Settle, shards: int):
    found = settled(SiteLines(), [], shards=shards)
    assert (found.gone, found.kept[CANDIDATES]) == ({}, b"")


def test_parting_changes_nothing(settled: Settle):
    documents = list(site(40))
    whole = settled(SiteLines(), documents)
    for shards, memory in ((2, 1 << 30), (7, 1 << 14), (1, 1 << 15), (50, 1 << 30)):
        found = settled(SiteLines(), documents, shards=shards, memory=memory, backwards=shards == 7)
        assert found.gone == whole.gone
        if shards == 1:
            assert found.kept[CANDIDATES] == whole.kept[CANDIDATES]


LINES = st.sampled_from(
    ["News", "2 comments", "Read more", APPEAL, QUOTATION, WIDGET, "A long line of the first article.", "Another one", "7", "→"]
)
PAGES = st.lists(st.tuples(st.lists(LINES, min_size=1, max_size=8), st.integers(0, 2), st.integers(0, 4)), max_size=12)


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PAGES, st.integers(1, 4), st.sampled_from([2000, 10_000]))
def test_parting_changes_nothing_for_any_corpus(settled: Settle, made: list[tuple[list[str], int, int]], shards: int, memory: int):
    documents = [page(number, lines, host=f"h{host}.example", doubted=(APPEAL,)) for number, (lines, host, _) in enumerate(made)]
    for doc, (_, host, address) in zip(documents, made, strict=True):
        doc.url = f"https://h{host}.example/{address}" if address else doc.url
    step = SiteLines(min_pages=2, host_pages=2)
    whole = settled(step, documents)
    parted = settled(step, documents, shards=shards, memory=memory, backwards=True)
    assert parted.gone == whole.gone
    mine = [{**json.loads(line), "doc": "", "paragraph": 0} for line in parted.kept[CANDIDATES].splitlines()]
    assert mine == [{**json.loads(line), "doc": "", "paragraph": 0} for line in whole.kept[CANDIDATES].splitlines()]
