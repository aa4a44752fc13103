"""`curate rules try`: what a rule would take, told before it is in force."""

import json

import pytest

STORY = (
    "The ferry at Oxney was painted twice in one summer, and nobody on either bank could say why.",
    "Its keeper keeps a tin of each colour in the shed and opens neither before the swallows have gone.",
    "Passengers have been told to sit still until it dries, which will be the second week of October.",
)
RULES = """\
schema = 1
language = ["en"]

[[rule]]
id = "rate"
category = "share-bar"
why = "Printed below every headline of the landing."
action = "drop-line"
line = "Rate this crossing"
status = "experimental"

[[rule]]
id = "all"
category = "share-bar"
why = "Whatever is to be rated on the landing."
action = "drop-line"
line_starts = "Rate"
drops = "Rate this mill"
keeps = "Ferries rate highly."
"""
SITE = 'schema = 1\ndomains = ["mill.example"]\n' + RULES.partition("\n\n")[2].partition("\n\n")[0].replace("[[rule]]", "\n[[rule]]")


@pytest.fixture
def rules(tmp_path, monkeypatch):
    for name, text in (("generic/en/quay", RULES), ("sites/m/mill", SITE)):
        path = tmp_path / "rules" / f"{name}.toml"
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
    (tmp_path / "built-in").mkdir()
    monkeypatch.setattr("curate.rules.load.built_in", lambda: tmp_path / "built-in")
    monkeypatch.setenv("CURATE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("CURATE_RULES", raising=False)
    return tmp_path / "rules"


@pytest.fixture
def pages(tmp_path):
    """Two pages of one site and a third of another, all in English."""
    records = [
        {"id": "one", "url": "https://quay.example/1", "text": "\n".join([STORY[0], "Rate this crossing", *STORY[1:]])},
        {"id": "two", "url": "https://quay.example/2", "text": "\n".join([*STORY, "Rate this crossing", "Rate this mill"])},
        {"id": "three", "url": "https://mill.example/", "text": "\n".join([*STORY, "Rate this crossing"])},
    ]
    path = tmp_path / "crawl.jsonl"
    path.write_text("\n".join(map(json.dumps, records)) + "\n")
    return path


@pytest.fixture
def trial(curate, rules):
    """The command, with these rules."""
    return lambda *arguments, **given: curate("rules", "try", "--rules", rules, *arguments, **given)


def test_what_a_rule_would_take_is_counted_and_shown(trial, pages, rules):
    ran = trial("generic/en/quay#rate", pages)
    assert (ran.code, ran.err) == (0, "")
    chars = sum(map(len, STORY)) * 3 + 3 * 18 + 14
    assert ran.out.splitlines()[:17] == [
        "generic/en/quay#rate  drop-line, share-bar; experimental, tried as if it were active",
        f"{rules}/generic/en/quay.toml:4  Printed below every headline of the landing.",
        "pages        3 of 3 hit (100.00%); 3 are under generic/en",
        "lines        3 taken",
        f"characters   54 of {chars} ({54 / chars:.2%})",
        "sites        2: quay.example 2, mill.example 1",
        f"most         {18 / (sum(map(len, STORY)) + 18):.1%} of one page, crawl.jsonl:one",
        "empties      0 pages",
        "others       3 (100.00%) of them other rules in force take anyway: generic/en/quay#all 3",
        "keep-corpus  0 of 0 body lines hit",
        "examples     all pass",
        "",
        "The lines:",
        "",
        "crawl.jsonl:one:1  quay.example  also generic/en/quay#all",
        f"    {STORY[0]}",
        "  - Rate this crossing",
    ]


def test_a_site_s_rule_is_tried_on_its_pages_and_with_everywhere_on_all(trial, pages):
    here = trial("sites/m/mill#rate", pages).out
    assert "pages        1 of 3 hit (33.33%); 1 are under sites/m/mill" in here
    everywhere = trial("sites/m/mill#rate", pages, "--everywhere").out
    assert "pages        3 of 3 hit (100.00%); tried on all of them" in everywhere


def test_a_rule_whose_pack_no_page_is_under_says_so(trial, tmp_path):
    (tmp_path / "quay.txt").write_text("\n".join(STORY))
    ran = trial("sites/m/mill#rate", tmp_path / "quay.txt", "--url", "https://quay.example/")
    assert (ran.code, "none of the pages is under sites/m/mill: --everywhere tries it on all of them" in ran.out) == (0, True)


def test_all_rules_of_a_file_are_tried_each_with_its_counts(trial, pages, rules):
    out = trial(rules / "generic" / "en" / "quay.toml", pages).out
    assert "generic/en/quay#rate  drop-line, share-bar; experimental, tried as if it were active  3 lines, 3 pages" in out
    assert "generic/en/quay#all  drop-line, share-bar  1 line, 1 page" in out


def test_a_file_outside_the_rule_folders_is_tried(trial, pages, tmp_path):
    (tmp_path / "draft.toml").write_text(RULES.replace("Rate this crossing", "Rate this mill"))
    out = trial(f"{tmp_path}/draft.toml#rate", pages).out
    assert "lines        1 taken" in out
    assert f"{tmp_path}/draft.toml:4" in out


def test_a_pasted_line_is_tried_on_everybody_s_pages(trial, pages):
    out = trial("--line", "rate this  MILL", "--line", "Rate this crossing", pages).out
    assert "lines        4 taken" in out
    assert "tried on all of them" in out


def test_a_draw_is_the_same_for_a_seed(trial, pages):
    first = trial("generic/en/quay", pages, "--show", "1").out
    assert "1 of the 4 lines, drawn at random (--seed 0):" in first
    assert first == trial("generic/en/quay", pages, "--show", "1", "--seed", "0").out
    draws = {
        trial("generic/en/quay", pages, "--show", "1", "--seed", seed).out.partition("drawn")[2].partition("\n")[2] for seed in range(6)
    }
    assert len(draws) > 1
    assert "drawn" not in trial("generic/en/quay", pages, "--show", "0").out


def test_a_body_line_that_is_hit_or_an_example_that_fails_gives_1(trial, pages, rules):
    path = rules / "generic" / "en" / "quay.toml"
    (rules / "keep").mkdir()
    (rules / "keep" / "en.txt").write_text("Rate of tide and rate of pay were the same.\n")
    ran = trial("generic/en/quay#all", pages)
    assert ran.code == 1
    assert "keep-corpus  1 of 1 body lines hit" in ran.out
    assert f"{rules}/keep/en.txt:1  Rate of tide and rate of pay were the same." in ran.out
    assert trial("generic/en/quay#rate", pages).code == 0
    path.write_text(RULES.replace("Ferries rate highly", "Rate highly"))
    ran = trial("generic/en/quay#all", pages)
    assert "examples     1 fail" in ran.out
    assert "generic/en/quay#all noisy: Rate highly." in ran.out


def test_pages_that_would_be_emptied_are_named(trial, tmp_path):
    (tmp_path / "short.txt").write_text("Rate this crossing\n")
    assert "empties      1 page: short.txt" in trial("--line", "Rate this crossing", tmp_path / "short.txt").out


def test_html_is_tried_by_its_elements(trial, tmp_path):
    (tmp_path / "draft.toml").write_text(SITE.replace('line = "Rate this crossing"', "select = '.wheel'\nguard = { max_share = 0.9 }"))
    (tmp_path / "mill.html").write_text("<html><body><p class='wheel'>Turn</p>" + "".join(f"<p>{line}</p>" for line in STORY))
    options = (f"{tmp_path}/draft.toml#rate", tmp_path / "mill.html")
    assert "mill.html:0" in trial(*options, "--url", "https://mill.example/1").out
    assert "lines        0 taken" in trial(*options, "--url", "https://quay.example/1").out
    assert "lines        1 taken" in trial(*options, "--url", "https://quay.example/1", "--everywhere").out


def test_a_page_that_cannot_be_read_is_told_and_gives_1(trial, tmp_path):
    (tmp_path / "binary.txt").write_bytes(bytes(100))
    ran = trial("generic/en/quay#rate", tmp_path / "binary.txt")
    assert ran.code == 1
    assert "1 of 1 pages could not be read: binary" in ran.err
    assert "pages        0 of 0 hit" in ran.out


def test_standard_input_is_tried(trial):
    assert "lines        1 taken" in trial("--line", "Rate it", "-", stdin="\n".join([*STORY, "Rate it"]).encode()).out


def test_no_control_character_reaches_the_terminal(trial):
    said = "\n".join([STORY[0], "Rate it", "\x1b[31mred"])
    assert "\x1b" not in trial("--line", "Rate it", "-", stdin=said.encode()).out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "name a rule, and then the pages to try it on"),
        (("generic/en/quay#rate",), "name a rule, and then the pages to try it on"),
        (("--line", "Rate it"), "name the pages to try the line on"),
        (("--line", " ", "-"), "has nothing in it that could be matched"),
        (("generic/en/quay#rte", "-"), "there is no rule 'rte'; the nearest is 'rate'"),
        (("nothing.toml", "-"), "there is no rule or rule file 'nothing.toml'"),
        (("generic/en/quay#rate", "none.txt"), "there is no file or folder 'none.txt'"),
        (("generic/en/quay#rate", "-", "--show", "-1"), "-1 is not in the range"),
    ],
)
def test_what_cannot_be_tried_gives_2(trial, arguments, said):
    ran = trial(*arguments, stdin=b"One line.")
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_steps_without_rules_give_2(curate, tmp_path):
    (tmp_path / "none.toml").write_text("# no steps\n")
    ran = curate("rules", "try", "--line", "Rate it", "-", "--config", tmp_path / "none.toml", stdin=b"One line.")
    assert (ran.code, "has no site-rules step" in ran.err) == (2, True)
