"""All rules against a page at once: which of them hold, which comes first, and what they cut."""

from dataclasses import replace
from typing import Any

import pytest

from curate.document import Document, document_of_lines
from curate.errors import ConfigError
from curate.rules.format import Guard, Head, Rule, RuleFile, Where
from curate.rules.library import made_of
from curate.rules.load import load
from curate.rules.match import Matching as _Matching

LONG = "The ferry was tied up for a second winter, the harbour board announced."


def Matching(files):  # noqa: N802
    return _Matching(made_of(files))


def rule(identity: str = "tide", action: str = "drop-line", **keys: Any) -> Rule:
    return Rule(identity, "share-bar", "Stands below every headline.", action, **keys)


def generic(*rules: Rule, name: str = "generic/en/tides", language: tuple[str, ...] = ("en",)) -> RuleFile:
    return RuleFile(name, Head(1, language=language), rules)


def platform(*rules: Rule, name: str = "platform/tidepress", **head: Any) -> RuleFile:
    return RuleFile(name, Head(1, **{"signs": "Kept afloat by TidePress", **head}), rules)


def site(*rules: Rule, name: str = "sites/h/harbourtimes.example", **head: Any) -> RuleFile:
    return RuleFile(name, Head(1, **{"domains": ("harbourtimes.example",), **head}), rules)


def run(page: str | Document, *files: RuleFile, lang: str = "en", host: str = "harbourtimes.example") -> Document:
    """A page after the rules that it is under."""
    doc = document_of_lines(page) if isinstance(page, str) else page
    matching = Matching(files)
    doc.apply("site-rules", matching.changes(doc, matching.scope(matching.packs(doc, lang, host), lang, host)))
    return doc


def rules_of(doc: Document) -> list[str]:
    return [applied.rule for applied in doc.changes]


# Who comes first.


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_the_site_s_rule_comes_before_the_platform_s_and_that_before_the_generic_one(order: tuple[int, ...]):
    tide = rule(line="Rate this tide")
    files = [generic(tide), platform(tide), site(tide)]
    page = "Rate this tide\nKept afloat by TidePress"
    assert rules_of(run(page, *(files[n] for n in order))) == ["sites/h/harbourtimes.example#tide"]
    assert rules_of(run(page, *(files[n] for n in order), host="nowhere.example")) == ["platform/tidepress#tide"]
    assert rules_of(run("Rate this tide", *(files[n] for n in order), host="nowhere.example")) == ["generic/en/tides#tide"]


def test_of_two_rules_of_a_file_the_one_written_first_is_named():
    files = [site(rule("ends", line_ends="this tide"), rule("line", line="Rate this tide"))]
    assert rules_of(run("Rate this tide", *files)) == ["sites/h/harbourtimes.example#ends"]


def test_a_drop_comes_before_a_trim_whoever_says_it():
    files = [generic(rule(line="Rate this tide now")), site(rule("cut", "trim", line_ends="now"))]
    doc = run(f"Rate this tide now\n{LONG} now", *files)
    assert doc.text == LONG
    assert rules_of(doc) == ["generic/en/tides#tide", "sites/h/harbourtimes.example#cut"]


def test_a_line_in_a_block_that_goes_is_not_trimmed():
    block = rule("block", "drop-block", line="The Tide by Post", guard=Guard(1.0))
    doc = run(f"The Tide by Post\nTwice a day now\n\n{LONG}", site(rule("cut", "trim", line_ends="now"), block))
    assert doc.text == LONG
    assert [applied.text for applied in doc.changes] == ["The Tide by Post", "Twice a day now"]


def test_a_line_that_two_rules_take_goes_once():
    block = rule("block", "drop-block", line="The Tide by Post", guard=Guard(1.0))
    doc = run("The Tide by Post\nRate this tide\nEbb", site(rule(line="Rate this tide"), block))
    assert [(applied.paragraph, applied.rule.partition("#")[2]) for applied in doc.changes] == [(1, "tide"), (0, "block"), (2, "block")]


def test_the_site_s_trim_comes_before_the_generic_one():
    files = [generic(rule(action="trim", line_ends="to the mast")), site(rule(action="trim", line_ends="pin the tide to the mast"))]
    doc = run("The quay: pin the tide to the mast", *files)
    assert doc.text == "The quay:"
    assert rules_of(doc)[0] == "sites/h/harbourtimes.example#tide"


def test_a_trim_that_two_rules_ask_for_is_made_once_and_by_the_site_s():
    files = [generic(rule(action="trim", line_ends="to the mast")), site(rule(action="trim", line_ends="to the mast"))]
    doc = run("The quay: to the mast", *files)
    assert [(applied.step, applied.text) for applied in doc.changes] == [("site-rules", " to the mast")]
    assert rules_of(doc) == ["sites/h/harbourtimes.example#tide"]


# What a trim cuts.


@pytest.mark.parametrize(
    ("page", "literals", "left"),
    [
        ("The quay at dawn", "at dawn", "The quay"),
        ("The quay at dawn", "The quay", "at dawn"),
        ("The quay at dawn", "quay", "The  at dawn"),
        ("The quay at dawn", "The\ndawn", "quay at"),
        ("The quay at dawn", "The\nquay at dawn", ""),
        ("The quay at dawn", "The quay \nat dawn", ""),
        ("The quay  at dawn", "quay at\nat dawn", "The"),
        ("The quay at dawn", "quay at dawn\nat", "The"),
        ("The quay at dawn", "quay\nquay at\nquay at dawn", "The"),
        ("quay quay quay", "quay", ""),
        ("quayquay at dawn", "quay", "at dawn"),
        ("The ﬃeld at dawn", "ffield", "The  at dawn"),
        ("The ﬃeld at dawn", "field", "The  at dawn"),  # a character goes whole
        ("Wait… at dawn", "... at dawn", "Wait"),
        ("co\u00adun\u00adter at dawn", "counter", "at dawn"),
        ("at the co\u00adun\u00adter\u00ad", "counter", "at the"),
        ("ＱＵＡＹ　at dawn", "quay", "at dawn"),
        ("İ quay ẞ at dawn", "quay ss", "İ  at dawn"),
        ("the 港 at dawn", "港", "the  at dawn"),
        ("👍🏽 quay 👍🏽 dawn", "quay", "👍🏽  👍🏽 dawn"),
    ],
)
def test_a_trim_cuts_what_its_literals_cover(page: str, literals: str, left: str):
    doc = run(page, site(rule(action="trim", line_contains=literals)))
    assert doc.text == left
    assert "".join(undone(doc)) == page


def undone(doc: Document) -> list[str]:
    """The paragraphs as they were before the changes."""
    texts = [text if kept else "" for _, text, kept in doc.paragraphs]
    for change in reversed(doc.changes):
        now = texts[change.paragraph]
        texts[change.paragraph] = now[: change.start] + change.text + now[change.start + len(change.new) :]
    return texts


def test_a_pattern_s_group_is_what_a_trim_cuts():
    doc = run("Enlarge 12 times  The quay", site(rule(action="trim", line_regex=r"(enlarge \d+ times ).+")))
    assert doc.text == "The quay"
    assert doc.changes[0].text == "Enlarge 12 times  "


def test_two_trims_that_meet_leave_nothing_of_their_line():
    pattern, ends = rule("front", "trim", line_regex="(enlarge the tide ).+"), rule("back", "trim", line_ends="zoom out")
    doc = run(f"Enlarge the tide zoom out\n{LONG}", site(pattern, ends))
    assert doc.text == LONG


def test_what_a_trim_leaves_is_a_line_like_others():
    files = [site(rule("front", "trim", line_regex="(enlarge the tide ).+"), rule(line="Rate this tide"))]
    assert run(f"Enlarge the tide Rate this tide\n{LONG}", *files).text == LONG


# Which rules hold.


def test_only_live_paragraphs_are_looked_at():
    doc = document_of_lines(f"Rate this tide\n{LONG}\nRate this tide")
    doc.live[0] = False
    assert [applied.paragraph for applied in run(doc, site(rule(line="Rate this tide"))).changes] == [2]


def test_a_literal_does_not_reach_over_a_line_break():
    files = [site(rule(line_contains="rate this tide", action="trim")), generic(rule(line_regex="rate.this tide"))]
    assert run("Please rate\nthis tide\nRate\nthis tide", *files).changes == []


def test_the_first_and_the_last_line_have_a_beginning_and_an_end():
    doc = run("rate this\nnow\nthe tide", site(rule(line_starts="rate this"), rule("ends", line_ends="the tide")))
    assert doc.text == "now"


@pytest.mark.parametrize("page", ["", "\n \n", "\u00ad\n\u200b"])
def test_a_page_without_anything_to_read_is_left_as_it_is(page: str):
    assert run(page, site(rule(line="Rate this tide", line_contains="anything"))).changes == []


def test_no_rules_do_nothing():
    assert run(LONG).changes == []
    assert run(LONG, site()).changes == []


def test_a_pattern_is_tried_on_lines_that_hold_its_literal_twice():
    assert run("tide and tide\ntide by tide", site(rule(line_regex="tide by tide"))).text == "tide and tide"


def test_a_paragraph_as_long_as_the_rule_allows_is_matched():
    assert run("Rate this tide", site(rule(line="Rate this tide", max_chars=14))).text == ""
    assert run("Rate this  tide", site(rule(line="Rate this tide", max_chars=14))).text != ""


def test_what_unless_says_is_folded():
    doc = run("Rate this tide NOW", site(rule(line_starts="rate this", unless="tide\u00a0now\nnever")))
    assert doc.changes == []


def test_unknown_language_opens_whole_lines_of_every_language_and_nothing_else():
    whole = rule("line", line="Diese Flut bewerten")
    others = [rule("starts", line_starts="Flut um"), rule("trim", "trim", line="Zurück"), rule("rest", "drop-rest", line="Mehr")]
    others[2] = replace(others[2], guard=Guard(1.0))
    file = generic(whole, *others, name="generic/de/tides", language=("de",))
    page = f"Diese Flut bewerten\nFlut um zwölf\nZurück\nMehr\n{LONG}"
    assert rules_of(run(page, file, lang="und")) == ["generic/de/tides#line"]
    assert rules_of(run(page, file, lang="en")) == []
    assert len(run(page, file, lang="de").kept) == 0


def test_an_unknown_site_opens_whole_lines_of_five_words_of_every_site():
    file = site(rule(line="Rate this tide for us\nRate this tide now"), rule("starts", line_starts="Send this tide to the shore"))
    page = "Rate this tide for us\nRate this tide now\nSend this tide to the shore"
    assert run(page, file, host="").kept == [1, 2]
    assert run(page, file, host="nowhere.example").kept == [0, 1, 2]


def test_a_host_is_under_the_files_of_the_domains_above_it():
    files = [site(name="sites/h/a", domains=("harbourtimes.example",)), site(name="sites/h/b", domains=("news.harbourtimes.example",))]
    packs = Matching(files).packs
    doc = document_of_lines(LONG)
    assert packs(doc, "en", "news.harbourtimes.example") == ["sites/h/a", "sites/h/b"]
    assert packs(doc, "en", "harbourtimes.example") == ["sites/h/a"]
    assert packs(doc, "en", "example") == []
    assert packs(doc, "en", "") == []


def test_two_files_may_share_a_sign():
    files = [platform(name="platform/a"), platform(name="platform/b")]
    assert Matching(files).packs(document_of_lines("kept afloat by TidePress"), "en", "x.example") == ["platform/a", "platform/b"]


def test_a_page_is_under_the_generic_files_of_its_language_only():
    files = [
        generic(name="generic/en/a"),
        generic(name="generic/en/b"),
        generic(name="generic/fr/a", language=("fr",)),
        generic(name="generic/any/a", language=("*",)),
    ]
    assert Matching(files).packs(document_of_lines(LONG), "en", "") == ["generic/any", "generic/en"]
    assert Matching(files).packs(document_of_lines(LONG), "und", "") == ["generic/any"]


def test_a_file_may_use_a_generic_one_or_is_told_that_it_may_not(tmp_path):
    path = tmp_path / "platform" / "tidepress.toml"
    path.parent.mkdir()
    path.write_text('schema = 1\nuses = ["generic/en/share-bar"]\nsigns = "Kept afloat by TidePress"\n', encoding="utf-8")
    doc = document_of_lines("Kept afloat by TidePress\nShare this article")
    try:
        files = load((str(tmp_path),)).files
    except ConfigError as refused:
        assert "uses" in str(refused)  # noqa: PT017  # either is an answer
    else:
        assert "generic/en" in " ".join(Matching(files).packs(doc, "fr", "x.example"))


def test_place_and_guard_may_be_left_aside():
    files = [site(rule("rest", "drop-rest", line="More tides", guard=Guard(0.1), where=Where(first=1, after="The quay")))]
    doc = document_of_lines("Ebb\nMore tides\nFlood")
    matching = Matching(files)
    scope = matching.scope([files[0].name], "en", "harbourtimes.example")
    assert list(matching.changes(doc, scope)) == []
    assert [change.paragraph for change in matching.changes(doc, scope, placed=False)] == [1, 2]


def test_places_are_those_of_the_page_as_it_was_read():
    doc = document_of_lines("Ebb\nFlood\nMore tides\nThe quay\nMore tides")
    doc.live[[0, 1, 4]] = False
    assert run(doc, site(rule(line="More tides", where=Where(first=2, last=1)))).kept == [2, 3]
