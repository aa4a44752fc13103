"""`curate rules why`: which rule took a line of a page, why one stayed, and what became of the rules of a run."""

import gzip
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
line = '''
Rate this crossing
Moor for free
'''

[[rule]]
id = "tides"
category = "related-links"
why = "The box at the head of the page."
action = "drop-line"
line_starts = "Tide tables"
where = { first = 1 }
"""
SITE = """\
schema = 1
domains = ["mill.example"]

[[rule]]
id = "rate"
category = "share-bar"
why = "The column on the mill's own pages."
action = "drop-line"
line = "Rate this crossing"

[[rule]]
id = "wheel"
category = "ui-status"
why = "The element above the mill wheel."
action = "drop-line"
select = ".wheel"
guard = { max_share = 0.5 }
"""


@pytest.fixture
def rules(tmp_path, monkeypatch):
    """A folder of two rule files, with a pack of its own, and nothing behind it."""
    for name, text in (("generic/en/quay", RULES), ("sites/m/mill", SITE)):
        path = tmp_path / "rules" / f"{name}.toml"
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
    (tmp_path / "rules" / "pack.toml").write_text('name = "quays"\nversion = "4"\n')
    (tmp_path / "built-in").mkdir()
    monkeypatch.setattr("curate.rules.load.built_in", lambda: tmp_path / "built-in")
    monkeypatch.setenv("CURATE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("CURATE_RULES", raising=False)
    return tmp_path / "rules"


@pytest.fixture
def why(curate, rules):
    """The command, with these rules."""
    return lambda *arguments, **given: curate("rules", "why", "--rules", rules, *arguments, **given)


@pytest.fixture
def page(tmp_path):
    path = tmp_path / "ferry.txt"
    path.write_text(
        "\n".join(["Rate this crossing", "", *STORY, "Tide tables inside", "Rate that crossing", "\x1b[31mred", ""]), encoding="utf-8"
    )
    return path


def test_a_line_that_was_taken_is_told_with_its_rule_and_where_that_stands(why, page, rules):
    ran = why(f"{page}:1")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "ferry.txt:1  Rate this crossing",
        "paragraph 0 of 7; language en; site unknown: no address is given; packs generic/en",
        "taken by site-rules  generic/en/quay#rate@4",
        "",
        "Rules in force that match the line: site before platform before generic, drop before trim, experimental last",
        " 1  generic/en/quay#rate@4  drop-line, share-bar",
        "      took it",
        f"      {rules}/generic/en/quay.toml:10  line 'rate this crossing'",
        "      Printed below every headline of the landing.",
        "",
        "Rules that match it and are not in force on this page:",
        " -  sites/m/mill#rate@4  drop-line, share-bar",
        (
            "      ✗ site: it is for the pages of sites/m/mill; nothing says whose page this is (--url, --site-from), "
            "and then only whole lines of 5 words and more are dropped"
        ),
        f"      {rules}/sites/m/mill.toml:9  line 'rate this crossing'",
        "      The column on the mill's own pages.",
    ]


def test_the_options_of_reading_hold(why, page):
    out = why(f"{page}:1", "--url", "https://www.mill.example/1").out
    assert "taken by site-rules  sites/m/mill#rate@4" in out
    assert "beaten by sites/m/mill#rate" in out


def test_a_line_that_stayed_ends_with_1_unless_that_is_the_question(why, page):
    ran = why(f"{page}:6")
    assert (ran.code, "stays: no step took anything of it" in ran.out, "--kept tells" in ran.out) == (1, True, True)
    kept = why(f"{page}:6", "--kept")
    assert kept.code == 0
    assert "✗ where: it is paragraph 4 of 7 and not among the first 1" in kept.out
    taken = why(f"{page}:1", "--kept")
    assert (taken.code, "taken by site-rules" in taken.out) == (1, True)


def test_a_line_like_a_known_one_is_told_with_what_differs(why, page, rules):
    out = why(f"{page}:7", "--kept").out
    assert "generic/en/quay#rate  line" in out
    assert "the line says 'that' for 'this'" in out
    assert f"{rules}/generic/en/quay.toml:10" in out
    assert "no literal of any rule is like it" in why(f"{page}:3", "--kept").out


def test_a_line_that_was_cut_is_told_with_what_was_cut_and_counts_as_kept(why, rules, tmp_path):
    path = rules / "generic" / "en" / "quay.toml"
    path.write_text(RULES.replace("drop-line", "trim").replace("line_starts", "line_ends").replace("where = { first = 1 }", ""))
    (tmp_path / "cut.txt").write_text("\n".join([*STORY, "The mill | Tide tables"]))
    for kept in ((), ("--kept",)):
        ran = why(f"{tmp_path}/cut.txt:4", *kept)
        assert (ran.code, "changed by site-rules  generic/en/quay#tides@4  cut '" in ran.out) == (0, True)
    assert "No other rule matches the line." in ran.out


def test_what_another_step_took_is_told_as_the_ledger_has_it(why, tmp_path):
    (tmp_path / "twice.txt").write_text("\n".join([*STORY, STORY[0]]))
    ran = why(f"{tmp_path}/twice.txt:4", "--preset", "page")
    assert (ran.code, f"  it repeats twice.txt:1  {STORY[0]}" in ran.out.splitlines()) == (0, True)
    assert "taken by repeats  exact  1 (limit 1)" in ran.out
    assert why(f"{tmp_path}/twice.txt:4").code == 1, "by rules alone it stays"


def test_paragraphs_of_html_are_counted_as_explain_does(why, curate, tmp_path, rules):
    text = "<html><body><div class='wheel'>Turn the wheel</div>" + "".join(f"<p>{line}</p>" for line in STORY) + "</body></html>"
    (tmp_path / "mill.html").write_text(text)
    asked = ("--rules", rules, "--url", "https://mill.example/1")
    assert "   0 - Turn the wheel" in curate("explain", tmp_path / "mill.html", "--preset", "rules-only", *asked).out
    ran = why(f"{tmp_path}/mill.html:0", *asked)
    assert (ran.code, "taken by site-rules  sites/m/mill#wheel@4" in ran.out) == (0, True)
    assert why(f"{tmp_path}/mill.html:1", *asked).code == 1


def test_a_record_goes_by_its_id_or_its_number(why, tmp_path):
    records = [
        {"id": identity, "text": "\n".join([*STORY, line])} for identity, line in (("a:1", "Moor for free"), ("b", "Rate this crossing"))
    ]
    path = tmp_path / "crawl.jsonl"
    path.write_text("\n".join(map(json.dumps, records)) + "\n")
    assert why(f"{path}:a:1:3").out.startswith("crawl.jsonl:a:1:3  Moor for free\n")
    assert why(f"{path}:2:3").out.startswith("crawl.jsonl:b:3  Rate this crossing\n")
    ran = why(f"{path}:3")
    assert (ran.code, "holds more than one page" in ran.err) == (2, True)
    ran = why(f"{path}:zz:3")
    assert (ran.code, "has no record 'zz', neither as an id nor as a number; it has 2" in ran.err) == (2, True)


def test_a_file_may_have_a_colon_in_its_name_and_standard_input_none(why, tmp_path, page):
    (tmp_path / "a:3").write_bytes(page.read_bytes())
    assert why(f"{tmp_path}/a:3:1").code == 0
    assert why("--", "-:1", stdin=page.read_bytes()).out.startswith("-:1  Rate this crossing\n")


def test_no_control_character_reaches_the_terminal(why, page):
    assert "\x1b" not in why(f"{page}:8", "--kept").out


@pytest.mark.parametrize(
    ("target", "options", "said"),
    [
        ("{}:2", (), "line 2 is blank; the nearest one with text is 1: 'Rate this crossing'"),
        ("{}:99", (), "line 99 does not exist; the nearest one with text is 8"),
        ("{}:0", (), "line 0 does not exist; the nearest one with text is 1"),
        ("{}", (), "is written"),
        ("none.txt:3", (), "there is no file 'none.txt'"),
        ("nothing", (), "'nothing' is none of these"),
        ("generic/en/quay#rte", (), "there is no rule 'rte'; the nearest is 'rate'"),
        ("generic/en/quay#rate", ("--kept",), "--kept goes with a line of a page"),
        ("generic/en/quay#rate", ("--url", "https://a.example/"), "--url goes with a line of a page"),
        ("text", ("--run", "nowhere"), "'nowhere' holds no finished run"),
        ("  ", ("--run", "nowhere"), "has nothing in it that could be looked for"),
        ("text", ("--run", "nowhere", "--kept"), "--kept goes with a line of a page"),
    ],
)
def test_what_cannot_be_answered_gives_2(why, page, target, options, said):
    ran = why(target.format(page), *options)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_a_page_that_cannot_be_read_and_steps_without_rules_give_2(why, curate, page, tmp_path):
    (tmp_path / "binary.txt").write_bytes(bytes(100))
    assert "cannot be read: binary" in why(f"{tmp_path}/binary.txt:1").err
    (tmp_path / "empty.txt").write_text("\n\n")
    assert "has no text" in why(f"{tmp_path}/empty.txt:1").err
    (tmp_path / "none.toml").write_text("# no steps\n")
    ran = curate("rules", "why", f"{page}:1", "--config", tmp_path / "none.toml")
    assert (ran.code, "the configuration has no site-rules step" in ran.err) == (2, True)


def test_a_rule_is_told_by_its_id_and_by_its_file(why, rules):
    told = why("generic/en/quay#tides").out
    assert told.startswith("generic/en/quay#tides@4\n")
    assert f"{rules}/generic/en/quay.toml:14" in told
    assert "first 1" in told
    assert why(f"{rules}/generic/en/quay.toml#tides").out == told
    assert "generic/en/quay#rate@4" in why(f"{rules}/generic/en/quay.toml").out


class TestRun:
    @pytest.fixture
    def out(self, curate, rules, tmp_path, page):
        assert rules.parent == tmp_path
        config = tmp_path / "curate.toml"
        config.write_text('extends = "page"\nrules = ["rules"]\n')
        (tmp_path / "b.txt").write_text("\n".join([*STORY, "RATE  this crossing", STORY[0]]))
        assert curate("clean", page, tmp_path / "b.txt", "--config", config, "-o", tmp_path / "out", "--compress", "zst").code == 0
        return tmp_path / "out"

    def test_removed_lines_are_found_folded_with_their_page_and_rule(self, why, out, rules):
        ran = why("rate   THIS", "--run", out)
        assert ran.code == 0
        assert ran.out.startswith("2 removed lines hold 'rate this':\n\nb.txt  paragraph 3  doc ")
        assert "  RATE  this crossing\n  site-rules  generic/en/quay#rate@4\n" in ran.out
        assert ran.out.splitlines()[-3:] == [
            "2 by site-rules  generic/en/quay#rate@4",
            "  Printed below every headline of the landing.",
            f"  {rules}/generic/en/quay.toml:4  drop-line, share-bar, active",
        ]

    def test_changes_of_any_step_are_found(self, why, out):
        ran = why("nobody on either bank", "--run", out)
        assert "1 by repeats  exact\n" in ran.out
        assert "`curate steps repeats` tells" in ran.out

    def test_a_text_that_no_removed_line_holds_gives_1(self, why, out):
        ran = why("no such line", "--run", out)
        assert (ran.code, ran.out) == (1, "no removed line of the run holds 'no such line'\n")

    def test_the_limit_is_of_lines_and_not_of_what_is_counted(self, why, out):
        told = why("crossing", "--run", out, "--limit", "1").out
        assert told.startswith("2 removed lines hold 'crossing', the first 1:")
        assert told.count("paragraph") == 1
        assert "\n2 by site-rules" in told

    def test_the_rules_of_the_run_are_looked_up_where_it_had_them(self, curate, out, rules, tmp_path):
        told = curate("rules", "why", "rate this", "--run", out)
        assert f"{rules}/generic/en/quay.toml:4" in told.out
        rules.rename(tmp_path / "moved")
        told = curate("rules", "why", "rate this", "--run", out)
        assert told.code == 0
        assert "is not there any more; --rules names another one" in told.err
        assert "✗ there is no rule file generic/en/quay in the rule folders in force" in told.out

    def test_a_rule_that_has_changed_since_says_so(self, why, out, rules):
        path = rules / "generic" / "en" / "quay.toml"
        path.write_text(path.read_text().replace('id = "rate"', 'id = "rate-it"\nwas = ["rate"]\nstatus = "retired"'))
        (rules / "pack.toml").write_text('name = "quays"\nversion = "5"\n')
        told = why("rate this", "--run", out).out
        assert "it is called generic/en/quay#rate-it now" in told
        assert "it is retired now" in told
        assert "the run had version 4 of its pack, which is at 5 now" in told

    def test_a_ledger_without_texts_or_a_broken_one_gives_2(self, why, curate, page, tmp_path, out):
        assert (
            curate(
                "clean", page, "-o", tmp_path / "spans", "--ledger", "spans", "--preset", "rules-only", "--rules", tmp_path / "rules"
            ).code
            == 0
        )
        ran = why("rate", "--run", tmp_path / "spans")
        assert (ran.code, "--ledger spans, which leaves out the removed text" in ran.err) == (2, True)
        (out / "ledger-00001.jsonl.gz").write_bytes(gzip.compress(b'{"doc": 1}\n'))
        ran = why("rate", "--run", out)
        assert (ran.code, "ledger-00001.jsonl.gz is damaged" in ran.err) == (2, True)
