"""Configurations: what extends what, where a step ends up, and every mistake of a file with its line, all at once."""

import shutil
from pathlib import Path

import pytest

from curate.config import Config, load, presets
from curate.errors import ConfigError, UsageError
from curate.formats.limits import Limits
from curate.pipeline import Pipeline

PAGE = ["fix-encoding", "language", "site-rules", "page-model", "repeats", "min-chars"]
PACKS = Path(__file__).parent / "rules" / "packs"


def write(folder: Path, text: str, name: str = "curate.toml") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def config(folder: Path, text: str) -> Config:
    return load(write(folder, text))


def names(config: Config) -> list[str]:
    return [entry.name for entry in config.entries]


def parameters(config: Config, name: str) -> dict[str, object]:
    [found] = [entry.parameters for entry in config.entries if entry.name == name]
    return found


def problems(folder: Path, text: str) -> list[tuple[int, str, str]]:
    path = write(folder, text)
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert {problem.path for problem in caught.value.problems} == {str(path)}
    return [(problem.line, problem.key, problem.message) for problem in caught.value.problems]


# Presets.


@pytest.mark.parametrize("name", presets())
def test_every_preset_loads_and_runs(name: str):
    found = load(name)
    assert [placed.name for placed in found.pipeline().steps] == names(found)
    assert [placed.name for placed in Pipeline.from_config(name).steps] == names(found)


def test_the_page_preset_has_its_steps_in_order():
    assert names(load("page")) == PAGE
    assert names(load("rules-only")) == ["language", "site-rules"]
    for name in ("careful", "strict"):
        assert names(load(name)) == PAGE
    assert load("page").limits == Limits()


def test_the_corpus_preset_is_the_page_preset_and_steps_across_documents_which_see_the_model_s_measures():
    across = ["site-lines", "duplicate-documents", "duplicate-paragraphs"]
    found = load("corpus")
    assert names(found) == [*PAGE[:-1], *across, PAGE[-1]]
    assert [entry.name for entry in found.entries if entry.store] == ["page-model"]
    assert [placed.name for placed in found.pipeline().across] == across


def test_a_preset_that_there_is_not_names_the_nearest():
    with pytest.raises(UsageError, match="the nearest is 'page'"):
        load("pages")


def test_a_file_that_there_is_not_is_a_problem(tmp_path: Path):
    with pytest.raises(ConfigError, match="cannot be read") as caught:
        load(tmp_path / "curate.toml")
    assert caught.value.problems[0].path == str(tmp_path / "curate.toml")


# Extending.


def test_without_extends_the_steps_are_those_listed(tmp_path: Path):
    text = '[[step]]\nname = "repeats"\n[[step]]\nname = "language"\n'
    assert names(config(tmp_path, text)) == ["repeats", "language"]
    assert names(config(tmp_path, "")) == []


def test_a_step_of_a_preset_is_changed_where_it_stands(tmp_path: Path):
    found = config(tmp_path, 'extends = "page"\n[[step]]\nname = "repeats"\njaccard = 0.7\n')
    assert names(found) == PAGE
    assert parameters(found, "repeats") == {"jaccard": 0.7}
    assert found.pipeline().steps[PAGE.index("repeats")].step.jaccard == 0.7


def test_parameters_add_up_from_file_to_file(tmp_path: Path):
    write(tmp_path, 'extends = "page"\n[[step]]\nname = "repeats"\njaccard = 0.7\nmost = 0.4\n', "base.toml")
    found = config(tmp_path, 'extends = "base.toml"\n[[step]]\nname = "repeats"\njaccard = 0.8\n')
    assert parameters(found, "repeats") == {"jaccard": 0.8, "most": 0.4}


def test_a_file_extends_one_beside_it_from_wherever_it_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write(tmp_path, 'extends = "page"\n[limits]\nline = 5\n', "base/base.toml")
    path = write(tmp_path, 'extends = "../base/base.toml"\n', "mine/curate.toml")
    monkeypatch.chdir(tmp_path.parent)
    assert load(path).limits.line == 5
    assert names(load(str(path))) == PAGE


def test_a_preset_s_name_comes_before_a_file_s(tmp_path: Path):
    write(tmp_path, "", "page")
    assert names(config(tmp_path, 'extends = "page"\n')) == PAGE


@pytest.mark.parametrize(
    ("wanted", "says"), [("pag", "nearest is 'page'"), ("base.toml", "there is no preset or file"), ("", "there is no")]
)
def test_what_is_extended_must_be_there(tmp_path: Path, wanted: str, says: str):
    [(line, key, message)] = problems(tmp_path, f'\nextends = "{wanted}"\n')
    assert (line, key) == (2, "extends")
    assert says in message


@pytest.mark.parametrize("wanted", ['["page"]', "3", "true"])
def test_what_is_extended_is_one_name(tmp_path: Path, wanted: str):
    [(line, key, message)] = problems(tmp_path, f"extends = {wanted}\n")
    assert (line, key) == (1, "extends")
    assert "names one preset or file" in message


def test_a_file_cannot_extend_itself(tmp_path: Path):
    [(line, key, message)] = problems(tmp_path, '# mine\nextends = "curate.toml"\n')
    assert (line, key) == (2, "extends")
    assert "'curate.toml' extends this file, which extends it" in message


def test_files_cannot_extend_each_other(tmp_path: Path):
    write(tmp_path, 'extends = "b.toml"\n', "a.toml")
    write(tmp_path, 'extends = "./c.toml"\n', "b.toml")
    path = write(tmp_path, '\n\nextends = "a.toml"\n', "c.toml")
    with pytest.raises(ConfigError) as caught:
        load(path)
    [problem] = caught.value.problems
    assert (problem.path, problem.line, problem.key) == (str(tmp_path / "b.toml"), 1, "extends")


def test_one_file_may_be_extended_by_two_ways(tmp_path: Path):
    write(tmp_path, 'extends = "page"\n', "base.toml")
    write(tmp_path, 'extends = "base.toml"\n[limits]\nline = 5\n', "one.toml")
    assert config(tmp_path, 'extends = "one.toml"\n').limits.line == 5
    assert config(tmp_path, 'extends = "base.toml"\n').limits == Limits()


def test_the_problems_of_an_extended_file_come_with_one_s_own(tmp_path: Path):
    base = write(tmp_path, "[limits]\nlines = 5\n", "base.toml")
    path = write(tmp_path, 'extends = "base.toml"\n[limits]\nline = 0\n')
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert [(p.path, p.line, p.key) for p in caught.value.problems] == [(str(base), 2, "limits.lines"), (str(path), 3, "limits.line")]


# Where steps stand.


@pytest.mark.parametrize(
    ("tables", "expected"),
    [
        ('name = "repeats"\noff = true', ["fix-encoding", "language", "site-rules", "page-model", "min-chars"]),
        ('name = "repeats"\noff = false', PAGE),
        ('name = "min-chars"\nafter = "language"', ["fix-encoding", "language", "min-chars", "site-rules", "page-model", "repeats"]),
        ('name = "fix-encoding"\nafter = "min-chars"', ["language", "site-rules", "page-model", "repeats", "min-chars", "fix-encoding"]),
        ('name = "repeats"\nafter = "page-model"', PAGE),
        ('name = "repeats"\nafter = "site-rules"', ["fix-encoding", "language", "site-rules", "repeats", "page-model", "min-chars"]),
        (
            'name = "repeats"\noff = true\n[[step]]\nname = "language"\noff = true\n[[step]]\nname = "site-rules"\nafter = "min-chars"',
            ["fix-encoding", "page-model", "min-chars", "site-rules"],
        ),
    ],
)
def test_a_step_of_the_base_is_taken_out_or_moved(tmp_path: Path, tables: str, expected: list[str]):
    assert names(config(tmp_path, f'extends = "page"\n[[step]]\n{tables}\n')) == expected


@pytest.mark.parametrize(
    ("tables", "expected"),
    [
        ('name = "repeats"', ["language", "site-rules", "repeats"]),
        ('name = "repeats"\nafter = "language"', ["language", "repeats", "site-rules"]),
        ('name = "repeats"\n[[step]]\nname = "min-chars"\nafter = "repeats"', ["language", "site-rules", "repeats", "min-chars"]),
    ],
)
def test_a_new_step_goes_to_the_end_or_where_it_is_put(tmp_path: Path, tables: str, expected: list[str]):
    assert names(config(tmp_path, f'extends = "rules-only"\n[[step]]\n{tables}\n')) == expected


def test_a_step_that_was_taken_out_comes_back_as_it_was(tmp_path: Path):
    write(tmp_path, 'extends = "page"\n[[step]]\nname = "repeats"\noff = true\njaccard = 0.7\n', "base.toml")
    found = config(tmp_path, 'extends = "base.toml"\n[[step]]\nname = "repeats"\n')
    assert names(found) == ["fix-encoding", "language", "site-rules", "page-model", "min-chars", "repeats"]
    assert parameters(found, "repeats") == {}


@pytest.mark.parametrize(
    ("table", "line", "key", "says"),
    [
        ('name = "min-chars"\nafter = "repeat"', 4, "step.after", "there is no step 'repeat' before it; the nearest is 'repeats'"),
        ('name = "min-chars"\nafter = "min-chars"', 4, "step.after", "there is no step 'min-chars' before it"),
        ('name = "min-chars"\nafter = 3', 4, "step.after", "found 3"),
        ('name = "min-char"', 3, "step.name", "there is no step 'min-char'; the nearest is 'min-chars'"),
        ('name = "min_chars"', 3, "step.name", "there is no step 'min_chars'; the nearest is 'min-chars'"),
        ("name = 3", 3, "step.name", "found 3"),
        ("at_least = 3", 2, "step", "'name' is missing"),
        ('name = "min-chars"\noff = 1', 4, "step.off", "found 1"),
        ('name = "min-chars"\nat_last = 3', 4, "step.at_last", "unknown key; the nearest is 'at_least'"),
        ('name = "min-chars"\naftr = "repeats"', 4, "step.aftr", "unknown key; the nearest is 'after'"),
        ('name = "min-chars"\nat_least = -1', 4, "step.at_least", "found -1"),
        ('name = "min-chars"\nat_least = "3"', 4, "step.at_least", "found '3'"),
        ('name = "repeats"\nkeep = "later"', 4, "step.keep", "found 'later'"),
        ('name = "repeats"\njaccard = 1.5', 4, "step.jaccard", "found 1.5"),
        ('name = "repeats"\nstore = true', 4, "step.store", "'repeats' measures nothing that could be stored"),
        ('name = "language"\nstore = true', 4, "step.store", "measures nothing"),
        ('name = "site-rules"\nfolders = "rules"', 4, "step.folders", "found 'rules'"),
        ('name = "repeats"\n[[step]]\nname = "repeats"', 5, "step.name", "'repeats' is named twice in this file"),
    ],
)
def test_a_mistake_in_a_step_gives_its_line_and_key(tmp_path: Path, table: str, line: int, key: str, says: str):
    [(found_line, found_key, message)] = problems(tmp_path, f'extends = "page"\n[[step]]\n{table}\n')
    assert (found_line, found_key) == (line, key)
    assert says in message


def test_a_step_that_is_not_on_cannot_be_taken_out(tmp_path: Path):
    [(line, key, message)] = problems(tmp_path, 'extends = "rules-only"\n[[step]]\nname = "repeats"\noff = true\n')
    assert (line, key) == (4, "step.off")
    assert "there is language, site-rules" in message


@pytest.mark.parametrize("text", ['[step]\nname = "repeats"\n', 'step = "repeats"\n', 'step = ["repeats"]\n'])
def test_steps_are_tables_of_a_list(tmp_path: Path, text: str):
    [(line, key, message)] = problems(tmp_path, text)
    assert (line, key) == (1, "step")
    assert "[[step]]" in message


@pytest.mark.parametrize(
    ("tables", "line", "between"),
    [
        ('name = "justext"\nafter = "site-lines"', 3, "justext"),
        ('name = "min-chars"\nat_least = 1\n[[step]]\nname = "min-chars"\nafter = "site-lines"', 6, "min-chars"),
        ('name = "site-lines"\nafter = "page-model"', 3, "repeats"),
        ('name = "justext"\n[[step]]\nname = "site-lines"\nafter = "page-model"', 5, "repeats"),
    ],
)
def test_steps_across_documents_stand_together(tmp_path: Path, tables: str, line: int, between: str):
    *_, (found_line, key, message) = problems(tmp_path, f'extends = "corpus"\n[[step]]\n{tables}\n')
    assert (found_line, key) == (line, "step.name")
    assert message.startswith(f"{between} cannot stand between site-lines, ")


def test_steps_across_documents_may_stand_anywhere_together(tmp_path: Path):
    found = config(tmp_path, '[[step]]\nname = "site-lines"\n[[step]]\nname = "duplicate-paragraphs"\n[[step]]\nname = "language"\n')
    assert [placed.name for placed in found.pipeline().behind] == ["language"]


# Measures that are stored.


def test_the_measures_of_a_step_are_stored_on_request(tmp_path: Path):
    write(tmp_path, 'extends = "page"\n[[step]]\nname = "min-chars"\nstore = true\n', "base.toml")
    assert [entry.store for entry in load("page").entries] == [False] * len(PAGE)
    assert [entry.store for entry in load(tmp_path / "base.toml").entries] == [name == "min-chars" for name in PAGE]
    inherited = config(tmp_path, 'extends = "base.toml"\n[[step]]\nname = "min-chars"\nat_least = 3\n')
    assert inherited.entries[-1].store


def test_measures_that_the_base_stores_can_be_left_unstored(tmp_path: Path):
    write(tmp_path, 'extends = "page"\n[[step]]\nname = "min-chars"\nstore = true\n', "base.toml")
    assert not config(tmp_path, 'extends = "base.toml"\n[[step]]\nname = "min-chars"\nstore = false\n').entries[-1].store


# Settings.


def test_settings_are_those_of_the_base_where_the_file_says_nothing(tmp_path: Path):
    write(
        tmp_path,
        '[input]\nformat = "jsonl"\n[input.fields]\ntext = "body"\nid = "key"\n[limits]\nline = 5\n[output]\nledger = "spans"\n',
        "base.toml",
    )
    found = config(tmp_path, 'extends = "base.toml"\n[input.fields]\nid = "uid"\nhtml = "raw"\n[limits]\ndepth = 7\n')
    assert (found.input.format, found.output.ledger) == ("jsonl", "spans")
    assert (found.limits.line, found.limits.depth) == (5, 7)
    fields = found.input.fields
    assert (fields.text, fields.id, fields.html, fields.url) == ("body", "uid", "raw", "url")


def test_fields_may_be_written_as_an_inline_table(tmp_path: Path):
    found = config(tmp_path, '[input]\nsite_from = "field"\nfields = { site = "outlet" }\n')
    assert (found.input.site_from, found.input.fields.site, found.input.fields.text) == ("field", "outlet", "text")


@pytest.mark.parametrize(
    ("text", "line", "key", "says"),
    [
        ('[inputs]\nformat = "text"', 1, "inputs", "unknown key; the nearest is 'input'"),
        ("[[steps]]\nname = 'repeats'", 1, "steps", "unknown key; the nearest is 'step'"),
        ('extend = "page"', 1, "extend", "unknown key; the nearest is 'extends'"),
        ('[input]\nformt = "text"', 2, "input.formt", "unknown key; the nearest is 'format'"),
        ('[input]\nformat = "pdf"', 2, "input.format", "found 'pdf'"),
        ('[input.fields]\nbody = "text"', 2, "input.fields.body", "unknown key"),
        ("[input.fields]\ntext = 3", 2, "input.fields.text", "found 3"),
        ('[input]\nfields = "text"', 2, "input.fields", "found 'text'"),
        ("[input]\nfields = { txt = 'body' }", 2, "input.fields.txt", "the nearest is 'text'"),
        ("input = 3", 1, "input", "is a table: [input]"),
        ("[[limits]]\nline = 3", 1, "limits", "is a table: [limits]"),
        ("[limits]\nline = 0", 2, "limits.line", "found 0"),
        ("[limits]\nline = 2.5", 2, "limits.line", "found 2.5"),
        ("[limits]\nline = true", 2, "limits.line", "found True"),
        ('[output]\nledger = "some"', 2, "output.ledger", "found 'some'"),
        ('[output]\ncompress = "bz2"', 2, "output.compress", "found 'bz2'"),
        ('rules = "rules"', 1, "rules", "is a list of folders; found 'rules'"),
        ("rules = [3]", 1, "rules", "is a list of folders; found [3]"),
    ],
)
def test_a_mistake_in_a_setting_gives_its_line_and_key(tmp_path: Path, text: str, line: int, key: str, says: str):
    [(found_line, found_key, message)] = problems(tmp_path, text + "\n")
    assert (found_line, found_key) == (line, key)
    assert says in message


def test_all_mistakes_of_a_file_come_at_once_with_their_lines(tmp_path: Path):
    text = """\
extends = "pge"
rules = ["rules", "more"]
colour = "blue"

[input]
format = "pdf"
fields = { text = 3 }

[limits]
line = 0
depht = 3

[output]
ledger = "some"

[[step]]
name = "min-char"

[[step]]
name = "repeats"
jaccard = 2
kep = "earlier"
store = true
after = "language"

[[step]]
off = true
"""
    assert [(line, key) for line, key, _ in problems(tmp_path, text)] == [
        (1, "extends"),
        (3, "colour"),
        (6, "input.format"),
        (7, "input.fields.text"),
        (10, "limits.line"),
        (11, "limits.depht"),
        (14, "output.ledger"),
        (17, "step.name"),
        (21, "step.jaccard"),
        (22, "step.kep"),
        (23, "step.store"),
        (24, "step.after"),
        (26, "step"),
        (2, "rules"),
        (2, "rules"),
    ]


def test_the_message_has_a_line_for_every_mistake(tmp_path: Path):
    path = write(tmp_path, "[limits]\nline = 0\ndepht = 3\n")
    with pytest.raises(UsageError) as caught:
        load(path)
    first, second = str(caught.value).split("\n")
    assert first.startswith(f"{path}:2: limits.line: ")
    assert second.startswith(f"{path}:3: limits.depht: ")


def test_what_is_not_toml_says_where(tmp_path: Path):
    [(line, key, message)] = problems(tmp_path, "[limits]\nline = \n")
    assert (line, key) == (2, "")
    assert "not valid TOML" in message


# Rule folders.


def test_rule_folders_are_relative_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    shutil.copytree(PACKS, tmp_path / "own" / "rules")
    path = write(tmp_path, 'extends = "page"\nrules = ["rules"]\n', "own/curate.toml")
    monkeypatch.chdir(tmp_path)
    assert parameters(load(path), "site-rules")["folders"] == (str(tmp_path / "own" / "rules"),)
    assert load("own/curate.toml").pipeline().rules_version == load(path).pipeline().rules_version
    assert load(path).pipeline().rules_version != load("page").pipeline().rules_version


def test_a_file_s_rule_folders_come_before_those_of_its_base(tmp_path: Path):
    for folder in ("one", "two", "three"):
        (tmp_path / folder).mkdir()
    write(tmp_path, 'extends = "page"\nrules = ["one"]\n', "base.toml")
    found = config(tmp_path, 'extends = "base.toml"\nrules = ["two", "three"]\n')
    assert parameters(found, "site-rules")["folders"] == tuple(str(tmp_path / folder) for folder in ("two", "three", "one"))
    assert parameters(found.with_rules(["four"]), "site-rules")["folders"][0] == "four"
    assert found.with_rules([]) is found


def test_rule_folders_need_a_step_that_uses_them(tmp_path: Path):
    (tmp_path / "rules").mkdir()
    with pytest.raises(UsageError, match="no site-rules step"):
        config(tmp_path, 'rules = ["rules"]\n[[step]]\nname = "repeats"\n')
    with pytest.raises(UsageError, match="no site-rules step"):
        config(tmp_path, '[[step]]\nname = "repeats"\n').with_rules(["rules"])


def test_a_rule_folder_must_be_there(tmp_path: Path):
    [(line, key, message)] = problems(tmp_path, 'extends = "page"\nrules = ["rules"]\n')
    assert (line, key) == (2, "rules")
    assert str(tmp_path / "rules") in message


def test_a_path_of_a_step_is_relative_to_its_file(tmp_path: Path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "own.toml").write_text('[[step]]\nname = "page-model"\nweights = "mine"\n')
    (tmp_path / "top.toml").write_text('extends = "sub/own.toml"\n[[step]]\nname = "page-model"\nmax_loss = 0.1\n')
    [entry] = load(tmp_path / "top.toml").entries
    assert entry.parameters == {"weights": str(tmp_path / "sub" / "mine"), "max_loss": 0.1}
