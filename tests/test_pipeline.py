"""Steps in order: what is counted, what becomes of a document, whose steps there are; and what holds for any page."""

import importlib.metadata
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import curate
from curate.document import KEPT, WHOLE, Applied, Change, Document, Of, document_of_lines
from curate.edits.fix_encoding import FixEncoding
from curate.errors import UsageError
from curate.filters.min_chars import MinChars
from curate.filters.repeats import Repeats
from curate.filters.site_rules import SiteRules
from curate.pipeline import Pipeline, Placed, StepCount
from curate.rules.format import Where, literals
from curate.rules.library import made_of
from curate.rules.load import load
from curate.rules.match import Matching
from curate.steps import FOLDERS, kind, step_class, steps

CODE = Path(curate.__file__).parent
PACKS = Path(__file__).parent / "rules" / "packs"
PAGE = """\
The ferry was tied up for a second winter.

Follow the Harbour Times along the whole coast
The islanders wait.
"""


# Steps that only tests have.


@dataclass(frozen=True, slots=True)
class Lengths:
    """Measures every paragraph."""

    at_most: float = 45

    def measure(self, doc: Document) -> Any:
        return doc.lengths / 1.0


@dataclass(frozen=True, slots=True)
class Shares:
    """Measures every paragraph, dropped ones with nonsense."""

    at_least: float = 0.5

    def measure(self, doc: Document) -> Any:
        return np.where(doc.live, 0.4999999, np.nan)


@dataclass(frozen=True, slots=True)
class Few:
    """Measures the document."""

    at_least: int = 3

    def measure(self, doc: Document) -> Any:
        return np.float64(len(doc.kept))


@dataclass(frozen=True, slots=True)
class Shout:
    """Edits: capitals for every paragraph."""

    def edit(self, doc: Document) -> Iterator[Change]:
        for number in doc.kept:
            yield Change(number, 0, int(doc.lengths[number]), doc.text_of(number).upper())


@dataclass(frozen=True, slots=True)
class Judging:
    """Judges as it is told."""

    changes: tuple[Change, ...] = ()

    def judge(self, doc: Document) -> Iterable[Change]:
        assert doc.read
        return self.changes


@dataclass(frozen=True, slots=True)
class Describing:
    """Describes, and does nothing."""

    said: str = "yes"

    def describe(self, doc: Document) -> dict[str, str | float]:
        return {"said": self.said, "seen": len(doc.kept)}


@dataclass(frozen=True, slots=True)
class Sketching:
    """A sketch that is never made."""

    name: str = "nothing"
    setting: int = 0

    def begin(self) -> Any:
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Settling:
    """Decides across documents, and is never asked."""

    sketcher: Sketching = Sketching()

    def settle(self, corpus: Any) -> Any:
        raise NotImplementedError(corpus)


def run(page: str, *placed: Placed) -> tuple[Document, Pipeline]:
    pipeline = Pipeline(placed)
    return pipeline.run(document_of_lines(page)), pipeline


def undone(doc: Document) -> list[str]:
    """The paragraphs as they were read: what is left, and the changes undone from the last to the first."""
    texts = [text if kept else "" for _, text, kept in doc.paragraphs]
    for change in reversed(doc.changes):
        now = texts[change.paragraph]
        assert now[change.start : change.start + len(change.new)] == change.new
        texts[change.paragraph] = now[: change.start] + change.text + now[change.start + len(change.new) :]
    return texts


# What becomes of a document.


def test_a_page_that_nothing_touches_is_kept():
    doc, pipeline = run(PAGE, Placed("shares", Shares(0)), Placed("judging", Judging()))
    assert (doc.outcome, doc.reason, doc.changes) == ("kept", "", [])
    assert [(count.documents, count.dropped) for count in pipeline.counts.values()] == [(0, 0), (0, 0)]


def test_a_page_that_loses_every_paragraph_is_emptied_by_the_step_that_took_the_last():
    first = Judging((Change(0, 0, 42),))
    doc, _ = run(PAGE, Placed("one", first), Placed("two", Lengths(0)), Placed("three", Describing()))
    assert (doc.outcome, doc.reason) == ("emptied", "two")
    assert doc.text == ""
    assert doc.tags == {}, "a step that comes after the last paragraph went is not asked"


def test_a_page_without_text_is_emptied_for_that():
    doc, _ = run(" \n\n", Placed("language", Describing()))
    assert (doc.outcome, doc.reason, doc.tags) == ("emptied", "no text", {})


def test_a_drop_of_the_document_is_a_drop_of_all_that_is_left():
    first = Judging((Change(2, 0, 19, rule="end"),))
    doc, pipeline = run(PAGE, Placed("one", first), Placed("few", Few()))
    assert [(applied.step, applied.paragraph, applied.text) for applied in doc.changes[1:]] == [
        ("few", 0, "The ferry was tied up for a second winter."),
        ("few", 1, "Follow the Harbour Times along the whole coast"),
    ]
    assert all((applied.measure, applied.limit) == (2, 3) for applied in doc.changes[1:])
    assert (doc.outcome, doc.reason) == ("dropped", "few")
    assert (pipeline.counts["few"].dropped, pipeline.counts["few"].documents) == (2, 1)


def test_a_judge_may_drop_the_document():
    doc, _ = run(PAGE, Placed("judging", Judging((Change(WHOLE, 0, 0, rule="all", of=Of("elsewhere")),))))
    assert (doc.outcome, doc.reason, doc.kept) == ("dropped", "judging", [])
    assert {(applied.rule, applied.of.doc) for applied in doc.changes} == {("all", "elsewhere")}
    assert undone(doc) == [line for line in PAGE.split("\n") if line]


def test_a_judge_may_drop_the_document_after_it_has_trimmed_it():
    doc, _ = run(PAGE, Placed("judging", Judging((Change(0, 0, 4), Change(WHOLE, 0, 0)))))
    assert (doc.outcome, doc.kept) == ("dropped", [])
    assert undone(doc) == [line for line in PAGE.split("\n") if line]


def test_a_step_says_whether_its_documents_are_emptied_or_dropped():
    doc, _ = run("A headline", Placed("min-chars", MinChars()))
    assert (doc.outcome, doc.reason) == ("emptied", "min-chars")
    doc, _ = run("A headline", Placed("few", Few(2)))
    assert (doc.outcome, doc.reason) == ("dropped", "few")


def test_steps_see_what_earlier_steps_have_left():
    doc, _ = run(PAGE, Placed("judging", Judging((Change(1, 0, 46),))), Placed("describing", Describing()), Placed("shout", Shout()))
    assert doc.tags == {"said": "yes", "seen": 2}
    assert doc.text == "THE FERRY WAS TIED UP FOR A SECOND WINTER.\n\nTHE ISLANDERS WAIT."
    assert doc.changes[0].text == "Follow the Harbour Times along the whole coast"


# Steps across documents.


def test_the_steps_across_documents_part_the_others():
    names = ["shout", "one", "two", "few"]
    pipeline = Pipeline([Placed(name, step) for name, step in zip(names, [Shout(), Settling(), Settling(), Few()], strict=True)])
    parts = [pipeline.before, pipeline.across, pipeline.behind]
    assert [[placed.name for placed in part] for part in parts] == [["shout"], ["one", "two"], ["few"]]


def test_without_steps_across_documents_all_others_come_before():
    pipeline = Pipeline([Placed("shout", Shout()), Placed("few", Few())])
    assert (pipeline.before, pipeline.across, pipeline.behind, pipeline.sketchers) == (pipeline.steps, (), (), ())


def test_steps_across_documents_stand_together():
    with pytest.raises(UsageError, match="between them stands 'few'"):
        Pipeline([Placed("one", Settling()), Placed("few", Few()), Placed("two", Settling())])


def test_steps_with_equal_sketchers_share_what_is_sketched():
    settling = [Settling(Sketching("a")), Settling(Sketching("a")), Settling(Sketching("b"))]
    pipeline = Pipeline([Placed(str(number), step) for number, step in enumerate(settling)])
    assert [sketcher.name for sketcher in pipeline.sketchers] == ["a", "b"]


@pytest.mark.parametrize("names", [("a", "a"), ("documents", "a")])
def test_sketches_that_are_not_equal_have_names_of_their_own(names: tuple[str, str]):
    with pytest.raises(UsageError, match="have to name them apart"):
        Pipeline([Placed(str(number), Settling(Sketching(name, number))) for number, name in enumerate(names)])


def test_one_page_by_itself_has_nothing_to_repeat():
    doc, pipeline = run(PAGE, Placed("shout", Shout()), Placed("one", Settling()), Placed("few", Few(4)))
    assert [change.step for change in doc.changes] == ["shout"] * 3 + ["few"] * 3
    assert pipeline.counts["one"] == StepCount()


@pytest.mark.parametrize("least", [3, 4])
def test_a_page_that_steps_behind_would_drop_as_it_stands_is_doomed_and_left_as_it_is(least: int):
    pipeline = Pipeline([Placed("one", Settling()), Placed("said", Describing()), Placed("few", Few(least), store=True)])
    doc = document_of_lines(PAGE)
    assert pipeline.doomed(doc) is (least == 4)
    assert pipeline.takes_part(doc) is (least == 3)
    assert (doc.tags, doc.measures, doc.changes, doc.outcome, doc.kept) == ({}, {}, [], "kept", [0, 1, 2])
    assert all(count == StepCount() for count in pipeline.counts.values())


def test_a_measure_of_paragraphs_dooms_no_page():
    assert not Pipeline([Placed("one", Settling()), Placed("lengths", Lengths(0))]).doomed(document_of_lines(PAGE))


def test_what_a_measure_goes_by_may_be_told_by_a_step_that_stands_behind_as_well():
    @dataclass(frozen=True)
    class Said:
        at_most: float = 0

        def measure(self, doc: Document) -> Any:
            return np.float64(doc.tags["said"] == "yes")

    assert Pipeline([Placed("one", Settling()), Placed("describing", Describing()), Placed("said", Said())]).doomed(document_of_lines(PAGE))


def test_a_page_without_text_takes_no_part():
    assert not Pipeline([Placed("one", Settling())]).takes_part(document_of_lines(" \n"))


def held(*numbers: int) -> Document:
    doc = document_of_lines(PAGE)
    doc.held = frozenset(numbers)
    return doc


def test_a_held_paragraph_is_not_taken_out_and_that_is_reported():
    pipeline = Pipeline([Placed("judging", Judging((Change(0, 0, 42, rule="all", measure=1, limit=1), Change(2, 0, 19, rule="all"))))])
    doc = pipeline.run(held(0))
    assert [(applied.paragraph, applied.text, applied.reports, applied.keeps) for applied in doc.changes] == [
        (0, "", True, False),
        (2, "The islanders wait.", False, False),
    ]
    assert doc.kept == [0, 1]
    assert (pipeline.counts["judging"].dropped, pipeline.counts["judging"].reports) == (1, {"all": 1})


def test_a_held_paragraph_may_be_trimmed_but_not_bit_by_bit_until_nothing_is_left():
    changes = (Change(0, 0, 4), Change(0, 4, 38), Change(0, 0, 4))
    doc = Pipeline([Placed("judging", Judging(changes))]).run(held(0))
    assert doc.text_of(0) == "ferr"
    assert [applied.reports for applied in doc.changes] == [False, False, True]
    assert undone(doc) == [line for line in PAGE.split("\n") if line]


def test_a_page_with_a_held_paragraph_is_not_dropped_and_that_is_reported_once():
    doc = Pipeline([Placed("few", Few(4))]).run(held(1, 2))
    assert (doc.outcome, doc.reason, doc.kept) == ("kept", "", [0, 1, 2])
    assert [(applied.paragraph, applied.reports, applied.measure, applied.limit) for applied in doc.changes] == [(1, True, 3, 4)]


def test_what_a_limit_would_have_taken_out_is_not_kept_by_rule():
    doc = document_of_lines(PAGE)
    doc.apply("one", [Change(0, 0, 0, rule="would go", measure=KEPT, limit=0.5), Change(1, 0, 0, rule="keeps", measure=KEPT)])
    assert doc.kept_by_rule == {1}


# What is counted.


def test_counts_are_of_paragraphs_and_characters():
    changes = (Change(0, 0, 10, rule="cut"), Change(1, 0, 46, rule="drop"), Change(2, 4, 13, "others", rule="cut"))
    doc, pipeline = run(PAGE, Placed("judging", Judging(changes)))
    assert doc.text == "was tied up for a second winter.\n\nThe others wait."
    count = pipeline.counts["judging"]
    assert (count.dropped, count.edited, count.documents) == (1, 2, 1)
    assert (count.chars_removed, count.chars_added) == (10 + 46 + 9, 6)
    assert count.rules == {"cut": 2, "drop": 1}
    assert count.cpu_seconds > 0


def test_a_paragraph_that_is_cut_twice_is_one_paragraph():
    _, pipeline = run("the ferry to the island", Placed("judging", Judging((Change(0, 13, 23), Change(0, 0, 4)))))
    assert (pipeline.counts["judging"].edited, pipeline.counts["judging"].dropped) == (1, 0)


def test_a_paragraph_that_goes_by_two_cuts_is_one_paragraph():
    doc, pipeline = run("the ferry\nto the island", Placed("judging", Judging((Change(0, 4, 9), Change(0, 0, 3)))))
    assert doc.read - len(doc.kept) == pipeline.counts["judging"].dropped == 1


def test_counts_add_up_over_documents_and_pipelines():
    one, two = Pipeline([Placed("few", Few())]), Pipeline([Placed("few", Few())])
    for page in (PAGE, "One\nTwo"):
        one.run(document_of_lines(page))
    two.run(document_of_lines("One"))
    total = StepCount()
    total.merge(one.counts["few"])
    total.merge(two.counts["few"])
    assert (total.dropped, total.documents, total.chars_removed) == (3, 2, 9)
    assert total.histogram == {"3": 1, "2": 1, "1": 1}


@pytest.mark.parametrize(
    ("value", "bucket"),
    [
        (0.0, "0"),
        (1e-6, "0.000001"),
        (0.01234, "0.012"),
        (0.0999, "0.1"),
        (0.5, "0.5"),
        (1.0, "1"),
        (1.26, "1.3"),
        (9.96, "10"),
        (123, "120"),
        (98765, "99000"),
        (1234567, "1200000"),
        (-0.37, "-0.37"),
    ],
)
def test_measures_are_counted_by_their_first_two_digits(value: float, bucket: str):
    @dataclass(frozen=True)
    class Fixed:
        at_most: float = 1e9

        def measure(self, doc: Document) -> Any:
            return np.full(doc.read, value)

    _, pipeline = run("One\nTwo", Placed("fixed", Fixed()))
    [(found, count)] = pipeline.counts["fixed"].histogram.items()
    assert (float(found), count) == (float(bucket), 2)


def test_the_histogram_is_of_live_paragraphs_survivors_and_others():
    first = Judging((Change(2, 0, 19),))
    doc, pipeline = run(PAGE, Placed("one", first), Placed("lengths", Lengths()))
    assert pipeline.counts["lengths"].histogram == {"42": 1, "46": 1}
    assert doc.kept == [0]
    assert doc.changes[-1][6:9] == ("", 46.0, 45)


def test_measures_are_rounded_before_they_meet_the_limit():
    assert run(PAGE, Placed("shares", Shares()))[0].changes == []
    assert len(run(PAGE, Placed("shares", Shares(0.500001)))[0].changes) == 3


def test_a_measure_of_a_paragraph_that_is_gone_means_nothing():
    first = Judging((Change(0, 0, 42),))
    _, pipeline = run(PAGE, Placed("one", first), Placed("shares", Shares()))
    assert pipeline.counts["shares"].histogram == {"0.5": 2}


def test_measures_are_stored_on_request_and_before_the_drop():
    doc, _ = run(PAGE, Placed("lengths", Lengths(), store=True), Placed("few", Few(), store=True), Placed("unasked", Few()))
    assert doc.measures == {"lengths": [42.0, 46.0, 19.0], "few": [2.0]}


# Whose steps there are.


def entry_point(name: str, value: str) -> importlib.metadata.EntryPoint:
    return importlib.metadata.EntryPoint(name=name, value=value, group="curate.steps")


@pytest.fixture
def plugins(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[importlib.metadata.EntryPoint]]:
    """Entry points of the group `curate.steps`, in the place of those that are installed."""
    points: list[importlib.metadata.EntryPoint] = []
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda *, group: points if group == "curate.steps" else [])
    steps.cache_clear()
    yield points
    steps.cache_clear()


def test_a_plugin_s_step_is_a_step_like_others(plugins: list[importlib.metadata.EntryPoint], tmp_path: Path):
    plugins.append(entry_point("a-few", f"{__name__}:Few"))
    own = {path.stem.replace("_", "-") for folder in FOLDERS for path in (CODE / folder).glob("[!_]*.py")}
    assert list(steps()) == sorted({"a-few"} | own)
    assert step_class("a-few") is Few
    config = tmp_path / "curate.toml"
    config.write_text('[[step]]\nname = "a-few"\nat_least = 9\nstore = true\n', encoding="utf-8")
    pipeline = Pipeline.from_config(config)
    doc = pipeline.run(document_of_lines(PAGE))
    assert (doc.outcome, doc.reason, doc.measures) == ("dropped", "a-few", {"a-few": [3.0]})


@pytest.mark.parametrize("others", [["repeats"], ["a-few", "a-few"]])
def test_a_name_that_is_taken_twice_is_an_error(plugins: list[importlib.metadata.EntryPoint], others: list[str]):
    plugins += [entry_point(name, f"{__name__}:Few") for name in others]
    with pytest.raises(UsageError, match=f"two steps are named '{others[-1]}'") as caught:
        steps()
    assert __name__ in str(caught.value)


@pytest.mark.parametrize("value", ["no_such_package_here:Few", f"{__name__}:Fewer"])
def test_a_plugin_that_cannot_be_loaded_names_itself(plugins: list[importlib.metadata.EntryPoint], value: str):
    plugins.append(entry_point("a-few", value))
    assert "a-few" in steps(), "finding a step loads nothing"
    with pytest.raises(UsageError, match="step 'a-few' cannot be loaded from"):
        step_class("a-few")


def test_a_plugin_that_is_no_step_names_itself(plugins: list[importlib.metadata.EntryPoint]):
    plugins.append(entry_point("a-few", "collections:Counter"))
    with pytest.raises(UsageError, match="a-few"):
        Pipeline([Placed("a-few", step_class("a-few")())])


@pytest.mark.parametrize(
    ("step", "expected"), [(Shout(), "edit"), (Few(), "measure"), (Judging(), "judge"), (Describing(), "tag"), (SiteRules(), "judge")]
)
def test_kinds_go_by_the_method_that_a_step_has(step: Any, expected: str):
    assert kind(step) == kind(type(step)) == expected


# What a pipeline is told by.


def identity(*placed: Placed) -> str:
    return Pipeline(placed).identity


def test_the_identity_is_of_steps_and_parameters():
    repeats, few = Placed("repeats", Repeats()), Placed("min-chars", MinChars())
    assert identity(repeats, few) == identity(Placed("repeats", Repeats(jaccard=0.6)), few)
    others = [(), (repeats,), (few, repeats), (Placed("repeats", Repeats(jaccard=0.7)), few), (Placed("other", Repeats()), few)]
    assert len({identity(repeats, few), *(identity(*other) for other in others)}) == 6


def test_the_identity_does_not_hang_on_where_the_rules_lie(tmp_path: Path):
    shutil.copytree(PACKS, tmp_path / "rules")
    here, there = (
        Pipeline([Placed("site-rules", SiteRules((str(PACKS),)))]),
        Pipeline([Placed("site-rules", SiteRules((str(tmp_path / "rules"),)))]),
    )
    assert (here.identity, here.rules_version) == (there.identity, there.rules_version)


def test_the_rules_version_follows_what_is_in_the_folders(tmp_path: Path):
    (tmp_path / "rules").mkdir()
    plain, own = Pipeline([Placed("site-rules", SiteRules())]), Pipeline([Placed("site-rules", SiteRules((str(PACKS),)))])
    empty = Pipeline([Placed("site-rules", SiteRules((str(tmp_path / "rules"),)))])
    assert plain.rules_version == empty.rules_version != own.rules_version
    assert Pipeline([Placed("repeats", Repeats())]).rules_version == ""


# What holds for any page.

BODY = [
    "The ferry to Lundholm was tied up for a second winter after the inspectors found cracks in its hull and in its log.",
    "The islanders have been promised a replacement by the end of March, and nobody on the quay believes a word of it.",
    "Until then a fishing boat carries the post, the children and, on two days of the week, eight sheep that never pay.",
    "The master says: “We have rowed across this bay for a hundred years, and we shall row across it for a hundred more.”",
    "Die Fähre liegt am Kai, weil die Prüfer Risse im Rumpf gefunden haben, und die Insel wartet auf den März.",
    "Le bac reste à quai pour un deuxième hiver, car les inspecteurs ont trouvé des fissures dans la coque.",
    "Паром стоит у причала вторую зиму, потому что инспекторы нашли трещины в корпусе и в журнале.",
    "島の学校に通う子どもたちは毎朝、漁船の甲板から手を振って港を出ていく。",
    "By Marit Osterby",
    "In 2026, 4,312 votes were cast.",
    "• Bread and herring, a crown each",
    "What the board says",
]


@cache
def rule_lines() -> list[str]:
    """What the built-in rules take: their lines, examples, and lines made of their beginnings, ends and marks."""
    found: list[str] = []
    for file in load((str(PACKS),)).files:
        found += literals(file.head.signs)
        for rule in file.rules:
            found += [*literals(rule.line), *literals(rule.drops), *literals(rule.from_), *literals(rule.to), *literals(rule.unless)]
            found += [f"{start} the tide" for start in literals(rule.line_starts)] + [f"The tide {end}" for end in literals(rule.line_ends)]
            found += [f"The {part} tide" for part in literals(rule.line_contains)]
    return sorted(set(found))


def misread(line: str) -> str:
    """The line as a program with the wrong encoding would show it."""
    return "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in line.encode())


def shortened(line: str) -> str:
    return line[: len(line) * 3 // 4]


RULE_LINES = st.deferred(lambda: st.sampled_from(rule_lines()))
LINES = st.one_of(
    st.sampled_from(BODY),
    RULE_LINES,
    st.sampled_from(BODY).map(shortened),
    st.sampled_from(BODY).map(misread),
    st.sampled_from(BODY).map(lambda line: f"{line} Photo: Ines Calder"),
    st.sampled_from(BODY).map(str.upper),
    st.builds("{} {}".format, RULE_LINES, st.sampled_from(BODY)),
    st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=30),
)
GLUED = st.builds("{}{}{}".format, RULE_LINES, st.sampled_from(["", " ", "  "]), RULE_LINES)
GAPS = st.sampled_from(["\n", "\n", "\n", "\n\n", "\r\n", "\r", "  \n\t"])
HOSTS = st.sampled_from(["", "https://harbourtimes.example/ferry", "https://www.theguardian.com/x", "https://nowhere.example/"])


def pages(lines: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Pages of such lines, with line ends and blank lines of all kinds between them."""
    return st.lists(st.tuples(lines, GAPS), max_size=25).map(lambda pairs: "".join(line + gap for line, gap in pairs))


def page(text: str, url: str = "", lang: str = "") -> Document:
    doc = document_of_lines(text)
    doc.doc, doc.url = "page", url
    if lang:
        doc.tags["lang"] = lang
    return doc


@cache
def page_preset() -> Pipeline:
    return Pipeline([replace_rules(placed) for placed in Pipeline.from_config("page").steps])


def replace_rules(placed: Placed) -> Placed:
    """The rules of the test packs besides the built-in ones."""
    return placed._replace(step=SiteRules((str(PACKS),))) if placed.name == "site-rules" else placed


@given(pages(LINES | GLUED), HOSTS)
@settings(max_examples=150, deadline=None)
def test_what_is_kept_and_what_is_dropped_is_what_was_read(text: str, url: str):
    doc, pipeline = page(text, url), Pipeline(page_preset().steps)
    before = [paragraph.text for paragraph in doc.paragraphs]
    pipeline.run(doc)
    assert undone(doc) == before
    assert len(doc.kept) + sum(count.dropped for count in pipeline.counts.values()) == doc.read == len(before)
    removed, added = (sum(getattr(count, name) for count in pipeline.counts.values()) for name in ("chars_removed", "chars_added"))
    assert doc.chars_read == sum(map(len, before)) == doc.chars_kept + removed - added
    assert (doc.outcome == "kept") == bool(doc.kept)
    check_repeats(doc)


def check_repeats(doc: Document) -> None:
    """Whatever a paragraph is said to repeat was still there when it went, and stays unless a later step took it."""
    took = {applied.paragraph: applied.step for applied in doc.changes if not doc.live[applied.paragraph]}
    for change in doc.changes:
        if change.of != Of():
            assert change.of.doc == doc.doc
            assert change.of.paragraph != change.paragraph
            assert took.get(change.of.paragraph) in {None, "min-chars"}
            assert change.step == "repeats"
            assert change.measure >= change.limit > 0


@given(pages(LINES | GLUED), HOSTS)
@settings(max_examples=40, deadline=None)
def test_the_same_page_comes_out_the_same(text: str, url: str):
    one, two = (Pipeline(page_preset().steps).run(page(text, url)) for _ in range(2))
    assert (one.text, one.tags, one.changes) == (two.text, two.tags, two.changes)


def twice(text: str, changes_of: Any, url: str, lang: str) -> tuple[Document, list[Applied]]:
    """A page after a step, and what the step does when it is given the result as a new page."""
    once = page(text, url, lang)
    once.apply("step", changes_of(once))
    again = page(once.text, url, lang)
    again.apply("step", changes_of(again))
    return once, [change for change in again.changes if not change.reports]


@given(pages(LINES))
@example("\x80Èß\n")
@settings(max_examples=150, deadline=None)
def test_mending_twice_changes_nothing_the_second_time(text: str):
    assert twice(text, FixEncoding().edit, "", "")[1] == []


@given(pages(LINES), st.sampled_from(["fuller", "earlier"]))
@settings(max_examples=150, deadline=None)
def test_dropping_repeats_twice_changes_nothing_the_second_time(text: str, keep: Any):
    assert twice(text, Repeats(keep=keep).judge, "", "")[1] == []


@cache
def placeless() -> Matching:
    """The rules that hold wherever in the page a line stands: places move when lines go."""
    files = load((str(PACKS),)).files
    return Matching(made_of([replace(file, rules=tuple(rule for rule in file.rules if rule.where == Where())) for file in files]))


def by_rules(doc: Document) -> Sequence[Change]:
    lang = str(doc.tags["lang"])
    return list(placeless().changes(doc, placeless().scope(placeless().packs(doc, lang, doc.host), lang, doc.host)))


@given(pages(LINES), HOSTS, st.sampled_from(["en", "de", "fr", "und"]))
@settings(max_examples=150, deadline=None)
def test_cleaning_by_rules_twice_changes_nothing_the_second_time(text: str, url: str, lang: str):
    once, changes = twice(text, by_rules, url, lang)
    assert changes == [], once.text
