"""A rule file written as the TOML that people edit: one literal a line in `'''` blocks, nothing quoted that need not be.

What is written reads back as it was: `format.parse` of the text gives the same rules.
"""

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

from curate.rules.format import Case, Head, Override, Rule, RuleFile, literals

_FORBIDDEN: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")  # in a TOML string or comment on one line
_FORBIDDEN_IN_BLOCK: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_ESCAPED: Final = {"\n": "\\n", '"': '\\"', "\\": "\\u005c"}  # the others by number: \d in "…" looks like a pattern that went wrong
# Keys that hold literals, one a line.
_BLOCKS: Final = frozenset(
    "signs line line_starts line_ends line_contains line_regex from to select keep_select unless drops keeps".split()
)


def render(file: RuleFile, remarks: Mapping[str, Sequence[str]] | None = None) -> str:
    """The file's TOML. `remarks` are comments by rule id, which stand above the rule; those of "" stand at the top."""
    said = remarks or {}
    lines = [*comments(said.get("", ())), *_fields(file.head)]
    for rule in file.rules:
        lines += ["", *comments(said.get(rule.id, ())), "[[rule]]", *_fields(rule)]
        for case in rule.case:
            lines += ["", "[[rule.case]]", *_case(case)]
    for override in file.overrides:
        lines += ["", "[[override]]", *_fields(override)]
    return "\n".join(lines) + "\n"


def comments(said: Sequence[str]) -> Iterator[str]:
    """Comment lines; what TOML does not allow in them becomes a blank."""
    for line in said:
        yield f"# {_FORBIDDEN.sub(' ', line)}".rstrip()


def _fields(table: Head | Rule | Override) -> Iterator[str]:
    """The keys that say something other than their default; a rule's status is always said."""
    for field in dataclasses.fields(table):
        value = getattr(table, field.name)
        if (value == field.default and field.name != "status") or (field.name == "case" and isinstance(table, Rule)):
            continue
        key = field.metadata.get("key", field.name)
        if key in _BLOCKS:
            yield f"{key} = {block(''.join(f'{literal}{chr(10)}' for literal in literals(value)))}"
        else:
            yield f"{key} = {_value(value)}"


def _case(case: Case) -> Iterator[str]:
    yield f"before = {block(case.before)}"
    yield f"after = {block(case.after)}"


def _value(value: Any) -> str:  # noqa: ANN401  # of a field of whatever type
    """A value on one line."""
    if dataclasses.is_dataclass(value):
        said = [(field.name, getattr(value, field.name), field.default) for field in dataclasses.fields(value)]
        return "{ " + ", ".join(f"{name} = {_value(part)}" for name, part, default in said if part != default) + " }"
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    return quoted(value) if isinstance(value, str) else value.isoformat() if isinstance(value, date) else str(value)


def quoted(text: str) -> str:
    """A string on one line: in single quotes where a backslash would have to be doubled."""
    if "\\" in text and "'" not in text and not _FORBIDDEN.search(text):
        return f"'{text}'"
    return f'"{"".join(map(_escaped, text))}"'


def block(text: str) -> str:
    """A string of several lines, as it is where `'''` can hold it."""
    if "'''" in text or text.endswith("'") or _FORBIDDEN_IN_BLOCK.search(text):
        return '"""\n' + "".join(char if char == "\n" else _escaped(char) for char in text) + '"""'
    return f"'''\n{text}'''"


def _escaped(char: str) -> str:
    if char in _ESCAPED:
        return _ESCAPED[char]
    return f"\\u{ord(char):04x}" if _FORBIDDEN.match(char) else char
