"""`curate rules test`."""

import re
from pathlib import Path

import pytest

from curate.workbench.budget import Cost

HEAD = 'schema = 1\ndomains = ["harbour.example"]\nlanguage = ["en"]\n'
RULE = """
[[rule]]
id = "tide"
category = "share-bar"
why = "Stands below every headline."
action = "drop-line"
line_starts = "Rate this"
drops = "Rate this tide"
keeps = "{keeps}"
"""


@pytest.fixture(autouse=True)
def built_in(tmp_path, monkeypatch):
    """Packs in the place of those that come with curate, with a keep-corpus, and a working folder."""
    folder = tmp_path / "built-in"
    path = folder / "generic" / "en" / "share.toml"
    path.parent.mkdir(parents=True)
    path.write_text('schema = 1\nlanguage = ["en"]\n' + RULE.format(keeps="The tide"), encoding="utf-8")
    (folder / "keep").mkdir()
    (folder / "keep" / "en.txt").write_text("# share-bar\nHail this ferry now, he said.\n", encoding="utf-8")
    monkeypatch.setattr("curate.rules.load.built_in", lambda: folder)
    monkeypatch.setenv("CURATE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("CURATE_RULES", raising=False)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return folder


@pytest.fixture
def costs(monkeypatch):
    """What measuring says, and what was measured."""
    measured = []

    def measure(_matching, docs):
        measured.append([(doc.tags.get("lang"), doc.text) for doc in docs])
        return Cost(pages=len(docs), lines=100, folding=0.001, rules=0.004)

    monkeypatch.setattr("curate.cli.rules.test.measure", measure)
    return measured


def mine(text):
    path = Path("mine/sites/h/harbour.example.toml")
    path.parent.mkdir(parents=True)
    path.write_text(HEAD + text, encoding="utf-8")
    return path


def test_sound_rules_pass_and_the_numbers_are_told(curate, costs):
    ran = curate("rules", "test")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "examples     2 of 1 rule in 1 file; none failed",
        "keep-corpus  1 line, 0 exceptions; none failed",
        "budget       100 body lines: rules 40.00 µs a line, folding 10.00 µs; 4.0 times as much",
    ]
    assert costs == [[("en", "Hail this ferry now, he said.")]]


def test_the_budget_is_measured(curate):
    ran = curate("rules", "test")
    assert re.search(r"budget +1 body lines: rules \d+\.\d\d µs a line, folding \d+\.\d\d µs; \d+\.\d times", ran.out)


@pytest.mark.usefixtures("costs")
def test_an_example_that_fails_is_told_where_it_stands(curate):
    path = mine(RULE.format(keeps="Rate this, he said."))
    ran = curate("rules", "test", path)
    assert ran.code == 1
    first, second, *_ = ran.out.splitlines()
    assert first == f"{path}:12: sites/h/harbour.example#tide: noisy: hits a line of its keeps: 'Rate this, he said.'"
    assert second == "examples     2 of 1 rule in 1 file; 1 failed"


@pytest.mark.usefixtures("costs")
class TestKeepCorpus:
    def test_a_rule_that_hits_a_body_line_fails_where_it_stands(self, curate, built_in):
        path = mine(RULE.format(keeps="The tide").replace("Rate this", "Hail this"))
        ran = curate("rules", "test", path)
        assert ran.code == 1
        assert ran.out.startswith(f"{path}:6: sites/h/harbour.example#tide: keep: hits a body line of {built_in}/keep/en.txt:2: ")

    def test_rules_of_other_files_are_not_tried(self, curate, built_in):
        path = mine(RULE.format(keeps="The tide"))
        other = built_in / "generic" / "en" / "share.toml"
        other.write_text(other.read_text(encoding="utf-8").replace("Rate this", "Hail this"), encoding="utf-8")
        assert curate("rules", "test", path).code == 0
        assert curate("rules", "test").code == 1
        assert curate("rules", "test", other).code == 1

    def test_an_exception_lets_it_pass_and_one_too_many_does_not(self, curate):
        path = mine(RULE.format(keeps="The tide").replace("Rate this", "Hail this"))
        Path("mine/keep").mkdir()
        exempt = (
            "[[except]]\nrule = 'sites/h/harbour.example#{}'\nline = 'Hail this ferry now, he said.'\nwhy = 'Only one ferry is hailed.'\n"
        )
        Path("mine/keep/exceptions.toml").write_text(exempt.format("tide"), encoding="utf-8")
        ran = curate("rules", "test", path)
        assert (ran.code, "1 exception; none failed" in ran.out) == (0, True)
        Path("mine/keep/exceptions.toml").write_text(exempt.format("tide") + exempt.format("ebb"), encoding="utf-8")
        ran = curate("rules", "test", path)
        assert ran.code == 1
        assert "mine/keep/exceptions.toml:5: sites/h/harbour.example#ebb: exception: there is no such rule; the nearest is" in ran.out


@pytest.mark.usefixtures("costs")
class TestBudget:
    @pytest.mark.parametrize(("budget", "code", "said"), [("4", 0, ", the budget is 4"), ("3.9", 1, ", above the budget of 3.9")])
    def test_a_ratio_above_it_fails(self, curate, budget, code, said):
        ran = curate("rules", "test", "--budget", budget)
        assert ran.code == code
        assert ran.out.splitlines()[-1].endswith(f"4.0 times as much{said}")

    @pytest.mark.parametrize("budget", ["0", "-1", "fast"])
    def test_what_is_no_ratio_is_refused(self, curate, budget):
        assert curate("rules", "test", "--budget", budget).code == 2

    def test_pages_are_measured_as_they_come_to_the_rules(self, curate, costs):
        Path("page.txt").write_text(
            "Rate this tide\nThe ferry was painted twice in one summer, and nobody could say why it was done.\n", encoding="utf-8"
        )
        ran = curate("rules", "test", "--corpus", "page.txt", "--budget", "9")
        assert ran.code == 0
        assert ran.out.splitlines()[-1] == (
            "budget       100 lines of pages: rules 40.00 µs a line (4.00 s for 1,000 pages), folding 10.00 µs; "
            "4.0 times as much, the budget is 9"
        )
        [(lang, text)] = costs[1]
        assert lang == "en"
        assert text.startswith("Rate this tide")

    def test_pages_that_cannot_be_read_measure_nothing(self, curate):
        Path("page.jsonl").write_text("{broken\n", encoding="utf-8")
        ran = curate("rules", "test", "--corpus", "page.jsonl")
        assert ran.code == 2
        assert "no page of page.jsonl could be read" in ran.err


def test_rules_that_cannot_be_read_are_an_error(curate):
    ran = curate("rules", "test", mine(RULE.format(keeps="The tide").replace("drops", "dropz")))
    assert (ran.code, ran.out) == (2, "")
    assert "mine/sites/h/harbour.example.toml:11: rule.dropz: unknown key; the nearest is 'drops'" in ran.err


def test_no_rule_at_all_is_no_failure(curate, built_in):
    (built_in / "generic" / "en" / "share.toml").unlink()
    (built_in / "keep" / "en.txt").unlink()
    ran = curate("rules", "test")
    assert ran.code == 0
    assert "budget       0 body lines: rules 0.00 µs a line" in ran.out
