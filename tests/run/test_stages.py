"""The stages of a shard: what cleaning leaves for later, and what finishing makes of it."""

import importlib.util
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from curate.config import Entry, load
from curate.document import Change, Document
from curate.duplicates.table import read
from curate.errors import SurroundingsError
from curate.formats.pages import Reading
from curate.run.restore import restored
from curate.run.shard import finished, surviving

_SPEC = importlib.util.spec_from_file_location("across", Path(__file__).parent / "across.py")
across = sys.modules.setdefault("across", importlib.util.module_from_spec(_SPEC))
_SPEC.loader.exec_module(across)

FERRY = "The ferry at Oxney was painted twice in one summer."
BELL = "The bell on the far landing was lent to a school."
HERON = "A heron has been standing on the lower chain since Easter."


def entry(name, **parameters):
    return Entry(name, parameters, store=False)


@dataclass(frozen=True)
class Without:
    """Takes out lines with a word; fails at another word."""

    word: str = "heron"

    def judge(self, doc: Document) -> Iterator[Change]:
        if "Fail" in doc.text:
            raise ZeroDivisionError("a hostile page")
        for number in doc.kept:
            if self.word in doc.text_of(number):
                yield Change(number, 0, int(doc.lengths[number]), rule=self.word, measure=1.0, limit=1.0)


@dataclass(frozen=True)
class Fussy(Without):
    """The same, with trims: first one end goes and then all the rest."""

    def judge(self, doc: Document) -> Iterator[Change]:
        for change in super().judge(doc):
            yield change._replace(end=5, rule="beginning")
            yield change._replace(end=change.end - 5)


STEPS = {"same_lines": across.SameLines, "same_pages": across.SamePages, "too_often": across.TooOften, "without": Without, "fussy": Fussy}


@pytest.fixture
def stages(tmp_path):
    """A function that makes stages of shards and steps."""
    with across.known(**STEPS):
        yield lambda shards, *entries, **job: across.Stages(tmp_path, shards, entries, **job)


def told(stages):
    return [(row["step"], row["paragraph"], row["text"]) for row in stages.rows("ledger")]


def left(run):
    """The files that cleaning the first shard has left."""
    folder = run.job.at("clean", 0)
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_without_corpus_steps_cleaning_writes_the_final_rows(stages):
    run = stages([{"a.txt": HERON, "b.txt": FERRY}], entry("without"))
    [done] = run.clean()
    assert [row["outcome"] for row in run.rows("pages")] == ["emptied", "kept"]
    assert (done.documents, done.counts.outcomes, done.steps["without"].dropped) == (2, {"emptied": 1, "kept": 1}, 1)
    assert left(run) == ["clean.jsonl", "entry.json", "ledger.jsonl", "pages.jsonl"]


def test_what_cleaning_leaves_are_documents_and_one_table_for_sketches_that_are_equal(stages):
    run = stages([{"a.txt": FERRY, "b.txt": ""}], entry("same-pages"), entry("same-lines"))
    [done] = run.clean()
    assert left(run) == ["0000/documents.table", "0000/documents.zst", "0000/texts-0.table", "entry.json"]
    assert done.documents == 2
    assert not done.counts.outcomes, "what becomes of them is not known yet"


def test_a_page_that_later_steps_would_drop_as_it_stands_takes_no_part(stages):
    """Others must not go for a page that is not going to be in the output."""
    pages = [{"a.txt": FERRY}, {"b.txt": f"{FERRY}\n{BELL}\n{HERON}"}]
    run = stages(pages, entry("same-lines"), entry("min-chars", at_least=100))
    run.run()
    assert [row["outcome"] for row in run.rows("pages")] == ["emptied", "kept"]
    assert told(run) == [("min-chars", 0, FERRY)]
    assert len(read(run.job.at("clean", 0) / "0000" / "documents.table")["doc"]) == 0


def test_a_page_that_failed_or_has_no_text_takes_no_part_and_has_its_row(stages):
    run = stages([{"a.txt": f"{FERRY}\nFail", "b.txt": "\0\0\0", "c.txt": " \n", "d.txt": FERRY}], entry("without"), entry("same-lines"))
    done = run.run()
    rows = run.rows("pages")
    assert [(row["id"], row["outcome"], row["reason"].partition(":")[0]) for row in rows] == [
        ("a.txt", "failed", "step failed"),
        ("b.txt", "failed", "binary"),
        ("c.txt", "emptied", "no text"),
        ("d.txt", "kept", ""),
    ]
    assert done[-1].counts.outcomes == {"failed": 2, "emptied": 1, "kept": 1}


@pytest.mark.parametrize("name", ["without", "fussy"])
def test_a_line_that_a_copy_has_gone_for_is_not_taken_out_later(stages, name):
    run = stages([{"a.txt": f"{FERRY}\n{HERON}\n{HERON} It sings."}, {"b.txt": f"{BELL}\n{HERON}"}], entry("same-lines"), entry(name))
    done = run.run()
    kept = {row["id"]: row["text"] for row in run.rows("clean")}
    assert kept["b.txt"] == BELL
    assert kept["a.txt"].split("\n")[0] == FERRY
    assert len(kept["a.txt"].split("\n")) == 2
    reports = [row for row in run.rows("ledger") if row["step"] == name and not row["text"]]
    assert [row["paragraph"] for row in reports] == [1]
    assert done[-2].steps[name].reports == {"heron": 1}
    assert not any(page.problem for page in restored(run.published()))


def test_a_page_with_a_line_that_a_copy_has_gone_for_is_not_dropped_later(stages):
    """It is long enough before the copies go and too short after."""
    pages = [{"a.txt": f"{FERRY}\n{BELL}"}, {"b.txt": f"{BELL}\n{HERON}"}, {"c.txt": f"{HERON}\n{FERRY}"}]
    run = stages(pages, entry("same-lines"), entry("min-chars", at_least=100))
    run.run()
    assert [(row["id"], row["kept"]) for row in run.rows("clean")] == [("a.txt", [0, 1]), ("b.txt", [1])]
    assert [(row["step"], row["paragraph"], row["measure"], row["limit"]) for row in run.rows("ledger") if not row["text"]] == [
        ("min-chars", 1, len(HERON), 100)
    ]


def test_where_a_later_step_fails_on_a_page_that_copies_have_gone_for_the_page_goes_out_as_it_came(stages):
    run = stages(
        [{"a.txt": f"{FERRY}\nFail {HERON}"}, {"b.txt": f"{FERRY}\n{BELL}"}, {"c.txt": "Fail"}], entry("same-lines"), entry("without")
    )
    run.run()
    assert [(row["id"], row["kept"]) for row in run.rows("clean")] == [("a.txt", [0, 1]), ("b.txt", [1])]
    failed = "step failed: ZeroDivisionError: a hostile page"
    assert [(row["outcome"], row["reason"]) for row in run.rows("pages")] == [("kept", failed), ("kept", ""), ("failed", failed)]


def test_a_page_that_goes_as_a_whole_is_dropped_by_the_step_and_each_of_its_lines_is_accounted_for(stages):
    run = stages([{"a.txt": f"{FERRY}\n{BELL}", "b.txt": f"{BELL}\n\n{FERRY}"}], entry("same-pages"))
    done = run.run()
    assert [(row["outcome"], row["reason"]) for row in run.rows("pages")] == [("kept", ""), ("dropped", "same-pages")]
    assert told(run) == [("same-pages", 0, BELL), ("same-pages", 1, FERRY)]
    count = done[-1].steps["same-pages"]
    assert (count.dropped, count.documents, count.rules, count.histogram) == (2, 1, {"page": 2}, {"1": 2})


def test_a_report_takes_nothing_out_and_holds_what_it_names(stages):
    run = stages([{"a.txt": FERRY, "b.txt": FERRY}], entry("same-lines", report=True), entry("without", word="ferry"))
    done = run.run()
    one, _ = (row["doc"] for row in run.rows("pages"))
    assert [(row["step"], row["text"], row["of"]["doc"]) for row in run.rows("ledger")] == [
        ("without", "", ""),
        ("same-lines", "", one),
        ("without", FERRY, ""),
    ]
    assert done[-1].steps["same-lines"].reports == {"copy": 1}


def test_time_is_counted_for_the_step_that_takes_it(stages):
    run = stages([{"a.txt": FERRY, "b.txt": FERRY}], entry("without"), entry("same-lines"))
    [cleaned], settled, [_] = run.clean(), run.settle(), run.finish()
    assert cleaned.steps["same-lines"].cpu_seconds > 0, "the sketch"
    assert settled.steps["same-lines"].cpu_seconds > 0
    assert settled.steps["without"].cpu_seconds == 0


def test_what_is_left_at_the_very_end_is_what_an_index_gets(stages):
    run = stages(
        [{"a.txt": f"{FERRY}\n{HERON}\n{BELL}", "b.txt": FERRY, "c.txt": "Fail"}], entry("same-lines"), entry("without"), index="an-index"
    )
    run.clean()
    with across.mock.patch("curate.run.settle._indexed", return_value=()):
        run.settle()
    run.finish()
    assert [rows.tolist() for rows in surviving(run.job, 0)] == [[True, False, True, False, False]]


def test_a_number_of_documents_is_read_in_order(stages):
    run = stages([{"a.txt": FERRY, "b.txt": FERRY, "c.txt": BELL}], entry("same-lines"))
    run.job = run.job._replace(limit=2)
    run.run()
    assert [row["id"] for row in run.rows("pages")] == ["a.txt", "b.txt"]


def test_finished_documents_are_those_of_the_rows(stages):
    run = stages([{"a.txt": f"{FERRY}\n{HERON}", "b.txt": f"{FERRY}\n{BELL}"}], entry("same-lines"), entry("without"))
    run.run()
    documents = list(finished(run.job, 0, run.job.config.pipeline()))
    assert [doc.text for doc in documents] == [row["text"] for row in run.rows("clean")]


def test_documents_that_are_cut_off_end_the_run(stages):
    run = stages([{"a.txt": FERRY}], entry("same-lines"))
    run.clean()
    run.settle()
    path = run.job.at("clean", 0) / "0000" / "documents.zst"
    path.write_bytes(path.read_bytes()[:-4] + bytes(4))
    with pytest.raises(SurroundingsError, match="take its folder away and run again"):
        run.finish()


def test_an_answer_can_be_written_down_and_read_again(stages):
    from curate.run.job import done_of

    run = stages([{"a.txt": FERRY, "b.txt": FERRY}], entry("same-lines"))
    for done in run.run():
        assert done_of(msgspec.json.encode(done)) == done


# The steps of the preset, on pages that agree more than pages do.

WORDS = "ferry chain heron bell tin paint summer bank clerk swallow".split()
long_lines = st.builds(
    lambda start, extra: " ".join((WORDS * 2)[start : start + 9]) + extra, st.integers(0, 3), st.sampled_from(["", "", " again", " 7", "."])
)
page = st.lists(long_lines | st.sampled_from(["Share this", "Maud Tallis reports", "The ferry."]), max_size=9)


@settings(max_examples=12, deadline=None)
@given(
    pages=st.lists(page, min_size=1, max_size=7),
    sizes=st.lists(st.integers(0, 3), max_size=3),
    policy=st.sampled_from(["keep-one", "drop-all"]),
    least=st.sampled_from([0, 40, 160]),
)
@example(pages=[["Share this", "ferry chain heron bell tin paint summer bank clerk"]] * 7, sizes=[2, 2], policy="keep-one", least=40)
def test_the_preset_keeps_what_it_names_and_gives_back_what_it_read(pages, sizes, policy, least):
    parameters = {
        "site-lines": {"host_pages": 3, "min_pages": 3},
        "duplicate-documents": {"policy": policy, "min_words": 10},
        "duplicate-paragraphs": {"policy": policy},
    }
    wanted = [entry(name, **parameters[name]) for name in parameters]
    named = [(f"{number}.txt", "\n".join(lines)) for number, lines in enumerate(pages)]
    seen = []
    for bounds in ([], sizes):
        cuts = [0, *np.minimum(np.cumsum(bounds, dtype=int), len(named)).tolist(), len(named)]
        shards = [dict(named[start:end]) for start, end in pairwise(cuts)]
        with TemporaryDirectory() as folder:
            run = across.Stages(Path(folder), shards, [*wanted, entry("min-chars", at_least=least)])
            run.job = run.job._replace(reading=Reading(url="https://oxney.example/ferry"))
            run.run()
            clean = {row["doc"]: row["kept"] for row in run.rows("clean")}
            of = [row["of"] for row in run.rows("ledger") if row["of"]["doc"]]
            assert policy == "drop-all" or all(row["paragraph"] in clean[row["doc"]] for row in of)
            found = {page.row.id: page for page in restored(run.published())}
            assert {name: found[name].data.decode() for name, _ in named} == dict(named)
            seen.append([sorted(run.rows(kind), key=lambda row: row["doc"]) for kind in ("clean", "ledger", "pages")])
    assert seen[0] == seen[1]


def test_the_two_steps_of_the_preset_that_look_for_duplicates_share_what_is_sketched():
    assert len(load("corpus").pipeline().sketchers) == 2
