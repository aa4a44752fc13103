"""`curate rules suggest`."""

import json
import tomllib

import pytest

from curate.formats.html import of_snippet
from curate.rules.load import read_all
from curate.workbench.test import test as failures

ARTICLE = (
    "The {0} at Oxney was painted twice in one summer, and nobody on either bank could say why it was done.\nIts keeper has a {0}, too.\n"
)
WORDS = ("ferry", "mill", "lantern", "weir")


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("CURATE_CACHE", str(tmp_path_factory.getbasetemp() / "rules-cache"))


@pytest.fixture
def crawl(tmp_path):
    """Four pages each of two sites, and one of none."""
    rows = [
        {"id": f"{host}{number}", "url": f"https://www.{host}/{word}", "text": f"{host} front\nTide tables\nShare\n" + ARTICLE.format(word)}
        for host in ("harbour.example", "mill.example")
        for number, word in enumerate(WORDS)
    ]
    path = tmp_path / "crawl.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in [*rows, {"id": "x", "text": "Nowhere"}]))
    return path


def test_files_are_shown_and_nothing_is_written(curate, crawl, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ran = curate("rules", "suggest", crawl, "--today", "2026-11-20")
    assert ran.code == 0
    first, second = ran.out.split("# ---- ")[1:]
    assert first.startswith("sites/h/harbour.example.toml\n")
    assert second.startswith("sites/m/mill.example.toml\n")
    [rule] = tomllib.loads(first.partition("\n")[2])["rule"]
    assert rule["line"] == "Tide tables\nharbour.example front\n", "Share is what a pack has"
    assert rule["status"] == "experimental"
    assert str(rule["evidence"]["seen"]) == "2026-11-20"
    assert "1 page without a site left out" in ran.err
    assert "harbour.example: 4 different pages; 1 rule with 2 lines" in ran.err
    assert list(tmp_path.iterdir()) == [crawl]
    assert curate("rules", "suggest", crawl, "--today", "2026-11-20").out == ran.out


def test_files_are_written_and_pass_their_tests(curate, crawl, tmp_path):
    out = tmp_path / "mine"
    assert curate("rules", "suggest", crawl, "-o", out, "--status", "active").code == 0
    files = read_all([out]).files
    assert [file.name for file in files] == ["sites/h/harbour.example", "sites/m/mill.example"]
    assert {rule.status for file in files for rule in file.rules} == {"active"}
    assert list(failures(files, of_snippet)) == []
    cleaned = curate("clean", crawl, "-o", "-", "--text", "--preset", "rules-only", "--rules", out).out
    assert "Tide tables" not in cleaned
    assert all(ARTICLE.format(word) in cleaned for word in WORDS)


def test_what_is_there_is_not_written_over(curate, crawl, tmp_path):
    out = tmp_path / "mine"
    curate("rules", "suggest", crawl, "-o", out)
    path = out / "sites" / "h" / "harbour.example.toml"
    path.write_text("# mine\n")
    ran = curate("rules", "suggest", crawl, "-o", out)
    assert ran.code == 2
    assert "is there already and is left as it is; name another folder with -o" in ran.err
    assert path.read_text() == "# mine\n"


def test_what_the_site_s_rules_take_is_not_suggested(curate, crawl, tmp_path):
    own = tmp_path / "own" / "sites" / "h" / "harbour.example.toml"
    own.parent.mkdir(parents=True)
    own.write_text(
        'schema = 1\ndomains = ["harbour.example"]\n[[rule]]\nid = "tide"\ncategory = "nav-crumbs"\nwhy = "In the menu of the page."\n'
        'action = "drop-line"\nline = "Tide tables"\n'
    )
    for status in ("active", "experimental"):
        own.write_text(own.read_text().partition("status")[0] + f'status = "{status}"\n')
        out = tmp_path / status
        ran = curate("rules", "suggest", crawl, "-o", out, "--rules", tmp_path / "own")
        assert ran.code == 0
        path = out / "sites" / "h" / "harbour.example-more.toml"
        assert "sites/h/harbour.example.toml is in force already" in path.read_text()
        assert [rule["line"] for rule in tomllib.loads(path.read_text())["rule"]] == ["harbour.example front\n"]


def test_text_files_have_the_site_that_is_told(curate, tmp_path):
    for number, word in enumerate(WORDS):
        (tmp_path / "harbour.example").mkdir(exist_ok=True)
        (tmp_path / "harbour.example" / f"{number}.txt").write_text("Tide tables\n" + ARTICLE.format(word))
    assert "Tide tables" in curate("rules", "suggest", tmp_path, "--site-from", "folder").out
    ran = curate("rules", "suggest", tmp_path)
    assert ran.code == 2
    assert "no page is of a site that is known" in ran.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--pages", "1"], "Expected `int` >= 2"),
        (["--share", "2"], "Expected `float` <= 1"),
        (["--pages", "many"], "not a valid integer"),
        (["--status", "retired"], "is not one of"),
        (["--rules", "nowhere"], "no such rule folder"),
    ],
)
def test_wrong_options_are_told(curate, crawl, options, message):
    ran = curate("rules", "suggest", crawl, *options)
    assert ran.code == 2
    assert message in ran.err


def test_a_configuration_without_rules_is_refused(curate, crawl, tmp_path):
    (tmp_path / "none.toml").write_text("# no steps\n")
    assert "no site-rules step" in curate("rules", "suggest", crawl, "--config", tmp_path / "none.toml").err


def test_few_pages_are_told(curate, crawl, tmp_path):
    ran = curate("rules", "suggest", crawl, "--of", "5", "-o", tmp_path / "mine")
    assert ran.code == 0
    assert "4 different pages; at least 5 are needed" in ran.err
    assert not (tmp_path / "mine").exists()


@pytest.fixture
def run(curate, tmp_path):
    """A finished run over five pages of a site that repeats a line, in HTML and as text, and over some of another one that does not."""
    lines = ["Tide tables for {1}", ARTICLE.strip(), "Old words of the {0}", "Share"]
    pages = [("\n".join(lines).format(word, number), f"https://harbour.example/{word}") for number, word in enumerate(WORDS)]
    pages[:3] = [(text + "\nMoorings to let", url) for text, url in pages[:3]]
    pages.append(
        ("<body>" + "".join(f"<p>{line}</p>" for line in "\n".join(lines).format("skiff", 9).split("\n")), "https://harbour.example/skiff")
    )
    pages += [(ARTICLE.format(word) + f"Seen from the {word}", f"https://mill.example/{word}") for word in WORDS]
    crawl = tmp_path / "crawl.jsonl"
    crawl.write_text("".join(json.dumps({"html" if text.startswith("<") else "text": text, "url": url}) + "\n" for text, url in pages))
    config = tmp_path / "config.toml"
    config.write_text('extends = "rules-only"\n[[step]]\nname = "site-lines"\naction = "report"\n')
    out = tmp_path / "run"
    assert curate("clean", crawl, "--config", config, "-o", out).code == 0
    return out


def test_a_run_says_which_lines_of_which_hosts_recur(curate, run, tmp_path):
    out = tmp_path / "mine"
    ran = curate("rules", "suggest", "--run", run, "-o", out)
    assert ran.code == 0, ran.err
    [file] = read_all([out]).files
    assert file.name == "sites/h/harbour.example"
    [rule] = file.rules
    assert (rule.line[:15], rule.digits) == ("Tide tables for", "any")
    assert [rule.evidence.pages for rule in file.rules] == [5], "the HTML page is one of them"
    assert list(failures([file], of_snippet)) == []
    assert "mill.example" not in ran.err
    assert "Moorings to let" in curate("rules", "suggest", run.parent / "crawl.jsonl").out, "three pages are enough for it, not for the run"


@pytest.mark.parametrize("given", [[], ["pages", "--run", "out"]])
def test_pages_or_a_run_are_named_and_not_both(curate, given):
    ran = curate("rules", "suggest", *given)
    assert ran.code == 2
    assert "name either pages or, with --run, the folder of a finished run" in ran.err


def test_a_run_without_what_was_found_is_told(curate, run, tmp_path):
    lines = run / ".curate" / "settle" / "site-lines" / "lines.jsonl"
    lines.write_bytes(b"")
    assert "found no line that recurs" in curate("rules", "suggest", "--run", run).err
    lines.unlink()
    ran = curate("rules", "suggest", "--run", run)
    assert ran.code == 2
    assert "the run had no step site-lines, or its folder .curate was deleted" in ran.err
    assert "holds no finished run" in curate("rules", "suggest", "--run", tmp_path).err
