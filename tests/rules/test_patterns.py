"""The literal that is looked for before a pattern is tried: every line that the pattern matches must hold it."""

import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from curate.rules.format import literals
from curate.rules.load import load
from curate.rules.patterns import compiled, may_match, prefilter
from curate.text.folding import fold_lines

PREFILTERS = [
    ("", ""),
    ("rate this tide", "rate this tide"),
    ("^rate this tide$", "rate this tide"),
    (r"next high water in \d+ min", "next high water in "),
    (r"\d+ minutes", " minutes"),
    ("rate.this", "rate"),
    ("the tide.at the shore", "at the shore"),
    ("tides?", "tide"),
    ("tides*", "tide"),
    ("tides+", "tides"),
    ("tides+ and ebbs", " and ebbs"),
    ("tides{2} and ebbs", " and ebbs"),
    ("tides{2,} and ebbs", " and ebbs"),
    ("tides{0,2} and ebbs", " and ebbs"),
    ("tides{0,2}? and ebbs", " and ebbs"),
    ("tides?? and", "tide"),
    (r"rate\.this\?", "rate.this?"),
    (r"c:\\tide", r"c:\tide"),
    (r"\(tide table\)", "(tide table)"),
    (r"\|\|\|\| tide", "|||| tide"),
    (r"tide\w+table", "table"),
    (r"tide\b.table", "table"),
    ("[0-9]+ tides", " tides"),
    ("[^]]+ tides", " tides"),
    ("[]a] tides", " tides"),
    (r"[\]x] tides", " tides"),
    ("[[:alpha:]]+ tides", " tides"),
    (r"[a\]bcdefgh]+ tide", " tide"),
    (r"\p{Lu}{3} tides", " tides"),
    (r"\p{^Greek} tides", " tides"),
    ("ebb|flood", ""),
    ("rate this tide|send it", ""),
    ("(?:ebb|flood) tide", " tide"),
    ("a (?:ebb|flood) of the tide", " of the tide"),
    ("(?:ebb) tide", "ebb tide"),
    ("(ebb) tide", "ebb tide"),
    ("(?P<name>ebb) tide", "ebb tide"),
    ("the (?:ebb )?tides", "tides"),
    ("the (?:ebb )*tides", "tides"),
    ("the (?:long ebb )+tide", "the long ebb "),
    ("the (?:long ebb ){2}tide", "the "),
    ("(?:the (?:long (?:ebb)))! and flood", "the long ebb! and flood"),
    ("(?:the (?:a|b) ebb and) flood", " ebb and flood"),
    ("(?:the (?:a|b) ebb and)? flood", " flood"),
    ("(?:a.b)+cdef", "cdef"),
    ("(?:a|)(?:|b)(?:c|d) tide", " tide"),
    ("(?i)tide", ""),
    ("(?i)the tide", ""),
    (r"tide\ntable", "table"),
    ("潮の満ち引き.表", "潮の満ち引き"),
]


@pytest.mark.parametrize(("pattern", "literal"), PREFILTERS)
def test_prefilter(pattern: str, literal: str):
    compiled(pattern)
    assert prefilter(pattern) == literal


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        ("(?i:ebb) and flood", "EBB and flood"),
        ("(?s:.)ebb and flood", "-ebb and flood"),
        ("(?U:e+)bb and flood", "ebb and flood"),
        ("(?<name>ebb) and flood", "ebb and flood"),
        (r"\x41bb and flood", "Abb and flood"),
        (r"\x{41}bb and flood", "Abb and flood"),
        (r"\x20abcd", " abcd"),
        (r"\0412 tides", "!2 tides"),
        (r"\141bb and flood", "abb and flood"),
        (r"\pLbb and flood", "ebb and flood"),
        (r"\PNbb and flood", "ebb and flood"),
        (r"[\pL]bb and flood", "ebb and flood"),
        (r"\Qebb.and\E flood", "ebb.and flood"),
        (r"\Q\-ebb\E", r"\-ebb"),
        (r"\Q(ebb|flood)\E tide", "(ebb|flood) tide"),
        (r"\Qebb?\Eflood", "ebb?flood"),
        (r"ebb\Cflood", "ebb-flood"),
        (r"\Aebb and\z", "ebb and"),
        ("ebb{,2}flood", "ebb{,2}flood"),
        ("ebb{x}flood", "ebb{x}flood"),
        ("ebb\\\tflood", "ebb\tflood"),
        (r"(?:ebb)(?:)? and (?:flood){0}", "ebb and "),
        (r"[^\]e]bb and", "abb and"),
        (r"e\bbb and|x", "x"),
        ("((ebb)|(flood)) tide", "flood tide"),
        ("((ebb|flood) tide)+ in", "flood tideebb tide in"),
    ],
)
def test_a_match_holds_the_literal(pattern: str, line: str):
    assert compiled(pattern).fullmatch(line), "the example is wrong"
    assert prefilter(pattern) in line


@pytest.mark.parametrize("pattern", [pattern for pattern, _ in PREFILTERS if not re.search(r"\[\[:|\\p", pattern)])
def test_every_match_holds_the_literal(pattern: str):
    holds_the_literal(pattern, 30)


def test_every_line_that_a_shipped_pattern_matches_may_match():
    tried = 0
    for rule in (rule for file in load().files for rule in file.rules if rule.line_regex):
        for line in fold_lines(literals(rule.drops)):
            for pattern in literals(rule.line_regex):
                if compiled(pattern).fullmatch(line):
                    tried += 1
                    assert may_match(pattern, line)
    assert tried > 500


def holds_the_literal(pattern: str, examples: int) -> None:
    literal = prefilter(pattern)

    @settings(max_examples=examples, deadline=None, database=None)
    @given(st.from_regex(re.compile(pattern, re.ASCII), fullmatch=True))
    def check(line: str) -> None:
        assume(compiled(pattern).fullmatch(line))
        assert literal in line
        assert may_match(pattern, line)

    check()


def joined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Patterns made of patterns: one after the other, one or the other, one of them several times."""
    return st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda pair: f"(?:{pair[0]}|{pair[1]})"),
        st.tuples(inner, st.sampled_from(["?", "*", "+", "{2}", "{0,1}", "??", "+?", ""])).map(lambda pair: f"(?:{pair[0]}){pair[1]}"),
        inner.map(lambda pattern: f"({pattern})"),
    )


@given(st.recursive(st.sampled_from(["ebb", "t", ".", "[a-c]", r"\d", r"\."]), joined, max_leaves=8), st.data())
@settings(max_examples=150, deadline=None)
def test_every_match_of_any_pattern_holds_its_literal(pattern: str, data: st.DataObject):
    line = data.draw(st.from_regex(re.compile(pattern, re.ASCII), fullmatch=True))
    assume(compiled(pattern).fullmatch(line))
    assert prefilter(pattern) in line
    assert may_match(pattern, line)


@pytest.mark.parametrize("pattern", ["(", "a**", "(?=a)", r"(a)\1", "[z-a]", "a{1001}", r"\8", "*"])
def test_what_is_no_pattern_is_a_value_error_with_its_reason(pattern: str):
    with pytest.raises(ValueError, match=r"\w"):
        compiled(pattern)


def test_a_pattern_is_compiled_once():
    assert compiled("ebb and flood") is compiled("ebb and flood")
