from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import pytest
from msgspec import Meta

from curate.errors import ConfigError
from curate.fields import Described, build, describe, nearest, parse_toml, read_toml


@dataclass(frozen=True)
class Boat:
    name: Annotated[str, Meta(description="painted on the stern")]
    length: Annotated[float, Meta(gt=0, le=120, description="metres")] = 8.5
    masts: Annotated[int, Meta(ge=1, lt=8)] = 1
    rig: Annotated[Literal["sloop", "ketch", ""], Meta(description="how the sails stand")] = "sloop"
    ports: Annotated[tuple[str, ...], Meta(description="where it calls")] = ()
    draught: Annotated[Annotated[float, Meta(gt=0)] | None, Meta(description="keel to water")] = None
    sunk: bool = False

    def __post_init__(self) -> None:
        if self.masts > 1 and self.rig == "sloop":
            raise ValueError("a sloop has one mast")


@dataclass(frozen=True)
class Harbour:
    pilot: Boat = field(default_factory=lambda: Boat("Pilot"))
    tug: Annotated[Boat | None, Meta(description="for ships without an engine")] = None
    boats: tuple[Boat, ...] = ()
    berths: Annotated[int, Meta(ge=0)] = 4


def built(text: str, cls: type = Boat, at: tuple[str, ...] = (), other: tuple[str, ...] = ()):
    toml = parse_toml(text, "harbour.toml")
    table = toml.data
    for part in at:
        table = table[part]
    return build(cls, table, toml, at, other=other)


def problems(text: str, cls: type = Boat, at: tuple[str, ...] = ()) -> list[tuple[int, str, str]]:
    made, found = built(text, cls, at)
    assert made is None
    assert {problem.path for problem in found} == {"harbour.toml"}
    return [(problem.line, problem.key, problem.message) for problem in found]


GOOD = {
    "defaults stand in for what is not said": ("name = 'Ada'", Boat("Ada")),
    "a whole number will do for a measure": ("name = 'Ada'\nlength = 9", Boat("Ada", length=9.0)),
    "a limit that may be reached": ("name = 'Ada'\nlength = 120.0\nmasts = 1", Boat("Ada", length=120.0)),
    "a choice": ("name = 'Ada'\nrig = 'ketch'\nmasts = 2", Boat("Ada", masts=2, rig="ketch")),
    "a list becomes a tuple": ("name = 'Ada'\nports = ['Vela', 'Rune']", Boat("Ada", ports=("Vela", "Rune"))),
    "a value that may be left out": ("name = 'Ada'\ndraught = 1.5", Boat("Ada", draught=1.5)),
}


@pytest.mark.parametrize(("text", "expected"), GOOD.values(), ids=GOOD)
def test_a_table_becomes_its_dataclass(text: str, expected: Boat):
    assert built(text) == (expected, [])


BAD = {
    "an unknown key, with the nearest one": ("name = 'Ada'\n\nlenght = 9.0", 3, "lenght", "unknown key; the nearest is 'length'"),
    "an unknown key far from any": ("name = 'Ada'\nzzz = 1", 2, "zzz", "there is draught, length, masts, name, ports, rig, sunk"),
    "a key in other letters is another": ("name = 'Ada'\nMasts = 1", 2, "Masts", "the nearest is 'masts'"),
    "too little": ("name = 'Ada'\nmasts = 0", 2, "masts", "found 0"),
    "a range of what may be left out": ("name = 'Ada'\ndraught = 0.0", 2, "draught", "found 0.0"),
    "a limit that may not be reached": ("name = 'Ada'\nlength = 0.0", 2, "length", "found 0.0"),
    "too much": ("name = 'Ada'\n# long\nlength = 120.5", 3, "length", "found 120.5"),
    "a number in quotes is text": ("name = 'Ada'\nmasts = '1'", 2, "masts", "found '1'"),
    "a truth is no number": ("name = 'Ada'\nmasts = true", 2, "masts", "found True"),
    "a number is no truth": ("name = 'Ada'\nsunk = 1", 2, "sunk", "found 1"),
    "a measure is no count": ("name = 'Ada'\nmasts = 1.5", 2, "masts", "found 1.5"),
    "no such choice": ("name = 'Ada'\nrig = 'schooner'", 2, "rig", "found 'schooner'"),
    "one text is no list": ("name = 'Ada'\nports = 'Vela'", 2, "ports", "found 'Vela'"),
    "a list of something else": ("name = 'Ada'\nports = ['Vela', 2]", 2, "ports", "found ['Vela', 2]"),
    "a key that is missing": ("masts = 1", 0, "", "'name' is missing"),
    "a rule across fields": ("name = 'Ada'\nmasts = 2", 0, "", "a sloop has one mast"),
}


@pytest.mark.parametrize(("text", "line", "key", "message"), BAD.values(), ids=BAD)
def test_a_problem_says_where_and_what(text: str, line: int, key: str, message: str):
    [(found_line, found_key, found_message)] = problems(text)
    assert (found_line, found_key) == (line, key)
    assert message in found_message


def test_all_problems_come_at_once():
    found = problems("[boat]\nmasts = 0\nsials = 2\n\nports = [\n 'Vela',\n 1,\n]\nrig = 'raft'", at=("boat",))
    assert [(line, key) for line, key, _ in found] == [
        (2, "boat.masts"),
        (3, "boat.sials"),
        (5, "boat.ports"),
        (9, "boat.rig"),
        (1, "boat"),  # the name is missing from the table
    ]


def test_keys_of_somebody_else_are_left_to_them():
    made, found = built("name = 'Ada'\nflag = 'blue'", other=("flag",))
    assert (made, found) == (Boat("Ada"), [])
    _, [problem] = built("name = 'Ada'\nflga = 'blue'", other=("flag",))
    assert "the nearest is 'flag'" in problem.message


def test_tables_in_tables_are_built_too():
    text = "berths = 2\n[pilot]\nname = 'Eve'\n[[boats]]\nname = 'Ada'\n[[boats]]\nname = 'Bea'\nmasts = 2\nrig = 'ketch'"
    expected = Harbour(Boat("Eve"), None, (Boat("Ada"), Boat("Bea", masts=2, rig="ketch")), 2)
    assert built(text, Harbour) == (expected, [])


def test_inline_tables_are_built_too():
    text = "pilot = { name = 'Eve' }\nboats = [{ name = 'Ada' }, { name = 'Bea' }]"
    assert built(text, Harbour) == (Harbour(Boat("Eve"), None, (Boat("Ada"), Boat("Bea"))), [])


def test_a_table_that_may_be_left_out_is_built_like_any_other():
    assert built("[tug]\nname = 'Gus'", Harbour) == (Harbour(tug=Boat("Gus")), [])
    found = problems("[tug]\nname = 'Gus'\nmast = 1\nlength = 0.0", Harbour)
    assert [(line, key) for line, key, _ in found] == [(3, "tug.mast"), (4, "tug.length")]


def test_problems_in_tables_in_tables_have_their_own_lines():
    text = "berths = -1\n[pilot]\nmast = 1\n[[boats]]\nname = 'Ada'\n[[boats]]\n\nname = 'Bea'\nmasts = 9\n[[boats]]\nmasts = 2"
    found = problems(text, Harbour)
    assert [(line, key) for line, key, _ in found] == [(1, "berths"), (3, "pilot.mast"), (2, "pilot"), (9, "boats.masts"), (10, "boats")]


NESTED = {
    "an inline table's problem stands on its line": ("berths = 1\npilot = { nme = 'Eve' }", [2, 2]),
    "so does that of a list of inline tables": ("\nboats = [\n  { name = 'Ada' },\n  { name = 1 },\n]", [2]),
    "a number is no table": ("pilot = 3", [1]),
    "a table is no list of tables": ("[boats]\nname = 'Ada'", [1]),
    "a text among tables": ("boats = [{ name = 'Ada' }, 'Bea']", [1]),
}


@pytest.mark.parametrize(("text", "lines"), NESTED.values(), ids=NESTED)
def test_problems_of_inline_tables(text: str, lines: list[int]):
    assert [line for line, _, _ in problems(text, Harbour)] == lines


UNKNOWN_TABLES = {
    "an unknown table": "berths = 1\n[bots]\nname = 'Ada'",
    "an unknown table that only a table in it names": "berths = 1\n[bots.ada]\nname = 'Ada'",
    "an unknown list of tables": "berths = 1\n[[bots]]\nname = 'Ada'",
}


@pytest.mark.parametrize("text", UNKNOWN_TABLES.values(), ids=UNKNOWN_TABLES)
def test_an_unknown_table_is_named_with_its_line(text: str):
    [(line, key, message)] = problems(text, Harbour)
    assert (line, key) == (2, "bots")
    assert message == "unknown key; the nearest is 'boats'"


def test_a_key_without_a_line_has_that_of_the_table_around_it():
    toml = parse_toml("\n[boat]\nrig = { sails = 2 }\n", "harbour.toml")
    assert toml.line(("boat", "rig", "sails")) == 3
    assert toml.line(("boat", "hull")) == 2
    assert toml.line(("crew",)) == 0
    assert toml.line(()) == 0
    assert str(toml.problem(("boat", 0, "hull"), "leaks")) == "harbour.toml:2: boat.hull: leaks"
    assert str(toml.problem(("crew",), "is drunk")) == "harbour.toml: crew: is drunk"


BROKEN = {
    "a value that is none": ("masts = 1\nrig = sloop", 2),
    "a key twice": ("masts = 1\nkeel = 1\nmasts = 2\n", 3),
    "Windows line ends count once": ("masts = 1\r\n\r\nrig = sloop", 3),
}


@pytest.mark.parametrize(("text", "line"), BROKEN.values(), ids=BROKEN)
def test_what_is_no_toml_is_refused_with_its_line(text: str, line: int):
    with pytest.raises(ConfigError) as caught:
        parse_toml(text, "harbour.toml")
    [problem] = caught.value.problems
    assert (problem.path, problem.line) == ("harbour.toml", line)
    assert str(caught.value).startswith(f"harbour.toml:{line}: not valid TOML: ")


def test_an_unfinished_file_is_refused():
    with pytest.raises(ConfigError, match="not valid TOML"):
        parse_toml("rig = '''sloop", "harbour.toml")


def test_a_file_is_called_by_its_path_or_by_the_name_given(tmp_path: Path):
    path = tmp_path / "harbour.toml"
    path.write_bytes(b"mast = 1\r\n[boat]\r\nkeel = 2\r\n")
    assert read_toml(path).path == str(path)
    toml = read_toml(path, "the harbour")
    assert toml.path == "the harbour"
    assert toml.line(("boat", "keel")) == 3


def test_a_file_that_cannot_be_read_is_a_problem_of_its_own(tmp_path: Path):
    path = tmp_path / "harbour.toml"
    with pytest.raises(ConfigError, match="cannot be read"):
        read_toml(path)
    path.write_bytes(b"name = 'Ren\xe9'")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_toml(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_toml(tmp_path)


def test_nearest_names_the_closest_or_lists_them_all():
    assert nearest("lenght", ["mast", "length"]) == "the nearest is 'length'"
    assert nearest("xyz", ["mast", "length"]) == "there is length, mast"


def test_fields_describe_themselves():
    assert describe(Boat) == [
        Described("name", "text", "", "", "painted on the stern"),
        Described("length", "float", "8.5", "> 0, ≤ 120", "metres"),
        Described("masts", "int", "1", "≥ 1, < 8", ""),
        Described("rig", 'one of sloop, ketch, ""', "'sloop'", "", "how the sails stand"),
        Described("ports", "list of text", "()", "", "where it calls"),
        describe(Boat)[5],
        Described("sunk", "bool", "False", "", ""),
    ]


def test_a_field_that_may_be_left_out_describes_its_range_all_the_same():
    assert describe(Boat)[5] == Described("draught", "float or None", "None", "> 0", "keel to water")
