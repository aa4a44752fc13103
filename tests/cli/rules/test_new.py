"""`curate rules new`."""

import tomllib

import pytest

from curate.formats.html import of_snippet
from curate.rules.load import built_in, read_all
from curate.workbench import keep
from curate.workbench.test import test as failures

PAGE = """<html lang="en"><head><title>The {0} at Oxney</title><meta property="og:site_name" content="Harbour Gazette">
<link rel="canonical" href="https://{1}/{0}"></head><body><div class="bar">Gazette front</div>
<div class="login-box"><p>Sign in to read on</p></div>
<p>The {0} at Oxney was painted twice in one summer, and nobody on either bank could say why it was done.</p>
<p>Its keeper has a {0} of his own, and opens it on the first Monday after the swallows have gone.</p>
<div class="foot"><p>Follow the Harbour Gazette along the coast</p></div></body></html>"""
WORDS = ("ferry", "mill", "lantern", "weir")


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("CURATE_CACHE", str(tmp_path_factory.getbasetemp() / "rules-cache"))


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def assert_sound(folder):
    """That the rules of a folder pass their own tests and hit no line of the keep-corpus; quicker than the commands that say so."""
    files = read_all([folder]).files
    assert list(failures(files, of_snippet)) == []
    assert keep.hits(keep.read([built_in()]), files) == []


@pytest.fixture
def pages(tmp_path):
    folder = tmp_path / "pages"
    folder.mkdir()
    for word in WORDS:
        (folder / f"{word}.html").write_text(PAGE.format(word, "www.harbour.example"))
    return folder


def test_a_pasted_line_becomes_a_rule(curate, here):
    ran = curate(
        "rules",
        "new",
        "https://www.harbour.example/x",
        "--line",
        "Bitte laden Sie die Seite neu, um weiter zu lesen",
        "--today",
        "2026-11-20",
    )
    path = here / "my-rules" / "sites" / "h" / "harbour.example.toml"
    assert (ran.code, ran.out.strip()) == (0, str(path.relative_to(here)))
    assert f"next: curate rules test {path.relative_to(here)}" in ran.err
    found = tomllib.loads(path.read_text())
    assert found["domains"] == ["harbour.example"]
    assert found["language"] == ["de"]
    [rule] = found["rule"]
    assert (rule["status"], str(rule["verified"]), rule["action"]) == ("active", "2026-11-20", "drop-line")
    assert_sound(here / "my-rules")


def test_without_a_line_there_is_a_beginning(curate, here):
    assert curate("rules", "new", "mill.example").code == 0
    path = here / "my-rules" / "sites" / "m" / "mill.example.toml"
    assert tomllib.loads(path.read_text()) == {"schema": 1, "domains": ["mill.example"]}
    assert_sound(here / "my-rules")
    filled = path.read_text().replace("# [[", "[[").splitlines()
    start = next(number for number, line in enumerate(filled) if line == "[[rule]]")
    path.write_text("\n".join([*filled[: start + 1], *(line.removeprefix("# ") for line in filled[start + 1 :])]) + "\n")
    [file] = read_all([here / "my-rules"]).files
    assert file.rules[0].id == "signed-in", "the example is a rule"
    assert_sound(here / "my-rules")


def test_pages_give_the_head_and_more_rules(curate, here, pages):
    (here / "rules").mkdir()
    (pages / "stranger.html").write_text(PAGE.format("crow", "crow.example"))
    ran = curate("rules", "new", "harbour.example", pages, "--line", "Sign in to read on")
    assert ran.code == 0
    assert "of crow.example and not of harbour.example, so left out: 1 page" in ran.err
    assert "curate rules try rules/sites/h/harbour.example.toml" in ran.err
    path = here / "rules" / "sites" / "h" / "harbour.example.toml"
    found = tomllib.loads(path.read_text())
    assert found["site"] == "Harbour Gazette"
    assert found["language"] == ["en"]
    assert found["signs"] == "Follow the Harbour Gazette along the coast\n"
    first = found["rule"][0]
    assert (first["status"], first["line"]) == ("active", "Sign in to read on\n")
    assert {rule["status"] for rule in found["rule"][1:]} == {"experimental"}
    mined = "".join(rule["line"] for rule in found["rule"][1:])
    assert "Gazette front" in mined
    assert "Sign in" not in mined, "it has its rule"
    assert "#   .login-box   on 4 of 4 pages, with the line in it on 4, 72 characters" in path.read_text()
    assert_sound(here / "rules")


def test_a_part_of_a_line_is_taken_as_it_stands(curate, here, pages):
    ran = curate("rules", "new", "harbour.example", pages, "--line", "Follow the", "--line", "Sign in to read it all")
    assert "--line 'Follow the' is no line of its own: on 4 of 4 pages it stands in longer ones" in ran.err
    assert "stands on none of 4 pages; the nearest is 'sign in to read on'" in ran.err
    rules = tomllib.loads((here / "my-rules/sites/h/harbour.example.toml").read_text())["rule"]
    assert rules[0]["line_starts"] == "Follow the\n"
    assert rules[0]["drops"] == "Follow the Harbour Gazette along the coast\n"
    assert_sound(here / "my-rules")


def test_what_a_rule_takes_already_is_told(curate):
    ran = curate("rules", "new", "harbour.example", "--line", "Share this article", "--line", "Share  this article")
    assert ran.code == 0
    assert ran.err.count("takes it already") == 1


def test_nothing_is_written_over(curate, here):
    assert curate("rules", "new", "harbour.example").code == 0
    before = (here / "my-rules/sites/h/harbour.example.toml").read_text()
    ran = curate("rules", "new", "harbour.example", "--line", "Tide tables of the harbour")
    assert ran.code == 0
    assert (here / "my-rules/sites/h/harbour.example.toml").read_text() == before
    assert "Tide tables of the harbour" in (here / "my-rules/sites/h/harbour.example-more.toml").read_text()
    assert curate("rules", "new", "harbour.example").code == 0
    assert (here / "my-rules/sites/h/harbour.example-more-2.toml").exists()


def test_a_site_that_has_a_file_gets_one_beside_it(curate, here):
    path = here / "own/sites/h/harbour.example.toml"
    path.parent.mkdir(parents=True)
    path.write_text('schema = 1\ndomains = ["harbour.example"]\n')
    assert curate("rules", "new", "harbour.example", "--rules", "own").code == 0
    assert (here / "my-rules/sites/h/harbour.example-more.toml").exists()


def test_a_line_of_the_keep_corpus_is_refused(curate, here):
    line = "Advertising on the old tram lines"
    ran = curate("rules", "new", "harbour.example", "--line", line)
    assert ran.code == 2
    assert "would take a line that articles have" in ran.err
    assert not (here / "my-rules").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["../../etc"], "is no domain"),
        (["harbour"], "is no domain"),
        (["harbour.example", "nowhere.html"], "there is no file or folder"),
        (["harbour.example", "--line", " "], "has nothing in it"),
        (["harbour.example", "--line", "X"], "so short"),
        (["harbour.example", "--line", "tide \udc80"], "what no page shows"),
        (["harbour.example", "--line", "\u00ad"], "nothing in it"),
        (["harbour.example", "--pages", "1"], "Expected `int` >= 2"),
    ],
)
def test_what_cannot_be_is_told(curate, here, arguments, message):
    ran = curate("rules", "new", *arguments)
    assert ran.code == 2
    assert message in ran.err
    assert not (here / "my-rules").exists()


def test_pages_of_other_sites_alone_are_refused(curate, pages):
    ran = curate("rules", "new", "mill.example", pages)
    assert ran.code == 2
    assert "none of the pages is of mill.example" in ran.err


def test_a_line_of_any_signs_reads_back(curate, here):
    line = """It's '''odd''' "here" \\d # [[rule]]"""
    assert curate("rules", "new", "harbour.example", "--line", line).code == 0
    [rule] = tomllib.loads((here / "my-rules/sites/h/harbour.example.toml").read_text())["rule"]
    assert rule["line"] == line + "\n"
    assert_sound(here / "my-rules")
    assert curate("rules", "lint", "my-rules").code == 0
