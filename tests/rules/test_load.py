"""Rule files are found in folders: one's own come before the built-in packs, and what is in them has a version."""

import shutil
from pathlib import Path

import pytest

from curate.errors import ConfigError
from curate.rules.library import library
from curate.rules.load import built_in, load

RULE = """\
[[rule]]
id = "tide"
category = "share-bar"
why = "Stands below every headline."
action = "drop-line"
line = "{line}"
"""


def write(folder: Path, name: str, line: str = "Rate this tide", head: str = 'language = ["en"]') -> str:
    path = folder / f"{name}.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"schema = 1\n{head}\n" + RULE.format(line=line), encoding="utf-8")
    return str(folder)


def lines(folders: tuple[str, ...], name: str) -> list[str]:
    """What the rules of the file of a name say, among the files of all folders."""
    [file] = [file for file in load(folders).files if file.name == name]
    return [rule.line for rule in file.rules]


def test_the_built_in_packs_are_there():
    names = [file.name for file in load().files]
    assert {name.partition("/")[0] for name in names} == {"generic", "platform", "sites"}
    assert names == sorted(names, key=lambda name: f"{name}.toml".split("/"))
    assert (built_in() / f"{names[0]}.toml").is_file()


def test_a_file_of_one_s_own_comes_instead_of_the_built_in_one_of_its_name(tmp_path: Path):
    name = "generic/en/share-bar"
    assert name in {file.name for file in load().files}
    folder = write(tmp_path, name)
    assert lines((folder,), name) == ["Rate this tide"]
    assert {file.name for file in load((folder,)).files} == {file.name for file in load().files}


def test_a_file_of_another_name_comes_beside_the_built_in_ones(tmp_path: Path):
    folder = write(tmp_path, "generic/en/tides")
    assert len(load((folder,)).files) == len(load().files) + 1


def test_of_two_folders_the_one_that_is_named_first_counts(tmp_path: Path):
    one, two = write(tmp_path / "one", "platform/tide", "Ebb"), write(tmp_path / "two", "platform/tide", "Flood")
    assert lines((one, two), "platform/tide") == ["Ebb"]
    assert lines((two, one), "platform/tide") == ["Flood"]
    assert load((one, two)).files[0].name == "platform/tide"


def test_files_come_by_folder_and_then_by_name(tmp_path: Path):
    write(tmp_path / "one", "platform/b")
    write(tmp_path / "one", "generic/en/z")
    one, two = write(tmp_path / "one", "platform/a"), write(tmp_path / "two", "generic/en/a")
    assert [file.name for file in load((one, two)).files[:4]] == ["generic/en/z", "platform/a", "platform/b", "generic/en/a"]


def test_the_version_is_of_what_is_in_the_files_and_not_of_where_they_lie(tmp_path: Path):
    one = write(tmp_path / "one", "platform/tide", "Ebb")
    shutil.copytree(one, tmp_path / "two")
    other = write(tmp_path / "three", "platform/tide", "Flood")
    renamed = write(tmp_path / "four", "platform/ebb", "Ebb")
    version = load((one,)).version
    assert load((str(tmp_path / "two"),)).version == version
    assert len({version, load((other,)).version, load((renamed,)).version, load().version}) == 4


def test_a_file_that_another_one_hides_is_not_in_the_version(tmp_path: Path):
    one, two = write(tmp_path / "one", "platform/tide", "Ebb"), write(tmp_path / "two", "platform/tide", "Flood")
    assert load((one, two)).version == load((one,)).version


def test_what_is_no_rule_file_is_not_read(tmp_path: Path):
    folder = write(tmp_path, "platform/tide")
    (tmp_path / "platform" / "README.md").write_text("Nothing to see.", encoding="utf-8")
    assert lines((folder,), "platform/tide") == ["Rate this tide"]


def test_a_folder_that_is_not_there_is_a_problem(tmp_path: Path):
    with pytest.raises(ConfigError, match="there is no such rule folder") as caught:
        load((str(tmp_path / "rules"),))
    assert caught.value.problems[0].path == str(tmp_path / "rules")


def test_the_problems_of_all_files_come_at_once(tmp_path: Path):
    write(tmp_path / "one", "platform/tide", head="mistake = 1")
    write(tmp_path / "one", "platform/ebb", line="")
    write(tmp_path / "two", "en/flood")
    with pytest.raises(ConfigError) as caught:
        load((str(tmp_path / "one"), str(tmp_path / "two"), str(tmp_path / "three")))
    found = [(Path(p.path).relative_to(tmp_path).as_posix(), p.line, p.key) for p in caught.value.problems]
    assert found == [
        ("one/platform/ebb.toml", 3, "rule"),
        ("one/platform/tide.toml", 2, "mistake"),
        ("two/en/flood.toml", 0, ""),
        ("three", 0, ""),
    ]


def test_a_file_that_uses_what_is_not_there_is_a_problem_with_its_line(tmp_path: Path):
    folder = write(tmp_path, "platform/tide", head='uses = ["platform/tidepres"]')
    write(tmp_path, "platform/tidepress")
    with pytest.raises(ConfigError, match="'platform/tidepres'") as caught:
        load((folder,))
    [problem] = caught.value.problems
    assert problem.key == "uses"
    assert (problem.path, problem.line) == (str(tmp_path / "platform/tide.toml"), 2)


def test_a_file_may_use_what_lies_in_another_folder(tmp_path: Path):
    one = write(tmp_path / "one", "platform/tide", head='uses = ["platform/tidepress", "platform/wordpress"]')
    two = write(tmp_path / "two", "platform/tidepress")
    assert load((one, two)).files[0].head.uses == ("platform/tidepress", "platform/wordpress")


def test_files_are_read_once(tmp_path: Path):
    folder = write(tmp_path, "platform/tide")
    assert library((folder,)) is library((folder,))
