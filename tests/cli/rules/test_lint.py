"""`curate rules lint`."""

import os
from pathlib import Path

import pytest

HEAD = 'schema = 1\ndomains = ["harbour.example"]\nlanguage = ["en"]\n'
RULE = """
[[rule]]
id = "{id}"
category = "share-bar"
why = "Stands below every headline."
action = "drop-line"
{said}
keeps = "The ferry is late."
"""


def rule(said, identity="tide"):
    return RULE.format(id=identity, said=said)


@pytest.fixture(autouse=True)
def built_in(tmp_path, monkeypatch):
    """Packs in the place of those that come with curate, and a working folder."""
    folder = tmp_path / "built-in"
    path = folder / "generic" / "en" / "share.toml"
    path.parent.mkdir(parents=True)
    path.write_text('schema = 1\nlanguage = ["en"]\n' + rule("line = 'Follow the ferry'"), encoding="utf-8")
    monkeypatch.setattr("curate.rules.load.built_in", lambda: folder)
    monkeypatch.setenv("CURATE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("CURATE_RULES", raising=False)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return folder


def site(folder, text, name="harbour.example"):
    path = Path(folder) / "sites" / "h" / f"{name}.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEAD + text, encoding="utf-8")
    return path


def test_sound_rules_come_out_clean(curate):
    ran = curate("rules", "lint")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "1 file, 1 rule: 0 findings, 0 notes\n"


def test_a_finding_is_told_with_file_line_rule_and_check(curate):
    site("mine", rule("line = 'Rate it'") + rule("line = '''\nHail it\nrate it\n'''", "ebb"))
    ran = curate("rules", "lint", "mine/sites/h/harbour.example.toml")
    assert ran.code == 1
    first, last = ran.out.splitlines()
    place, said = "mine/sites/h/harbour.example.toml:20", "line 'rate it': sites/h/harbour.example#tide says it already"
    assert first == f"{place}: sites/h/harbour.example#ebb: duplicate: {said}"
    assert last == "1 file, 2 rules: 1 finding, 0 notes"


class TestPaths:
    def test_a_file_outside_the_folders_in_force_stands_among_them(self, curate):
        site("mine", rule("line = 'Follow the ferry'"))
        ran = curate("rules", "lint", "mine/sites/h/harbour.example.toml")
        assert ran.code == 0
        assert "duplicate (note): line 'Follow the ferry': generic/en/share#tide says it already" in ran.out

    def test_files_that_are_not_named_are_not_told(self, curate):
        site("mine", rule("line = 'Rate it'"))
        site("mine", rule("line = 'X'\nline_starts = 'Rate'"), "hull.example")
        assert curate("rules", "lint", "mine/sites/h/harbour.example.toml").code == 0
        ran = curate("rules", "lint", "mine/sites/h/hull.example.toml", "mine/sites/h/harbour.example.toml")
        assert ran.code == 1
        assert "2 files, 2 rules: 3 findings" in ran.out

    @pytest.mark.parametrize("path", ["mine", "mine/sites", "mine/sites/h", "mine/../mine/sites/h/"])
    def test_a_folder_is_all_that_is_in_it(self, curate, path):
        site("mine", rule("line = 'X'"))
        ran = curate("rules", "lint", path)
        assert (ran.code, ran.out.splitlines()[-1]) == (1, "1 file, 1 rule: 1 finding, 0 notes")

    def test_folders_in_force_are_checked_with_the_built_in_one(self, curate, monkeypatch):
        site("mine", rule("line = 'X'"))
        site("yours", rule("line = 'Y'"), "hull.example")
        monkeypatch.setenv("CURATE_RULES", "yours")
        ran = curate("rules", "lint", "--rules", "mine")
        assert "3 files, 3 rules: 2 findings" in ran.out

    def test_a_file_that_another_of_its_name_comes_before_is_refused(self, curate):
        site("mine", rule("line = 'Rate it'"))
        site("yours", rule("line = 'Rate it'"))
        ran = curate("rules", "lint", "yours", "--rules", "mine", "--rules", "yours")
        assert ran.code == 2
        assert "is not in force" in ran.err

    @pytest.mark.parametrize(
        ("path", "said"),
        [
            ("nowhere.toml", "there is no rule file or folder 'nowhere.toml'"),
            ("loose.toml", "lies in no rule folder"),
            ("mine/pack.toml", "lies in no rule folder"),
            ("mine/sites/h/notes.txt", "no rule file: 'mine/sites/h/notes.txt'"),
            ("mine/sites/empty", "no rule file in 'mine/sites/empty'"),
        ],
    )
    def test_what_is_no_rule_file_is_refused(self, curate, path, said):
        site("mine", rule("line = 'Rate it'"))
        Path("mine/sites/empty").mkdir()
        for other in ("loose.toml", "mine/pack.toml", "mine/sites/h/notes.txt"):
            Path(other).write_text("name = 'gulls'\nversion = '1'\n", encoding="utf-8")
        ran = curate("rules", "lint", path)
        assert (ran.code, ran.out) == (2, "")
        assert said in ran.err


class TestUnreadable:
    def test_problems_of_all_files_are_findings(self, curate):
        site("mine", rule("lines = 'Rate it'"))
        site("mine", rule(r'line_regex = "\d+ ferries"'), "hull.example")
        site("mine", rule("line_regex = '(ferry'"), "hythe.example")
        ran = curate("rules", "lint", "--rules", "mine")
        assert ran.code == 1
        first, second, third = ran.out.splitlines()
        assert first.startswith("mine/sites/h/harbour.example.toml:10: schema: rule.lines: unknown key; the nearest is 'line'")
        assert second.startswith("mine/sites/h/hull.example.toml:10: schema: not valid TOML")
        assert second.endswith("a pattern with a backslash in it is written in a ''' block, as it is")
        assert third.startswith("mine/sites/h/hythe.example.toml:10: schema: rule.line_regex: '(ferry' is not RE2")
        assert ran.err.startswith("3 findings; ")

    def test_those_of_the_named_file_are_told_alone(self, curate):
        site("mine", rule("lines = 'Rate it'"))
        site("mine", rule("lines = 'Rate it'"), "hull.example")
        ran = curate("rules", "lint", "mine/sites/h/hull.example.toml")
        assert (ran.code, len(ran.out.splitlines())) == (1, 1)
        assert "hull.example" in ran.out

    def test_a_keep_corpus_that_cannot_be_read_is_a_finding(self, curate, built_in):
        (built_in / "keep").mkdir()
        (built_in / "keep" / "exceptions.toml").write_text("except = 3\n", encoding="utf-8")
        ran = curate("rules", "lint")
        assert ran.code == 1
        assert "exceptions.toml:1: schema: except: is written as a list of tables" in ran.out

    def test_a_rule_folder_that_is_not_there_is_told(self, curate):
        ran = curate("rules", "lint", "--rules", "nowhere")
        assert ran.code == 1
        assert "nowhere: schema: there is no such rule folder" in ran.out


class TestNotes:
    def test_they_are_counted_and_shown_when_asked_for_or_files_are_named(self, curate):
        site("mine", rule("line = 'Follow the ferry'"))
        assert curate("rules", "lint", "--rules", "mine").out == "2 files, 2 rules: 0 findings, 1 note (--notes shows them)\n"
        assert len(curate("rules", "lint", "--rules", "mine", "--notes").out.splitlines()) == 2
        assert len(curate("rules", "lint", "mine", "--no-notes").out.splitlines()) == 1


class TestCorpus:
    def test_a_rule_that_never_comes_first_is_told(self, curate):
        site("mine", rule("line = 'Hail the ferry'") + rule("line_ends = 'ferry'\ndrops = 'Hail a ferry'\nmax_chars = 40", "ebb"))
        Path("page.txt").write_text("Hail the ferry\nThe mill was sold to a man from Hull.\n", encoding="utf-8")
        arguments = ("rules", "lint", "mine", "--no-notes", "--url", "https://harbour.example/1", "--corpus", "page.txt")
        ran = curate(*arguments)
        assert ran.code == 1
        assert (
            "sites/h/harbour.example#ebb: shadowed: on these pages all 1 of its matches fell to sites/h/harbour.example#tide (1)" in ran.out
        )
        Path("more.txt").write_text("Hail a ferry\n", encoding="utf-8")
        assert curate(*arguments, "--corpus", "more.txt").code == 0

    def test_html_is_read_with_the_selectors_of_the_rules(self, curate):
        case = "[[rule.case]]\nbefore = 'a'\nafter = 'a'\n"
        inside = rule("line = 'Hail it'\nselect = '.bar'") + case
        site("mine", rule("line = 'Hail it'\nselect = '.bar, p'", "ebb") + case + inside)
        Path("page.html").write_text('<html><body><p>The mill</p><div class="bar">Hail it</div></body></html>', encoding="utf-8")
        ran = curate("rules", "lint", "mine", "--url", "https://harbour.example/1", "--corpus", "page.html")
        assert "#tide: shadowed: on these pages all 1 of its matches fell to sites/h/harbour.example#ebb (1)" in ran.out

    def test_a_page_that_cannot_be_read_is_told(self, curate):
        Path("page.jsonl").write_text("{broken\n", encoding="utf-8")
        ran = curate("rules", "lint", "--corpus", "page.jsonl")
        assert ran.code == 0
        assert "page.jsonl: " in ran.err

    def test_no_pages_are_refused(self, curate):
        assert curate("rules", "lint", "--corpus", "nowhere").code == 2

    @pytest.mark.parametrize(
        "option", [("--preset", "strict"), ("--url", "https://harbour.example"), ("--text-field", "body"), ("--format", "html")]
    )
    def test_options_of_pages_need_pages(self, curate, option):
        ran = curate("rules", "lint", *option)
        assert ran.code == 2
        assert f"{option[0]} says how pages are read: it goes with --corpus PAGES" in ran.err

    def test_a_configuration_without_rules_is_refused(self, curate):
        Path("none.toml").write_text("# no steps\n", encoding="utf-8")
        ran = curate("rules", "lint", "--config", "none.toml")
        assert ran.code == 2
        assert "no site-rules step" in ran.err


def test_control_characters_do_not_reach_the_terminal(curate):
    site("mine", rule("line = '''\nHail\u202eit\nhail\u202eit\n'''"))
    out = curate("rules", "lint", "mine").out
    assert "\u202e" not in out
    assert "duplicate" in out


def test_paths_from_elsewhere_are_told_whole(curate, tmp_path):
    path = site(tmp_path / "far", rule("line = 'X'"))
    assert curate("rules", "lint", os.path.relpath(path)).out.startswith(f"{path}:")
