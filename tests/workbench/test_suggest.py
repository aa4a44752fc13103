"""What rules are suggested from: the lines that a site's pages repeat."""

from datetime import date

import pytest

from curate.document import document_of_lines
from curate.fields import parse_toml
from curate.formats.html import of_snippet
from curate.rules.compile import ready
from curate.rules.format import Evidence, Head, Rule, RuleFile, literals, parse
from curate.workbench.guess import NOTHING, Guess, Guesser
from curate.workbench.keep import KeepCorpus, KeepLine
from curate.workbench.near_miss import LANGUAGES, near_miss
from curate.workbench.repeated import Mining, Page, different, page_of
from curate.workbench.suggest import Proposal, Site, Terms, suggest
from curate.workbench.test import test as failures
from curate.workbench.write import render

SITE = Site("sites/h/harbour.example", Head(1, domains=("harbour.example",), language=("en",)))
TODAY = date(2026, 11, 20)
ARTICLES = [
    f"The {word} at Oxney was painted twice in one summer, and nobody on either bank could say why it was done.\n"
    f"Its keeper keeps a tin of {word} colour in the shed, and opens it on the first Monday after the swallows have gone."
    for word in ("ferry", "mill", "lantern", "weir", "bell", "chapel")
]


def page(text: str, title: str = "") -> Page:
    doc = document_of_lines(text)
    doc.title = title
    return page_of(doc)


def of(pages: list[Page], *, guess: Guess = NOTHING, keep: tuple[str, ...] = (), **mining: float) -> Proposal:
    body = KeepCorpus(tuple(KeepLine("en", line, "", 0) for line in keep), ())
    return suggest(SITE, pages, Terms(lambda _line: guess, body, Mining(**mining), TODAY, "experimental"))


def site(*above: str, count: int = 4, below: str = "") -> list[Page]:
    """Pages with one article each, below lines in which # is the page's number and @ a name."""
    names = ("Edith", "Maud", "Walter", "Agnes", "Rose", "Ivor")
    return [
        page("\n".join([*above, article, below]).replace("#", str(number + 11)).replace("@", names[number]))
        for number, article in enumerate(ARTICLES[:count])
    ]


def lines(proposal: Proposal) -> list[str]:
    return [literal for rule in proposal.file.rules for literal in literals(rule.line)]


def passes(proposal: Proposal) -> bool:
    """Whether the file as it is written passes its own tests."""
    return not list(failures([parse(parse_toml(render(proposal.file, proposal.remarks), "x"), SITE.name)], of_snippet))


class TestLines:
    def test_what_pages_repeat_is_suggested_by_place(self):
        found = of(site("Gazette home", below="Tide tables"))
        below, above = found.file.rules  # each is held to the edge that it is nearer to: pages may be longer
        assert (literals(above.line), literals(below.line)) == (("Gazette home",), ("Tide tables",))
        assert (above.id, above.status, above.where.first) == ("nav-crumbs-top", "experimental", 5)
        assert (below.id, below.where.last) == ("nav-crumbs-end", 5)
        assert above.evidence == below.evidence == Evidence(4, 4, TODAY)
        assert passes(found)

    def test_below_long_articles_it_is_held_to_the_bottom(self):
        found = of(site(*(f"Row {word}" for word in "abc"), below="Tide tables"), edge=3)
        assert {(rule.id, rule.where.first, rule.where.last) for rule in found.file.rules} == {
            ("nav-crumbs-top", 10, None),
            ("nav-crumbs-end", None, 5),
        }

    def test_what_stands_once_is_not(self):
        pages = site("Gazette home")
        assert lines(of([page("Only here\n" + ARTICLES[4]), *pages])) == ["Gazette home"]

    def test_too_few_pages_tell_nothing(self):
        assert of(site("Gazette home", count=2)).file.rules == ()
        assert lines(of(site("Gazette home", count=2), of=2)) == ["Gazette home"]
        assert of([]).file.rules == ()

    def test_a_share_of_the_pages_is_asked_for(self):
        pages = [*site("Gazette home", count=2), *site(count=6)[2:]]
        assert lines(of(pages)) == ["Gazette home"]
        assert lines(of(pages, share=0.5)) == []

    @pytest.mark.parametrize("line", ["12", "—", "§§", "a 1", "return (", "x" * 401, "function tide() {"])
    def test_what_says_nothing_or_is_code_is_not(self, line: str):
        assert lines(of(site(line))) == []

    def test_a_long_line_gets_room(self):
        long = "tide " * 50 + "table"
        [rule] = of(site(long)).file.rules
        assert rule.max_chars == 300

    def test_a_line_that_a_rule_took_is_not(self):
        doc = document_of_lines("Gazette home\n" + ARTICLES[0])
        taken = page_of(doc)._replace(free=(False, True, True))
        assert lines(of([taken._replace(lines=other.lines, folded=other.folded) for other in site("Gazette home")])) == []

    def test_the_keep_corpus_is_never_suggested(self):
        pages = site("Gazette home", "The tide came in.")
        assert lines(of(pages, keep=("The tide came in.",))) == ["Gazette home"]


class TestBody:
    def test_copies_of_one_article_count_once(self):
        pages = [page("A headline of seven words about mills\n" + ARTICLES[0]) for _ in range(2)] + site(count=3)[1:]
        found = of(pages)
        assert lines(found) == []
        assert (found.pages, found.copies) == (3, 1)

    def test_only_copies_leave_one_page(self):
        assert len(different([page(ARTICLES[0])] * 3, Mining())) == 1
        assert len(different(site(count=3), Mining())) == 3
        assert len(different([page("Short"), page("Other")], Mining())) == 2

    def test_a_sentence_needs_more_pages(self):
        said = "This notice about the tide is printed on every page of the site, and means nothing."
        few = [*site(said, count=2), *site(count=4)[2:]]
        assert lines(of(few)) == []
        assert lines(of(site(said, count=4))) == [said]

    def test_a_headline_needs_more_still(self):
        headline = "Ferry runs aground beside the mill"
        assert lines(of(site(headline, count=3))) == []
        assert lines(of(site(headline, count=4))) == [headline]
        assert lines(of(site(headline, count=3), guess=Guess("paywall", recognised=True))) == [headline]

    def test_a_page_s_title_is_no_chrome(self):
        pages = [one._replace(title="Ferry aground | Harbour") for one in site("Ferry aground | Harbour", "Gazette home")]
        assert lines(of(pages)) == ["Gazette home"]

    def test_labels_of_an_article_s_parts_are_none(self):
        parts = [
            page("Gazette home\n" + article.replace("\n", "\nPrice\nSix\nPrice\n" if at else "\nPrice\nPrice\n"))
            for at, article in enumerate(ARTICLES[:4])
        ]
        assert lines(of(parts, prose_share=1)) == ["Gazette home"]


class TestVariants:
    def test_lines_that_differ_in_numbers_are_one(self):
        found = of(site("Comments (#)"))
        [rule] = found.file.rules
        assert (rule.digits, literals(rule.line), rule.evidence.pages) == ("any", ("Comments (14)",), 4)
        assert "Comments (11)" in literals(rule.drops)
        assert passes(found)

    def test_lines_that_differ_in_a_name_are_one_pattern(self):
        found = of(site("More stories from @ Marlow"))
        [rule] = found.file.rules
        assert literals(rule.line_regex) == ("more stories from [^ ]+ marlow",)
        assert len(literals(rule.drops)) == 3
        assert passes(found)

    def test_signs_of_patterns_are_escaped(self):
        [rule] = of(site("More (all) stories? @")).file.rules
        assert literals(rule.line_regex) == (r"more \(all\) stories\? [^ ]+",)

    @pytest.mark.parametrize("line", ["by @", "oil @ home", "@ home"])
    def test_a_pattern_of_little_else_is_none(self, line: str):
        assert of(site(line)).file.rules == ()

    def test_small_words_are_no_names(self):
        pages = [
            page(f"more stories from {word}\n{article}") for word, article in zip("mill ferry weir bell".split(), ARTICLES, strict=False)
        ]
        assert of(pages).file.rules == ()

    def test_reports_that_differ_in_numbers_are_body(self):
        assert of(site("On Monday # boats came into the harbour, of which all but two had gone by noon.")).file.rules == ()

    def test_a_pattern_that_would_take_a_body_line_is_none(self):
        keep = ("More stories from old Marlow",)
        assert of(site("More stories from @ Marlow"), keep=keep).file.rules == ()


class TestGuess:
    def test_known_words_tell_the_category(self):
        rule = Rule("a", "ad-marker", "Marks what is paid for.", "drop-line", line="".join(f"Paid message {word}\n" for word in "abcdefgh"))
        guess = Guesser([ready(RuleFile("generic/en/ad", Head(1, language=("en",)), (rule,)))], "en")
        assert guess("Paid  message, A") == Guess("ad-marker", recognised=True), "all but its signs"
        assert guess("Message paid").category == "ad-marker"
        assert guess("Paid whatever the ferry cost") == NOTHING
        assert guess("The tide") == NOTHING
        assert guess("Share on Facebook").category == "share-bar"
        assert guess("© Harbour").category == "copyright-footer"
        assert guess("About us") == NOTHING
        assert guess("") == NOTHING
        assert Guesser([ready(RuleFile("generic/de/ad", Head(1, language=("de",)), (rule,)))], "en")("Paid message a") == NOTHING


@pytest.mark.parametrize("language", [*LANGUAGES, "xx"])
def test_a_near_miss_has_the_line_inside(language: str):
    said = near_miss("Tide", language)
    assert "Tide" in said
    assert not said.startswith("Tide")
    assert not said.endswith("Tide")
    assert "Tide table" not in near_miss("Tide table", language, whole=False)
