"""What users of other rule lists complain about, and that it cannot be said of this one: a test for each cure in the engine."""

import time
import tomllib
from pathlib import Path

import pytest

from curate.config import presets
from curate.document import document_of_lines
from curate.errors import ConfigError
from curate.fields import parse_toml
from curate.filters import site_rules
from curate.formats.html import of_snippet
from curate.rules import library as libraries
from curate.rules.format import Rule, parse
from curate.rules.library import made_of
from curate.rules.load import load
from curate.rules.match import Matching
from curate.steps import kind, step_class
from curate.workbench.test import test as failures

STORY = "The ferry was tied up for a second winter, the harbour board announced."
HOST = "harbourtimes.example"
HEADS = {
    "generic/en/tides": 'language = ["en"]',
    "platform/tidepress": 'signs = "Kept afloat by TidePress"',
    "sites/h/harbourtimes.example": f'domains = ["{HOST}"]',
}
SITE, PLATFORM, GENERIC = "sites/h/harbourtimes.example", "platform/tidepress", "generic/en/tides"
RULE = """\
[[rule]]
id = "{id}"
category = "share-bar"
why = "Stands below every headline."
{said}
"""


def text(name, *rules, more=""):
    """A rule file; each rule is what it says besides its id: r0, r1, …"""
    said = (rule if "action = " in rule else f'action = "drop-line"\n{rule}' for rule in rules)
    return f"schema = 1\n{HEADS[name]}\n" + "".join(RULE.format(id=f"r{number}", said=rule) for number, rule in enumerate(said)) + more


def file(name, *rules, more=""):
    return parse(parse_toml(text(name, *rules, more=more), f"{name}.toml"), name)


def write(folder, name, *rules, more=""):
    path = folder / f"{name}.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text(name, *rules, more=more), encoding="utf-8")
    return path


def ruled(page, *files, host=HOST):
    matching = Matching(made_of(files))
    doc = of_snippet(page, matching.selectors(host, "")) if page.startswith("<") else document_of_lines(page)
    doc.apply("site-rules", matching.changes(doc, matching.scope(matching.packs(doc, "en", host), "en", host)))
    return doc


def left(doc):
    return [doc.text_of(number) for number in doc.kept]


def refused(name, *rules, more=""):
    with pytest.raises(ConfigError) as caught:
        file(name, *rules, more=more)
    return [(problem.line, problem.key, problem.message) for problem in caught.value.problems]


def forget():
    libraries.of_folders.cache_clear()
    site_rules._made.cache_clear()
    site_rules._rules.cache_clear()


@pytest.fixture
def packs(tmp_path, monkeypatch):
    """The folder of the built-in packs: one that a test may write."""
    monkeypatch.setattr("curate.rules.load.built_in", lambda: tmp_path / "built-in")
    monkeypatch.setenv("CURATE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "built-in").mkdir()
    forget()
    yield tmp_path / "built-in"
    forget()


# Local edits vanish with an update, or wait for a release.


def test_one_s_own_file_outlives_an_update_of_the_packs(packs, tmp_path):
    mine = tmp_path / "mine"
    write(mine, SITE, 'line = "Rate this tide"')
    for version, line in (("1", "Send this tide"), ("2", "Sing this tide")):
        write(packs, SITE, f'line = "{line}"')
        write(packs, GENERIC, f'line = "Post this tide {version}"')
        (packs / "pack.toml").write_text(f'name = "curate"\nversion = "{version}"\n')
        files = load([mine]).files
        doc = ruled(f"Rate this tide\n{line}\nPost this tide {version}\n{STORY}", *files)
        assert left(doc) == [line, STORY]
        assert [change.rule for change in doc.changes] == [f"{SITE}#r0", f"{GENERIC}#r0@{version}"]


def test_one_s_own_rule_works_from_the_moment_it_is_written(packs, curate, tmp_path):
    (tmp_path / "page.txt").write_text(f"Rate this tide\n{STORY}")
    (tmp_path / "c.toml").write_text('[[step]]\nname = "site-rules"\n')
    for number, line in enumerate(("Send this tide", "Rate this tide", "Send this tide")):
        write(packs, SITE, f'line = "{line}"')
        forget()  # what another process would know
        out = tmp_path / f"out{number}"
        assert curate("clean", tmp_path / "page.txt", "-o", out, "--config", tmp_path / "c.toml", "--url", f"https://{HOST}/1").code == 0
        assert curate.rows(out)[0]["text"].startswith("Rate this tide") is (line == "Send this tide")


# Another rule wins and nobody says so.


def test_the_ledger_names_the_rule_that_won_and_no_other():
    tide = 'line = "Rate this tide"'
    files = [file(GENERIC, tide), file(PLATFORM, tide), file(SITE, 'line_starts = "rate"', tide)]
    page = f"Rate this tide\n{STORY}\nKept afloat by TidePress"
    assert [change.rule for change in ruled(page, *files).changes] == [f"{SITE}#r0"]
    assert [change.rule for change in ruled(page, *files[:2]).changes] == [f"{PLATFORM}#r0"]
    assert [change.rule for change in ruled(page, *files[:1]).changes] == [f"{GENERIC}#r0"]


def test_a_rule_that_was_held_off_names_the_one_that_held_it():
    keep = 'action = "keep"\nline = "Rate this tide"'
    doc = ruled(f"Rate this tide\n{STORY}", file(GENERIC, 'line = "Rate this tide"'), file(SITE, keep))
    assert left(doc) == ["Rate this tide", STORY]
    [change] = doc.changes
    assert (change.rule, change.reports) == (f"{SITE}#r0", True)


# Word lists eat articles.


@pytest.mark.parametrize("names", ["shadow", "header", "ad-free adverts", "download", "sidebarrister", "uncomment", "social-history"])
def test_a_name_inside_another_name_is_not_that_name(names):
    words = "\n".join(f".{word}" for word in ("ad", "head", "load", "sidebar", "comment", "social"))
    rules = file(SITE, f"select = '''\n{words}\n'''\nguard = {{ max_share = 1 }}")
    page = f"<div class='{names}'><p>{STORY}</p></div>"
    assert left(ruled(page, rules)) == [STORY]
    assert left(ruled(page.replace(names, f"{names} social"), rules)) == []


def test_what_matches_inside_of_names_cannot_be_written():
    for selector in ("[class*=ad]", "[class^=ad]", "[id$='-ad']", "div[class~=ad]"):
        [(line, key, message)] = refused(SITE, f"select = '''{selector}'''\nguard = {{ max_share = 1 }}")
        assert (line, key) == (8, "rule.select")
        assert "whole names" in message


def test_no_selector_holds_for_sites_that_nobody_looked_at():
    for key in ("select", "keep_select"):
        assert "stand in the files of a platform or a site" in refused(GENERIC, f'line = "Rate this tide"\n{key} = ".ad"')[0][2]
    rules = [file(SITE, 'select = ".ad"\nguard = { max_share = 1 }'), file(PLATFORM, 'select = ".ad"\nguard = { max_share = 1 }')]
    assert left(ruled(f"<p class=ad>{STORY}", *rules, host="nowhere.example")) == [STORY]


def test_an_element_may_be_saved_from_a_selector_and_a_page_from_a_rule():
    page = f"<div class=social><p>Follow the tide</p><article><p>{STORY}</p></article></div><p>Ebb</p>"
    select = 'select = ".social"\nguard = { max_share = %s }'
    assert left(ruled(page, file(SITE, select % 1 + '\nkeep_select = "article"'))) == [STORY, "Ebb"]
    assert left(ruled(page, file(SITE, select % 0.5))) == ["Follow the tide", STORY, "Ebb"]


def test_a_phrase_in_a_sentence_is_no_line():
    rules = file(GENERIC, 'line = "Share this article"', 'line_contains = "share this article with"')
    story = "Nobody was asked to share this article. " + STORY
    long = f"They would share this article with all who asked. {STORY} {STORY} {STORY}"
    assert left(ruled(f"{story}\n{long}\nShare this article", rules)) == [story, long]


def test_a_pack_s_parts_of_lines_are_long():
    assert "shorter than 12 characters" in refused(GENERIC, 'line_contains = "share this"')[0][2]


# Prose-like promotions survive.


PROMOTION = (
    "If you have enjoyed this story, and would like to read more of what happens between the quay and the mill, "
    "we would be very glad to send you our letter, which is written by hand every Sunday by people who live there."
)


def test_a_promotion_that_reads_like_prose_goes_by_its_rule(curate, packs, tmp_path, story):
    write(packs, SITE, f'line = "{PROMOTION}"\nmax_chars = 300')
    (tmp_path / "page.txt").write_text(f"{story(6)}{PROMOTION}\n")
    out = tmp_path / "out"
    assert curate("clean", tmp_path / "page.txt", "-o", out, "--url", f"https://{HOST}/1").code == 0
    assert [(row["text"], row["step"], row["rule"]) for row in curate.rows(out, "ledger")] == [(PROMOTION, "site-rules", f"{SITE}#r0")]


@pytest.mark.parametrize("name", presets())
def test_no_classifier_comes_before_the_rules(name):
    path = Path(__file__).parents[2] / "curate" / "presets" / f"{name}.toml"
    names = [step["name"] for step in tomllib.loads(path.read_text(encoding="utf-8")).get("step", ())]
    if "site-rules" in names:
        assert {kind(step_class(step)) for step in names[: names.index("site-rules")]} <= {"tag", "edit"}


# One rule of a list cannot be switched off.


def test_one_rule_is_switched_off_on_one_site_and_the_rest_of_its_file_holds(packs):
    write(packs, GENERIC, 'line = "Rate this tide"', 'line = "Send this tide"')
    write(packs, SITE, more=f'[[override]]\nrule = "{GENERIC}#r0"\nwhy = "The tides are what this paper is about."\n')
    files = load().files
    page = f"Rate this tide\nSend this tide\n{STORY}"
    assert left(ruled(page, *files)) == ["Rate this tide", STORY]
    assert left(ruled(page, *files, host="nowhere.example")) == [STORY]


# A pattern hangs the product.


def seconds(call):
    began = time.process_time()
    call()
    return time.process_time() - began


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        ("tide(a+)+", "tide" + "a" * 200_000 + "!"),
        ("tide(a|a)*b", "tide" + "a" * 200_000),
        ("tide(a|aa)+c", "tide" + "a" * 200_000),
        (r"tide(\w+\s?)*!", "tide " + "ebb " * 50_000),
        ("(.*)(.*)(.*)(.*)tide.x", "tide " * 40_000),
        (".*tide.*tide.*tide.*ebb", "tide " * 40_000),
        (r"(?:tide[^!]*)+flood", "tide " * 40_000),
        ("flood(?:e{0,9}){9}!", "flood" + "e" * 200_000 + "!"),
    ],
)
def test_a_pattern_that_hangs_other_engines_takes_no_time(pattern, line):
    rules = file(SITE, f"line_regex = '{pattern}'\nmax_chars = 1000000")
    matching, doc = Matching(made_of([rules])), document_of_lines(f"{line}\n{STORY}")
    scope = matching.scope([SITE], "en", HOST)
    assert seconds(lambda: list(matching.changes(doc, scope))) < 1
    assert left(ruled(f"{line}\n{STORY}", rules)) == [line.strip(), STORY]


def test_twice_the_line_takes_about_twice_the_time():
    rules = file(SITE, "line_regex = 'tide(a+)+b'\nmax_chars = 10000000")
    matching = Matching(made_of([rules]))
    scope = matching.scope([SITE], "en", HOST)
    docs = [document_of_lines(f"tide{'a' * length}!\n{STORY}") for length in (200_000, 800_000)]
    for doc in docs:
        assert doc.folded.lines
    short, long = (min(seconds(lambda doc=doc: list(matching.changes(doc, scope))) for _ in range(3)) for doc in docs)
    assert long < 20 * short + 0.05


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ('line_contains = "aaaaaaaaaaaaaaaa"\nmax_chars = 1000000', "a" * 20_000 + "!"),
        ('line_ends = "aaaaaaaaaaaaaaaab"\nmax_chars = 1000000', "a" * 200_000),
        ('line_starts = "aaaaaaaaaaaaaaaab"\nmax_chars = 1000000', "a" * 200_000),
        ("line_regex = 'aaaa+b'\nmax_chars = 1000000", "a" * 20_000),
        ("line_regex = '(?:aaaa)+'\nmax_chars = 1000000\nunless = 'x'", "a" * 20_000 + "x"),
        ('line_contains = "tide 12 aaaa"\ndigits = "any"\nmax_chars = 1000000', "tide 1 aaa" * 2_000),
    ],
)
def test_a_literal_that_stands_everywhere_takes_no_time(said, line):
    rules = file(SITE, said)
    matching, doc = Matching(made_of([rules])), document_of_lines(f"{line}\n{STORY}")
    assert seconds(lambda: list(matching.changes(doc, matching.scope([SITE], "en", HOST)))) < 1


@pytest.mark.parametrize(
    "pattern", [r"(rate) \1 this tide", "rate(?=x) this tide", "(?<!x)rate this tide", "(?>rate this) tide", "rate this tide++"]
)
def test_what_only_an_engine_that_backtracks_can_do_is_refused(pattern):
    [(line, key, message)] = refused(SITE, f"line_regex = '{pattern}'")
    assert (line, key) == (8, "rule.line_regex")
    assert "is not RE2" in message


@pytest.mark.parametrize("pattern", [".*", r"\w+ \d+", "(?:rate|send)", "[a-z]+", "ab.cd", "(?i)rate this tide", "a?b?c?d?e?f?"])
def test_a_pattern_that_would_be_tried_on_every_line_is_refused(pattern):
    [(_, key, message)] = refused(SITE, f"line_regex = '{pattern}'")
    assert key == "rule.line_regex"
    assert "4 literal characters in a row" in message


# Misspelt directives are ignored, unescaped patterns never match.


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("line_start", "line_starts"),
        ("lines", "line"),
        ("line-starts", "line_starts"),
        ("contains", "line_contains"),
        ("regex", "line_regex"),
        ("selector", "select"),
        ("keep-select", "keep_select"),
        ("repeats", "repeat"),
        ("maxchars", "max_chars"),
        ("unles", "unless"),
        ("digit", "digits"),
        ("Status", "status"),
        ("where.frist", "first"),
    ],
)
def test_a_misspelt_key_is_an_error_with_the_nearest_name(wrong, right):
    [(line, _, message)] = refused(SITE, f'line = "Rate this tide"\n{wrong} = 1')
    assert line == 9
    assert message == f"unknown key; the nearest is {right!r}"


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("domain", "domains"), ("sings", "signs"), ("use", "uses"), ("generators", "generator"), ("rules", "rule"), ("overide", "override")],
)
def test_a_misspelt_key_of_a_file_is_one_too(wrong, right):
    with pytest.raises(ConfigError) as caught:
        parse(parse_toml(f'schema = 1\n{wrong} = ["x"]\n{HEADS[SITE]}\n', "x.toml"), SITE)
    assert [(problem.line, problem.message) for problem in caught.value.problems] == [(2, f"unknown key; the nearest is {right!r}")]


def test_every_key_of_a_rule_is_known_by_its_own_name():
    """The nearest name is a hint: the name itself must be one."""
    names = {field.metadata.get("key", name) for name, field in Rule.__dataclass_fields__.items()}
    assert {"from", "with", "line", "select", "keep_select", "digits", "on", "repeat", "was"} <= names
    assert not any(name.endswith("_") for name in names)


@pytest.mark.parametrize(
    "said", ["Rate this tide (5)", "Rate it? Yes.", "C:\\tides\\new", "[Photo] 1+1", "^Tide$", "a*b|c", "{tide}", r"\d+ tides"]
)
def test_a_line_means_what_it_says(said):
    for key in ("line", "line_starts", "line_ends", "line_contains"):
        for digits in ("exact", "any"):
            if digits == "any" and key != "line" and said == "a*b|c":  # no four characters in a row
                continue
            rules = file(SITE, f"{key} = '''\n{said}\n'''\ndigits = '{digits}'")
            assert left(ruled(f"{said}\n{STORY}", rules)) == [STORY]
            assert list(failures([rules], of_snippet)) == []


def test_a_sign_of_patterns_stands_for_itself_alone():
    rules = file(SITE, "line = '''\nRate.this\na+b tides\n\\d tides\n'''")
    page = f"Rate this\naab tides\n5 tides\n{STORY}"
    assert left(ruled(page, rules)) == page.split("\n")


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ('line = "Rate this tide"\nunless = "rate"', "Rate this tide"),
        ('line = "Rate this tide"\nmax_chars = 5', "Rate this tide"),
        ('line_starts = "rate this"\ndrops = "Please rate this"', "Please rate this"),
        ("line_regex = 'rate this tides?'\ndrops = 'Rate this tide!'", "Rate this tide!"),
        ('line_ends = "12 tides"\ndrops = "Rate 13 tides"', "Rate 13 tides"),
    ],
)
def test_a_rule_that_misses_its_own_example_is_told(said, line):
    assert [(failure.verdict, failure.text) for failure in failures([file(SITE, said)], of_snippet)] == [("missing", line)]


def test_a_rule_that_hits_what_it_must_leave_is_told():
    found = list(failures([file(SITE, 'line_starts = "rate"\nkeeps = "Rate payers met at the quay"')], of_snippet))
    assert [(failure.rule, failure.verdict) for failure in found] == [(f"{SITE}#r0", "noisy")]
