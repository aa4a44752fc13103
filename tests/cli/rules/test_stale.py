"""`curate rules stale`: runs made with rules are asked which of them fired; only their run.json is read."""

import json
import shutil
from pathlib import Path

import pytest

STORY = "The ferry at Quill Landing runs whenever the miller's dog barks twice, which is held to be often enough."
FILE = """\
schema = 1
{head}

[[rule]]
id = "bell"
category = "share-bar"
why = "Stands above the texts of the landing."
action = "drop-line"
line = "{line}"

[[rule]]
id = "tolls"
category = "share-bar"
why = "Stood below the texts of the landing."
action = "drop-line"
line = "Tolls are due at the far bank"
verified = 2024-05-01
"""
SITE = "sites/q/quill.example"


@pytest.fixture
def rules(tmp_path, monkeypatch):
    """A folder with a site's file, and a pack of English in the place of the built-in ones."""
    for folder, name, head, line in (
        ("rules", SITE, 'domains = ["quill.example"]', "Ring the bell twice"),
        ("built-in", "generic/en/share-bar", 'language = ["en"]', "Tell the other bank"),
    ):
        path = tmp_path / folder / f"{name}.toml"
        path.parent.mkdir(parents=True)
        path.write_text(FILE.format(head=head, line=line), encoding="utf-8")
    monkeypatch.setattr("curate.rules.load.built_in", lambda: tmp_path / "built-in")
    monkeypatch.setenv("CURATE_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return Path("rules")


@pytest.fixture
def run(curate, rules, tmp_path):
    """A run over so many pages of the site; returns its folder."""

    def made(name, pages, *more):
        record = {"url": "https://quill.example/", "text": f"Ring the bell twice\n{STORY}"}
        (tmp_path / "crawl.jsonl").write_text("".join(json.dumps({**record, "id": str(n)}) + "\n" for n in range(pages)))
        arguments = ("--preset", "rules-only", "-q", "--rules", rules.absolute(), *more)
        assert curate("clean", tmp_path / "crawl.jsonl", "-o", tmp_path / name, *arguments).code == 0
        return Path(name)

    return made


def test_a_rule_that_has_not_fired_is_told_with_its_place_and_what_to_do(curate, rules, run):
    ran = curate("rules", "stale", run("one", 20), "--rules", rules)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "2 rules could have fired on 20 pages or more of 1 run, and 1 did not",
        "",
        'Not fired: set status = "stale", or see that it is needed and set verified to that day',
        f"  rules/{SITE}.toml:12: {SITE}#tolls  active, verified 2024-05-01, in force on 20 pages",
    ]


def test_several_runs_add_up_and_one_named_twice_counts_once(curate, rules, run):
    one, two = run("one", 12), run("two", 8, "--ledger", "counts")
    assert "#tolls" not in curate("rules", "stale", one, "--rules", rules).out
    assert "#tolls" not in curate("rules", "stale", one, one.absolute(), one / "run.json", "--rules", rules).out
    ran = curate("rules", "stale", one, two, "--rules", rules)
    assert "could have fired on 20 pages or more of 2 runs" in ran.out
    assert f"{SITE}#tolls  active, verified 2024-05-01, in force on 20 pages" in ran.out


def test_generic_packs_are_left_out_unless_asked_for(curate, rules, run):
    one = run("one", 20)
    assert "generic/en/share-bar" not in curate("rules", "stale", one, "--rules", rules).out
    out = curate("rules", "stale", one, "--rules", rules, "--generic").out
    assert "  built-in/generic/en/share-bar.toml:5: generic/en/share-bar#bell  active, never verified, in force on 20 pages" in out


def test_rules_in_json_have_the_same_to_say(curate, rules, run):
    told = json.loads(curate("rules", "stale", run("one", 3), "--rules", rules, "--pages", 3, "--json").out)
    assert told["runs"] == ["one"]
    [silent] = told["silent"]
    assert Path(silent.pop("path")) == rules / f"{SITE}.toml"
    assert silent == {
        "rule": f"{SITE}#tolls",
        "line": 12,
        "status": "active",
        "verified": "2024-05-01",
        "pages": 3,
        "times": 0,
        "suggestion": 'set status = "stale", or see that it is needed and set verified to that day',
    }


def test_what_is_found_fails_only_where_asked(curate, rules, run):
    one = run("one", 20)
    assert curate("rules", "stale", one, "--rules", rules, "--fail").code == 1
    assert curate("rules", "stale", one, "--rules", rules, "--fail", "--pages", 21).code == 0


def test_changed_rules_and_gone_ones_are_told(curate, rules, run):
    one = run("one", 20)
    path = rules / f"{SITE}.toml"
    path.write_text(path.read_text().replace('id = "bell"', 'id = "chime"\nwas = ["bell"]'))
    ran = curate("rules", "stale", one, "--rules", rules)
    assert f"  {SITE}#bell  20 times; now {SITE}#chime\n" in ran.out
    assert "#chime  active" not in ran.out
    assert ran.err.startswith("one: the rules have changed since this run")
    ran = curate("rules", "stale", one)
    assert f"  {SITE}#bell  20 times\n" in ran.out
    assert f"it was made with the rule folders {rules.absolute()}, which --rules can name" in ran.err


def test_nothing_is_written(curate, rules, run, tmp_path):
    one = run("one", 20)
    shutil.rmtree(tmp_path / "cache", ignore_errors=True)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    assert curate("rules", "stale", one, "--rules", rules).code == 0
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda _: None, "run.json cannot be read: No such file or directory"),
        (lambda run: {**run, "schema": 7}, "run.json is of record schema 7, and this version reads 1"),
        (
            lambda run: {**run, "steps": {"language": run["steps"]["language"]}},
            "run.json is of a run without the step site-rules (language)",
        ),
        (lambda run: {**run, "rule_files": {"generic/en": "many"}}, "Expected `int`, got `str` - at `$.rule_files[...]`"),
        (lambda run: {**run, "config": {"step": [{"name": "site-rules", "without": 3}]}}, "Expected `array`, got `int` - at `$.without`"),
        (lambda run: [run], "Expected `object`, got `array`"),
    ],
)
def test_what_is_no_run_with_rules_is_an_error_in_words(curate, rules, run, change, said):
    path = run("one", 1) / "run.json"
    changed = change(json.loads(path.read_text()))
    path.unlink() if changed is None else path.write_text(json.dumps(changed))
    ran = curate("rules", "stale", "one", "--rules", rules)
    assert ran.code == 2
    assert ran.out == ""
    assert said in ran.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Missing argument 'RUN...'"),
        (("none",), "'none' is no output folder of a finished run: run.json cannot be read: there is no such folder"),
        (("crawl.txt",), "it is a file"),
        (("none", "--pages", "0"), "0 is not in the range"),
        (("none", "--rules", "nowhere"), "nowhere: there is no such rule folder"),
    ],
)
@pytest.mark.usefixtures("rules")
def test_wrong_usage_gives_2(curate, tmp_path, arguments, said):
    (tmp_path / "crawl.txt").write_text(STORY)
    ran = curate("rules", "stale", *arguments)
    assert ran.code == 2
    assert said in ran.err


def test_broken_json_is_an_error_in_words(curate, run):
    (run("one", 1) / "run.json").write_bytes(b'{"schema": 1,')
    ran = curate("rules", "stale", "one")
    assert ran.code == 2
    assert "run.json is not what `curate clean` writes: Input data was truncated" in ran.err
