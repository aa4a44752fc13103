"""The features of text, held against a version that goes line by line, in plain Python."""

import math
import re
from collections import Counter
from functools import cache

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from curate.document import Change, Document, document_of_lines
from curate.models import text
from curate.models.text import TABLE, dense, lines_of, stop_word_hashes
from curate.text import shapes
from curate.text.codepoints import IDEOGRAPH, MARK, NO_WORD, code_points, word_class
from curate.text.folding import fold
from curate.text.stop_words import stop_words

steady = settings(deadline=None, derandomize=True, max_examples=60)
NAMES = [feature.name for feature in TABLE]
FAR = 1000

LINES = (  # none ends with a digit: see `ACROSS`
    "The ferry at Oxney was painted twice in one summer, and nobody on either bank could say why it had to be done again.",
    "It was said that the wall, the shed, the bell and the chain would have to be painted too",
    "Home",
    "HOME",
    "Menu | Tides | Ferries › Timetables",
    "• Tides of the week",
    "12 comments",
    "14 comments",
    "3 minutes ago",
    "Posted at 14:05 by Maud Tallis",
    "4 March 1987, a Monday",
    "From 1812 until 2099, or 21000 by another count",
    "Updated 12.03.2024 by Maud",
    "2024-03-12 to date",
    "1-2 and 3/4 of it",
    "Write to maud@oxney.example or see https://oxney.example/tides",
    "Ferries @ Oxney",
    "“We are tired of paint,” she said.",
    "He left (so they say).",
    "Read on …",
    "And then the bell...",
    "***",
    "— | —",
    "Price: £4.50 + 20% (was €6)",
    "© Oxney Quay News",
    "渡し船は二度塗られた。誰も理由を知らない。",
    "渡し船、港",
    "Die Fähre wurde zweimal gestrichen, und niemand wusste, warum es noch einmal sein musste; auch der Fährmann nicht. Er schwieg.",
    "паром снова покрасили",
    "the ferry",
    "extraordinarily long-windedness",
    "café, naïve",
)


def document(page: str, lang: str = "en") -> Document:
    doc = document_of_lines(page)
    doc.tags["lang"] = lang
    return doc


def every(doc: Document) -> np.ndarray:
    return np.flatnonzero(doc.live).astype(np.int32)


def column(page: str, name: str, lang: str = "en") -> list[float]:
    doc = document(page, lang)
    return dense(doc, every(doc))[:, NAMES.index(name)].tolist()


# The naive version.


@cache
def shape(char: str) -> int:
    return int(shapes.shapes(code_points(char))[0])


@cache
def count(line: str, wanted: int) -> int:
    return sum(shape(char) == wanted for char in line)


@cache
def words_of(line: str) -> list[str]:
    """The words of a folded line, those that begin with a digit all alike."""
    found: list[str] = []
    before, inside = NO_WORD, False
    for char in fold(line):
        kind = int(word_class(code_points(char))[0])
        if kind == NO_WORD or (kind == MARK and not inside):
            inside = False
        elif not inside or kind == IDEOGRAPH or (before == IDEOGRAPH and kind != MARK):
            found.append(char)
            inside = True
        else:
            found[-1] += char
        before = kind
    return ["0" if shape(word[0]) == shapes.DIGIT else word for word in found]


@cache
def runs_of(line: str) -> list[str]:
    """Runs of letters, marks and digits as they are written."""
    marked = "".join(char if shapes.UPPER <= shape(char) <= shapes.DIGIT else " " for char in line)
    return marked.split()


SHARES = "upper lower uncased ideograph digit stop comma colon quote bracket dash divider slash at money rights other".split()
EDGES = {
    "upper": "upper",
    "lower": "lower",
    "uncased": "other letter",
    "ideograph": "other letter",
    "digit": "digit",
    "stop": "stop",
    "comma": "comma",
    "colon": "colon",
    "quote": "quote",
    "bracket": "bracket",
    "dash": "divider",
    "divider": "divider",
    "slash": "divider",
    "at": "sign",
    "money": "sign",
    "rights": "sign",
    "other": "sign",
}


def edge(char: str) -> str:
    return next(group for name, group in EDGES.items() if getattr(shapes, name.upper()) == shape(char))


def ends_sentence(line: str) -> bool:
    if len(line) > 1 and shape(line[-1]) in {shapes.QUOTE, shapes.BRACKET}:
        return shape(line[-2]) == shapes.STOP
    return shape(line[-1]) == shapes.STOP


def is_prose(line: str) -> bool:
    several = count(line, shapes.STOP) + count(line, shapes.COMMA) >= 3
    return (len(line) >= 80 and ends_sentence(line)) or (several and len(line) + 2 * count(line, shapes.IDEOGRAPH) >= 80)


def share(part: float, whole: float) -> float:
    return part / max(whole, 1)


@cache
def of_characters(line: str) -> dict[str, float]:
    ink = len(line) - count(line, shapes.SPACE)
    found = {"chars": math.log1p(len(line))}
    found |= {f"{name}-share": share(count(line, getattr(shapes, name.upper())), ink) for name in SHARES}
    for name, kind in (("stops", "STOP"), ("commas", "COMMA"), ("digits", "DIGIT"), ("quotes", "QUOTE"), ("dividers", "DIVIDER")):
        found[name] = math.log1p(count(line, getattr(shapes, kind)))
    return found


@cache
def of_edges(line: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for name in dict.fromkeys(EDGES.values()):
        found[f"first-{name}"], found[f"last-{name}"] = edge(line[0]) == name, edge(line[-1]) == name
    return {**found, "sentence": ends_sentence(line), "ellipsis": line.endswith(("…", ".."))}


@cache
def of_words(line: str, lang: str) -> dict[str, float]:
    words, runs = words_of(line), runs_of(line)
    listed = {word for entry in stop_words(lang) for word in words_of(entry)}
    short = sum(shape(run[0]) == shapes.LOWER and len(run) <= 3 for run in runs)
    stops = sum(word in listed for word in words)
    capitals = [run for run in runs if shape(run[0]) == shapes.UPPER]
    return {
        "words": math.log1p(len(words)),
        "word-length": math.log1p(share(sum(map(len, runs)), len(runs))),
        "capitalised": share(len(capitals), len(runs)),
        "all-caps": share(sum(len(run) > 1 and shape(run[-1]) == shapes.UPPER for run in capitals), len(runs)),
        "numbers": share(sum(shape(run[0]) == shapes.DIGIT for run in runs), len(runs)),
        "short-lower": share(short, len(runs)),
        "short-lowers": math.log1p(short),
        "long-words": share(sum(len(run) >= 9 for run in runs), len(runs)),
        "stop-words": share(stops, len(words)),
        "stop-word-count": math.log1p(stops),
        "stop-list": bool(listed),
    }


PATTERNS = {
    "time": r"\d[:：]\d",
    "year": r"(?<!\d)(19|20)\d\d(?!\d)",
    "date": r"\d+[./-]\d+[./-]\d",
    "address": r"[:：]//|\S@\S",
    "broken": r"\n",
}


def of_company(lines: list[list[str]], prose: list[bool], number: int) -> dict[str, float]:
    words = lines[number]
    if not words:
        return dict.fromkeys((feature.name for feature in text._COMPANY), 0.0)
    others = [line for other, line in enumerate(lines) if other != number and line]
    elsewhere = Counter(word for line in others for word in line)
    in_prose = Counter(word for other, line in enumerate(lines) if other != number and prose[other] for word in line)
    first = {word for line in lines[:3] for word in line}
    return {
        "copies": math.log1p(sum(line == words for line in others)),
        "copied-before": words in lines[:number],
        "first-word": math.log1p(sum(line[0] == words[0] for line in others)),
        "last-word": math.log1p(sum(line[-1] == words[-1] for line in others)),
        "first-word-above": number > 0 and lines[number - 1][:1] == words[:1],
        "in-prose": sum(in_prose[word] > 0 for word in words) / len(words),
        "in-prose-mean": sum(math.log1p(in_prose[word]) for word in words) / len(words),
        "new-words": sum(elsewhere[word] == 0 and words.count(word) >= 1 for word in words) / len(words),
        "in-first": sum(word in first for word in words) / len(words),
    }


def of_place(lines: list[str], prose: list[bool], number: int) -> dict[str, float]:
    n, lengths = len(lines), list(map(len, lines))
    chars = [length * is_one for length, is_one in zip(lengths, prose, strict=True)]
    since = next((number - other for other in range(number, -1, -1) if prose[other]), FAR)
    until = next((other - number for other in range(number, n) if prose[other]), FAR)
    letters = sum(shapes.UPPER <= shape(char) <= shapes.IDEOGRAPH for line in lines for char in line)
    return {
        "place": number / n,
        "from-start": math.log1p(number),
        "to-end": math.log1p(n - 1 - number),
        "chars-place": sum(lengths[:number]) / sum(lengths),
        "prose-above": share(sum(chars[:number]), sum(chars)),
        "prose-chars-above": math.log1p(sum(chars[:number])),
        "prose-chars-below": math.log1p(sum(chars[number + 1 :])),
        "since-prose": math.log1p(since),
        "until-prose": math.log1p(until),
        "is-prose": prose[number],
        "page-paragraphs": math.log1p(n),
        "page-chars": math.log1p(sum(lengths)),
        "page-prose": sum(chars) / sum(lengths),
        "page-lower": share(sum(count(line, shapes.LOWER) for line in lines), letters),
        "page-sentences": sum(map(ends_sentence, lines)) / n,
        "page-unspaced": share(sum(count(line, shapes.IDEOGRAPH) for line in lines), letters),
        "page-chars-a-line": sum(math.log1p(length) for length in lengths) / n,
    }


def naive(lines: list[str], lang: str) -> list[dict[str, float]]:
    prose, words = list(map(is_prose, lines)), list(map(words_of, lines))
    return [
        {
            **of_characters(line),
            **of_edges(line),
            **of_words(line, lang),
            **{name: bool(re.search(pattern, line)) for name, pattern in PATTERNS.items()},
            **of_company(words, prose, number),
            **of_place(lines, prose, number),
        }
        for number, line in enumerate(lines)
    ]


def check(lines: list[str], lang: str) -> None:
    doc = document("\n".join(lines), lang)
    found, expected = dense(doc, every(doc)), naive(lines, lang)
    assert found.dtype == np.float32
    for number, row in enumerate(expected):
        assert set(row) == set(NAMES)
        wrong = {name: (found[number, at].item(), row[name]) for at, name in enumerate(NAMES) if abs(found[number, at] - row[name]) > 1e-4}
        assert not wrong, f"line {number}, {lines[number]!r}: found and expected {wrong}"


# The table.


def test_the_table_has_a_row_for_each_column_and_each_row_says_what_and_why():
    doc = document("Home\nThe ferry was painted.")
    assert dense(doc, every(doc)).shape == (2, len(TABLE))
    assert len(set(NAMES)) == len(TABLE)
    for feature in TABLE:
        assert feature.name == feature.name.strip().lower(), feature.name
        assert len(feature.what) > 5, feature.name
        assert len(feature.why) >= 5 or feature.why == "the same", feature.name


# Against the naive version.


@pytest.mark.parametrize("lang", ["en", "de", "ja", "und"])
def test_all_lines_at_once_are_as_line_by_line(lang: str):
    check(list(LINES), lang)
    check(list(reversed(LINES)), lang)


@steady
@given(st.lists(st.sampled_from(LINES), min_size=1, max_size=12), st.sampled_from(["en", "de", "und"]))
@example(["***", "Read on …"], "en")
@example(["渡し船、港"], "ja")
def test_any_page_of_them_is_as_line_by_line(lines: list[str], lang: str):
    check(lines, lang)


# A page alone.


@steady
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=8), st.sampled_from(["en", "ja", "und"]))
@example(["a"], "en")
@example(["…"], "und")
@example(["\u0301"], "en")
@example(["***", "* * *"], "en")
@example(["\u00ad\u200b"], "en")
@example(["1:1"], "en")
def test_features_are_finite_on_any_text(lines: list[str], lang: str):
    doc = document("\n".join(lines), lang)
    if doc.read:
        found = dense(doc, every(doc))
        assert found.shape == (doc.read, len(TABLE))
        assert np.isfinite(found).all()
        shares = [at for at, feature in enumerate(TABLE) if feature.what.startswith(("share", "whether", "begins", "ends", "has"))]
        assert found[:, shares].min() >= 0
        assert found[:, shares].max() <= 1 + 1e-6


def test_a_huge_line_is_a_line():
    page = "ferry " * 100_000
    doc = document(f"Home\n{page}\n{'9' * 70_000}")
    found = dense(doc, every(doc))
    assert np.isfinite(found).all()
    assert found[1, NAMES.index("words")] == pytest.approx(math.log1p(100_000), rel=1e-5)


def test_a_page_of_one_paragraph_has_no_company():
    doc = document("Home sweet home of the ferry")
    found = dict(zip(NAMES, dense(doc, every(doc))[0].tolist(), strict=True))
    assert [found[name] for name in ("copies", "first-word", "in-prose", "place", "from-start", "to-end")] == [0] * 6
    assert found["new-words"] == 1


@steady
@given(st.lists(st.tuples(st.sampled_from(LINES), st.booleans()), min_size=1, max_size=14), st.booleans())
def test_what_was_dropped_is_as_good_as_not_there(marked: list[tuple[str, bool]], blank: bool):  # noqa: FBT001
    doc = document(("\n\n" if blank else "\n").join(line for line, _ in marked))
    doc.apply("rules", [Change(number, 0, int(doc.lengths[number])) for number, (_, kept) in enumerate(marked) if not kept])
    if doc.live.any():
        alone = document("\n".join(line for line, kept in marked if kept))
        assert np.array_equal(dense(doc, every(doc)), dense(alone, every(alone)))


def test_what_was_rewritten_is_looked_at_as_it_now_stands():
    doc = document("Home\nBy Maud Tallis The ferry was painted.")
    doc.words  # noqa: B018  # worked out before the change
    doc.apply("rules", [Change(1, 0, len("By Maud Tallis"))])
    alone = document("Home\nThe ferry was painted.")
    assert np.array_equal(dense(doc, every(doc)), dense(alone, every(alone)))


def test_lines_hold_the_characters_and_words_of_the_live_ones_only():
    doc = document("Home\nThe ferry 7\nTides")
    lines = lines_of(doc, np.array([1, 2], dtype=np.int32))
    assert (lines.starts.tolist(), lines.lengths.tolist(), lines.counts.tolist()) == ([0, 11], [11, 5], [3, 1])
    assert "".join(map(chr, lines.points)) == "The ferry 7Tides"
    assert lines.word_owners.tolist() == [0, 0, 0, 1]
    assert lines.lang == "en"
    other = document("The ferry 8")
    assert lines.hashes[2] == lines_of(other, every(other)).hashes[2], "numbers are one word"


def test_a_page_whose_language_nobody_told_has_no_stop_list():
    doc = document_of_lines("The ferry and the bell")
    assert dense(doc, every(doc))[0, NAMES.index("stop-list")] == 0


def test_stop_words_are_found_by_the_hashes_of_the_page_s_words():
    doc = document("the bell of a heron")
    listed = stop_word_hashes("en")
    assert (np.diff(listed.astype(object)) > 0).all()
    assert np.isin(doc.words.hashes, listed).tolist() == [True, False, True, True, False]
    assert len(stop_word_hashes("und")) == 0


# Patterns at their edges.


PATTERN_CASES = {
    "a clock": ("time", "At 9:30 sharp", True),
    "a colon before a number is no clock": ("time", "Score: 3 of 4", False),
    "a colon behind one neither": ("time", "Of these 3: none", False),
    "a year": ("year", "Built in 1900", True),
    "the last year": ("year", "2099", True),
    "too early for a year": ("year", "Built in 1899", False),
    "too late for one": ("year", "Room 2100", False),
    "five digits are no year": ("year", "19991 herons", False),
    "a year inside a word": ("year", "Oxney1999", True),
    "a date in numbers": ("date", "1.2.24", True),
    "a date with slashes": ("date", "on 12/03/2024 at noon", True),
    "a fraction is no date": ("date", "12/03 of it", False),
    "an interval neither": ("date", "1-2, 3-4", False),
    "numbers that are parted by a dot and a blank": ("date", "12. 3.2024", False),
    "an address": ("address", "see ftp://oxney.example", True),
    "e-mail": ("address", "maud@oxney.example", True),
    "a sign between blanks is none": ("address", "tea @ five", False),
    "a handle is none": ("address", "by @maud on Monday", False),
    "slashes alone are none": ("address", "and // or", False),
}


@pytest.mark.parametrize(("name", "line", "expected"), PATTERN_CASES.values(), ids=PATTERN_CASES)
def test_patterns(name: str, line: str, expected: bool):  # noqa: FBT001
    assert column(f"Home of ferries\n{line}\nTides of today", name) == [0, float(expected), 0]


ACROSS = {
    "a clock": ("time", "Result 3:", "4 herons were seen"),
    "a year": ("year", "Chapter 19", "99 herons"),
    "a date": ("date", "Number 12.", "10.2020 was the next"),
    "e-mail": ("address", "write to maud@", "home on Monday"),
    "an address": ("address", "see http:", "//so and so"),
}


@pytest.mark.parametrize(("name", "above", "below"), ACROSS.values(), ids=ACROSS)
def test_no_pattern_reaches_over_a_paragraph_s_end(name: str, above: str, below: str):
    assert column(f"{above}\n{below}", name) == [0, 0]


@pytest.mark.parametrize(("name", "line"), [("time", "9:30"), ("year", "1999"), ("address", "a@b")])
def test_the_shortest_pages_have_patterns_too(name: str, line: str):
    assert column(line, name) == [1]


def test_a_line_break_inside_a_paragraph_is_seen():
    doc = document("Home of ferries\nThe heron stands upon the chain")
    doc.apply("edit", [Change(1, 16, 17, "\n")])
    assert dense(doc, every(doc))[:, NAMES.index("broken")].tolist() == [0, 1]


def test_a_line_that_ends_with_a_vowel_sign_ends_with_a_letter():
    assert column("नाव यहाँ है", "last-other letter", "hi") == [1]
    assert column("नाव यहाँ है", "last-upper", "hi") == [0]


# Named cases for what the brief features are for.


def test_copies_count_lines_that_read_the_same_but_for_case_and_numbers():
    assert column("Tides 4\nFerries\nTIDES 5\ntides", "copies") == pytest.approx([math.log1p(1), 0, math.log1p(1), 0])
    assert column("Tides 4\nFerries\nTIDES 5\ntides", "copied-before") == [0, 0, 1, 0]


def test_the_same_words_in_another_order_are_no_copy():
    assert column("tides and ferries\nferries and tides", "copies") == [0, 0]


def test_a_word_of_its_own_line_is_not_in_prose_elsewhere():
    prose = LINES[0]
    assert column(f"{prose}\nferry heron\n{prose.replace('ferry', 'boat')}", "in-prose")[1] == 0.5
    assert column(f"{prose}\nHome", "in-prose")[0] == 0


def test_paragraphs_count_from_the_nearest_prose():
    page = "\n".join(["Home", LINES[0], "Tides", "Ferries", LINES[0]])
    assert column(page, "since-prose") == pytest.approx([math.log1p(d) for d in (FAR, 0, 1, 2, 0)])
    assert column(page, "until-prose") == pytest.approx([math.log1p(d) for d in (1, 0, 2, 1, 0)])
    assert column("Home\nTides", "until-prose") == pytest.approx([math.log1p(FAR)] * 2)
