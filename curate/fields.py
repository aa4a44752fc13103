"""Parameters written once: a dataclass field gives the default, the type, the range and the help.

Whatever a user writes in TOML (steps, limits, rules) is a frozen dataclass with `Annotated[type, Meta(...)]`
fields. This module reads a TOML file so that every key knows its line, checks a table against such a class
with all problems at once, and describes the fields for help texts.
"""

import dataclasses
import difflib
import tomllib
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TypeVar, cast

import msgspec

from curate.errors import ConfigError, Problem
from curate.text.toml_lines import Key, key_lines

Table = Mapping[str, Any]
T = TypeVar("T")
_LISTED = 40  # names in an error message


@dataclasses.dataclass(frozen=True)
class Toml:
    """A parsed TOML file that still knows on which line each key stands."""

    path: str
    data: dict[str, Any]
    text: str

    @cached_property
    def lines(self) -> dict[Key, int]:
        """The line of each key; worked out for the first problem, which most files do not have."""
        return key_lines(self.text)

    def line(self, key: Key) -> int:
        """The line of `key`, or of the nearest table around it; 0 for the file as a whole."""
        while key and key not in self.lines:
            key = key[:-1]
        return self.lines.get(key, 0)

    def problem(self, key: Key, message: str) -> Problem:
        """A problem that stands at `key`."""
        name = ".".join(str(part) for part in key if isinstance(part, str))
        return Problem(self.path, self.line(key), name, message)


def read_toml(path: Path, name: str = "") -> Toml:
    """Read a TOML file; `name` is what messages call it (its path when not given).

    Raises ConfigError when the file cannot be read or is not TOML.
    """
    shown = name or str(path)
    try:
        text = path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigError([Problem(shown, 0, "", f"cannot be read: {problem}")]) from None
    return parse_toml(text, shown)


def parse_toml(text: str, name: str) -> Toml:
    """Parse TOML given as text; raises ConfigError with the line tomllib names."""
    text = text.replace("\r\n", "\n")
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise ConfigError([Problem(name, _line_in(str(problem)), "", f"not valid TOML: {problem}")]) from None
    return Toml(name, data, text)


def _line_in(message: str) -> int:
    """The line number in a message of tomllib, which gives it in words only."""
    words = message.replace(",", " ").split()
    return int(words[words.index("line") + 1]) if "line" in words[:-1] else 0


def nearest(name: str, names: Iterable[str]) -> str:
    """A hint that names the existing name nearest to `name`, or lists what there is."""
    known = sorted(names)
    if not known:
        return "there is none"
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    if close:
        return f"the nearest is {close[0]!r}"
    return f"there is {', '.join(known)}" if len(known) <= _LISTED else f"none of the {len(known):,} there are is like it"


def build(cls: type[T], table: Table, toml: Toml, at: Key, *, other: Sequence[str] = ()) -> tuple[T | None, list[Problem]]:
    """An object of the dataclass `cls` from a table of `toml`, or every problem that stands in the way.

    Fields that are dataclasses themselves, or tuples of them, are built the same way. `other` names keys of the
    table that are somebody else's.
    """
    hints = _hints(cast("type", cls))
    # A field whose key is a word of Python's says so in its metadata.
    wanted = {field.metadata.get("key", field.name): field for field in dataclasses.fields(cls)}  # type: ignore[arg-type]  # T is a dataclass by contract
    problems: list[Problem] = []
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key in wanted:
            values[wanted[key].name], found = _value(hints[wanted[key].name], value, toml, (*at, key))
            problems += found
        elif key not in other:
            problems.append(toml.problem((*at, key), f"unknown key; {nearest(key, [*wanted, *other])}"))
    problems += [
        toml.problem(at, f"{name!r} is missing")
        for name, field in wanted.items()
        if name not in table and field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    ]
    if problems:
        return None, problems
    try:
        return cls(**values), []
    except ValueError as problem:
        return None, [toml.problem(at, str(problem))]


@cache
def _hints(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls, include_extras=True)


def _value(hint: Any, value: object, toml: Toml, at: Key) -> tuple[Any, list[Problem]]:  # noqa: ANN401  # of the hint's type
    """A value of a TOML table as its field has it."""
    plain = _bare(hint)
    if dataclasses.is_dataclass(plain) and isinstance(value, dict):
        return build(cast("type[Any]", plain), value, toml, at)
    if typing.get_origin(plain) is tuple and dataclasses.is_dataclass(typing.get_args(plain)[0]) and isinstance(value, list):
        built = [_value(typing.get_args(plain)[0], part, toml, (*at, number)) for number, part in enumerate(value)]
        return tuple(part for part, _ in built), [problem for _, found in built for problem in found]
    if typing.get_origin(plain) is typing.Literal and value not in typing.get_args(plain):
        choices = list(map(str, typing.get_args(plain)))
        return None, [toml.problem(at, f"found {value!r}; {nearest(str(value), choices)}; it is one of {', '.join(choices)}")]
    try:
        return msgspec.convert(value, hint), []
    except msgspec.ValidationError as problem:
        meant = "; ".join(meta.description for meta in _metas(hint) if meta.description)
        return None, [toml.problem(at, f"{problem}; found {value!r}" + (f" ({meant})" if meant else ""))]


def _bare(hint: Any) -> Any:  # noqa: ANN401  # type hints have no type
    """A hint without its annotations, and without the None that it may be."""
    if typing.get_origin(hint) is Annotated:
        return _bare(typing.get_args(hint)[0])
    parts = [part for part in typing.get_args(hint) if part is not type(None)] if typing.get_origin(hint) is types.UnionType else []
    return _bare(parts[0]) if len(parts) == 1 else hint


def tables(toml: Toml, key: str) -> tuple[list[dict[str, Any]], list[Problem]]:
    """The tables under `[[key]]`, or the problem that they are something else."""
    found = toml.data.get(key, [])
    if isinstance(found, list) and all(isinstance(table, dict) for table in found):
        return found, []
    return [], [toml.problem((key,), f"is written as a list of tables, each under [[{key}]]")]


class Described(NamedTuple):
    """What a reader needs to know of one parameter."""

    name: str
    type: str
    default: str
    limits: str
    description: str


def describe(cls: type) -> list[Described]:
    """The parameters of a dataclass, in order, as its fields document them."""
    hints = _hints(cls)
    rows = []
    for field in dataclasses.fields(cls):
        hint = hints[field.name]
        metas = _metas(hint)
        bounds = [
            f"{sign} {bound}" for m in metas for sign, bound in (("≥", m.ge), (">", m.gt), ("≤", m.le), ("<", m.lt)) if bound is not None
        ]
        described = " ".join(m.description for m in metas if m.description)
        default = "" if field.default is dataclasses.MISSING else repr(field.default)
        rows.append(Described(field.name, _type_name(hint), default, ", ".join(bounds), described))
    return rows


def paths_of(cls: type) -> list[str]:
    """The fields that are paths, which a file gives relative to itself: those whose `Meta` says `extra={"path": True}`."""
    return [name for name, hint in _hints(cls).items() if any((meta.extra or {}).get("path") for meta in _metas(hint))]


def _metas(hint: Any) -> list[msgspec.Meta]:  # noqa: ANN401  # a type hint has no type of its own
    """What a hint says besides the type, the hints inside it too."""
    own = [meta for meta in getattr(hint, "__metadata__", ()) if isinstance(meta, msgspec.Meta)]
    inner = typing.get_args(hint) if typing.get_origin(hint) in (Annotated, types.UnionType, typing.Union) else ()
    return own + [meta for part in inner for meta in _metas(part)]


def _type_name(hint: Any) -> str:  # noqa: ANN401  # a type hint has no type of its own
    """A type hint in words: `int`, `text`, `one of …`, `list of text`."""
    origin = typing.get_origin(hint)
    if origin is Annotated:
        return _type_name(typing.get_args(hint)[0])
    if origin is typing.Literal:
        return "one of " + ", ".join(str(choice) or '""' for choice in typing.get_args(hint))
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_type_name(part) for part in typing.get_args(hint))
    if origin in (tuple, list):
        return "list of " + _type_name(typing.get_args(hint)[0])
    return {str: "text", type(None): "None"}.get(hint, getattr(hint, "__name__", str(hint)))
