"""Which rules match a line, in which order, and what kept each of them from it."""

import pytest

from curate.document import document_of_lines
from curate.formats.html import of_snippet
from curate.rules.library import made_of
from curate.rules.load import read_all
from curate.rules.match import Matching
from curate.workbench.named import Shelf
from curate.workbench.why import page_of, rivals, similar

RULE = '[[rule]]\nid = "{}"\ncategory = "{}"\nwhy = "Printed around the landing."\naction = "{}"\n{}\n'
STORY = ("The ferry was painted twice.", "The keeper keeps a tin of each colour.", "A heron stands on the lower chain.")


def rule(identity, said, action="drop-line", category="share-bar"):
    return RULE.format(identity, category, action, said)


@pytest.fixture
def files(tmp_path):
    """A function that writes rule files, by name, and makes a page of lines under them."""

    def page(lines, url="", lang="en", html="", **texts):
        heads = {"generic": 'language = ["{}"]', "sites": 'domains = ["{}"]', "platform": 'signs = "Made with {}"'}
        for name, text in texts.items():
            kind, _, rest = name.partition("_")
            path = tmp_path / {"generic": f"generic/{rest}/quay", "platform": f"platform/{rest}", "sites": f"sites/{rest[0]}/{rest}"}[kind]
            path.parent.mkdir(parents=True, exist_ok=True)
            head = heads[kind].format(f"{rest}.example" if kind == "sites" else rest)
            path.with_suffix(".toml").write_text(f"schema = 1\n{head}\n{text}", encoding="utf-8")
        matching = Matching(made_of(read_all([tmp_path]).files))
        doc = of_snippet(html, matching.selectors("harbour.example", "")) if html else document_of_lines("\n".join(lines))
        doc.tags["lang"], doc.url = lang, url
        return page_of(doc, matching, Shelf([tmp_path]))

    return page


def told(page, number):
    return [(one.known.bare, one.verdict or [words.partition(":")[0] for words in one.failed]) for one in rivals(page, number)]


def test_rules_come_in_the_order_of_their_precedence(files):
    said = rule("rate", "line = 'Rate this crossing'")
    page = files(
        ["Rate this crossing", "Made with tide"], "https://harbour.example/1", generic_en=said, platform_tide=said, sites_harbour=said
    )
    assert told(page, 0) == [
        ("sites/h/harbour#rate", "took it"),
        ("platform/tide#rate", "beaten by sites/h/harbour#rate"),
        ("generic/en/quay#rate", "beaten by sites/h/harbour#rate"),
    ]


def test_a_drop_comes_before_a_trim_of_a_nearer_file(files):
    page = files(
        ["Rate this crossing"],
        "https://harbour.example/1",
        generic_en=rule("rate", "line = 'Rate this crossing'"),
        sites_harbour=rule("end", "line_ends = 'crossing'", "trim"),
    )
    assert told(page, 0) == [
        ("sites/h/harbour#end", "beaten by generic/en/quay#rate: a drop comes before a trim"),
        ("generic/en/quay#rate", "took it"),
    ]


def test_of_cuts_that_overlap_one_is_told_and_the_other_is_beaten(files):
    page = files(
        ["The ferry (read on)"],
        "https://harbour.example/1",
        generic_en=rule("on", "line_ends = 'on)'", "trim"),
        sites_harbour=rule("read", "line_ends = '(read on)'", "trim"),
    )
    assert told(page, 0) == [
        ("sites/h/harbour#read", "cut '(read on)'"),
        ("generic/en/quay#on", "beaten by sites/h/harbour#read, whose cut covers it"),
    ]


def test_a_replacement_says_what_it_put_there(files):
    page = files(["The ferrry was late"], generic_en=rule("typo", "line_contains = 'The ferrry was'\nwith = 'The ferry was'", "replace"))
    assert told(page, 0) == [("generic/en/quay#typo", "put 'The ferry was' in the place of 'The ferrry was'")]


@pytest.mark.parametrize(
    ("said", "lines", "failed"),
    [
        ("where = { first = 1 }", [*STORY[:2], "Rate it"], "where"),
        ("where = { after = 'Below' }", ["Rate it", "Below"], "where.after"),
        ("unless = 'rate'", ["Rate it"], "unless"),
        ("max_chars = 5", ["Rate it"], "max_chars"),
        ("on = 'html'", ["Rate it"], "on"),
        ("repeat = 'second'", ["Rate it"], "repeat"),
        ("status = 'experimental'", ["Rate it"], "status"),
    ],
)
def test_a_condition_that_fails_is_named(files, said, lines, failed):
    page = files(lines, generic_en=rule("rate", f"line = 'Rate it'\n{said}"))
    assert told(page, lines.index("Rate it")) == [("generic/en/quay#rate", [failed])]


def test_all_conditions_that_fail_are_named(files):
    page = files(["Rate it"], generic_en=rule("rate", "line = 'Rate it'\nmax_chars = 5\nunless = 'rate'\nstatus = 'experimental'"))
    assert told(page, 0) == [("generic/en/quay#rate", ["status", "max_chars", "unless"])]


def test_a_retired_rule_is_told_too_and_is_not_in_force(files):
    page = files(["Rate it"], generic_en=rule("rate", "line = 'Rate it'\nstatus = 'retired'") + rule("other", "line = 'Rate that'"))
    [rival] = rivals(page, 0)
    assert (rival.known.bare, rival.failed, rival.in_force) == ("generic/en/quay#rate", ("status: it is retired",), False)


@pytest.mark.parametrize(
    ("name", "url", "words"),
    [
        ("generic_de", "", "it is for pages in de; the page's language is en"),
        ("platform_tide", "", "the page shows nothing of platform/tide"),
        ("sites_mill", "https://harbour.example/", "it is for the pages of sites/m/mill; the page is of harbour.example"),
        ("sites_mill", "", "nothing says whose page this is"),
    ],
)
def test_a_file_that_is_not_in_force_says_why(files, name, url, words):
    page = files(["Rate it", STORY[0]], url, **{name: rule("rate", "line = 'Rate it'")})
    [rival] = rivals(page, 0)
    assert words in rival.failed[0]
    assert not rival.in_force


def test_where_the_language_is_unknown_only_whole_lines_hold(files):
    page = files(
        ["Rate it"], lang="und", generic_de=rule("whole", "line = 'Rate it'"), generic_fr=rule("begins", "line_starts = 'Rate it'")
    )
    assert told(page, 0) == [("generic/de/quay#whole", "took it"), ("generic/fr/quay#begins", ["language"])]


def test_long_lines_of_sites_hold_where_no_address_is_known(files):
    page = files(["Rate the crossing you just made"], sites_mill=rule("rate", "line = 'Rate the crossing you just made'"))
    assert told(page, 0) == [("sites/m/mill#rate", "took it")]


def test_a_policy_that_is_off_is_named(files):
    page = files(["Words by Maud"], generic_en=rule("by", "line_starts = 'Words by'\nwhere = { first = 3 }", category="byline"))
    assert told(page, 0) == [("generic/en/quay#by", ["policy"])]


def test_an_override_names_the_file_it_stands_in(files):
    page = files(
        ["Rate it"],
        "https://harbour.example/1",
        generic_en=rule("rate", "line = 'Rate it'"),
        sites_harbour='[[override]]\nrule = "generic/en/quay#rate"\nwhy = "A column of ours."\n',
    )
    [rival] = rivals(page, 0)
    assert rival.failed == ("override: switched off by an [[override]] in sites/h/harbour",)


def test_a_keep_is_told_on_both_sides(files):
    page = files(
        ["Rate it", "Rate that"],
        "https://harbour.example/1",
        generic_en=rule("rate", "line = 'Rate it'"),
        sites_harbour=rule("held", "line_starts = 'Rate'", "keep"),
    )
    assert told(page, 0) == [
        ("sites/h/harbour#held", "held it against other rules"),
        ("generic/en/quay#rate", "held back by the keep sites/h/harbour#held"),
    ]
    assert told(page, 1) == [("sites/h/harbour#held", "would hold it, if another rule took it")]


def test_a_keep_has_held_nothing_against_a_rule_on_trial(files):
    trial = rule("rate", "line = 'Rate it'").replace('id = "rate"', 'id = "rate"\nstatus = "experimental"')
    page = files(["Rate it"], "https://harbour.example/1", generic_en=trial, sites_harbour=rule("held", "line = 'Rate it'", "keep"))
    assert told(page, 0)[0] == ("sites/h/harbour#held", "would hold it, if another rule took it")


def test_a_keep_of_a_kind_further_behind_has_held_nothing(files):
    page = files(
        ["Rate it"],
        "https://harbour.example/1",
        generic_en=rule("held", "line = 'Rate it'", "keep"),
        sites_harbour=rule("rate", "line = 'Rate it'"),
    )
    assert told(page, 0)[1][1] != "held it against other rules"


def test_a_keep_has_held_against_a_rule_that_begins_further_up(files):
    rest = rule("rest", "line = 'Rate it'\nguard = { max_share = 0.9 }", "drop-rest")
    held = rule("held", f"line = '{STORY[0]}'", "keep")
    page = files([STORY[1], "Rate it", STORY[0]], "https://harbour.example/1", generic_en=rest, sites_harbour=held)
    assert told(page, 2) == [("sites/h/harbour#held", "held it against other rules")]


def test_a_guard_that_held_is_told(files):
    page = files(["Rate it", STORY[0]], generic_en=rule("rest", "line = 'Rate it'\nguard = { max_share = 0.1 }", "drop-rest"))
    assert told(page, 0) == [("generic/en/quay#rest", ["guard"])]


def test_a_span_without_its_end_is_told(files):
    said = "from = 'Rate it'\nto = 'Thanks'\nmax_lines = 2\nguard = { max_share = 0.9 }"
    page = files(["Rate it", STORY[0], STORY[1], "Thanks"], generic_en=rule("span", said, "drop-span"))
    assert told(page, 0) == [("generic/en/quay#span", ["to"])]


def test_a_line_inside_a_span_is_led_back_to_where_it_begins(files):
    said = "from = 'Rate it'\nto = 'Thanks'\nmax_lines = 4\nguard = { max_share = 0.9 }"
    page = files([*STORY, "Rate it", "five oars", "Thanks"], generic_en=rule("span", said, "drop-span"))
    assert told(page, 4) == [("generic/en/quay#span", "took it: its drop-span begins further up, at 'Rate it'")]


def test_a_run_of_known_lines_is_told_as_one(files):
    page = files(["Rate the boat 12 Moor the boat"], generic_en=rule("rate", "line = '''\nRate the boat\nMoor the boat\n'''"))
    [(name, verdict)] = told(page, 0)
    assert name == "generic/en/quay#rate"
    assert verdict.startswith("took it: the line is known lines run together")


def test_selectors_tell_only_of_elements_that_the_line_stands_in(files):
    html = "<body><p class='oar'>Rate it</p><p>The ferry was painted twice in one summer.</p></body>"
    said = rule("oar", "select = '.oar'\nguard = { max_share = 0.9 }") + rule("bell", "select = '.bell'\nguard = { max_share = 0.9 }")
    page = files([], "https://harbour.example/", html=html, sites_harbour=said)
    assert told(page, 0) == [("sites/h/harbour#oar", "took it")]
    assert told(page, 1) == []


def test_a_line_that_nothing_matches_has_no_rivals_but_literals_like_it(files):
    page = files(
        ["Rate this crossing now", "Follow our ferry"],
        generic_en=rule("rate", "line = '''\nRate this crossing\nPaint the boat\n'''"),
        generic_de=rule("rate", "line = 'Rate this crossing'"),
    )
    assert told(page, 0) == []
    [one] = similar(page, 0)
    assert (one.known.bare, one.matcher.text, one.differs, one.in_force) == (
        "generic/en/quay#rate",
        "rate this crossing",
        "'now' besides",
        True,
    )
    assert similar(page, 1) == []


def test_what_differs_is_told_by_words(files):
    page = files(
        ["Rate that crossing"], generic_en=rule("rate", "line = 'Rate this crossing'") + rule("go", "line_starts = 'Rate that cr'")
    )
    [one] = similar(page, 0, limit=1)
    assert one.matcher.kind == "line_starts"
    page = files(["Rate that crossing"], generic_en=rule("rate", "line = 'Rate this crossing'"))
    assert [one.differs for one in similar(page, 0)] == ["'that' for 'this'"]


def test_a_known_line_inside_of_a_longer_one_counts_as_like_it(files):
    page = files(["Rate this crossing, and then row home to the mill in the rain"], generic_en=rule("rate", "line = 'Rate this crossing'"))
    assert [one.matcher.text for one in similar(page, 0)] == ["rate this crossing"]
