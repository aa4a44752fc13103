"""Rules found by what people call them, inside the rule folders and outside."""

import pytest

from curate.errors import ConfigError, UsageError
from curate.workbench.named import Shelf, described, place, standing

FILE = """\
schema = 1
language = ["en"]

[[rule]]
id = "rate"
category = "share-bar"
why = "Printed around the landing."
action = "drop-line"
line = '''
Rate this crossing
Rate   THIS ferry
Rate this mill
Rate this heron
'''
where = { first = 3, after = "The quay" }
was = ["rating"]

[[rule]]
id = "moor"
category = "share-bar"
why = "Printed below the landing."
action = "drop-line"
line = "Moor here"
status = "retired"
"""


@pytest.fixture
def shelf(tmp_path):
    path = tmp_path / "rules" / "generic" / "en" / "quay.toml"
    path.parent.mkdir(parents=True)
    path.write_text(FILE, encoding="utf-8")
    (tmp_path / "rules" / "pack.toml").write_text('name = "quays"\nversion = "4"\n')
    return Shelf([tmp_path / "rules"])


@pytest.mark.parametrize(
    ("said", "ids"),
    [
        ("generic/en/quay#rate", ["rate"]),
        ("generic/en/quay#rate@3", ["rate"]),
        ("generic/en/quay#rating", ["rate"]),
        ("generic/en/quay", ["rate", "moor"]),
        ("{}/rules/generic/en/quay.toml", ["rate", "moor"]),
        ("{}/rules/generic/en/quay.toml#moor", ["moor"]),
    ],
)
def test_a_rule_goes_by_its_id_its_path_and_ids_it_had(shelf, tmp_path, said, ids):
    found = shelf.named(said.format(tmp_path))
    assert [rule.id for rule in found.rules] == ids
    assert (found.file.name, found.file.version) == ("generic/en/quay", "4")


@pytest.mark.parametrize(
    ("path", "head", "name"),
    [
        ("mine/generic/de/kai.toml", 'language = ["de"]', "generic/de/kai"),
        ("loose.toml", 'domains = ["mill.example"]', "sites/l/loose"),
        ("loose.toml", 'language = ["de"]', "generic/de/loose"),
        ("loose.toml", 'language = ["*"]', "generic/any/loose"),
    ],
)
def test_a_file_outside_the_folders_is_named_by_where_it_lies_or_what_it_says(shelf, tmp_path, path, head, name):
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_text(FILE.replace('language = ["en"]', head))
    assert shelf.named(str(tmp_path / path)).file.name == name


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("generic/en/quay#rat", "there is no rule 'rat'; the nearest is 'rate'"),
        ("generic/en/qay#rate", "there is no rule file 'generic/en/qay'; the nearest are 'generic/en/quay'"),
        ("nothing", "there is no rule or rule file 'nothing'"),
        ("", "there is no rule or rule file ''"),
        ("#", "there is no rule or rule file '#'"),
    ],
)
def test_what_is_not_there_is_an_error_with_what_is_near(shelf, said, message):
    with pytest.raises(UsageError) as problem:
        shelf.named(said)
    assert message in str(problem.value)


def test_a_broken_file_and_a_folder_that_is_not_there_are_told(shelf, tmp_path):
    (tmp_path / "broken.toml").write_text("schema = \n")
    with pytest.raises(ConfigError, match=r"broken\.toml:1"):
        shelf.named(str(tmp_path / "broken.toml"))
    with pytest.raises(ConfigError, match="there is no such rule folder"):
        Shelf([tmp_path / "none"])


@pytest.mark.usefixtures("shelf")
def test_of_two_files_with_one_name_that_of_the_first_folder_counts(tmp_path):
    own = tmp_path / "own" / "generic" / "en" / "quay.toml"
    own.parent.mkdir(parents=True)
    own.write_text(FILE.replace('"moor"', '"anchor"'))
    both = Shelf([tmp_path / "own", tmp_path / "rules"])
    assert [rule.id for rule in both.file("generic/en/quay").rules] == ["rate", "anchor"]
    with pytest.raises(UsageError):
        both.named("generic/en/quay#moor")


@pytest.mark.parametrize(("text", "line"), [("", 4), ("rate this ferry", 11), ("moor here", 23), ("not there", 4)])
def test_a_literal_stands_on_its_own_line(shelf, tmp_path, text, line):
    found = shelf.file("generic/en/quay")
    assert place(found, int(text == "moor here"), text) == f"{tmp_path}/rules/generic/en/quay.toml:{line}"


def test_all_that_a_rule_says_is_described(shelf, tmp_path):
    assert list(described(shelf.named("generic/en/quay#rate"), 0)) == [
        ("rule", "generic/en/quay#rate@4"),
        ("file", f"{tmp_path}/rules/generic/en/quay.toml:4"),
        ("holds", "on pages in en"),
        ("category", "share-bar"),
        ("why", "Printed around the landing."),
        ("action", "drop-line"),
        ("line", "Rate this crossing | Rate   THIS ferry | Rate this mill … (4 in all)"),
        ("where", "first 3, after the line 'The quay'"),
        ("status", "active"),
        ("was", "rating"),
        ("max_chars", "200 (default)"),
    ]


@pytest.mark.parametrize(
    ("rule", "found", "remarks"),
    [
        ("generic/en/quay#rate@4", 1, []),
        ("generic/en/quay#rate@3", 1, ["the run had version 3 of its pack, which is at 4 now"]),
        ("generic/en/quay#rating@4", 1, ["it is called generic/en/quay#rate now"]),
        ("generic/en/quay#moor@4", 1, ["it is retired now"]),
        ("generic/en/quay#gone@4", 0, ["it is gone: "]),
        ("sites/x/y#gone@4", 0, ["there is no rule file sites/x/y"]),
        ("exact", 0, []),
        ("", 0, []),
    ],
)
def test_a_rule_of_a_ledger_stands_where_it_stands_now(shelf, rule, found, remarks):
    now = standing(rule, shelf)
    assert len(now.found) == found
    assert len(now.remarks) == len(remarks)
    assert all(said.startswith(meant) for said, meant in zip(now.remarks, remarks, strict=True))
