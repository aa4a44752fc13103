"""Every key of the rule language: what it does, what it leaves alone, and what stands in the ledger."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.document import Document, document_of_lines
from curate.errors import ConfigError, UsageError
from curate.fields import parse_toml
from curate.filters.site_rules import SiteRules
from curate.formats.html import of_snippet
from curate.rules.format import POLICIES, RuleFile, bare, parse
from curate.rules.library import made_of
from curate.rules.load import load
from curate.rules.match import Matching

STORY = "The ferry was tied up for a second winter, the harbour board announced."
SIGN = "Kept afloat by TidePress"
HOST = "harbourtimes.example"
KINDS = {
    "generic": ("generic/en/tides", 'language = ["en"]'),
    "platform": ("platform/tidepress", f'signs = "{SIGN}"'),
    "sites": ("sites/h/harbourtimes.example", f'domains = ["{HOST}"]'),
}
GUARD = "guard = { max_share = 1 }"


def toml(kind, *rules, head=""):
    """A rule file's text; a rule without an id is called `tide`, one without an action drops lines."""
    text = f"schema = 1\n{KINDS[kind][1]}\n{head}\n"
    defaults = {"id": '"tide"', "category": '"share-bar"', "why": '"Stands below every headline."', "action": '"drop-line"'}
    for rule in rules:
        said = {line.partition(" ")[0] for line in rule.splitlines()}
        text += "[[rule]]\n" + "".join(f"{key} = {value}\n" for key, value in defaults.items() if key not in said) + f"{rule}\n"
    return text


def file(kind, *rules, head="", name="") -> RuleFile:
    name = name or KINDS[kind][0]
    return parse(parse_toml(toml(kind, *rules, head=head), f"{name}.toml"), name)


def site(*rules, **keys):
    return file("sites", *rules, **keys)


def platform(*rules, **keys):
    return file("platform", *rules, **keys)


def generic(*rules, **keys):
    return file("generic", *rules, **keys)


def ruled(page, *files, lang="en", host=HOST, policies=POLICIES, off=()) -> Document:
    """A page, HTML where it begins with <, after the rules that it is under."""
    matching = Matching(made_of(files))
    if page.startswith("<"):
        asked = of_snippet(page, ())
        doc = of_snippet(page, matching.selectors(host, asked.generator))
    else:
        doc = document_of_lines(page)
    scope = matching.scope(matching.packs(doc, lang, host), lang, host, policies=policies, off=off)
    doc.apply("site-rules", matching.changes(doc, scope))
    return doc


def left(doc):
    return [doc.text_of(number) for number in doc.kept]


def gone(doc):
    return [(change.text, change.rule.partition("#")[2]) for change in doc.changes if not change.reports]


def reported(doc):
    return [(change.paragraph, change.rule.partition("#")[2]) for change in doc.changes if change.reports]


def undone(doc):
    """The paragraphs as they were before the changes."""
    texts = [text if kept else "" for _, text, kept in doc.paragraphs]
    for change in reversed(doc.changes):
        now = texts[change.paragraph]
        texts[change.paragraph] = now[: change.start] + change.text + now[change.start + len(change.new) :]
    return texts


def refused(kind, *rules, head=""):
    name = KINDS[kind][0]
    with pytest.raises(ConfigError) as caught:
        parse(parse_toml(toml(kind, *rules, head=head), "tides.toml"), name)
    return [(problem.line, problem.key, problem.message) for problem in caught.value.problems]


def test_the_helper_gives_back_what_was_taken():
    page = f"Rate  this tide\n{STORY} Rate this"
    doc = ruled(page, site('line = "Rate this tide"', 'id = "cut"\naction = "trim"\nline_ends = "rate this"'))
    assert left(doc) == [STORY]
    assert undone(doc) == page.split("\n")


# digits


@pytest.mark.parametrize(
    ("key", "literal", "hit", "missed"),
    [
        ("line", "12 boats in harbour", "7 boats in harbour", "Seven boats in harbour"),
        ("line", "12 boats in harbour", "20480 Boats in harbour", "12 boats in harbour now"),
        ("line", "12 boats of 30", "1 boats of 2", "1 boats of"),
        ("line", "Boats: 12", "boats: 3", "boats:"),
        ("line", "High water 04:30", "High water 16:55", "High water 16-55"),
        ("line", "Boats (12)", "Boats (5)", "Boats 5"),
        ("line", "12", "3", "3 4"),
        ("line_starts", "12 boats in", "7 boats in the harbour", "the 7 boats in the harbour"),
        ("line_starts", "Boats: 12", "Boats: 409 and more", "Boats: many"),
        ("line_ends", "boats: 12", "In the harbour, boats: 409", "boats: 409 in the harbour"),
        ("line_ends", "of 12 boats", "One of 4 boats", "One of four boats"),
        ("line_contains", "see 12 boats", "Come and see 3 boats today", "Come and see boats today"),
        ("line_contains", "tide (12+)", "The tide (16+) tonight", "The tide 16+ tonight"),
    ],
)
def test_a_number_in_a_literal_may_stand_for_every_number(key, literal, hit, missed):
    said = f'{key} = "{literal}"\n'
    page = f"{hit}\n{missed}\n{STORY}"
    assert left(ruled(page, site(said + 'digits = "any"'))) == [missed, STORY]
    assert left(ruled(page, site(said + 'digits = "exact"'))) == page.split("\n")
    assert left(ruled(page, site(said))) == page.split("\n")


def test_a_literal_without_a_number_is_one_beside_others_whose_numbers_stand_for_every_number():
    doc = ruled(f"Boats\n3 boats\n{STORY}", site("line = '''\n12 boats\nBoats\n'''\ndigits = \"any\""))
    assert left(doc) == [STORY]


@pytest.mark.parametrize(
    ("key", "literal", "page", "cut", "rest"),
    [
        ("line_starts", "12 boats in", "７ boats in the harbour", "７ boats in ", "the harbour"),
        ("line_starts", "page 1 of 2", "Page 33 of 44 The quay", "Page 33 of 44 ", "The quay"),
        ("line_ends", "(boats: 12)", "The ﬃeld by the quay (boats: 409)", " (boats: 409)", "The ﬃeld by the quay"),
        ("line_contains", "(see 12 boats)", "Come (see  3 boats) today", "(see  3 boats)", "Come  today"),
        ("line", "12 boats", "409 boats", "409 boats", None),
    ],
)
def test_a_trim_takes_the_whole_number_that_is_there(key, literal, page, cut, rest):
    doc = ruled(f"{page}\n{STORY}", site(f'action = "trim"\n{key} = "{literal}"\ndigits = "any"'))
    assert gone(doc) == [(cut, "tide")]
    assert left(doc) == ([STORY] if rest is None else [rest, STORY])
    assert undone(doc) == [page, STORY]


@pytest.mark.parametrize("key", ["line_starts", "line_ends", "line_contains"])
def test_a_literal_that_is_hardly_more_than_its_number_is_refused(key):
    [(_, at, message)] = refused("sites", f'{key} = "12:00-13:30"\ndigits = "any"')
    assert at == f"rule.{key}"
    assert "4 characters in a row besides its numbers" in message
    assert site('line = "12:00-13:30"\ndigits = "any"')


# repeat


def test_alone_it_takes_every_line_that_stands_further_up_already():
    doc = ruled(f"High water\n{STORY}\nhigh  WATER\nLow water\nHigh water", site('repeat = "second"'))
    assert left(doc) == ["High water", STORY, "Low water"]
    assert [change.paragraph for change in doc.changes] == [2, 4]


def test_beside_a_matcher_it_takes_the_second_such_line_only():
    page = f"High water\nLow water\n{STORY}\nHigh water\nLow water"
    assert left(ruled(page, site('line = "High water"\nrepeat = "second"'))) == ["High water", "Low water", STORY, "Low water"]
    assert left(ruled(page, generic('line_starts = "high"\nrepeat = "second"'))) == ["High water", "Low water", STORY, "Low water"]


def test_a_line_that_stands_once_is_no_repeat():
    page = f"High water\n{STORY}"
    assert left(ruled(page, site('line = "High water"\nrepeat = "second"'), site('repeat = "second"', name="sites/h/other"))) == page.split(
        "\n"
    )


def test_a_long_paragraph_is_no_repeat_unless_the_rule_says_so():
    long = f"{STORY} {STORY} {STORY}"
    assert len(left(ruled(f"{long}\n{long}", site('repeat = "second"')))) == 2
    assert left(ruled(f"{long}\n{long}", site('repeat = "second"\nmax_chars = 1000'))) == [long]


def test_repeats_of_a_trim_go_from_the_second_line_only():
    doc = ruled("Quay, by the clerk\nQuay, by the clerk", site('action = "trim"\nline_ends = ", by the clerk"\nrepeat = "second"'))
    assert left(doc) == ["Quay, by the clerk", "Quay"]


def test_repeats_alone_are_a_site_s_business():
    [(_, key, message)] = refused("generic", 'repeat = "second"')
    assert key == "rule.repeat"
    assert "every repeated line of every page" in message


# on


@pytest.mark.parametrize(("on", "text", "html"), [("any", False, False), ("text", False, True), ("html", True, False)])
def test_a_rule_may_be_for_pages_with_a_tree_or_for_those_without(on, *, text, html):
    rules = site(f'line = "Rate this tide"\non = "{on}"')
    assert ("Rate this tide" in left(ruled(f"Rate this tide\n{STORY}", rules))) is text
    assert ("Rate this tide" in left(ruled(f"<p>Rate this tide</p><p>{STORY}</p>", rules))) is html


# select


def page_of(*blocks):
    return "<!DOCTYPE html><body>" + "".join(blocks) + f"<p>{STORY}</p>"


def test_a_selector_alone_takes_all_that_is_in_its_elements():
    page = page_of("<aside class='tides big'><h2>More tides</h2><ul><li>Ebb</li><li>Flood</li></ul></aside>", "<p>Quay</p>")
    doc = ruled(page, site(f'select = ".tides"\n{GUARD}'))
    assert left(doc) == ["Quay", STORY]
    assert gone(doc) == [("More tides", "tide"), ("Ebb", "tide"), ("Flood", "tide")]
    assert undone(doc) == ["More tides", "Ebb", "Flood", "Quay", STORY]


def test_several_selectors_stand_one_a_line_and_one_may_be_a_list():
    page = page_of("<div class=a>One</div><div class=b>Two</div><div class=c>Three</div><div class=d>Four</div>")
    assert left(ruled(page, site(f"select = '''\n.a, .b\n.c\n'''\n{GUARD}"))) == ["Four", STORY]


def test_a_matcher_takes_only_what_it_finds_in_the_element():
    page = page_of("<div class=tides><p>Rate this tide</p><p>Ebb</p></div><p>Rate this tide</p>")
    assert left(ruled(page, site('select = ".tides"\nline = "Rate this tide"'))) == ["Ebb", "Rate this tide", STORY]


def test_a_trim_may_be_bound_to_an_element():
    page = page_of("<p class=lede>Quay, by the clerk</p><p>Ferry, by the clerk</p>")
    doc = ruled(page, site('action = "trim"\nselect = ".lede"\nline_ends = ", by the clerk"'))
    assert left(doc) == ["Quay", "Ferry, by the clerk", STORY]


def test_keep_select_saves_what_stands_in_its_elements():
    page = page_of("<div class=tides><p>Ebb</p><blockquote>Flood<p>Neap</p></blockquote></div>")
    assert left(ruled(page, site(f'select = ".tides"\nkeep_select = "blockquote"\n{GUARD}'))) == ["Flood", "Neap", STORY]


def test_keep_select_saves_from_a_matcher_too_and_only_there():
    page = page_of("<p>Rate this tide</p><blockquote>Rate this tide</blockquote>")
    doc = ruled(page, site('line = "Rate this tide"\nkeep_select = "blockquote"'))
    assert [change.paragraph for change in doc.changes] == [0]
    assert left(ruled(f"Rate this tide\n{STORY}", site('line = "Rate this tide"\nkeep_select = "blockquote"'))) == [STORY]


def test_elements_in_elements_are_taken_once_and_by_one_rule():
    page = page_of("<div class=outer><p>Ebb</p><div class=inner><p>Flood</p></div></div>")
    rules = site(f'id = "inner"\nselect = ".inner"\n{GUARD}', f'id = "outer"\nselect = ".outer"\n{GUARD}')
    assert gone(ruled(page, rules)) == [("Flood", "inner"), ("Ebb", "outer")]


def test_an_element_within_a_line_is_a_paragraph_of_its_own():
    doc = ruled(page_of("<p>The bridge is stuck. <span class=promo>Read it in the app.</span></p>"), site(f'select = ".promo"\n{GUARD}'))
    assert left(doc) == ["The bridge is stuck.", STORY]
    assert gone(doc) == [("Read it in the app.", "tide")]


def test_what_an_element_says_may_be_part_of_the_selector():
    page = page_of("<p class=box>Pin this tide</p><p class=box>The tide came</p>")
    assert left(ruled(page, site(f"select = '''p.box:lexbor-contains(\"Pin this\")'''\n{GUARD}"))) == ["The tide came", STORY]


@pytest.mark.parametrize("name", ["shadow", "ad-free", "header", "bad", "ad_slot", "adverb"])
def test_a_class_is_a_whole_name(name):
    page = page_of(f"<p class={name}>Ebb</p><p class='big ad'>Flood</p><p id={name}>Neap</p>")
    assert left(ruled(page, site(f"select = '''\n.ad\n#ad\n'''\n{GUARD}"))) == ["Ebb", "Neap", STORY]


@pytest.mark.parametrize("part", ['[class*="ad"]', "div[ class ^= ad]", "[ID$=ad]", "p:not([class|=ad])", '[class~="ad"]', "[class=ad]"])
def test_a_part_of_a_class_is_refused(part):
    for key in ("select", "keep_select"):
        [(_, at, message)] = refused("sites", f"line = 'Rate this tide'\n{key} = '''\n.tides\n{part}\n'''")
        assert at == f"rule.{key}"
        assert "match whole names" in message


def test_other_attributes_may_be_given_in_part():
    page = page_of("<a href='/tides/1'>Ebb</a>", "<p data-class=ad>Flood</p>")
    assert left(ruled(page, site(f"select = '''\na[href^=\"/tides/\"]\n[data-class*=ad]\n'''\n{GUARD}"))) == [STORY]


@pytest.mark.parametrize("selector", ["p:::", ".a >", ".a,", ".a { color: red }", "p:contains('x')", ".a)", "//p"])
def test_what_is_no_selector_is_refused(selector):
    [(_, at, message)] = refused("sites", f"select = '''\n{selector}\n'''\n{GUARD}")
    assert at == "rule.select"
    assert "is no CSS selector" in message


def test_a_share_of_the_page_is_safe_from_a_selector():
    page = "<body><div class=tides><p>Ebb and flood</p><p>Neap and spring</p></div><p>The quay is shut.</p>"
    assert left(ruled(page, site('select = ".tides"\nguard = { max_share = 0.63 }'))) == ["The quay is shut."]
    assert len(left(ruled(page, site('select = ".tides"\nguard = { max_share = 0.62 }')))) == 3


def test_a_selector_finds_nothing_on_a_text_page():
    assert left(ruled("Rate this tide", site(f'select = "p"\n{GUARD}'), platform(f'select = "body"\n{GUARD}'))) == ["Rate this tide"]


def test_selectors_of_a_pack_that_a_page_is_not_under_are_not_run():
    page = page_of("<p class=tides>Ebb</p>")
    rules = site(f'select = ".tides"\n{GUARD}')
    assert left(ruled(page, rules, host="nowhere.example")) == ["Ebb", STORY]
    assert Matching(made_of([rules])).selectors("nowhere.example", "") == []
    assert Matching(made_of([rules])).selectors(f"www.{HOST}", "") == [".tides"]


def test_a_selector_that_several_rules_have_is_run_once():
    rules = site(f'select = ".tides"\n{GUARD}', 'id = "two"\nline = "Rate this tide"\nselect = ".tides"\nkeep_select = ".quay"')
    assert Matching(made_of([rules])).selectors(HOST, "") == [".tides", ".quay"]


def test_one_selector_that_finds_nothing_does_not_stop_the_others():
    page = page_of("<p class=c>Ebb</p>")
    assert left(ruled(page, site(f"select = '''\n.z:not(.y)\n.c\n.x:has(.w)\n'''\n{GUARD}"))) == [STORY]


# replace


@pytest.mark.parametrize(
    ("matcher", "page", "left_over", "taken"),
    [
        ('line = "Rate this tide"', "Rate  this TIDE", "Ebb", ["Rate  this TIDE"]),
        ('line_starts = "rate this"', "Rate this tide", "Ebb tide", ["Rate this"]),
        ('line_ends = "this tide"', "Rate this tide", "Rate Ebb", ["this tide"]),
        ('line_contains = "this"', "Rate this and this", "Rate Ebb and Ebb", ["this", "this"]),
        ("line_regex = 'rate (this|that) tide'", "Rate that tide", "Rate Ebb tide", ["that"]),
        ("line_regex = 'rate this .+'", "Rate this ﬃeld", "Ebb", ["Rate this ﬃeld"]),
        ('line_ends = "12 tides"\ndigits = "any"', "Rate 7 tides", "Rate Ebb", ["7 tides"]),
        ('line_contains = "ffi"', "The ﬃeld", "The Ebbeld", ["ﬃ"]),
    ],
)
def test_a_replace_puts_other_text_there(matcher, page, left_over, taken):
    doc = ruled(f"{page}\n{STORY}", site(f'action = "replace"\n{matcher}\nwith = "Ebb"'))
    assert left(doc) == [left_over, STORY]
    assert sorted((change.text, change.new) for change in doc.changes) == [(text, "Ebb") for text in sorted(taken)]
    assert undone(doc) == [page, STORY]


def test_a_group_that_takes_no_part_changes_nothing():
    rules = site("action = 'replace'\nline_regex = '(ebb )?flood tide'\nwith = 'Neap '")
    assert left(ruled("Ebb flood tide\nFlood tide", rules)) == ["Neap flood tide", "Flood tide"]


def test_what_was_put_there_is_not_looked_at_again():
    rules = site(
        'action = "replace"\nline_contains = "ebb"\nwith = "flood"',
        'id = "back"\naction = "replace"\nline_contains = "flood"\nwith = "ebb"',
        'id = "drop"\nline = "flood tide"',
    )
    assert left(ruled(f"Ebb tide\n{STORY}", rules)) == ["flood tide", STORY]


def test_replacing_twice_changes_nothing_more():
    rules = site(
        'action = "replace"\nline_ends = "[sic] tide"\nwith = "tide"', 'id = "all"\naction = "replace"\nline = "Ebb"\nwith = "Low"'
    )
    once = left(ruled(f"The [sic] tide\nEbb\n{STORY}", rules))
    assert once == ["The tide", "Low", STORY]
    assert left(ruled("\n".join(once), rules)) == once


@pytest.mark.parametrize(
    ("first", "second", "rest"),
    [
        # a trim beside a replace; both hold
        ('action = "trim"\nline_starts = "pin"', 'action = "replace"\nline_ends = "tide"\nwith = "ebb"', "the ebb"),
        ('action = "replace"\nline_starts = "pin"\nwith = "See"', 'action = "trim"\nline_ends = "tide"', "See the"),
        # one over the other: the rule written first
        ('action = "trim"\nline_contains = "the tide"', 'action = "replace"\nline_ends = "tide"\nwith = "ebb"', "Pin"),
        ('action = "replace"\nline_ends = "tide"\nwith = "ebb"', 'action = "trim"\nline_contains = "the tide"', "Pin the ebb"),
        (
            'action = "replace"\nline_contains = "the"\nwith = "a"',
            'action = "replace"\nline_contains = "the tide"\nwith = "ebb"',
            "Pin a tide",
        ),
        (
            'action = "replace"\nline_contains = "the tide"\nwith = "ebb"',
            'action = "replace"\nline_contains = "the"\nwith = "a"',
            "Pin ebb",
        ),
    ],
)
def test_of_a_replace_and_another_cut_in_one_place_the_first_holds(first, second, rest):
    doc = ruled("Pin the tide", site(first, f'id = "two"\n{second}'))
    assert left(doc) == [rest]
    assert undone(doc) == ["Pin the tide"]


@pytest.mark.parametrize(("page", "rest"), [("Pin tide", "ebb"), ("Pintide", "ebb"), ("Pin  tide tide", "ebb ebb")])
def test_a_replace_right_beside_another_cut_holds_too(page, rest):
    rules = site('action = "trim"\nline_starts = "pin"', 'id = "two"\naction = "replace"\nline_contains = "tide"\nwith = "ebb"')
    doc = ruled(page, rules)
    assert left(doc) == [rest]
    assert undone(doc) == [page]


def test_a_drop_comes_before_a_replace():
    rules = site('action = "replace"\nline = "Rate this tide"\nwith = "Ebb"', 'id = "drop"\nline_starts = "rate this"')
    assert gone(ruled(f"Rate this tide\n{STORY}", rules)) == [("Rate this tide", "drop")]


def test_what_a_replace_leaves_is_no_known_line():
    rules = site('action = "replace"\nline_ends = "now"\nwith = "soon"', 'id = "drop"\nline = "Rate this tide"')
    assert left(ruled(f"Rate this tide now\n{STORY}", rules)) == ["Rate this tide soon", STORY]


# keep


@pytest.mark.parametrize(
    ("keeper", "dropper", "held"),
    [
        (generic, generic, True),
        (platform, generic, True),
        (site, generic, True),
        (platform, platform, True),
        (site, platform, True),
        (site, site, True),
        (generic, platform, False),
        (generic, site, False),
        (platform, site, False),
    ],
)
@pytest.mark.parametrize("name", ["", "{}s"])
def test_a_keep_holds_against_its_own_kind_and_those_behind_it(keeper, dropper, name, *, held):
    keep, drop = 'id = "keep"\naction = "keep"\nline_ends = "this tide"', 'id = "drop"\nline = "Rate this tide"'
    if keeper is dropper and not name:
        files = [keeper(drop, keep)]
    else:
        other = dropper("line = 'unused line'").name + ("s" if name and keeper is dropper else "")
        files = [dropper(drop, name=other), keeper(keep)]
    doc = ruled(f"Rate this tide\n{STORY}\n{SIGN}", *files)
    assert left(doc) == (["Rate this tide"] if held else []) + [STORY, SIGN]
    assert reported(doc) == ([(0, "keep")] if held else [])


def test_a_keep_that_nothing_speaks_against_is_reported_for_the_steps_that_follow():
    (report,) = ruled(f"Rate this tide\n{STORY}", site('action = "keep"\nline = "Rate this tide"')).changes
    assert (report.paragraph, report.keeps) == (0, True)


def test_an_experimental_keep_keeps_nothing_from_anybody():
    changes = ruled(f"Rate this tide\n{STORY}", site('status = "experimental"\naction = "keep"\nline = "Rate this tide"')).changes
    assert not [report for report in changes if report.keeps]


@pytest.mark.parametrize(
    ("dropper", "rest"),
    [
        ('action = "drop-block"\nline = "More tides"', ["Ebb", STORY, "Flood"]),
        ('action = "drop-span"\nfrom = "More tides"\nto = "Flood"\nmax_lines = 6', ["Ebb"]),
        ('action = "drop-rest"\nline = "More tides"', ["Ebb"]),
    ],
)
def test_a_kept_line_stays_where_others_go(dropper, rest):
    page = f"More tides\nEbb\nNeap\n\n{STORY}\n\nFlood"
    rules = site(f'id = "many"\n{dropper}\n{GUARD}', 'id = "keep"\naction = "keep"\nline = "Ebb"')
    doc = ruled(page, rules)
    assert left(doc) == rest
    assert reported(doc) == [(1, "keep")]


@pytest.mark.parametrize(
    "dropper",
    [
        'action = "drop-block"\nline = "More tides"',
        'action = "drop-span"\nfrom = "More tides"\nto = "Neap"\nmax_lines = 6',
        'action = "drop-rest"\nline = "More tides"',
    ],
)
def test_a_kept_line_begins_nothing(dropper):
    rules = site(f'id = "many"\n{dropper}\n{GUARD}', 'id = "keep"\naction = "keep"\nline = "More tides"')
    doc = ruled(f"More tides\nEbb\nNeap\n\n{STORY}", rules)
    assert left(doc) == ["More tides", "Ebb", "Neap", STORY]
    assert reported(doc) == [(0, "keep")]


@pytest.mark.parametrize("cutter", ['action = "trim"', 'action = "replace"\nwith = "x"'])
def test_a_kept_line_is_not_cut(cutter):
    rules = site(f'{cutter}\nline_ends = "by the clerk"', 'id = "keep"\naction = "keep"\nline_starts = "quay"')
    doc = ruled("Quay by the clerk\nFerry by the clerk", rules)
    assert left(doc)[0] == "Quay by the clerk"
    assert left(doc)[1] != "Ferry by the clerk"
    assert reported(doc) == [(0, "keep")]


def test_what_is_kept_does_not_count_for_the_guard():
    page = "More tides\nEbb and flood and neap and spring\nThe quay is shut"
    rest = 'id = "rest"\naction = "drop-rest"\nline = "More tides"\nguard = { max_share = 0.5 }'
    assert len(left(ruled(page, site(rest)))) == 3
    assert left(ruled(page, site(rest, 'id = "keep"\naction = "keep"\nline_starts = "ebb"'))) == ["Ebb and flood and neap and spring"]


def test_a_keep_by_an_element():
    page = page_of("<div class=quote><p>Rate this tide</p></div><p>Rate this tide</p>")
    doc = ruled(page, generic('line = "Rate this tide"'), site('id = "keep"\naction = "keep"\nselect = ".quote"'))
    assert left(doc) == ["Rate this tide", STORY]
    assert reported(doc) == [(0, "keep")]
    assert [change.paragraph for change in doc.changes if not change.reports] == [1]


def test_a_keep_has_conditions_like_any_rule():
    keep = 'id = "keep"\naction = "keep"\nline = "Rate this tide"\nwhere = { first = 1 }'
    doc = ruled(f"Rate this tide\n{STORY}\nRate this tide", site('line = "Rate this tide"', keep))
    assert left(doc) == ["Rate this tide", STORY]


# status


def test_an_experimental_rule_reports_and_removes_nothing():
    doc = ruled(f"Rate this tide\n{STORY}", site('line = "Rate this tide"\nstatus = "experimental"'))
    assert left(doc) == ["Rate this tide", STORY]
    [change] = doc.changes
    assert (change.paragraph, change.start, change.end, change.text, change.new, change.reports) == (0, 0, 0, "", "", True)
    assert change.rule == f"{KINDS['sites'][0]}#tide"


@pytest.mark.parametrize(
    ("rule", "paragraphs"),
    [
        ('action = "trim"\nline_ends = "this tide"', [0]),
        ('action = "replace"\nline_ends = "this tide"\nwith = "x"', [0]),
        (f'action = "drop-rest"\nline_starts = "rate"\n{GUARD}', [0, 1, 2]),
        (f'action = "drop-block"\nline_starts = "rate"\n{GUARD}', [0, 1]),
        (f'action = "drop-span"\nfrom = "Rate this tide"\nto = "Ebb"\nmax_lines = 3\n{GUARD}', [0, 1]),
    ],
)
def test_an_experimental_rule_reports_each_paragraph_that_it_would_touch(rule, paragraphs):
    doc = ruled(f"Rate this tide\nEbb\n\n{STORY}", site(f'{rule}\nstatus = "experimental"'))
    assert left(doc) == ["Rate this tide", "Ebb", STORY]
    assert reported(doc) == [(number, "tide") for number in paragraphs]


def test_an_experimental_selector_reports_what_is_in_its_elements():
    doc = ruled(page_of("<div class=tides><p>Ebb</p><p>Flood</p></div>"), site(f'select = ".tides"\nstatus = "experimental"\n{GUARD}'))
    assert left(doc) == ["Ebb", "Flood", STORY]
    assert reported(doc) == [(0, "tide"), (1, "tide")]


def test_what_an_active_rule_takes_no_experimental_one_reports_whoever_comes_first():
    files = [site('id = "try"\nline_starts = "rate this"\nstatus = "experimental"'), generic('line = "Rate this tide"')]
    doc = ruled(f"Rate this tide\n{STORY}\nRate this ebb", *files)
    assert gone(doc) == [("Rate this tide", "tide")]
    assert reported(doc) == [(2, "try")]


def test_an_experimental_keep_keeps_nothing():
    rules = site('line = "Rate this tide"', 'id = "keep"\naction = "keep"\nline = "Rate this tide"\nstatus = "experimental"')
    assert left(ruled(f"Rate this tide\n{STORY}", rules)) == [STORY]


@pytest.mark.parametrize(("status", "works"), [("active", True), ("stale", True), ("retired", False)])
def test_a_stale_rule_works_and_a_retired_one_does_nothing(status, *, works):
    page = f"Rate this tide\n{STORY}"
    doc = ruled(page, site(f'line = "Rate this tide"\nstatus = "{status}"'))
    assert gone(doc) == ([("Rate this tide", "tide")] if works else [])
    assert reported(doc) == []


def test_a_retired_rule_gives_no_selectors_and_no_keep():
    rules = site(
        f'select = ".tides"\nstatus = "retired"\n{GUARD}',
        'id = "keep"\naction = "keep"\nline = "Ebb"\nstatus = "retired"',
        'id = "x"\nline = "Ebb"',
    )
    assert Matching(made_of([rules])).selectors(HOST, "") == []
    assert left(ruled(f"Ebb\n{STORY}", rules)) == [STORY]


# ids


def test_an_id_that_a_rule_had_before_is_not_given_again():
    one = 'id = "new"\nline = "Ebb"\nwas = ["old", "older"]'
    for other, taken in (
        ('id = "old"\nline = "Flood"', "old"),
        ('id = "x"\nline = "Flood"\nwas = ["older"]', "older"),
        ('id = "x"\nline = "F."\nwas = ["new"]', "new"),
    ):
        [(line, key, message)] = refused("sites", one, other)
        assert key == "rule.id"
        assert message == f"{taken!r} is the id of an earlier rule"
        assert line > 8


def test_the_ledger_has_the_version_of_the_pack_and_the_bare_id_has_not():
    made = parse(parse_toml(toml("sites", 'line = "Rate this tide"'), "x.toml"), KINDS["sites"][0], "2026.11")
    [change] = ruled(f"Rate this tide\n{STORY}", made).changes
    assert change.rule == f"{KINDS['sites'][0]}#tide@2026.11"
    assert bare(change.rule) == f"{KINDS['sites'][0]}#tide"
    assert bare(bare(change.rule)) == bare(change.rule)


# override, policies, without


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Write rule files below a folder that has no built-in packs behind it: `folder("generic", rule, …, head=…)`."""
    monkeypatch.setattr("curate.rules.load.built_in", lambda: tmp_path / "none")
    monkeypatch.setenv("CURATE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "none").mkdir()

    def written(kind, *rules, head="", after=""):
        path = tmp_path / "rules" / f"{KINDS[kind][0]}.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(toml(kind, *rules, head=head) + after, encoding="utf-8")
        return tmp_path / "rules"

    return written


def override(rule, why="The harbour's own ratings are part of its stories."):
    return f'[[override]]\nrule = "{rule}"\nwhy = "{why}"\n'


@pytest.mark.parametrize("named", ["rate", "stars", "rate-old", "rate@2025.1"])
def test_a_site_switches_a_rule_off_by_any_id_that_it_ever_had(folder, named):
    folder("generic", 'id = "rate"\nline = "Rate this tide"\nwas = ["stars", "rate-old"]', 'id = "send"\nline = "Send this tide"')
    files = load([folder("sites", after=override(f"generic/en/tides#{named}"))]).files
    page = f"Rate this tide\nSend this tide\n{STORY}"
    assert left(ruled(page, *files)) == ["Rate this tide", STORY]
    assert left(ruled(page, *files, host="nowhere.example")) == [STORY]
    assert left(ruled(page, *files, host="")) == [STORY]


def test_an_override_holds_where_signs_tell_the_site_and_for_lines_that_are_run_together(folder):
    folder("generic", 'line = "Rate this tide"', 'id = "send"\nline = "Send this tide"')
    files = load([folder("sites", head='signs = "The Harbour Times"', after=override("generic/en/tides#tide"))]).files
    page = f"Rate this tide\nSend this tideRate this tide\nThe Harbour Times\n{STORY}"
    assert left(ruled(page, *files, host="")) == page.split("\n")
    assert left(ruled(page, *files, host="nowhere.example")) == ["The Harbour Times", STORY]


def test_an_override_of_a_rule_that_is_not_there_says_where_and_what_there_is(folder):
    folder("generic", 'line = "Rate this tide"')
    rules = folder("sites", after=override("generic/en/tides#tde"))
    with pytest.raises(ConfigError) as caught:
        load([rules])
    [problem] = caught.value.problems
    assert problem.path == str(rules / f"{KINDS['sites'][0]}.toml")
    assert Path(problem.path).read_text().splitlines()[problem.line - 1].startswith("rule = ")
    assert problem.key == "override.rule"
    assert problem.message == "there is no rule 'generic/en/tides#tde'; the nearest is 'generic/en/tides#tide'"


def test_an_override_stands_in_a_site_s_file_and_says_why():
    for kind in ("generic", "platform"):
        with pytest.raises(ConfigError, match="stands in a site's file"):
            parse(parse_toml(toml(kind) + override("generic/en/tides#tide"), "x.toml"), KINDS[kind][0])
    with pytest.raises(ConfigError) as caught:
        parse(parse_toml(toml("sites") + override("generic/en/tides", why="No."), "x.toml"), KINDS["sites"][0])
    assert [(problem.line, problem.key) for problem in caught.value.problems] == [(5, "override.rule"), (6, "override.why")]


@pytest.mark.parametrize("category", POLICIES)
def test_a_policy_is_off_unless_asked_for(category):
    rules = site(f'category = "{category}"\nline = "By the clerk"')
    page = f"By the clerk\n{STORY}\nBy the clerkBy the clerk"
    assert left(ruled(page, rules, policies=())) == page.split("\n")
    assert left(ruled(page, rules, policies=[other for other in POLICIES if other != category])) == page.split("\n")
    assert left(ruled(page, rules, policies=[category])) == [STORY]


@pytest.mark.parametrize("category", POLICIES)
def test_outside_of_a_site_s_file_a_policy_looks_near_the_edges_only(category):
    rule = f'category = "{category}"\nline = "By the clerk"'
    for kind in ("generic", "platform"):
        [(_, key, message)] = refused(kind, rule)
        assert key == "rule.where"
        assert "near the edges" in message
        assert refused(kind, f"{rule}\nwhere = {{ after = 'x' }}")
        assert file(kind, f"{rule}\nwhere = {{ first = 2 }}")
        assert file(kind, f"{rule}\nwhere = {{ last = 2 }}")


def judged(page, step, lang="en"):
    doc = document_of_lines(page)
    doc.site = HOST
    doc.tags["lang"] = lang
    doc.tags.update(step.describe(doc))
    doc.apply("site-rules", step.judge(doc))
    return doc


def test_the_step_takes_policies_and_rules_that_are_off(folder):
    rules = str(folder("sites", 'category = "byline"\nline = "By the clerk"', 'id = "rate"\nline = "Rate this tide"'))
    page = f"By the clerk\nRate this tide\n{STORY}"
    assert left(judged(page, SiteRules((rules,)))) == ["By the clerk", STORY]
    assert left(judged(page, SiteRules((rules,), policies=("byline",)))) == [STORY]
    assert left(judged(page, SiteRules((rules,), without=(f"{KINDS['sites'][0]}#rate",)))) == ["By the clerk", "Rate this tide", STORY]


def test_a_rule_that_is_switched_off_must_be_there(folder):
    rules = str(folder("sites", 'id = "rate"\nline = "Rate this tide"'))
    assert SiteRules((rules,), without=(f"{KINDS['sites'][0]}#rate",)).rules_version
    with pytest.raises(UsageError, match=f"the nearest is '{KINDS['sites'][0]}#rate'"):
        _ = SiteRules((rules,), without=(f"{KINDS['sites'][0]}#rates",)).rules_version


# What turns a file on.


def meta(*generators):
    return (
        "<html><head>"
        + "".join(f'<meta name="Generator" content="{name}">' for name in generators)
        + f"</head><body><p>Rate this tide</p><p>{STORY}</p>"
    )


@pytest.mark.parametrize(
    ("generators", "on"),
    [
        (["TidePress 4.2"], True),
        (["tidepress"], True),
        (["Shore Plugin 1", "TidePress 4.2"], True),
        (["Shore Plugin 1", "Shore Plugin 1", "TIDEPRESS"], True),
        (["Powered by TidePress"], False),
        (["Tide"], False),
        ([""], False),
        ([], False),
    ],
)
def test_a_generator_turns_a_platform_on(generators, on):
    rules = platform('line = "Rate this tide"', head='generator = "TidePress"')
    assert left(ruled(meta(*generators), rules, host="nowhere.example")) == ([] if on else ["Rate this tide"]) + [STORY]


def test_a_generator_turns_a_platform_s_selectors_on():
    rules = platform(f'select = "p:first-child"\n{GUARD}', head='generator = "TidePress"')
    assert left(ruled(meta("TidePress 4.2"), rules, host="")) == [STORY]
    assert left(ruled(meta("ShorePress"), rules, host="")) == ["Rate this tide", STORY]


def test_signs_tell_the_site_of_a_page_without_an_address():
    rules = site('line_starts = "rate this"', head="signs = '''\nThe Harbour Times\nWritten on the quay\n'''")
    page = f"Rate this tide\n{STORY}"
    for sign in ("The  harbour TIMES", "Written on the quay"):
        assert left(ruled(f"{page}\n{sign}", rules, host="")) == [STORY, sign]
    assert left(ruled(f"{page}\nThe Harbour Times of today", rules, host=""))[0] == "Rate this tide"
    assert left(ruled(f"{page}\nThe Harbour Times", rules, host="nowhere.example"))[0] == "Rate this tide"


def test_a_file_that_is_used_holds_with_what_it_uses_itself():
    files = [
        site(head='uses = ["platform/a"]'),
        platform('line_starts = "ebb"', head='uses = ["platform/b"]', name="platform/a"),
        platform('line_starts = "flood"\nselect = ".x"\n', head='uses = ["platform/a"]', name="platform/b"),
    ]
    matching = Matching(made_of(files))
    assert matching.packs(document_of_lines("Ebb"), "fr", HOST) == ["platform/a", "platform/b", KINDS["sites"][0]]
    assert matching.selectors(HOST, "") == [".x"]
    assert left(ruled(f"Ebb tide\n{STORY}", *files)) == [STORY]
    assert left(ruled(f"Ebb tide\n{STORY}", *files, host="nowhere.example")) == ["Ebb tide", STORY]


# max_chars


@pytest.mark.parametrize(
    ("length", "said", "goes"),
    [(200, "", True), (201, "", False), (90, "max_chars = 90", True), (91, "max_chars = 90", False), (500, "max_chars = 500", True)],
)
def test_a_long_paragraph_is_safe(length, said, goes):
    page = "Rate " + "x" * (length - 5)
    for matcher in ('line_starts = "rate "', 'line_contains = "rate xxx"', "line_regex = 'rate x+'"):
        assert left(ruled(f"{page}\n{STORY}", site(f"{matcher}\n{said}"))) == ([] if goes else [page]) + [STORY]


def test_a_selector_has_no_limit_unless_it_says_so_and_one_with_a_matcher_has():
    long = f"Rate {'x' * 500}"
    page = page_of(f"<p class=tides>{long}</p>")
    assert left(ruled(page, site(f'select = ".tides"\n{GUARD}'))) == [STORY]
    assert left(ruled(page, site(f'select = ".tides"\nmax_chars = 505\n{GUARD}'))) == [STORY]
    assert left(ruled(page, site(f'select = ".tides"\nmax_chars = 504\n{GUARD}'))) == [long, STORY]
    assert left(ruled(page, site('select = ".tides"\nline_starts = "rate"'))) == [long, STORY]


# Contradictions.


@pytest.mark.parametrize(
    ("kind", "rule", "key", "says"),
    [
        ("sites", f'select = ".a"\non = "text"\n{GUARD}', "rule.on", "text has no elements"),
        ("generic", 'line = "Rate this tide"\nselect = ".a"', "rule.select", "a class means something else on every site"),
        ("sites", 'select = ".a"', "rule.select", "say guard"),
        ("platform", 'select = ".a"', "rule.select", "say guard"),
        ("sites", f'action = "trim"\nselect = ".a"\n{GUARD}', "rule.action", "trim needs a line to begin with"),
        ("sites", f'action = "replace"\nselect = ".a"\nwith = "x"\n{GUARD}', "rule.action", "replace needs a line to begin with"),
        ("sites", f'action = "drop-rest"\nselect = ".a"\n{GUARD}', "rule.action", "drop-rest needs a line to begin with"),
        ("sites", 'action = "replace"\nline = "Ebb"', "rule.with", "the two go together"),
        ("sites", 'line = "Ebb"\nwith = "Flood"', "rule.with", "the two go together"),
        ("sites", 'action = "trim"\nline_ends = "Ebb"\nwith = "Flood"', "rule.with", "the two go together"),
        ("sites", 'line = "Ebb"\nevidence = { pages = 21, of = 20, seen = 2026-11-02 }', "rule.evidence", "21 pages of 20"),
        ("sites", 'line = "Ebb"\nrepeat = "third"', "rule.repeat", "found 'third'"),
        ("sites", 'line = "Ebb"\ndigits = "all"', "rule.digits", "found 'all'"),
        ("sites", 'line = "Ebb"\non = "pdf"', "rule.on", "found 'pdf'"),
        ("sites", 'line = "Ebb"\nstatus = "old"', "rule.status", "found 'old'"),
        ("sites", 'line = "Ebb"\nwas = "old"', "rule.was", "found 'old'"),
        ("sites", 'keep_select = ".a"', "rule", "no matcher"),
    ],
)
def test_a_contradiction_is_refused_where_it_stands(kind, rule, key, says):
    [(line, at, message)] = refused(kind, rule)
    assert at == key
    assert says in message
    own = key.removeprefix("rule.")
    there = toml(kind, rule).splitlines()[line - 1]
    assert there.startswith(own if f"{own} = " in rule else "[[rule]]")  # a key that is missed stands nowhere


def test_selectors_stand_in_the_files_of_a_platform_or_a_site():
    for key in ("select", "keep_select"):
        rule = f'line = "Rate this tide"\n{key} = ".a"'
        [(_, _, message)] = refused("generic", rule)
        assert "a class means something else on every site" in message
        assert site(rule)
        assert platform(rule)


def test_a_selector_to_keep_by_needs_no_guard():
    assert site('action = "keep"\nselect = ".a"')
    assert site('select = ".a"\nline = "Ebb"')


def test_all_contradictions_come_at_once_with_file_line_and_key():
    text = toml(
        "sites",
        'select = ".a"\non = "text"\nwith = "x"',
        'id = "b"\nline_regex = "(?=x)"\nkeep_select = "p:::"',
        'id = "tide"\nline = "x y"',
    )
    with pytest.raises(ConfigError) as caught:
        parse(parse_toml(text, "tides.toml"), KINDS["sites"][0])
    lines = text.splitlines()
    found = [(problem.path, lines[problem.line - 1].split(" ")[0], problem.key) for problem in caught.value.problems]
    assert sorted(found) == sorted(
        ("tides.toml", key.removeprefix("rule."), key)
        for key in ("rule.on", "rule.select", "rule.with", "rule.line_regex", "rule.keep_select", "rule.id")
    )
    assert str(caught.value).count("tides.toml:") == 6


# All of them together.


RULES = st.sampled_from(
    [
        'line = "Ebb tide"',
        'line_starts = "ebb"\nunless = "quay"',
        'line_regex = "ebb (?:tide|flood)+"',
        'line = "12 tides"\ndigits = "any"',
        'line_starts = "flood"\nrepeat = "second"',
        'repeat = "second"',
        'line_ends = "tide"\nwhere = { first = 2 }',
        'line_contains = "quay"\nstatus = "experimental"',
        'line_contains = "quay"\nstatus = "stale"\nmax_chars = 20',
        'action = "trim"\nline_contains = "ffi"',
        'action = "trim"\nline_starts = "ebb"',
        'action = "trim"\nline_regex = "ebb (.+) tide"',
        'action = "trim"\nline_ends = "strasse"\nstatus = "experimental"',
        'action = "replace"\nline_contains = "flood"\nwith = "Ebb"',
        'action = "replace"\nline_ends = "tide"\nwith = "quay"',
        f'action = "drop-block"\nline_starts = "quay"\n{GUARD}',
        'action = "drop-rest"\nline = "Flood"\nguard = { max_share = 0.4 }',
        f'action = "drop-span"\nfrom = "Ebb"\nto = "Flood"\nmax_lines = 3\n{GUARD}',
        'action = "keep"\nline_ends = "flood"',
        'action = "keep"\nline_contains = "ebb"\nwhere = { last = 2 }',
    ]
)
WORDS = st.sampled_from(["Ebb", "ebb", "Flood", "tide", "quay", "3", "ﬃ", "Straße", "\u00ad", "\u00a0", "12 tides", "、"])
LINES = st.lists(st.lists(WORDS, min_size=1, max_size=5), min_size=1, max_size=7)


@settings(max_examples=150, deadline=None)
@given(st.lists(RULES, max_size=5), st.lists(RULES, max_size=3), LINES, st.sampled_from([" ", ""]), st.sampled_from(["\n", "\n\n"]))
def test_whatever_rules_do_can_be_undone_and_reports_change_nothing(mine, theirs, lines, space, between):
    page = between.join(space.join(words) for words in lines)
    numbered = [[f'id = "r{number}"\n{rule}' for number, rule in enumerate(rules)] for rules in (mine, theirs)]
    read = [paragraph.text for paragraph in document_of_lines(page).paragraphs]
    doc = ruled(page, site(*numbered[0]), site(*numbered[1], name="sites/h/other"))
    assert undone(doc) == read
    silent = [rule if "status" in rule else f'{rule}\nstatus = "experimental"' for rule in numbered[0] if "stale" not in rule]
    assert left(ruled(page, site(*silent))) == read


# From a page to the ledger and back.


def test_a_run_writes_what_an_element_held_and_gives_the_page_s_paragraphs_back(curate, folder, tmp_path):
    head = 'generator = "TidePress"'
    folder("platform", f'id = "box"\nselect = ".box"\n{GUARD}', 'id = "try"\nline_ends = "winter"\nstatus = "experimental"', head=head)
    folder("generic", 'line = "Rate this tide"')
    rules = folder(
        "sites",
        'id = "keep"\naction = "keep"\nselect = "blockquote"',
        'id = "swap"\naction = "replace"\nline_starts = "[photo]"\nwith = "Photo:"',
        'id = "cut"\naction = "trim"\nline_ends = "(12 comments)"\ndigits = "any"',
    )
    (tmp_path / "rules" / "pack.toml").write_text('name = "harbour"\nversion = "3"\n')
    blocks = [
        "<div class=box><p>Ebb tonight</p><p>Flood at noon</p></div>",
        "<p>Rate this tide</p><blockquote>Rate this tide</blockquote>",
        "<p>[Photo] The quay in spring</p><p>The mill is shut. (7 comments)</p><p>Nobody came all winter</p>",
    ]
    words = "The clerk said that the boats were in the harbour and that they would stay there until the tide came back. "
    page = meta("TidePress 4") + "".join(blocks) + f"<p>{words * 3}</p>"
    (tmp_path / "page.html").write_text(page)
    config = tmp_path / "config.toml"
    config.write_text('[[step]]\nname = "language"\n[[step]]\nname = "site-rules"\n')
    out = tmp_path / "out"
    ran = curate("clean", tmp_path / "page.html", "-o", out, "--config", config, "--rules", rules, "--url", f"https://{HOST}/1")
    assert ran.code == 0, ran.err
    ledger = [(row["text"], row["new"], row["rule"]) for row in curate.rows(out, "ledger")]
    name = {kind: where for kind, (where, _) in KINDS.items()}
    assert sorted(ledger) == sorted(
        [
            ("Ebb tonight", "", f"{name['platform']}#box@3"),
            ("Flood at noon", "", f"{name['platform']}#box@3"),
            ("Rate this tide", "", f"{name['generic']}#tide@3"),
            ("Rate this tide", "", f"{name['generic']}#tide@3"),
            ("", "", f"{name['sites']}#keep@3"),
            ("", "", f"{name['platform']}#try@3"),
            ("[Photo]", "Photo:", f"{name['sites']}#swap@3"),
            (" (7 comments)", "", f"{name['sites']}#cut@3"),
        ]
    )
    [row] = curate.rows(out)
    assert "Photo: The quay in spring" in row["text"]
    assert row["text"].count("Rate this tide") == 1
    counted = json.loads((out / "run.json").read_text())
    assert counted["rule_packs"] == {"harbour": "3"}
    assert curate("restore", out, "-o", tmp_path / "back").code == 0
    [back] = (tmp_path / "back").rglob("*.txt")
    expected = of_snippet(page, [".box", "blockquote"])
    assert back.read_text().split("\n\n") == [paragraph.text for paragraph in expected.paragraphs]


def test_a_byline_is_looked_for_below_the_heading_of_an_html_page_too():
    menu = "".join(f"<li>Berth {number}</li>" for number in range(20))
    page = f"<body><ul>{menu}</ul><h1>The quay is shut</h1><p>By Edda Quill</p><p>{STORY}</p><p>By Maud Tarn</p></body>"
    rule = 'line_starts = "By "\nwhere = { first = 2 }\nmax_chars = 40'
    byline = site(f'{rule}\ncategory = "byline"\naction = "drop-line"')
    assert [change.text for change in ruled(page, byline).changes] == ["By Edda Quill"]
    other = site(f'{rule}\ncategory = "ui-status"\naction = "drop-line"')
    assert ruled(page, other).changes == []
