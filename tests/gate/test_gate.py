"""The gate's own arithmetic: folds that may be pooled, scores over all of them, figures that fall and rise."""

import gzip
import json
import math
from types import SimpleNamespace

import figures
import gate
import pooling
import pytest
import sets
from click.testing import CliRunner
from figures import Figure


def one(value, measure="f1", set_="harbours", tolerance=0.004):
    return Figure(set_, "page", measure, value, tolerance)


def row(page, *labelled, converter="plain", site="harbour.example"):
    """A text page of lines with labels."""
    return {"page_id": page, "converter": converter, "site": site, "lines": [x for x, _ in labelled], "labels": [y for _, y in labelled]}


class TestFallen:
    @pytest.mark.parametrize(
        ("measure", "was", "now", "falls"),
        [
            ("f1", 0.960, 0.956, False),
            ("f1", 0.960, 0.9559, True),
            ("f1", 0.960, 0.990, False),
            ("content_loss", 0.040, 0.044, False),
            ("content_loss", 0.040, 0.0441, True),
            ("content_loss", 0.040, 0.010, False),
            ("lost_again", 0.0, 0.005, True),
        ],
    )
    def test_a_figure_falls_by_more_than_its_tolerance_and_in_its_own_direction(self, measure, was, now, falls):
        assert bool(figures.fallen([one(was, measure)], [one(now, measure)])) is falls

    def test_one_that_is_not_measured_any_more_has_fallen(self):
        [gone] = figures.fallen([one(0.9), one(0.9, set_="ferries")], [one(0.9)])
        assert str(gone) == "ferries page f1 is not measured any more (it was 0.9000)"

    def test_the_same_measure_of_other_steps_is_another_figure(self):
        [gone] = figures.fallen([one(0.9)], [one(0.9)._replace(steps="model")])
        assert gone.now is None

    def test_a_new_one_has_not_fallen(self):
        assert figures.fallen([], [one(0.1)]) == []

    def test_it_says_what_it_was_and_what_it_is(self):
        assert [str(gone) for gone in figures.fallen([one(0.96)], [one(0.95)])] == [
            "harbours page f1 is 0.9500, was 0.9600 (tolerance 0.004)"
        ]


class TestRaised:
    def test_better_and_new_figures_are_frozen_and_worse_ones_are_not(self):
        frozen = [one(0.90), one(0.80, set_="ferries"), one(0.05, "content_loss"), one(0.04, "content_loss", "ferries")]
        now = [
            one(0.91),
            one(0.799, set_="ferries"),
            one(0.04, "content_loss"),
            one(0.041, "content_loss", "ferries"),
            one(0.5, set_="new"),
        ]
        made = figures.raised(frozen, now)
        assert {(f.set, f.measure): f.value for f in made.figures} == {
            ("harbours", "f1"): 0.91,
            ("ferries", "f1"): 0.80,
            ("harbours", "content_loss"): 0.04,
            ("ferries", "content_loss"): 0.04,
            ("new", "f1"): 0.5,
        }
        assert made.refused == ()

    def test_a_fallen_one_is_refused_and_stays(self):
        made = figures.raised([one(0.90)], [one(0.80)])
        assert [f.value for f in made.figures] == [0.90]
        assert [gone.now for gone in made.refused] == [0.80]

    def test_a_flag_lowers_and_forgets_what_is_not_measured(self):
        made = figures.raised([one(0.90), one(0.90, set_="ferries")], [one(0.80)], lower=True)
        assert [(f.set, f.value) for f in made.figures] == [("harbours", 0.80)]
        assert made.refused == ()


class TestFile:
    def test_what_is_written_is_read_one_figure_a_line(self, tmp_path):
        path, frozen = tmp_path / "figures.json", {"whole": [one(0.9), one(0.05, "content_loss")], "fold-1": []}
        figures.write(path, frozen)
        assert figures.read(path) == {"whole": sorted(frozen["whole"]), "fold-1": []}
        assert sum('"measure"' in line for line in path.read_text().splitlines()) == 2

    def test_no_file_is_no_figures(self, tmp_path):
        assert figures.read(tmp_path / "none.json") == {}

    def test_few_pages_and_one_fold_have_more_tolerance(self):
        def tolerance(pages, *, one_fold=False):
            return figures.figure("harbours", "page", "f1", 0.9, pages, one_fold=one_fold).tolerance

        assert tolerance(400) < tolerance(40) < tolerance(40, one_fold=True)
        assert tolerance(400, one_fold=True) == round(3 * tolerance(400), 6)

    def test_the_table_tells_what_is_new_what_moved_and_what_was_aimed_at(self):
        now = [one(0.9500, set_="articles"), one(0.9700, set_="fundus"), one(0.5)]
        header, *lines = figures.table(now, [one(0.9400, set_="articles")])
        assert header.split() == ["set", "steps", "measure", "now", "frozen", "aim"]
        assert lines[0].split() == ["articles", "page", "f1", "0.9500", "0.9400", "+0.0100", "0.965", "not", "reached"]
        assert lines[1].split() == ["fundus", "page", "f1", "0.9700", "new", "0.97"]
        assert lines[2].split() == ["harbours", "page", "f1", "0.5000", "new"]


def folds(tmp_path, *held):
    """Folds that held out these text pages and these HTML pages each."""
    for number, (text, html) in enumerate(held, 1):
        (tmp_path / f"fold-{number}").mkdir()
        (tmp_path / f"fold-{number}" / "text-pages.json").write_text(json.dumps({"lines": text}))
        (tmp_path / f"fold-{number}" / "html-pages.json").write_text(json.dumps({"harbours": html}))
    return tmp_path, list(range(1, len(held) + 1))


class TestFolds:
    SETS = sets.Sets(
        None,
        {"harbours": {"a": {"site": "a.example"}, "b": {"site": "b.example"}, "b2": {"site": "b.example"}}},
        {"lines": [row("a", site="a.example"), row("b", site="b.example")]},
    )

    def test_each_page_is_scored_by_the_fold_that_held_it_out(self, tmp_path):
        held = sets.fold_of(*folds(tmp_path, (["a"], ["a"]), (["b"], ["b", "b2"])), self.SETS, whole=True)
        assert held == {"a": 1, "b": 2, "b2": 2}
        part = sets.part(self.SETS, held, 2)
        assert (sorted(part.html["harbours"]), [r["page_id"] for r in part.text["lines"]]) == (["b", "b2"], ["b"])

    @pytest.mark.parametrize(
        ("held", "said"),
        [
            ((([], ["a"]), (["b"], [])), "1 of 3 pages are held out by no fold, such as b2"),
            (((["a", "b"], []), ([], ["b", "b2"])), "b is held out by fold 1 and by fold 2"),
            (((["a"], ["b"]), ([], ["b2"])), "b.example are in the folds 1 and 2"),
        ],
    )
    def test_folds_that_would_flatter_are_refused(self, tmp_path, held, said):
        with pytest.raises(sets.Untrue, match=said):
            sets.fold_of(*folds(tmp_path, *held), self.SETS, whole=True)

    def test_a_page_without_labels_is_scored_with_its_site_or_by_the_first_fold(self, tmp_path, monkeypatch):
        monkeypatch.setattr(sets, "UNLISTED", 0.7)
        assert sets.fold_of(*folds(tmp_path, ([], []), (["b"], [])), self.SETS, whole=True) == {"a": 1, "b": 2, "b2": 2}

    def test_one_fold_has_its_own_sites_and_no_others(self, tmp_path):
        assert sets.fold_of(*folds(tmp_path, (["a"], [])), self.SETS, whole=False) == {"a": 1}
        (tmp_path / "fold-1" / "html-pages.json").write_text('{"h": ["b"]}')
        assert sets.fold_of(tmp_path, [1], self.SETS, whole=False) == {"a": 1, "b": 1, "b2": 1}


class TestViews:
    def test_an_excerpt_is_a_window_that_is_the_same_each_time(self):
        page = row("tides", *((f"Line {n}", n % 3) for n in range(50)))
        cut = sets.excerpt(page)
        start = page["lines"].index(cut["lines"][0])
        assert cut["lines"] == page["lines"][start : start + 20]
        assert cut["labels"] == page["labels"][start : start + 20]
        assert cut == sets.excerpt(page)
        assert len({sets.excerpt({**page, "page_id": f"p{n}"})["lines"][0] for n in range(30)}) > 10

    def test_a_short_page_is_its_own_excerpt(self):
        page = row("tides", *((f"Line {n}", 1) for n in range(20)))
        assert sets.excerpt(page) == page

    def test_lower_case_leaves_the_labels(self):
        assert sets.lowered(row("tides", ("High WATER", 1), ("SHARE", 0)))["lines"] == ["high water", "share"]


def found(gold, pred):
    """A score that is not linear in the pages: of the pages that are kept at all, which are right."""
    kept = [page for page in gold if pred.get(page)]
    return {"f1": sum(pred[page] == gold[page]["text"] for page in kept) / max(1, len(kept))}


EVALUATE = SimpleNamespace(
    score_articles=found,
    score_segments=lambda gold, _pred: {"f1": -float(len(gold))},
    score_lines=lambda rows, kept: {
        "char_f1": len(rows),
        "line_f1": sum(map(sum, kept.values())),
        "content_loss": 0,
        "chrome_recall_lines": 0,
    },
)


class TestPooling:
    def test_the_score_is_over_all_pages_and_not_the_mean_of_the_folds(self):
        gold = {page: {"text": "yes"} for page in "abcd"}
        first, second = {"a": "yes"}, {"b": "no", "c": "no", "d": "no"}
        [pooled] = pooling.html_values("harbours", gold, first | second, EVALUATE)
        assert pooled.value == 1 / 4
        assert (found({"a": gold["a"]}, first)["f1"] + found({p: gold[p] for p in "bcd"}, second)["f1"]) / 2 == 1 / 2

    def test_kinds_of_page_have_values_of_their_own(self):
        gold = {
            "a": {"text": "x", "page_type": "forum"},
            "b": {"text": "x", "page_type": "article"},
            "c": {"text": "x", "page_type": "article"},
        }
        got = {(v.set, v.pages): v.value for v in pooling.html_values("harbours", gold, {"a": "x", "b": "y"}, EVALUATE)}
        assert got == {("harbours", 3): 1 / 2, ("harbours/article", 2): 0, ("harbours/forum", 1): 1}

    def test_gold_of_strings_is_scored_as_such(self):
        [value] = pooling.html_values("harbours", {"a": {"with": [], "without": []}}, {}, EVALUATE)
        assert value.value == -1

    def test_no_pages_no_value(self):
        assert not list(pooling.html_values("harbours", {}, {}, EVALUATE))
        assert not list(pooling.text_values("lines", [], {}, EVALUATE))
        assert not list(pooling.curve("text", [], {}))

    def test_what_a_run_kept_is_read_by_the_lines_that_are_paragraphs(self, tmp_path):
        rows = [row("a", ("one", 1), (" ", 2), ("two", 0), ("three", 1)), row("b", ("four", 1)), row("c", ("five", 0))]
        clean = [{"source": {"path": "00000.txt"}, "kept": [0, 2]}, {"source": {"path": "00001.txt"}, "kept": [0]}]
        (tmp_path / "clean-00000.jsonl").write_text("".join(json.dumps(r) + "\n" for r in clean))
        assert pooling.masks(tmp_path, rows) == {"a|plain": [1, 0, 0, 1], "b|plain": [1], "c|plain": [0]}
        pages = [{"source": {"path": f"0000{n}.txt"}, "measures": {"page-model": p}} for n, p in enumerate([[0.1, 0.2, 0.3], [0.4], [0.5]])]
        (tmp_path / "pages-00000.jsonl").write_text("".join(json.dumps(r) + "\n" for r in pages))
        got = pooling.measures(tmp_path, rows)
        assert math.isnan(got["a|plain"][1])
        assert (got["a|plain"][2:], got["b|plain"], got["c|plain"]) == ([0.2, 0.3], [0.4], [0.5])

    def test_measures_that_are_not_one_a_line_are_refused(self, tmp_path):
        page = {"source": {"path": "00000.txt"}, "measures": {"page-model": [0.1]}}
        (tmp_path / "pages-00000.jsonl").write_text(json.dumps(page) + "\n")
        with pytest.raises(ValueError, match=r"a\|plain: 1 measures for 2 lines"):
            pooling.measures(tmp_path, [row("a", ("one", 1), ("two", 1))])

    def test_html_pages_are_read_by_their_names(self, tmp_path):
        (tmp_path / "clean-00000.jsonl").write_text(json.dumps({"source": {"path": "x/a.b.html.gz"}, "text": "kept"}) + "\n")
        assert pooling.texts(tmp_path) == {"a.b": "kept"}


class TestCurve:
    def values(self, *lines):
        """The curve of lines given as probability, label and length."""
        page = row("a", *(("x" * length, label) for _, label, length in lines))
        return {v.measure: v.value for v in pooling.curve("text", [page], {"a|plain": [p for p, _, _ in lines]})}

    def test_it_takes_what_goes_before_too_much_content_does(self):
        got = self.values((0.1, 0, 9), (0.2, 1, 10), (0.3, 0, 9), (0.4, 1, 10), (0.5, 0, 9), (0.9, 1, 980), (0.95, 0, 9))
        assert got == {"chrome_at_0.5": 1 / 4, "chrome_at_1": 2 / 4, "chrome_at_2": 3 / 4}

    def test_lines_of_one_probability_go_together(self):
        assert self.values((0.1, 0, 9), (0.3, 0, 9), (0.3, 1, 30), (0.9, 1, 970))["chrome_at_2"] == 1 / 2

    def test_neutral_lines_count_for_nothing(self):
        got = self.values((0.1, 2, 5000), (0.2, 0, 9), (0.3, 1, 15), (0.4, 0, 9), (0.9, 1, 985))
        assert (got["chrome_at_1"], got["chrome_at_2"]) == (1 / 2, 1)

    def test_where_content_comes_first_nothing_may_go(self):
        assert set(self.values((0.1, 1, 500), (0.2, 0, 9), (0.9, 1, 500)).values()) == {0.0}


def test_a_second_cleaning_is_counted_over_all_folds(tmp_path):
    (tmp_path / "run.json").write_text('{"chars": {"read": 900, "kept": 899}}')
    [value] = pooling.lost_again("text", [pooling.again(tmp_path), pooling.Again(100, 99)], 7)
    assert value.value == pytest.approx(0.002)


class TestCommands:
    @pytest.fixture
    def quality(self, tmp_path):
        """A quality folder, as far as it is looked at before anything is measured."""
        (tmp_path / "quality" / "dev").mkdir(parents=True)
        (tmp_path / "quality" / "score.py").touch()
        return tmp_path / "quality"

    @pytest.fixture
    def told(self, tmp_path, quality):
        """A function that runs a command on a quality folder, with figures that are measured already."""

        def run(command, *options, now=(), at=quality):
            (tmp_path / "out").mkdir(exist_ok=True)
            figures.write(tmp_path / "out" / "measured-whole.json", {"whole": now})
            given = [command, "--quality", str(at), "-o", str(tmp_path / "out"), "--frozen", str(tmp_path / "figures.json"), "--measured"]
            return CliRunner().invoke(gate.main, [*given, *options])

        return run

    def test_no_labelled_pages_is_no_failure_unless_they_were_named(self, told, tmp_path):
        ran = told("check", at=tmp_path / "nowhere")
        assert ran.exit_code == 0
        assert ran.output.startswith("gate skipped: there are no labelled pages in")
        assert told("check", "--required", at=tmp_path / "nowhere").exit_code == 2
        assert told("raise", at=tmp_path / "nowhere").exit_code == 0
        assert not (tmp_path / "figures.json").exists()

    def test_raise_freezes_check_compares(self, told, tmp_path):
        assert told("raise", now=[one(0.9), one(0.8, set_="ferries")]).exit_code == 0
        assert told("check", now=[one(0.9), one(0.799, set_="ferries")]).exit_code == 0
        ran = told("check", now=[one(0.89), one(0.7, set_="ferries")])
        assert ran.exit_code == 1
        assert "fallen: harbours page f1 is 0.8900" in ran.output
        assert "fallen: ferries page f1 is 0.7000" in ran.output
        ran = told("raise", now=[one(0.95), one(0.7, set_="ferries")])
        assert ran.exit_code == 1
        assert "not lowered without --lower: ferries" in ran.output
        assert [f.value for f in figures.read(tmp_path / "figures.json")["whole"]] == [0.8, 0.95]
        assert told("raise", "--lower", now=[one(0.6)]).exit_code == 0
        assert [f.value for f in figures.read(tmp_path / "figures.json")["whole"]] == [0.6]

    def test_figures_of_one_fold_are_frozen_beside_those_of_the_whole(self, told, tmp_path):
        told("raise", now=[one(0.9)])
        figures.write(tmp_path / "out" / "measured-fold-1.json", {"fold-1": [one(0.5)]})
        assert told("raise", "--fold", "1").exit_code == 0
        assert {scope: [f.value for f in found] for scope, found in figures.read(tmp_path / "figures.json").items()} == {
            "whole": [0.9],
            "fold-1": [0.5],
        }

    def test_nothing_frozen_is_not_passed(self, told):
        assert told("check", now=[one(0.9)]).exit_code == 1

    def test_training_is_asked_for_the_folds_and_its_failure_is_the_gate_s(self, quality, monkeypatch):
        asked = []
        monkeypatch.setattr(gate.subprocess, "run", lambda command, **_how: asked.append(command) or SimpleNamespace(returncode=3))
        ran = CliRunner().invoke(gate.main, ["check", "--quality", str(quality), "-o", "g", "--fold", "2", "--workers", "4"])
        assert ran.exit_code == 1
        said = [str(quality / "dev"), "-o", "g", "--folds", "5", "--fold", "2", "--fold-weights", "--workers", "4"]
        assert [command[1:] for command in asked] == [["model", "train", *said]]
        assert "failed" in ran.output

    def test_nothing_measured_is_not_passed(self, told):
        assert told("check", now=[]).exit_code == 1
        assert told("raise", now=[]).exit_code == 1


def test_a_set_is_read_and_the_part_of_a_fold_written_as_the_sets_are(tmp_path):
    for name in sets.HTML_SETS:
        (tmp_path / "dev" / name / "html").mkdir(parents=True)
        (tmp_path / "dev" / name / "html" / f"{name}-1.html.gz").write_bytes(gzip.compress(b"<p>Tides"))
        gold = {f"{name}-{n}": {"text": "Tides", "site": f"{n}.example"} for n in (1, 2)}
        (tmp_path / "dev" / name / "gold.json").write_text(json.dumps(gold))
    for name in sets.TEXT_SETS:
        with gzip.open(tmp_path / "dev" / f"{name}.jsonl.gz", "wt") as file:
            file.write(json.dumps(row("articles-1", ("Tides", 1), site="1.example")) + "\n")
    read = sets.read(tmp_path / "dev")
    part = sets.part(read, {f"{name}-1": 1 for name in sets.HTML_SETS}, 1)
    to = sets.write_html(part.html["articles"], tmp_path / "dev" / "articles", tmp_path / "part")
    assert list(json.loads((to / "gold.json").read_text())) == ["articles-1"]
    assert gzip.decompress((to / "html" / "articles-1.html.gz").read_bytes()) == b"<p>Tides"
    written = sets.write_text(part.text["lines"], tmp_path / "part" / "lines.jsonl")
    assert [json.loads(line) for line in written.read_text().splitlines()] == read.text["lines"]
