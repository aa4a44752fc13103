"""A rule file that says what curate cannot do is refused, with the line and the key of every mistake."""

from pathlib import Path

import pytest

from curate.errors import ConfigError, Problem
from curate.rules.format import RuleFile, literals, read

# What stands above a rule's own keys here, so that those begin on line 9.
DOMAINS = 'domains = ["harbourtimes.example"]\n'
HEAD = """\
schema = 1
language = ["en"]
domains = ["harbourtimes.example"]
[[rule]]
id = "tide"
category = "share-bar"
why = "Stands below every headline."
action = "drop-line"
"""
SITE = "sites/h/harbourtimes.example"


def write(folder: Path, text: str, name: str = SITE) -> RuleFile:
    path = folder / f"{name}.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return read(path, folder)


def problems(folder: Path, text: str, name: str = SITE) -> list[Problem]:
    with pytest.raises(ConfigError) as caught:
        write(folder, text, name)
    assert all(problem.path == str(folder / f"{name}.toml") for problem in caught.value.problems)
    return list(caught.value.problems)


def problem(folder: Path, text: str, name: str = SITE) -> tuple[int, str, str]:
    [found] = problems(folder, text, name)
    return found.line, found.key, found.message


def test_a_rule_reads_as_it_is_written(tmp_path: Path):
    file = write(
        tmp_path,
        HEAD
        + """\
line = '''
  Rate this tide table

Send this "tide table" to C:\\shore
'''
where = { first = 3, after = "The tide" }
max_chars = 90
""",
    )
    [rule] = file.rules
    assert (file.name, file.kind, file.group) == (SITE, "sites", SITE)
    assert rule.matchers() == [("line", "Rate this tide table"), ("line", 'Send this "tide table" to C:\\shore')]
    assert (rule.where.first, rule.where.last, rule.where.after, rule.max_chars) == (3, None, "The tide", 90)


def test_the_generic_files_of_a_language_are_one_group(tmp_path: Path):
    file = write(tmp_path, HEAD.replace(DOMAINS, "") + 'line = "Rate this tide table"\n', "generic/en/share-bar")
    assert (file.kind, file.group) == ("generic", "generic/en")


def test_literals_are_lines_without_the_blanks_around_them():
    assert literals("\n  one \n\n\ttwo words\r\n") == ("one", "two words")
    assert literals(" \n") == ()


@pytest.mark.parametrize(
    ("text", "line", "key", "says"),
    [
        ('max_char = 90\nline = "Rate this tide"', 9, "rule.max_char", "nearest is 'max_chars'"),
        ('line = "Rate this tide"\nlines_start = "Rate"', 10, "rule.lines_start", "nearest is 'line_starts'"),
        ('line = "Rate this tide"\nfrm = "Rate"', 10, "rule.frm", "nearest is 'from'"),
        ('line = "Rate this tide"\nwhere = { frist = 3 }', 10, "rule.where.frist", "nearest is 'first'"),
        ('line = "Rate this tide"\nmax_chars = 0', 10, "rule.max_chars", "found 0"),
        ('line = "Rate this tide"\nmax_chars = "90"', 10, "rule.max_chars", "found '90'"),
        ('line = ["Rate this tide"]', 9, "rule.line", "found ['Rate this tide']"),
        ('line = "Rate this tide"\nfrom_ = "Rate"', 10, "rule.from_", "unknown key"),
        ('line = "Rate this tide"\nfrom = 3', 10, "rule.from", "found 3"),
        ('line = "Rate this tide"\nguard = { max_share = 2 }', 10, "rule.guard.max_share", "found 2"),
        ('line = "Rate this tide"\nguard = { max_share = 0.2, max_line = 3 }', 10, "rule.guard.max_line", "unknown key"),
        ('line = "Rate this tide"\nguard = {}', 10, "rule.guard", "max_share"),
        ("max_chars = 90", 4, "rule", "no matcher"),
        ("line = '''\n'''", 4, "rule", "no matcher"),
        ('line = "\u00ad"', 9, "rule.line", "folds to nothing"),
        ('line = "Rate this tide"\nmax_lines = 4', 10, "rule.max_lines", "drop-span and drop-block"),
        ('line = "Rate this tide"\nto = "tide"', 8, "rule.action", "from and to go with drop-span"),
        ('line_regex = "(?=rate) this tide"', 9, "rule.line_regex", "is not RE2"),
        ('line_regex = "rate this tide ("', 9, "rule.line_regex", "is not RE2"),
        (r"line_regex = '(rate this tide) \1'", 9, "rule.line_regex", "is not RE2"),
        (r"line_regex = '\d+ .+ ti.'", 9, "rule.line_regex", "no 4 literal characters"),
        (r"line_regex = 'rate|send'", 9, "rule.line_regex", "no 4 literal characters"),
        ("line_regex = 'Rate this tide'", 9, "rule.line_regex", "must say 'rate this tide'"),
        ("line_regex = 'rate this – tide'", 9, "rule.line_regex", "must say 'rate this - tide'"),
        ("line_regex = '.* RATE (?:this|that)'", 9, "rule.line_regex", "can match nothing"),
        ("line_regex = 'Ebb [and] flood'", 9, "rule.line_regex", "can match nothing"),
        ("line = 'Rate this tide'\n[[rule.case]]\nbefore = 'Rate this tide'", 10, "rule.case", "'after' is missing"),
        ("line = 'Rate this tide'\n[[rule.case]]\nbefore = 'x'\nafter = ''\nwhy = ''", 13, "rule.case.why", "unknown key"),
    ],
)
def test_a_mistake_gives_its_line_and_key(tmp_path: Path, text: str, line: int, key: str, says: str):
    found_line, found_key, message = problem(tmp_path, HEAD + text)
    assert (found_line, found_key) == (line, key)
    assert says in message


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("schema = 1", "schema = 2", (1, "schema", "found 2")),
        ("schema = 1", "", (0, "", "'schema' is missing")),
        ("domains =", "domain =", (3, "domain", "nearest is 'domains'")),
        ('language = ["en"]', 'language = "en"', (2, "language", "found 'en'")),
        ('id = "tide"', 'id = "Tide!"', (5, "rule.id", "found 'Tide!'")),
        ('id = "tide"', "", (4, "rule", "'id' is missing")),
        ('"share-bar"', '"sharebar"', (6, "rule.category", "found 'sharebar'")),
        ('why = "Stands below every headline."', 'why = "Because."', (7, "rule.why", "found 'Because.'")),
        ('"drop-line"', '"drop"', (8, "rule.action", "found 'drop'")),
        ("[[rule]]", "[[rules]]", (4, "rules", "nearest is 'rule'")),
        ("[[rule]]", "[rule]", (4, "rule", "[[rule]]")),
    ],
)
def test_a_mistake_in_what_every_file_says_gives_its_line_and_key(tmp_path: Path, old: str, new: str, expected: tuple[int, str, str]):
    assert old in HEAD
    line, key, message = problem(tmp_path, HEAD.replace(old, new) + 'line = "Rate this tide"\n')
    assert (line, key) == expected[:2]
    assert expected[2] in message


@pytest.mark.parametrize("action", ["drop-block", "drop-rest", "drop-span"])
def test_whatever_cuts_more_than_a_line_needs_a_guard(tmp_path: Path, action: str):
    matcher = 'from = "tide begins"\nto = "tide ends"\nmax_lines = 4\n' if action == "drop-span" else 'line = "Rate this tide"\n'
    text = HEAD.replace("drop-line", action) + matcher
    assert problem(tmp_path, text) == (8, "rule.action", f"{action} cuts more than a line and needs guard = {{ max_share = … }}")
    assert write(tmp_path, text + "guard = { max_share = 0.3 }\n")


@pytest.mark.parametrize("missing", ["from", "to", "max_lines"])
def test_a_span_needs_both_marks_and_a_number_of_lines(tmp_path: Path, missing: str):
    keys = {"from": '"tide begins"', "to": '"tide ends"', "max_lines": "4", "guard": "{ max_share = 0.3 }", "line": '"Rate this tide"'}
    text = HEAD.replace("drop-line", "drop-span") + "".join(f"{key} = {value}\n" for key, value in keys.items() if key != missing)
    assert problem(tmp_path, text) == (8, "rule.action", "drop-span needs from, to and max_lines")


@pytest.mark.parametrize(
    ("pattern", "sound"), [("(rate this tide ).+", True), ("rate this tide .+", False), ("(rate) (this tide).+", False)]
)
def test_a_trim_by_a_pattern_has_one_group(tmp_path: Path, pattern: str, *, sound: bool):
    text = HEAD.replace("drop-line", "trim") + f"line_regex = '{pattern}'\n"
    if sound:
        assert write(tmp_path, text)
    else:
        line, key, message = problem(tmp_path, text)
        assert (line, key) == (9, "rule.line_regex")
        assert "its one group" in message


def test_a_part_of_a_line_may_be_short_in_a_site_file_only(tmp_path: Path):
    text = HEAD + 'line_contains = "this tide"\n'
    assert write(tmp_path, text)
    for name in ("generic/en/share-bar", "platform/tidepress"):
        line, key, message = problem(tmp_path, text.replace(DOMAINS, "\n"), name)
        assert (line, key) == (9, "rule.line_contains")
        assert "shorter than 12 characters" in message


def test_an_id_is_used_once(tmp_path: Path):
    text = HEAD + 'line = "Rate this tide"\n' + HEAD[HEAD.index("[[rule]]") :] + 'line = "Send this tide"\n'
    assert problem(tmp_path, text) == (11, "rule.id", "'tide' is the id of an earlier rule")


def test_the_second_use_of_an_id_is_found_below_a_rule_with_a_mistake(tmp_path: Path):
    rule = HEAD[HEAD.index("[[rule]]") :]
    text = HEAD.replace('"tide"', '"ebb"') + "mistake = 1\n" + rule + 'line = "Rate this tide"\n' + rule + 'line = "Send this tide"\n'
    found = problems(tmp_path, text)
    assert [(p.line, p.key) for p in found] == [(9, "rule.mistake"), (17, "rule.id")]


@pytest.mark.parametrize("name", ["harbourtimes", "site/h/harbourtimes", "en/share-bar"])
def test_a_file_lies_where_its_kind_of_rules_lie(tmp_path: Path, name: str):
    line, _, message = problem(tmp_path, HEAD + 'line = "Rate this tide"\n', name)
    assert line == 0
    assert "lies below generic/<language>/, platform/ or sites/<letter>/" in message


def test_a_generic_file_names_its_language_and_a_site_file_its_domains(tmp_path: Path):
    text = HEAD + 'line = "Rate this tide"\n'
    assert "names its language" in problem(tmp_path, text.replace('language = ["en"]', ""), "generic/en/share-bar")[2]
    assert "names its domains" in problem(tmp_path, text.replace('domains = ["harbourtimes.example"]', ""))[2]


def test_all_mistakes_of_a_file_come_at_once(tmp_path: Path):
    text = """\
schema = 1
signs = 3
sites = "Harbour Times"
[[rule]]
id = "tide"
category = "tides"
why = "Stands below every headline."
action = "drop-rest"
line = "Rate this tide"
[[rule]]
id = "ebb"
category = "share-bar"
why = "Stands below every headline."
action = "drop-rest"
line_regex = "Ebb flood"
"""
    found = problems(tmp_path, text)
    assert [(p.line, p.key) for p in found] == [
        (2, "signs"),
        (3, "sites"),
        (6, "rule.category"),
        (14, "rule.action"),
        (15, "rule.line_regex"),
    ]
    assert str(found[0]).startswith(f"{tmp_path / SITE}.toml:2: signs: ")


def test_what_is_not_toml_says_where(tmp_path: Path):
    line, key, message = problem(tmp_path, HEAD + "line = Rate this tide\n")
    assert (line, key) == (9, "")
    assert "not valid TOML" in message


def test_what_is_not_utf_8_is_a_problem_of_the_file(tmp_path: Path):
    path = tmp_path / "platform" / "tidepress.toml"
    path.parent.mkdir()
    path.write_bytes(b'schema = 1\nsite = "F\xe4hre"\n')
    with pytest.raises(ConfigError, match="cannot be read"):
        read(path, tmp_path)
