"""A rule file that is written reads back as it was."""

from dataclasses import fields, replace
from datetime import date
from pathlib import Path

import pytest

from curate.fields import parse_toml
from curate.rules.format import Case, Evidence, Guard, Head, Override, Rule, RuleFile, Where, literals, parse, read
from curate.rules.load import rule_paths
from curate.workbench.write import block, comments, quoted, render

ROOT = Path(__file__).parents[2]
BLOCKS = "line line_starts line_ends line_contains line_regex from_ to select keep_select unless drops keeps".split()
RULE = Rule("tide", "share-bar", "Stands below every headline.", "drop-line")
HEAD = Head(1, domains=("harbour.example",))


def plain(file: RuleFile) -> RuleFile:
    """The file with the literals of its blocks one a line, as they count."""
    rules = [replace(rule, **{name: "\n".join(literals(getattr(rule, name))) for name in BLOCKS}) for rule in file.rules]
    return replaced(file, rules)


def replaced(file: RuleFile, rules: list[Rule]) -> RuleFile:
    return file._replace(rules=tuple(rules)) if hasattr(file, "_replace") else replace(file, rules=tuple(rules))


def again(file: RuleFile) -> RuleFile:
    return parse(parse_toml(render(file), "written"), file.name, file.version)


@pytest.mark.parametrize("folder", ["rules/platform", "rules/sites/d", "rules/generic/en", "samples/rules", "tests/rules/packs"])
def test_the_packs_read_back_as_they_were(folder: str):
    top = ROOT / folder
    root = next((above for above in (top, *top.parents) if above.name in {"rules", "packs"}), top)
    paths = [(name, path) for name, path in rule_paths(root) if path.is_relative_to(top)]
    assert paths
    for _, path in paths:
        file = read(path, root)
        assert plain(again(file)).rules == plain(file).rules
        assert literals(again(file).head.signs) == literals(file.head.signs)
        assert again(file).overrides == file.overrides


def test_every_key_of_a_rule_is_written():
    full = Rule(
        "all",
        "paywall",
        "Everything at once, to see it.",
        "replace",
        line="One line\n",
        line_regex="tide [0-9]+ of \\w+\n",
        digits="any",
        on="html",
        where=Where(first=3, after="The tide"),
        max_chars=80,
        unless="ebb\n",
        guard=Guard(0.25),
        with_='a "quoted" thing \\ and so on',
        drops="Tide 2 of May\n",
        keeps="A tide.\n",
        case=(Case("a\n\nb\n", "'a'"), Case("x", "")),
        status="stale",
        was=("old", "older"),
        evidence=Evidence(2, 3, date(2026, 11, 2)),
        verified=date(2026, 11, 3),
        select=".tide\n",
        keep_select="#ebb\n",
        repeat="second",
    )
    file = RuleFile("sites/h/harbour", HEAD, (full,), (Override("generic/en/share-bar#share-buttons", "Wanted on this site."),))
    assert again(file) == file
    text = render(file)
    for field in fields(Rule):
        if getattr(full, field.name) != field.default:
            assert field.metadata.get("key", field.name) in text


@pytest.mark.parametrize(
    "literal",
    [
        "It is '''odd''' here",
        "ends with a quote '",
        "C:\\tide\\new",
        "''' and \\d and \"\"\"",
        "bell \x07 rings",
        "# no remark",
        '[[rule]]\tid = "x"',
    ],
)
def test_a_literal_of_any_kind_reads_back(literal: str):
    rule = replace(RULE, line=f"First\n{literal}\nLast\n")
    [found] = again(RuleFile("sites/h/harbour", HEAD, (rule,))).rules
    assert literals(found.line) == ("First", literal, "Last")


def test_a_literal_stands_as_it_is_where_it_can():
    assert block('C:\\tide "now" it\'s\n') == "'''\nC:\\tide \"now\" it's\n'''"


@pytest.mark.parametrize("text", ["", "\nfirst break", "'", "''", "x'''", "\r\n", '"""', "\\"])
def test_a_block_is_the_very_text(text: str):
    assert parse_toml(f"a = {block(text)}", "x").data["a"] == text
    assert parse_toml(f"a = {quoted(text)}", "x").data["a"] == text


def test_no_text_of_a_page_gets_out_of_a_comment():
    lines = list(comments(["tide\n[[rule]]\x00"]))
    assert lines == ["# tide [[rule]]"]
    text = render(RuleFile("sites/h/harbour", HEAD, (RULE,)), {"tide": ("a\nid = 1",), "": ("top",)})
    assert text.startswith("# top\nschema = 1\n")
    assert "# a id = 1\n[[rule]]\n" in text


def test_a_status_is_always_said():
    assert 'status = "active"' in render(RuleFile("sites/h/harbour", HEAD, (RULE,)))
