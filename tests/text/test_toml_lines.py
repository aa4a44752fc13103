import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.text.toml_lines import Key, key_lines

ROOT = Path(__file__).parent.parent.parent
FILES = sorted(path for folder in ("curate", "rules", "samples") for path in (ROOT / folder).rglob("*.toml"))

CASES: dict[str, tuple[str, dict[Key, int]]] = {
    "an empty file has no keys": ("", {}),
    "blank lines and remarks count as lines": ("# one\n\n  # three = 3\nmast = 1\n", {("mast",): 4}),
    "the last line may end without a break": ("mast = 1\nkeel = 2", {("mast",): 1, ("keel",): 2}),
    "a key in a table": ("[boat]\nmast = 1", {("boat",): 1, ("boat", "mast"): 2}),
    "a table of a table": ("[boat]\n[boat.rig]\nsails = 2", {("boat",): 1, ("boat", "rig"): 2, ("boat", "rig", "sails"): 3}),
    "a header with blanks and a remark": ("  [ 'boat' ]  # [not.this]\nmast = 1", {("boat",): 1, ("boat", "mast"): 2}),
    "a header without blanks before its remark": ("[boat]#]\nmast = 1", {("boat",): 1, ("boat", "mast"): 2}),
    "a bracket in a quoted header": ("[\"a]\"]\n['b]c']", {("a]",): 1, ("b]c",): 2}),
    "a bracket and a hash in a quoted header": ('["a] # b"]\nmast = 1', {("a] # b",): 1, ("a] # b", "mast"): 2}),
    "a dotted key makes the tables around it": ("boat.rig.sails = 2", {("boat",): 1, ("boat", "rig"): 1, ("boat", "rig", "sails"): 1}),
    "the first of two dotted keys makes their table": (
        "boat.mast = 1\nboat.keel = 2",
        {("boat",): 1, ("boat", "mast"): 1, ("boat", "keel"): 2},
    ),
    "blanks around the dots": ("boat . mast = 1", {("boat",): 1, ("boat", "mast"): 1}),
    "a dot in quotes parts nothing": ('"boat.mast" = 1', {("boat.mast",): 1}),
    "an equals sign in quotes ends no key": ("'a=b' = 1\n\"c = d\" = 2", {("a=b",): 1, ("c = d",): 2}),
    "an escaped quote in a key": ('"a\\"=b" = 1', {('a"=b',): 1}),
    "an empty key": ('"" = ""\nmast = 1', {("",): 1, ("mast",): 2}),
    "a literal block holds no keys": ("log = '''\n[boat]\nmast = 1\n'''\nkeel = 2", {("log",): 1, ("keel",): 5}),
    "a literal block may end in quotes of its own": ("log = '''\nsaid 'no'''''\nkeel = 2", {("log",): 1, ("keel",): 3}),
    "a literal block may begin in a quote of its own": ("log = ''''no'\n'''\nkeel = 2", {("log",): 1, ("keel",): 3}),
    "a basic block may hold its escaped end": ('log = """\n\\""" = 1\n"""\nkeel = 2', {("log",): 1, ("keel",): 4}),
    "a basic block may end in a quote of its own": ('log = """no\\\\"""""\nkeel = 2', {("log",): 1, ("keel",): 2}),
    "an empty block": ("log = ''''''\nkeel = \"\"\"\"\"\"\nmast = 1", {("log",): 1, ("keel",): 2, ("mast",): 3}),
    "a list over several lines": ("masts = [ # three ]\n  \"]\",\n  ']',\n]\nkeel = 2", {("masts",): 1, ("keel",): 5}),
    "a list of lists with a block in it": ("masts = [[1,\n2], ['''\n]''']]\nkeel = 2", {("masts",): 1, ("keel",): 4}),
    "a list of blocks that end in quotes of their own": ("masts = ['''no'''', ']']\nkeel = 2", {("masts",): 1, ("keel",): 2}),
    "the keys of an inline table are not listed": ('boat = { mast = 1, name = "}" }\nkeel = 2', {("boat",): 1, ("keel",): 2}),
    "a hash in a string begins no remark": ('name = "a # [" # ["\nkeel = 2', {("name",): 1, ("keel",): 2}),
    "Windows line ends": ("mast = 1\r\n[boat]\r\nkeel = 2\r\n", {("mast",): 1, ("boat",): 2, ("boat", "keel"): 3}),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES)
def test_key_lines(text: str, expected: dict[Key, int]):
    tomllib.loads(text)
    assert key_lines(text) == expected


def test_tables_of_a_list_are_numbered():
    lines = key_lines("[[boat]]\nmast = 1\n[[boat]]\nmast = 2\n")
    assert lines["boat", 0] == 1
    assert lines["boat", 0, "mast"] == 2
    assert lines["boat", 1] == 3
    assert lines["boat", 1, "mast"] == 4


def test_a_table_in_a_list_belongs_to_the_element_before_it():
    text = "[[boat]]\n[boat.rig]\nsails = 1\n[[boat]]\n[boat.rig]\nsails = 2\n[[boat.crew]]\nname = 'Ana'\n[[boat.crew]]\nname = 'Ben'\n"
    lines = key_lines(text)
    assert lines["boat", 0, "rig", "sails"] == 3
    assert lines["boat", 1, "rig", "sails"] == 6
    assert lines["boat", 1, "crew", 0, "name"] == 8
    assert lines["boat", 1, "crew", 1, "name"] == 10


AROUND: dict[str, tuple[str, Key, int]] = {
    "a table that only its sub-table names stands where that does": ("# boats\n[boat.rig]\nsails = 2", ("boat",), 2),
    "so does one that only a list in it names": ("\n\n[[boat.crew]]\nname = 'Ana'", ("boat",), 3),
    "a list of tables stands where its first table does": ("\n[[boat]]\n[[boat]]", ("boat",), 2),
    "a table named by its sub-table first and then itself stands at its own header": ("[boat.rig]\n\n[boat]\nmast = 1", ("boat",), 3),
}


@pytest.mark.parametrize(("text", "key", "line"), AROUND.values(), ids=AROUND)
def test_tables_around_tables(text: str, key: Key, line: int):
    assert key_lines(text).get(key) == line


def keys(data: dict[str, Any], lines: dict[Key, int], at: Key = ()) -> Iterator[Key]:
    """Every key that tomllib finds outside of inline tables."""
    for name, value in data.items():
        key = (*at, name)
        tables = [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []
        if tables and (*key, 0) in lines:
            for number, table in enumerate(tables):
                yield (*key, number)
                yield from keys(table, lines, (*key, number))
        else:
            yield key
            if isinstance(value, dict) and any(known[: len(key)] == key and len(known) > len(key) for known in lines):
                yield from keys(value, lines, key)


@pytest.mark.parametrize("path", FILES, ids=[path.relative_to(ROOT).as_posix() for path in FILES])
def test_every_key_of_our_own_files_stands_on_its_line(path: Path):
    text = path.read_text(encoding="utf-8")
    lines = key_lines(text)
    written = ["", *text.split("\n")]
    for key in keys(tomllib.loads(text), lines):
        name = next(part for part in reversed(key) if isinstance(part, str))
        assert name in written[lines[key]], key


NAMES = ["bare%d", '"quo ted%d"', "'equals=%d'", '"hash # %d"', '"[brackets]%d"', '"a\\"b%d"', "'a.b%d'", "-%d", '"é%d"']
VALUES = [
    "1979-05-27T07:32:00Z # [day]",
    "'# no remark'",
    '"\\"[{"',
    "'''\n[x]\ny = 1\n'''",
    "'''''two'''''",
    '"""\\\n  # no remark\n\\""" = 2"""',
    "[ # ]\n  ']', # [\n  [1,\n 2],\n]",
    '{ a = 1, b = "}", c = [1, { d = 2 }] }',
    "[{ a = 1 }, { a = 2 }]",
    "''",
]
HEADERS = ["[%s]", "  [ %s ]\t", "[%s] # ]", "[[%s]]", "[[ %s ]] # x"]


@settings(deadline=None, derandomize=True, max_examples=150)
@given(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES + HEADERS), st.integers(0, 2)), max_size=25))
def test_every_key_of_any_file_stands_on_its_line(statements: list[tuple[str, str, int]]):
    text, expected, table = "", {}, ()
    for number, (shape, value, blank_lines) in enumerate(statements):
        text += "\n" * blank_lines
        line = text.count("\n") + 1
        name = shape % number
        [part] = tomllib.loads(f"{name} = 0")
        if value in HEADERS:
            text += value % name + "\n"
            table = (part, 0) if "[[" in value else (part,)
            expected[table] = line
        else:
            text += f"{name} = {value}\n"
            expected[*table, part] = line
    tomllib.loads(text)
    found = key_lines(text)
    assert {key: found.get(key) for key in expected} == expected
