"""Pages of a run, of which only what recurs is free to be suggested."""

import pytest

from curate.document import Change, Document
from curate.duplicates.lines import Lines
from curate.workbench.recurring import document_of, recurring_page

HOST = "oxney.example"


def keys(*lines: str) -> frozenset[int]:
    sketching = Lines().begin()
    sketching.add(document_of("\n".join(lines), HOST, blocks=False))
    return frozenset(sketching.table()["key"].tolist())


def untouched(doc: Document) -> Document:
    return doc


@pytest.mark.parametrize(("text", "blocks"), [("Tide tables\nThe ferry\n3 boats\n", False), ("Tide\ntables\n\nThe ferry\n\n3 boats", True)])
def test_only_lines_that_recur_are_free(text: str, *, blocks: bool):
    page = recurring_page(document_of(text, HOST, blocks=blocks), keys("tide tables!", "12 boats"), untouched)
    assert (page.host, page.lines, page.free) == (HOST, ("Tide tables", "The ferry", "3 boats"), (True, False, True))


def test_what_a_rule_in_force_takes_is_not_free():
    def without_the_first(doc: Document) -> Document:
        doc.apply("site-rules", [Change(0, 0, int(doc.lengths[0]), rule="generic/en/menu#tides@1")])
        return doc

    page = recurring_page(document_of("Tide tables\nTide tables\n", HOST, blocks=False), keys("Tide tables"), without_the_first)
    assert page.free == (False, True)


def test_a_line_that_recurs_on_another_host_is_not_free():
    page = recurring_page(document_of("Tide tables", "lundholm.example", blocks=False), keys("Tide tables"), untouched)
    assert page.free == (False,)
