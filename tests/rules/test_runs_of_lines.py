"""Lines that are several known lines run together go as a whole, or not at all."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.document import Document, document_of_lines
from curate.rules.edges import SHORTEST, Literals
from curate.rules.format import POLICIES, Guard, Head, Rule, RuleFile, Where
from curate.rules.library import made_of
from curate.rules.match import Matching
from curate.rules.runs_of_lines import LONGEST, could_be_runs, pieces
from curate.text.folding import fold

STORY = "The ferry was tied up for a second winter, the harbour board announced."
HOST = "harbourtimes.example"
LOGIN = "You have been logged in"
REFRESH = "Please refresh your browser to be logged in"
KNOWN = ("Comments", "Share", "Tweet", "Read Entire Article", "International", "Politik", "Wirtschaft", LOGIN, REFRESH)


def rule(*lines, identity="tide", action="drop-line", **keys):
    return Rule(identity, keys.pop("category", "share-bar"), "Stands below every headline.", action, line="\n".join(lines), **keys)


def generic(*rules, language="en"):
    return RuleFile(f"generic/{language}/tides", Head(1, language=(language,)), rules)


def platform(*rules):
    return RuleFile("platform/tidepress", Head(1, signs=STORY), rules)


def site(*rules, name="sites/h/harbourtimes.example", domains=(HOST,)):
    return RuleFile(name, Head(1, domains=domains), rules)


def run(page, *files, lang="en", host=HOST, policies=POLICIES) -> Document:
    doc = document_of_lines(page)
    matching = Matching(made_of(files))
    scope = matching.scope(matching.packs(doc, lang, host), lang, host, policies=policies)
    doc.apply("site-rules", matching.changes(doc, scope))
    return doc


def goes(line, *files, **keys):
    """Whether a line goes beside a story, and nothing else; else it is as it was."""
    doc = run(f"{line}\n{STORY}", *files, **keys)
    assert doc.text.split("\n")[-1] == STORY
    assert doc.kept == [1] or doc.text == f"{line}\n{STORY}"
    return doc.kept == [1]


@pytest.mark.parametrize(
    "line",
    [
        "0Comments",
        "0 Comments",
        "Comments0",
        "Comments 1.234",
        "12k Comments",
        "1,204 Comments 12 Share",
        f"{LOGIN}{REFRESH}",
        f"{LOGIN} {REFRESH}",
        "Read Entire ArticleInternational | Politik|",
        "International|Politik|Wirtschaft",
        "International / Politik / Wirtschaft",
        "International • Politik · Wirtschaft",
        "International > Politik > Wirtschaft",
        "International * Politik",
        "International - Politik - 3",
        "International – Politik",
        "Share12Tweet3",
        "ShareTweet",
        "SHARE TWEET",
        "share tweet",
        "Share Share Share",
        "Share  \u00a0 Tweet",
        "Share\u200bTweet",
        "1 2 3 Share",
        "Ｓｈａｒｅ１２",
    ],
)
def test_known_lines_numbers_and_signs_run_together_go(line):
    assert goes(line, generic(rule(*KNOWN)))


@pytest.mark.parametrize(
    "line",
    [
        "newsroom",  # nothing shows that something new begins
        "sharetweet",
        "SHARETWEET",
        "Sharetweet",
        "ShareTweets",
        "Shares Tweet",
        "Share the Tweet",
        "The Share Tweet",
        "Share, Tweet",
        "Share: Tweet",
        "Share. Tweet.",
        "Share & Tweet",
        "Share Tweet?",
        "12 30",
        "12 | 30",
        "12",
        "|",
        "- | -",
        "Share -> there",
        "12 Sharepoint",
        "12th Share",
        "Share 12th",
        "Share 3% Tweet",
        "Share$12",
        "Share -12.x",
        "x Share Tweet",
        "Share Tweet x",
    ],
)
def test_whatever_has_something_else_in_it_stays(line):
    assert not goes(line, generic(rule(*KNOWN, "news", "room")))


@pytest.mark.parametrize(
    ("line", "gone"),
    [
        ("newsroom", False),
        ("newsRoom", True),
        ("NewsRoom", True),
        ("NEWSroom", False),  # a small letter after capitals
        ("NEWSRoom", False),  # a capital after capitals
        ("news room", True),
        ("news1room", True),
        ("1news", True),
        ("news1", True),
        ("news)room", False),
    ],
)
def test_a_reader_must_see_where_the_next_one_begins(line, gone):
    assert goes(line, site(rule("news", "room"))) is gone


def test_a_known_line_may_begin_where_a_sign_of_another_ends():
    assert goes("Share (all)Tweet", site(rule("Share (all)", "Tweet")))
    assert goes("“Share”Tweet", site(rule("“Share”", "Tweet")))


def test_letters_without_capitals_are_parted_anywhere():
    known = site(rule("今日の新聞", "ニュース一覧", "記事一覧"))
    assert goes("今日の新聞ニュース一覧", known)
    assert goes("今日の新聞12記事一覧", known)
    assert not goes("今日の新聞を読む", known)
    assert not goes("今日の新聞社", known)
    assert goes("新闻中心天气预报", site(rule("新闻中心", "天气预报")))


def test_known_lines_of_less_than_three_characters_are_no_pieces():
    assert SHORTEST == 3
    assert not goes("PinTo", site(rule("Pi", "nTo", "To")))
    assert not goes("天气新闻", site(rule("天气", "新闻")))
    assert goes("PinTop", site(rule("Pin", "Top")))


def test_one_piece_is_no_run():
    """A line on its own is the business of its rule, which knows what else must hold."""
    where = Where(first=1)
    for line in ("Share", "Share |", "| Share", "Share ->"):
        assert run(f"{STORY}\n{line}", site(rule("Share", where=where))).kept == [0, 1]


def test_the_longest_piece_is_not_the_only_way():
    known = site(rule("Share this", "Share this Tide", "Tide Table", "Now"))
    assert goes("Share this Tide Table", known)
    assert goes("Share this TideNow", known)
    assert not goes("Share this Tide Tables", known)


# What the rules of the pieces say.


@pytest.mark.parametrize("line", ["Share Tweet", "ShareTweet"])
def test_where_a_piece_may_stand_the_run_may_stand(line):
    rules = site(rule("Share", where=Where(first=1)), rule("Tweet", identity="two"))
    assert run(f"{line}\n{STORY}\n{line}", rules).kept == [1, 2]
    after = site(rule("Share", where=Where(after=STORY)), rule("Tweet", identity="two"))
    assert run(f"{line}\n{STORY}\n{line}", after).kept == [0, 1]


@pytest.mark.parametrize(
    "keys",
    [
        {"on": "html"},
        {"unless": "12"},
        {"status": "experimental"},
        {"status": "retired"},
        {"category": "byline"},
        {"select": ".x"},
        {"action": "keep"},
    ],
)
def test_a_rule_that_does_not_hold_here_gives_no_piece(keys):
    assert not goes("Share 12 Tweet", site(rule("Share", **keys), rule("Tweet", identity="two")), policies=())
    assert not goes("Share 12", site(rule("Share", **keys)), policies=())


@pytest.mark.parametrize("keys", [{"on": "text"}, {"unless": "ebb"}, {"status": "stale"}, {"category": "byline"}, {"keep_select": ".x"}])
def test_a_rule_that_holds_here_gives_a_piece(keys):
    assert goes("Share 12 Tweet", site(rule("Share", **keys), rule("Tweet", identity="two")))


@pytest.mark.parametrize(
    "keys",
    [
        {"action": "trim"},
        {"action": "replace", "with_": "x"},
        {"action": "drop-rest", "guard": Guard(1.0)},
        {"action": "drop-block", "guard": Guard(1.0)},
        {"repeat": "second"},
    ],
)
def test_only_what_drops_a_line_wherever_it_stands_gives_a_piece(keys):
    assert not goes("12 Share", site(rule("Share", **keys)))


def test_an_experimental_piece_leaves_the_place_to_an_active_rule():
    files = [site(rule("Share", status="experimental")), generic(rule("Share"))]
    doc = run(f"12 Share\n{STORY}", *files)
    assert [change.rule for change in doc.changes] == ["generic/en/tides#tide"]


def test_pieces_come_from_all_that_the_page_is_under():
    files = [site(rule("Share")), platform(rule("Tweet")), generic(rule("Comments")), generic(rule("Kommentare"), language="de")]
    assert goes("Share 3Tweet | Comments", *files)
    assert not goes("Share 3Tweet | Kommentare", *files)
    assert goes("CommentsKommentare", *files, lang="und")
    assert not goes("Share 3Comments", *files, host="nowhere.example")


def test_a_site_that_is_not_known_gives_no_pieces():
    files = [site(rule("Please send this tide to the shore"))]
    assert goes("Please send this tide to the shore", *files, host="")
    assert not goes("12 Please send this tide to the shore", *files, host="")


def test_the_rule_that_comes_first_is_named_for_the_whole_line():
    files = [generic(rule("Comments", "Share")), site(rule("Share"))]
    assert [change.rule for change in run(f"Comments 12 Share\n{STORY}", *files).changes] == ["sites/h/harbourtimes.example#tide"]
    assert [change.rule for change in run(f"Comments 12\n{STORY}", *files).changes] == ["generic/en/tides#tide"]


def test_a_keep_holds_against_a_run():
    keep = Rule("keep", "share-bar", "Stands below every headline.", "keep", line_contains="tweet 12")
    drop = rule("Share", "Tweet")
    for files in ([site(drop, keep)], [generic(drop), site(keep)], [generic(drop), platform(keep)]):
        doc = run(f"Share Tweet 12\nShare Tweet 13\n{STORY}", *files)
        assert doc.kept == [0, 2]
        assert [change.rule.partition("#")[2] for change in doc.changes if not change.reports] == ["tide"]


def test_a_run_that_has_gone_already_is_left_alone():
    doc = document_of_lines(f"Share Tweet\n{STORY}")
    doc.live[0] = False
    matching = Matching(made_of([site(rule("Share", "Tweet"))]))
    assert list(matching.changes(doc, matching.scope(["sites/h/harbourtimes.example"], "en", HOST))) == []


def test_a_line_that_another_rule_takes_is_its_line():
    whole = Rule("whole", "share-bar", "Stands below every headline.", "drop-line", line_starts="share")
    doc = run(f"Share Tweet\n{STORY}", generic(rule("Share", "Tweet")), generic(whole))
    assert [change.rule for change in doc.changes] == ["generic/en/tides#whole"]


def test_a_trim_that_leaves_a_run_leaves_it():
    """What a trim leaves goes where it is a known line; that it may be a run of them is not looked at."""
    trim = Rule("cut", "share-bar", "Stands below every headline.", "trim", line_ends=", says the clerk")
    assert run(f"Share, says the clerk\n{STORY}", site(rule("Share"), trim)).kept == [1]


# Offsets.


@pytest.mark.parametrize(
    "line",
    [
        "Straße Teilen",
        "StraßeTeilen",
        "TeilenStraße",
        "ﬃeld 12 Teilen",
        "TeilenﬃeldTeilen",
        "Tei\u00adlen\u00adStra\u00adße",
        "  Teilen \u2003 ｜ Straße  |",
        "①Teilen②",
        "Teilen½Straße",
        "TEILEN…Teilen",
    ],
)
def test_a_run_goes_whole_where_folding_changes_lengths(line):
    doc = run(f"{line}\n{STORY}\n{line}", site(rule("Teilen", "Straße", "ffield", "…Teilen", "⁄2Straße", "Teilen1")))
    assert doc.kept in ([1], [0, 1, 2])
    assert doc.text in (STORY, f"{line.strip()}\n{STORY}\n{line.strip()}")
    assert [(change.start, change.text) for change in doc.changes] == [(0, line.strip())] * (3 - len(doc.kept))


def test_folding_changes_nothing_of_what_is_seen():
    known = site(rule("Teilen", "Straße", "Ｎｅｗｓ"))
    assert goes("StraßeTeilen", known)
    assert goes("Tei\u00adlen\u00adStra\u00adße", known)
    assert goes("ＮｅｗｓＴｅｉｌｅｎ", known)
    assert not goes("Straßeteilen", known)


# Long lines, many pieces.


@pytest.mark.parametrize("length", [LONGEST, LONGEST + 1])
def test_a_line_that_is_too_long_is_not_looked_at(length):
    line = "Share " + "1" * (length - 6)
    assert goes(line, site(rule("Share", max_chars=2 * LONGEST))) is (length <= LONGEST)


@pytest.mark.parametrize(
    "line",
    [
        "Ebb" * 99 + "x",
        "ebb " * 73 + "x ebb",
        "Ebb1" * 74 + "q1",
        "1 " * 148 + "x 1",
        "1" * 299 + "x",
        "1.1," * 74 + "x1",
        "|" * 300,
        "Ebb|" * 74 + "x|",
        "EbbEbb " * 42 + "!Ebb",
        "ebb" * 100,
        "今" * 298 + "x1",
    ],
)
def test_a_line_that_nearly_is_a_run_costs_little(line):
    known = [" ".join(["Ebb"] * n) for n in range(1, 40)] + ["ebb" * n for n in range(1, 40)] + ["1" * n for n in range(3, 40)]
    known += ["今" * n for n in range(3, 40)]
    assert len(line) <= LONGEST
    page = f"{line}\n" * 20 + STORY
    matching, doc = Matching(made_of([site(rule(*known))])), document_of_lines(page)
    scope = matching.scope(["sites/h/harbourtimes.example"], "en", HOST)
    before = time.process_time()
    changes = list(matching.changes(doc, scope))
    assert time.process_time() - before < 1
    assert {change.paragraph for change in changes} <= set(range(20))


def test_a_piece_is_tried_once_at_a_place():
    tried = []

    def usable(line):
        tried.append(line)
        return True

    known = Literals([f"ab{'ab' * n}" for n in range(1, 30)])
    assert pieces("ab" * 100 + "x", [known], usable, lambda _: True) == []
    assert len(tried) <= 100 * 30


def test_pieces_cover_a_line_from_its_beginning_to_its_end():
    known = [Literals(["share", "tweet"]), Literals(["share this"])]
    found = pieces("share this | 12 tweet >", known, lambda _: True, lambda _: False)
    assert [tuple(piece) for piece in found] == [(0, 10, "share this"), (13, 15, ""), (16, 21, "tweet")]
    assert pieces("share this", known, lambda _: True, lambda _: False) == []
    assert pieces("share tweet", known, lambda line: line == "share", lambda _: True) == []


@pytest.mark.parametrize(
    ("line", "expected"),
    {
        "share now tweet": True,
        "sharetweet": True,
        "12 now tweet": True,
        "share 12": True,
        "share |": True,
        "12 |": True,
        "share now": False,
        "now tweet": False,
        "1": False,
    }.items(),
)
def test_only_a_line_with_both_edges_known_could_be_a_run(line, expected):
    folded = document_of_lines(f"the ferry\n{line}").folded
    known = [Literals(["share"]), Literals(["tweet"])]
    assert list(could_be_runs(folded, known, set())) == [1] * expected
    assert list(could_be_runs(folded, known, {1})) == []


@given(
    st.lists(st.text("ab -1", min_size=1, max_size=9), max_size=9),
    st.lists(st.text("ab -1", min_size=1, max_size=9), min_size=1, max_size=9),
)
@settings(deadline=None, derandomize=True)
def test_no_line_that_begins_with_a_literal_is_missed(literals, lines):
    folded = document_of_lines("\n".join(lines)).folded
    known = Literals(literals)
    near = known.beginning(folded)
    for number, line in enumerate(folded.lines):
        begins = {literal for literal in literals if len(literal) >= SHORTEST and line.startswith(literal)}
        assert set(known.at(line, 0)) == begins
        assert number in near or not begins


ALPHABET = st.sampled_from(
    ["Ebb", "ebb", "Flood", "FLOOD", "flood tide", "Tide Table", "12", "1.5k", " ", "|", " - ", "x", "the", "ß", "\u00ad", "今日中"]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(ALPHABET, min_size=1, max_size=9).map("".join), st.booleans())
def test_a_line_goes_whole_or_stays_as_it_is(line, kept):
    known = rule("Ebb", "Flood", "Flood Tide", "tide table", "今日中")
    keep = Rule("keep", "share-bar", "Stands below every headline.", "keep", line_contains="the")
    doc = run(f"{STORY}\n{line}\n{STORY}", site(known, keep) if kept else site(known))
    spaces = line.strip()
    assert doc.text.split("\n") in ([STORY, STORY], [STORY, spaces, STORY])
    for change in doc.changes:
        assert change.text in ("", spaces)
    if len(doc.kept) == 2 and spaces:
        left = fold(line)
        for piece in ("tide table", "flood tide", "flood", "ebb", "今日中"):
            left = left.replace(piece, "")
        assert not left.strip(" |-.k0123456789"), "only what is known goes"


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from(["Ebb", "Flood", "Tide Table", "12", "3"]), min_size=2, max_size=8),
    st.sampled_from([" ", " | ", "/", "•", ""]),
)
def test_whatever_is_run_together_of_known_lines_goes(parts, sign):
    line = sign.join(parts)
    known = site(rule("Ebb", "Flood", "Tide Table"))
    assert goes(line, known) is any(part.isalpha() or " " in part for part in parts)
