"""The scale measurement in small: what is planted is what it says, what is watched is counted, and a run finds it."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
import rates
import recall
import scale
import tables
import watch
from generate import CROWD, KINDS, World, compared, write

SMALL = World(400, words=(20, 40))


def shingle_sets(text):
    words = text.lower().rstrip(".").split()
    return {tuple(words[at : at + 3]) for at in range(len(words) - 2)}


def rows(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


class TestGenerate:
    def test_a_document_is_the_same_whichever_were_made_before_it(self):
        pages = list(SMALL.pages())
        assert [SMALL.page(number) for number in (399, 7, 250)] == [pages[399], pages[7], pages[250]]

    def test_another_seed_gives_other_documents(self):
        assert World(400, seed=2, words=(20, 40)).page(3) != SMALL.page(3)

    def test_every_kind_is_planted_in_about_its_share(self):
        kinds = [page.kind for page in World(4000, words=(20, 22)).pages()]
        assert {kind: kinds.count(kind) / 4000 for kind in KINDS} == pytest.approx(KINDS, rel=0.25)

    def test_the_measures_of_what_is_planted_are_those_of_the_written_lines(self):
        planted = [one for page in SMALL.pages() for one in page.planted if one.original >= 0]
        assert len({one.kind for one in planted}) == 4
        for one in planted:
            copy, original = (
                shingle_sets(SMALL.page(number).text.split("\n")[paragraph])
                for number, paragraph in ((one.copy, one.paragraph), (one.original, one.original_paragraph))
            )
            assert one.jaccard == len(copy & original) / len(copy | original)
            assert one.containment == len(copy & original) / len(copy)

    def test_an_original_is_older_than_what_repeats_it_and_repeats_nothing(self):
        for page in SMALL.pages():
            for one in page.planted:
                if one.original >= 0:
                    original = SMALL.page(one.original)
                    assert (original.date < page.date, original.kind, original.planted) == (True, "plain", [])

    def test_lines_of_the_crowd_that_have_to_go_are_near_each_other(self):
        lines = [page.paragraphs[one.paragraph] for page in SMALL.pages() for one in page.planted if one.kind == "crowd"]
        assert len({*map(tuple, lines)}) == len(lines) > 10
        assert all(compared(line, lines[0])[0] >= recall.NEAR and line[:-1] == CROWD for line in lines)

    def test_no_two_documents_have_a_paragraph_of_their_own_in_common(self, tmp_path):
        write(SMALL, tmp_path / "pages", tmp_path / "planted")
        texts = [row["text"].split("\n") for row in rows(tmp_path / "pages")]
        own = [text[number] for text, row in zip(texts, rows(tmp_path / "planted"), strict=True) for number in row["own"]]
        assert len(own) == len(set(own)) > 1000

    def test_of_every_so_many_documents_it_is_told_what_was_planted(self, tmp_path):
        write(SMALL, tmp_path / "pages", tmp_path / "planted", every=10)
        assert [row["id"] for row in rows(tmp_path / "planted")] == [str(number) for number in range(0, 400, 10)]


class TestRecall:
    def test_a_planted_paragraph_is_gone_when_no_clean_record_has_kept_it(self, tmp_path):
        one = {"kind": "near", "copy": 5, "original": 1, "original_paragraph": 0, "containment": 0.9}
        row = {"id": "5", "kind": "near", "own": [2], "line": 3}
        planted = [
            {**one, "paragraph": 0, "jaccard": 0.9},
            {**one, "paragraph": 1, "jaccard": 0.8},
            {**one, "paragraph": 4, "jaccard": 0.79},
        ]
        (tmp_path / "planted").write_text(json.dumps({**row, "planted": planted}) + "\n")
        (tmp_path / "clean-00000.jsonl").write_text(json.dumps({"id": "5", "kept": [1, 2, 4]}) + "\n")
        found = recall.found(tmp_path / "planted", tmp_path)
        assert found.there == {"own": 1, "template": 1, "near": 2}
        assert {kind: found.share(kind) for kind in found.there} == {"own": 0, "template": 1, "near": 0.5}

    def test_a_paragraph_that_was_cut_off_counts_by_containment(self, tmp_path):
        one = {"kind": "cut", "copy": 5, "paragraph": 0, "original": 1, "original_paragraph": 0, "jaccard": 0.6, "containment": 1.0}
        (tmp_path / "planted").write_text(json.dumps({"id": "5", "kind": "cut", "own": [], "line": -1, "planted": [one]}) + "\n")
        assert recall.found(tmp_path / "planted", tmp_path).gone == {"cut": 1}


class TestWatch:
    @pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="processes are watched by Linux's /proc")
    def test_the_time_of_a_process_is_counted_with_that_of_those_it_started(self, tmp_path):
        burn = "import time\nwhile time.process_time() < 0.5: pass"
        parent = f"import subprocess, sys\n{burn}\nsubprocess.run([sys.executable, '-c', {burn!r}], check=True)"
        watched = watch.watch([sys.executable, "-c", parent], tmp_path / "log", tmp_path, tmp_path)
        wall, cpu = watched.between(watched.looks[0].at, watched.looks[-1].at)
        assert 1 <= cpu <= wall + 0.1
        assert max(look.cpu for look in watched.looks[:-1]) > 0.5

    def test_the_begin_is_when_the_marker_appears(self, tmp_path):
        began = time.time()
        command = f"import time, pathlib; time.sleep(0.5); pathlib.Path({str(tmp_path / 'mark')!r}).mkdir(); time.sleep(0.3)"
        watched = watch.watch([sys.executable, "-c", command], tmp_path / "log", tmp_path / "mark", tmp_path)
        assert began + 0.5 <= watched.begun < watched.looks[-1].at

    def test_a_command_that_fails_is_an_error_with_what_it_said(self, tmp_path):
        with pytest.raises(subprocess.CalledProcessError) as failed:
            watch.watch([sys.executable, "-c", "raise SystemExit('no room')"], tmp_path / "log", tmp_path, tmp_path)
        assert failed.value.output == b"no room\n"


class TestTables:
    @pytest.mark.parametrize(("power", "written"), [(1, "1.00"), (2, "2.00"), (1.05, "1.05")])
    def test_the_exponent_is_the_power_of_the_size_by_which_time_grows(self, power, written):
        sizes = [1000, 10_000, 100_000]
        assert tables.exponent(sizes, [3e-6 * size**power for size in sizes]) == written

    def test_one_size_has_no_exponent(self):
        assert tables.exponent([1000], [1.0]) == ""


def test_a_small_run_finds_what_was_planted_and_takes_nothing_else(tmp_path):
    [row] = scale.measured(1000, [1], tmp_path)
    shares = {kind: row["gone"][kind] / count for kind, count in row["there"].items()}
    assert shares.pop("own") == 0
    assert row["there"]["crowd"] - row["gone"]["crowd"] == 1
    del shares["crowd"]
    assert {kind: share for kind, share in shares.items() if share < 0.99} == {}
    assert sum(row["stages"][stage][1] for stage in tables.STAGES) <= row["whole"][1]
    assert "exponent" in tables.markdown([row])


def test_signing_is_several_times_as_fast_as_datasketch_alone():
    found = {rate.name: rate.microseconds for rate in rates.rates(20)}
    assert found["sign"] * 2 < found["datasketch"]
    assert found["sketch"] < found["datasketch"] * 3
