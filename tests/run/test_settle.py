"""Settling: what goes goes for what stays, whatever the order of the steps and however documents are parted into shards."""

import importlib.util
import sys
from itertools import permutations
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from curate.config import Entry
from curate.duplicates import documents
from curate.duplicates.corpus import Drops, Sketched
from curate.duplicates.table import read, write
from curate.errors import SurroundingsError
from curate.places import place
from curate.run import settle
from curate.run.ending import Ending
from curate.run.restore import restored
from curate.run.shard import pieces

_SPEC = importlib.util.spec_from_file_location("across", Path(__file__).parent / "across.py")
across = sys.modules["across"] = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(across)

STEPS = {"same_lines": across.SameLines, "same_pages": across.SamePages, "too_often": across.TooOften, "other_lines": across.SameLines}
LINES = ["The ferry.", "The chain.", "Maud Tallis keeps two tins.", "A heron."]
ORDERS = [
    *permutations(
        [Entry("same-lines", {}, store=False), Entry("same-pages", {"keep": "last"}, store=False), Entry("too-often", {}, store=False)]
    ),
    (Entry("same-lines", {"keep": "last"}, store=False), Entry("same-pages", {}, store=False)),
    (Entry("same-pages", {}, store=False), Entry("same-lines", {"keep": "last"}, store=False)),
    (Entry("other-lines", {"report": True}, store=False), Entry("same-pages", {}, store=False), Entry("same-lines", {}, store=False)),
]
pages = st.lists(st.lists(st.sampled_from(LINES), max_size=4), min_size=1, max_size=6)


def parted(pages, sizes):
    """The pages by name, in shards of the given sizes and one of what is left."""
    named = {f"{number}.txt": "\n".join(lines) + "\n" * (number % 2) for number, lines in enumerate(pages)}
    shards, names = [], list(named)
    for size in sizes:
        shards.append(names[:size])
        names = names[size:]
    return [{name: named[name] for name in shard} for shard in (*shards, names)]


def by_page(rows):
    """Rows in an order that is the same however the pages are parted."""
    return sorted(rows, key=lambda row: row["doc"])


@settings(max_examples=30, deadline=None)
@given(pages=pages, sizes=st.lists(st.integers(0, 3), max_size=4), order=st.sampled_from(ORDERS), least=st.sampled_from([0, 12, 60]))
@example(pages=[LINES[:2], LINES[1:3], LINES[:2], LINES], sizes=[1, 1], order=ORDERS[0], least=12)
def test_what_a_change_names_is_in_the_output_and_the_input_can_be_given_back(pages, sizes, order, least):
    entries = [*order, Entry("min-chars", {"at_least": least}, store=False)]
    with across.known(**STEPS), TemporaryDirectory() as folder:
        stages = across.Stages(Path(folder), parted(pages, sizes), entries)
        done = stages.run()
        clean, ledger = ({row["doc"]: row for row in stages.rows(kind)} for kind in ("clean", "pages"))
        changes = stages.rows("ledger")
        for row in changes:
            if row["of"]["doc"]:
                assert row["of"]["paragraph"] in clean[row["of"]["doc"]]["kept"]
        taken = {(row["doc"], row["paragraph"]) for row in changes if row["text"]}
        assert sum(row["read"] for row in ledger.values()) == len(taken) + sum(len(row["kept"]) for row in clean.values())
        assert sum(answer.steps[name].dropped for answer in done for name in answer.steps) == len(taken)
        found = {page.row.id: page for page in restored(stages.published())}
        assert not any(page.problem for page in found.values())
        for name, text in {name: text for shard in parted(pages, sizes) for name, text in shard.items()}.items():
            assert found[name].data == text.encode()


@settings(max_examples=12, deadline=None)
@given(pages=pages, rows=st.integers(1, 5), order=st.sampled_from(ORDERS))
@example(pages=[[], [], []], rows=1, order=ORDERS[0])
def test_it_is_the_same_in_pieces_of_any_size(pages, rows, order):
    seen = []
    with across.known(**STEPS):
        for limit in (rows, documents._ROWS):
            with TemporaryDirectory() as folder, mock.patch.object(documents, "_ROWS", limit):
                stages = across.Stages(Path(folder), parted(pages, [1]), order)
                stages.run()
                seen.append([stages.rows(kind) for kind in ("clean", "ledger", "pages")])
    assert seen[0] == seen[1]


def test_a_shard_of_which_a_piece_is_gone_is_not_taken_for_a_shorter_one(tmp_path):
    with across.known(**STEPS), mock.patch.object(documents, "_ROWS", 1):
        stages = across.Stages(tmp_path, [{"a.txt": "The ferry.", "b.txt": "The chain."}], [Entry("same-lines", {}, store=False)])
        stages.clean()
    assert [piece.folder.name for piece in pieces(stages.job, 0)] == ["0000", "0001"]
    (stages.job.at("clean", 0) / "0001" / "documents.table").unlink()
    with pytest.raises(SurroundingsError, match="not whole any more; run again"):
        pieces(stages.job, 0)


def test_what_tasks_share_lies_in_the_scratch_folder_and_is_gone_when_all_is_settled(tmp_path):
    shared, seen = tmp_path / "shared", []

    def map_(function, items):
        seen.append(sorted(path.name for path in shared.iterdir()))
        return map(function, items)

    with across.known(**STEPS):
        stages = across.Stages(tmp_path, [{"a.txt": "The ferry."}], [Entry("same-lines", {}, store=False)])
        stages.clean()
        stages.stage(stages.job.work / "settle", lambda to: settle.settle(stages.job, to, map_, 1, place(str(shared))))
    assert seen == [[".same-lines"]]
    assert list(shared.iterdir()) == []
    assert (stages.job.work / "settle" / "same-lines" / "pairs.table").read_bytes() == b"what others read"


def test_more_rows_than_pairs_can_number_are_refused_before_anything_is_settled(tmp_path):
    with across.known(**STEPS), mock.patch.object(settle, "_MOST", 2):
        stages = across.Stages(tmp_path, [{"a.txt": "The ferry.\nThe chain.\nA heron."}], [Entry("same-lines", {}, store=False)])
        stages.clean()
        with pytest.raises(
            SurroundingsError, match=r"3 paragraphs are more than the 2 that one run compares; clean by language or by host"
        ):
            stages.settle()


@settings(max_examples=12, deadline=None)
@given(pages=pages, sizes=st.lists(st.integers(0, 3), max_size=4), order=st.sampled_from(ORDERS))
def test_it_is_the_same_however_the_pages_are_parted(pages, sizes, order):
    seen = []
    with across.known(**STEPS):
        for size in (sizes, []):
            with TemporaryDirectory() as folder:
                stages = across.Stages(Path(folder), parted(pages, size), order)
                stages.run()
                seen.append([by_page(stages.rows(kind)) for kind in ("clean", "ledger", "pages")])
    assert seen[0] == seen[1]


def test_a_line_that_goes_altogether_goes_for_nothing(tmp_path):
    """The page's copy went for a line which then went itself with all others."""
    entries = [Entry("same-lines", {}, store=False), Entry("too-often", {"times": 1}, store=False)]
    with across.known(**STEPS):
        stages = across.Stages(tmp_path, [{"a.txt": "The ferry."}, {"b.txt": "The ferry."}], entries)
        stages.run()
    assert [(row["step"], row["of"]["doc"]) for row in stages.rows("ledger")] == [("too-often", ""), ("same-lines", "")]


def test_where_no_copy_stays_each_names_another_one(tmp_path):
    with across.known(**STEPS):
        stages = across.Stages(
            tmp_path, [{"a.txt": "The ferry."}, {"b.txt": "The ferry."}], [Entry("same-lines", {"keep": "none"}, store=False)]
        )
        stages.run()
    docs = [row["doc"] for row in stages.rows("pages")]
    assert [(row["doc"], row["of"]["doc"]) for row in stages.rows("ledger")] == [tuple(docs), tuple(docs[::-1])]


def test_a_page_that_others_have_gone_for_is_named_by_another_line_of_it_when_its_first_has_gone(tmp_path):
    same = "The chain.\nThe ferry."
    entries = [Entry("same-pages", {}, store=False), Entry("same-lines", {"keep": "last"}, store=False)]
    with across.known(**STEPS):
        stages = across.Stages(tmp_path, [{"a.txt": same, "b.txt": same, "c.txt": "The chain."}], entries)
        stages.run()
    one, other, last = (row["doc"] for row in stages.rows("pages"))
    named = [(row["doc"], row["paragraph"], row["of"]["doc"], row["of"]["paragraph"]) for row in stages.rows("ledger")]
    assert named == [(one, 0, last, 0), (other, 0, one, 1), (other, 1, one, 1)]


def test_what_an_index_holds_never_goes_and_is_named_as_it_is(tmp_path):
    with across.known(**STEPS):
        for name in ("earlier", "now"):
            (tmp_path / name).mkdir()
        earlier = across.Stages(tmp_path / "earlier", [{"old.txt": "The chain.\nThe ferry."}], [Entry("same-lines", {}, store=False)])
        earlier.clean()
        [old] = read(earlier.job.at("clean", 0) / "0000" / "documents.table")["doc"].tolist()
        stages = across.Stages(tmp_path / "now", [{"new.txt": "The ferry.\nA heron."}], [Entry("same-lines", {}, store=False)])
        stages.clean()
        with mock.patch.object(settle, "_indexed", return_value=(Sketched(earlier.job.at("clean", 0) / "0000"),)):
            stages.settle()
        stages.finish()
    [row] = stages.rows("ledger")
    assert (row["paragraph"], row["of"]) == (0, {"doc": old.decode(), "paragraph": 1})


def test_a_step_that_names_what_is_gone_or_the_same_twice_is_told_so(tmp_path):
    table = {"doc": np.array([b"a"], "S20"), "first": np.array([0, 2]), "paragraph": np.arange(2, dtype=np.int32)}
    write(tmp_path / "documents.table", table)
    ending = Ending([Sketched(tmp_path)], [], tmp_path)
    ending.take("one", across.drops({1: 0}, "rule"))
    assert [alive.tolist() for alive in ending.alive] == [[True, False]]
    with pytest.raises(ValueError, match="two: drops are of rows that are still there"):
        ending.take("two", across.drops({1: 0}, "rule"))
    with pytest.raises(ValueError, match="read-only"):
        ending.alive[0][0] = False


def test_of_what_a_step_leaves_on_disk_only_what_others_read_is_kept(tmp_path):
    with across.known(**STEPS):
        stages = across.Stages(
            tmp_path, [{"a.txt": "The ferry."}], [Entry("same-lines", {}, store=False), Entry("same-pages", {}, store=False)]
        )
        stages.clean()
        stages.settle()
    found = sorted(path.relative_to(stages.job.work / "settle").as_posix() for path in (stages.job.work / "settle").rglob("*"))
    assert found == ["00000-0000.table", "entry.json", "same-lines", "same-lines/pairs.table"]


@pytest.mark.parametrize("rows", [10_000])
def test_long_chains_and_rings_come_to_their_end(tmp_path, rows):
    """Each row goes for the one before it; the last two go for each other."""
    table = {"doc": np.array([b"a"], "S20"), "first": np.array([0, rows]), "paragraph": np.arange(rows, dtype=np.int32)}
    write(tmp_path / "documents.table", table)
    ending = Ending([Sketched(tmp_path)], [], tmp_path)
    of = np.arange(rows)
    of[1:-2] -= 1
    of[-2:] = rows - 1, rows - 2
    gone = np.arange(1, rows)
    many = len(gone)
    ending.take("all", Drops(gone, np.zeros(many, np.uint8), np.ones(many), np.ones(many), of[1:], ("rule",)))
    ending.resolve()
    ending.write(0, tmp_path / "settled.table")
    settled = read(tmp_path / "settled.table")
    assert set(settled["of_paragraph"][:-2].tolist()) == {0}
    assert settled["of_paragraph"][-2:].tolist() == [rows - 1, rows - 2]
    assert settled["held_paragraph"].tolist() == [0]
