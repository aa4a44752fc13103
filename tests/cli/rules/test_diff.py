"""`curate rules diff`: folders and revisions compared on real runs, told in Markdown, with exit codes for a check."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

STORY = (
    "The ferry at Quill Landing runs whenever the miller's dog barks twice, which is held to be often enough.",
    "Nobody has counted the mills along the river since the last counter married one of the millers and moved away.",
    "In the harbour office a barometer has pointed to rain for eleven years, and is right about a third of the time.",
)
RULE = """\
[[rule]]
id = "{id}"
category = "share-bar"
why = "Stands around the texts of the landing."
action = "{action}"
{matcher} = '''
{literal}
'''
"""
HEADS = {"generic": 'language = ["en"]', "sites": 'domains = ["quill.example"]'}


def rule(identity, literal, action="drop-line", matcher="line", extra=""):
    return RULE.format(id=identity, literal=literal, action=action, matcher=matcher) + extra


def tree(folder: Path, generic="", site="") -> Path:
    """A whole tree of rules: a pack of English and, where it has rules, a site's file."""
    for name, rules in (("generic/en/share-bar", generic), ("sites/q/quill.example", site)):
        if rules or name.startswith("generic"):
            path = folder / f"{name}.toml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"schema = 1\n{HEADS[name.partition('/')[0]]}\n{rules}", encoding="utf-8")
    return folder


@pytest.fixture
def corpus(tmp_path):
    """Three pages of one site, a JSON record each."""
    pages = [
        {"id": "one", "url": "https://quill.example/one", "text": "\n".join(["Ring the bell twice", *STORY, "Board now | Quill Gazette"])},
        {"id": "two", "url": "https://quill.example/two", "text": "\n".join([*STORY, "Ring the bell twice", "Tell the other bank"])},
        {"id": "three", "url": "https://quill.example/three", "text": "Ring the bell twice\nTell the other bank"},
    ]
    path = tmp_path / "pages" / "crawl.jsonl"
    path.parent.mkdir()
    path.write_text("".join(json.dumps(page) + "\n" for page in pages), encoding="utf-8")
    return path


@pytest.fixture
def diff(curate, corpus):
    def run(base, head, *more):
        return curate("rules", "diff", base, head, "--corpus", corpus, "--preset", "rules-only", *more)

    return run


BELL = rule("bell", "Ring the bell twice")
TELL = rule("tell", "Tell the other bank")


class TestWhatIsCompared:
    def test_the_same_rules_change_nothing_and_it_says_so(self, diff, tmp_path):
        ran = diff(tree(tmp_path / "a", BELL), tree(tmp_path / "b", BELL))
        assert (ran.code, ran.err) == (0, "")
        assert "**No change on this corpus**: every line of 3 pages comes out as before." in ran.out
        assert "The rules are the same on both sides." in ran.out
        assert "| rule |" not in ran.out

    def test_a_new_rule_is_told_with_its_lines_characters_pages_and_sites(self, diff, tmp_path):
        ran = diff(tree(tmp_path / "a", BELL), tree(tmp_path / "b", BELL, site=TELL), "--fail-on", "nothing")
        assert ran.code == 0
        assert "| `sites/q/quill.example#tell` | share-bar | 2 | 0 | 0 | −38 | 2 | 1 |" in ran.out
        assert "1 rule added:\n\n- `sites/q/quill.example#tell`\n" in ran.out
        assert "**2 lines newly removed**; 0 restored" in ran.out
        assert "- 2× `Tell the other bank`, in `two`" in ran.out

    def test_a_rule_file_that_is_deleted_restores_its_lines(self, diff, tmp_path):
        ran = diff(tree(tmp_path / "a", BELL, site=TELL), tree(tmp_path / "b", BELL))
        assert ran.code == 0
        assert "| `sites/q/quill.example#tell` | share-bar | 0 | 2 | 0 | +38 | 2 | 1 |" in ran.out
        assert "### Pages no longer emptied: 1\n\n- `three` (`emptied: site-rules`)" in ran.out
        assert "1 rule removed:\n\n- `sites/q/quill.example#tell`\n" in ran.out

    def test_a_page_that_is_newly_emptied_is_named_and_gives_1(self, diff, tmp_path):
        ran = diff(tree(tmp_path / "a", BELL), tree(tmp_path / "b", BELL + TELL))
        assert ran.code == 1
        assert "### Newly emptied pages: 1\n\n- `three` (`emptied: site-rules`)\n" in ran.out
        assert ran.err == "exit code 1: 1 newly emptied\n"

    def test_a_trim_counts_by_its_characters(self, diff, tmp_path):
        trim = rule("gazette", "| Quill Gazette", "trim", "line_ends")
        ran = diff(tree(tmp_path / "a", BELL), tree(tmp_path / "b", BELL + trim))
        assert "| `generic/en/share-bar#gazette` | share-bar | 0 | 0 | 1 | −16 | 1 | 1 |" in ran.out
        assert "- 1× `Board now | Quill Gazette → Board now`, in `one`" in ran.out
        back = diff(tree(tmp_path / "b", BELL + trim), tree(tmp_path / "a", BELL))
        assert "| `generic/en/share-bar#gazette` | share-bar | 0 | 0 | 1 | +16 | 1 | 1 |" in back.out

    def test_a_line_that_another_rule_takes_now_has_moved_and_changed_nothing(self, diff, tmp_path):
        ran = diff(tree(tmp_path / "a", BELL), tree(tmp_path / "b", site=BELL), "--fail-on", "change")
        assert ran.code == 0
        assert "The text comes out the same on this corpus" in ran.out
        assert "| `generic/en/share-bar#bell` | `sites/q/quill.example#bell` | 3 |" in ran.out
        assert "3 moved to another rule" in ran.out

    def test_an_id_that_changes_is_no_change_of_texts(self, diff, tmp_path):
        renamed = rule("chime", "Ring the bell twice", extra='was = ["bell"]\n')
        ran = diff(tree(tmp_path / "a", BELL), tree(tmp_path / "b", renamed))
        assert "**No change on this corpus**" in ran.out
        assert "1 rule changed id:\n\n- `generic/en/share-bar#bell` → `generic/en/share-bar#chime`" in ran.out
        assert "0 moved" in ran.out

    def test_a_version_of_the_pack_is_no_part_of_a_rule(self, diff, tmp_path):
        sides = [tree(tmp_path / name, BELL) for name in ("a", "b")]
        for number, side in enumerate(sides):
            (side / "pack.toml").write_text(f'name = "quill"\nversion = "{number}"\n')
        ran = diff(*sides)
        assert "**No change on this corpus**" in ran.out
        assert "0 moved" in ran.out

    def test_a_rule_that_becomes_active_removes_what_it_reported(self, diff, tmp_path):
        asleep = rule("tell", "Tell the other bank", extra='status = "experimental"\n')
        ran = diff(tree(tmp_path / "a", asleep), tree(tmp_path / "b", TELL))
        assert "| `generic/en/share-bar#tell` | share-bar | 2 |" in ran.out
        assert "- `generic/en/share-bar#tell`: experimental → active" in ran.out
        back = diff(tree(tmp_path / "b", TELL), tree(tmp_path / "a", asleep))
        assert "would change:\n\n- `generic/en/share-bar#tell`: 2 lines on 2 pages" in back.out

    def test_folders_of_one_s_own_come_before_the_built_in_packs(self, diff, tmp_path, monkeypatch):
        monkeypatch.setattr("curate.rules.load.built_in", lambda: tree(tmp_path / "built-in", BELL))
        base, head = tmp_path / "a", tree(tmp_path / "b", site=TELL)
        (base / "sites").mkdir(parents=True)
        shutil.rmtree(head / "generic")
        ran = diff(base, head, "--fail-on", "nothing")
        length = 2 * sum(map(len, STORY)) + 25 + 2 * 19
        assert f"{length:,} → {length - 38:,} characters kept" in ran.out, "the built-in pack takes the bell, on both sides"
        assert "each rule folder before the built-in packs" in ran.out
        assert ran.err == f"'{base}' holds no rule files\n"
        alone = diff(base, head, "--alone")
        assert f"{length + 57:,} → {length + 57 - 38:,} characters kept" in alone.out

    def test_a_whole_tree_is_not_compared_with_a_part_of_one_unless_told_how(self, diff, tmp_path):
        part = tmp_path / "part"
        (part / "sites").mkdir(parents=True)
        ran = diff(tree(tmp_path / "a", BELL), part)
        assert ran.code == 2
        assert f"'{tmp_path / 'a'}' is a whole tree of rules (it has a folder generic) and '{part}' is not" in ran.err
        told = diff(tmp_path / "a", part, "--alone")
        assert told.code == 0
        assert "| `generic/en/share-bar#bell` | share-bar | 0 | 3 |" in told.out

    def test_another_step_s_part_is_told_as_such(self, curate, corpus, tmp_path):
        text = "\n".join(["Ring the bell twice", *STORY])
        corpus.write_text(json.dumps({"id": "one", "text": text + "\n" + STORY[0]}) + "\n", encoding="utf-8")
        prose = rule("ferry", STORY[0])
        arguments = ("--corpus", corpus, "--preset", "page")
        ran = curate("rules", "diff", tree(tmp_path / "a", BELL), tree(tmp_path / "b", BELL + prose), *arguments)
        assert "| `repeats` | `generic/en/share-bar#ferry` | 1 |" in ran.out
        assert "| `generic/en/share-bar#ferry` | share-bar | 1 | 0 | 0 |" in ran.out


@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")
class TestRevisions:
    @pytest.fixture
    def repository(self, tmp_path, monkeypatch):
        home = tmp_path / "repository"
        home.mkdir()
        for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.chdir(home)
        tree(home / "rules", BELL, site=TELL)
        for command in (
            ["git", "init", "-q", "-b", "main"],
            ["git", "add", "."],
            ["git", "-c", "user.name=Maud", "-c", "user.email=maud@quill.example", "commit", "-qm", "Rules of the landing"],
        ):
            subprocess.run(command, check=True, capture_output=True)
        return home

    def test_a_revision_is_compared_with_the_working_tree(self, diff, repository):
        (repository / "rules" / "sites" / "q" / "quill.example.toml").unlink()
        ran = diff("main", ".")
        assert ran.code == 0
        assert "| `sites/q/quill.example#tell` | share-bar | 0 | 2 |" in ran.out
        assert "`main:rules` (" in ran.out
        assert "against `rules`: the two rule folders and nothing else" in ran.out

    def test_the_rules_of_a_revision_are_found_from_below_the_top(self, diff, repository, monkeypatch):
        monkeypatch.chdir(repository / "rules" / "sites")
        assert "**No change on this corpus**" in diff("HEAD", "main").out

    @pytest.mark.parametrize(
        ("base", "more", "said"),
        [
            ("mian", (), "'mian' is neither a folder nor a git revision: the repository here does not know it"),
            ("main", ("--folder", "rulse"), "the revision 'main' has no folder 'rulse' at its top; --folder names another"),
            ("main", ("--folder", "rules/generic/en/share-bar.toml"), "is no folder in the revision 'main'"),
        ],
    )
    def test_what_is_no_revision_or_has_no_rules_is_an_error(self, diff, repository, base, more, said):
        ran = diff(base, repository / "rules", *more)
        assert ran.code == 2
        assert said in ran.err

    def test_a_broken_rule_of_a_revision_is_told_by_the_revision(self, diff, repository):
        path = repository / "rules" / "generic" / "en" / "share-bar.toml"
        path.write_text("schema = 1\nlanguages = ['en']\n")
        subprocess.run(
            ["git", "-c", "user.name=Maud", "-c", "user.email=maud@quill.example", "commit", "-qam", "Broken"],
            check=True,
            capture_output=True,
        )
        ran = diff("main~1", "main")
        assert ran.code == 2
        assert "Error: main:rules/generic/en/share-bar.toml:2: languages: unknown key; the nearest is 'language'" in ran.err

    def test_without_a_repository_it_says_so(self, diff, tmp_path, monkeypatch):
        monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
        (tmp_path / "here").mkdir()
        monkeypatch.chdir(tmp_path / "here")
        ran = diff("main", ".")
        assert ran.code == 2
        assert "'main' is neither a folder nor a git revision: fatal: not a git repository" in ran.err


class TestTheCommand:
    def test_it_writes_a_file_and_says_so(self, diff, tmp_path):
        ran = diff(tree(tmp_path / "a", BELL), tree(tmp_path / "b", BELL), "-o", tmp_path / "diff.md")
        assert (ran.code, ran.out, ran.err) == (0, "", f"wrote {tmp_path / 'diff.md'}\n")
        assert (tmp_path / "diff.md").read_text(encoding="utf-8").startswith("## What the rules change\n\n")

    def test_a_limit_of_what_may_be_removed_holds(self, diff, tmp_path):
        sides = tree(tmp_path / "a"), tree(tmp_path / "b", site=rule("bell", "Ring the bell twice"))
        share = 3 * 19 / (3 * 19 + 2 * 19 + 25 + 2 * sum(map(len, STORY)))
        assert diff(*sides, "--max-removed", share + 0.0001).code == 0
        ran = diff(*sides, "--max-removed", share - 0.0001)
        assert ran.code == 1
        assert f"{share:.2%} of the characters are newly removed, and --max-removed allows" in ran.err

    def test_any_change_may_be_asked_to_fail(self, diff, tmp_path):
        sides = tree(tmp_path / "a"), tree(tmp_path / "b", BELL)
        assert diff(*sides).code == 0
        assert diff(*sides, "--fail-on", "change").code == 1

    def test_html_is_compared_too(self, curate, tmp_path):
        page = tmp_path / "page.html"
        body = "".join(f"<p>{line}</p>" for line in STORY)
        page.write_text(f"<html><body><main>{body}</main><div class=tolls><p>A penny</p><p>Two pence</p></div></body></html>")
        tolls = rule("tolls", ".tolls", matcher="select", extra="guard = { max_share = 0.3 }\n")
        arguments = ("--corpus", page, "--preset", "rules-only", "--url", "https://quill.example/")
        ran = curate("rules", "diff", tree(tmp_path / "a"), tree(tmp_path / "b", site=tolls), *arguments)
        assert "| `sites/q/quill.example#tolls` | share-bar | 2 | 0 | 0 | −16 | 1 | 1 |" in ran.out

    def test_pages_that_cannot_be_read_are_counted(self, diff, corpus, tmp_path):
        corpus.write_text(corpus.read_text() + "{broken\n")
        ran = diff(tree(tmp_path / "a"), tree(tmp_path / "b"))
        assert ran.code == 0
        assert "**4 pages** read" in ran.out
        assert "1 failed." in ran.out

    def test_no_examples_may_be_asked_for(self, diff, tmp_path):
        sides = tree(tmp_path / "a"), tree(tmp_path / "b", BELL)
        assert "<details>" in diff(*sides).out
        assert "<details>" not in diff(*sides, "--examples", 0).out

    def test_control_characters_of_a_page_do_not_come_through(self, diff, corpus, tmp_path):
        corpus.write_text(json.dumps({"id": "\x1b[2Jone", "text": "Ring the bell\x1b[31m twice\nAnd more"}) + "\n")
        ran = diff(tree(tmp_path / "a"), tree(tmp_path / "b", rule("bell", "Ring the bell", matcher="line_starts")))
        assert "1 newly removed" not in ran.out
        assert "Ring the bell\ufffd[31m twice" in ran.out
        assert "\x1b" not in ran.out

    @pytest.mark.parametrize("later", [[], [{"id": "one", "text": "Tell the other bank"}]])
    def test_pages_that_change_while_they_are_read_stop_it(self, diff, corpus, tmp_path, monkeypatch, later):
        from curate.cli.rules import diff as module

        def clean(files, reading, pipeline):
            yield from module_clean(files, reading, pipeline)
            corpus.write_text("".join(json.dumps(page) + "\n" for page in later))

        module_clean = module.clean_pages
        read = [iter, list]  # the first side is read to its end before the second one begins
        monkeypatch.setattr(module, "clean_pages", lambda *arguments: read.pop()(clean(*arguments)))
        ran = diff(tree(tmp_path / "a"), tree(tmp_path / "b"))
        assert ran.code == 4
        assert "'crawl.jsonl' changed while it was read, once for each side" in ran.err

    def test_a_file_that_cannot_be_written_is_an_error_in_words(self, diff, tmp_path):
        (tmp_path / "folder.md").mkdir()
        ran = diff(tree(tmp_path / "a"), tmp_path / "a", "-o", tmp_path / "folder.md")
        assert ran.code == 2
        assert "is a directory" in ran.err

    def test_it_is_the_same_every_time(self, diff, tmp_path):
        sides = tree(tmp_path / "a", BELL), tree(tmp_path / "b", TELL)
        assert diff(*sides).out == diff(*sides).out

    @pytest.mark.parametrize(
        ("more", "said"),
        [
            (("--corpus", "-"), "standard input cannot be"),
            (("-o", "none/diff.md"), "cannot write 'none/diff.md': there is no folder 'none'"),
            (("--rules", "x"), "No such option"),
            (("--max-removed", "2"), "0<=x<=1"),
        ],
    )
    def test_wrong_usage_gives_2(self, diff, tmp_path, more, said):
        ran = diff(tree(tmp_path / "a"), tmp_path / "a", *more)
        assert ran.code == 2
        assert said in ran.err

    def test_a_file_is_no_side(self, diff, tmp_path, corpus):
        ran = diff(tree(tmp_path / "a"), corpus)
        assert ran.code == 2
        assert "is a file; BASE and HEAD are rule folders or git revisions" in ran.err

    def test_a_configuration_that_uses_no_rules_is_refused(self, curate, tmp_path, corpus):
        (tmp_path / "c.toml").write_text('[[step]]\nname = "language"\n')
        ran = curate("rules", "diff", tree(tmp_path / "a"), tmp_path / "a", "--corpus", corpus, "--config", tmp_path / "c.toml")
        assert ran.code == 2
        assert "there is no site-rules step" in ran.err

    def test_rules_that_a_configuration_switches_off_stay_off(self, curate, tmp_path, corpus):
        config = tmp_path / "c.toml"
        config.write_text('extends = "rules-only"\n[[step]]\nname = "site-rules"\nwithout = ["generic/en/share-bar#bell"]\n')
        arguments = ("--corpus", corpus, "--config", config)
        ran = curate("rules", "diff", tree(tmp_path / "a"), tree(tmp_path / "b", BELL), *arguments)
        assert "**No change on this corpus**" in ran.out
        ran = curate("rules", "diff", tree(tmp_path / "a"), tmp_path / "a", *arguments)
        assert ran.code == 2
        assert "without names a rule that does not exist, 'generic/en/share-bar#bell'" in ran.err
