"""A configuration: TOML that names steps and settings, on top of a preset or another file.

`extends` names what it builds on. Steps named in `[[step]]` tables are changed where they stand; new ones go at
the end or where `after` says; `off = true` takes one out. Without `extends` the steps are exactly those listed.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple, cast

from msgspec import Meta

from curate.errors import ConfigError, Problem, UsageError
from curate.fields import Toml, build, nearest, paths_of, read_toml, tables
from curate.formats.limits import Limits
from curate.formats.record import Fields
from curate.pipeline import Pipeline, Placed, corpus_steps
from curate.steps import kind, step_class, steps

PRESETS: Final = Path(__file__).parent / "presets"


@dataclass(frozen=True, slots=True)
class Input:
    """The `[input]` table."""

    format: Annotated[
        Literal["auto", "text", "html", "jsonl", "warc", "parquet", "arrow", "csv", "zip"],
        Meta(description="what the files hold; auto goes by suffix, then by content"),
    ] = "auto"
    site_from: Annotated[
        Literal["url", "path", "folder", "field"],
        Meta(description="where a page's site is told: its URL, a host name in its path, the name of its folder, a field of its record"),
    ] = "url"
    fields: Annotated[Fields, Meta(description="which field of a record (JSON, Parquet, CSV) holds what")] = Fields()  # noqa: RUF009  # frozen
    shard_bytes: Annotated[
        int, Meta(ge=1, description="how much is cleaned in one go, as it lies on the disk; doubled until there are at most 4,096 shards")
    ] = 4_000_000


@dataclass(frozen=True, slots=True)
class Output:
    """The `[output]` table."""

    ledger: Annotated[
        Literal["full", "spans", "counts"],
        Meta(
            description="full: every change with its text; spans: without it, so nothing can be restored; counts: only numbers, in run.json"
        ),
    ] = "full"
    format: Annotated[
        Literal["jsonl", "parquet"],
        Meta(description="what clean, ledger and pages are written as: JSON lines, or Parquet, for which pyarrow is needed"),
    ] = "jsonl"
    compress: Annotated[
        Literal["", "gz", "zst"],
        Meta(description="compression of the files written; Parquet is always compressed, with zst if nothing is said"),
    ] = ""


class Entry(NamedTuple):
    """A step as a configuration asks for it."""

    name: str
    parameters: dict[str, Any]
    store: bool


@dataclass(frozen=True, slots=True)
class Config:
    """A configuration, everything it extends included."""

    entries: tuple[Entry, ...] = ()
    input: Input = field(default_factory=Input)
    limits: Limits = field(default_factory=Limits)
    output: Output = field(default_factory=Output)

    def pipeline(self) -> Pipeline:
        """The steps, ready to run."""
        return Pipeline([Placed(name, step_class(name)(**parameters), store) for name, parameters, store in self.entries])

    def with_rules(self, folders: Sequence[str]) -> "Config":
        """The same with rule folders put before those it has; raises UsageError when no step would read them."""
        if not folders:
            return self
        if not any(entry.name == "site-rules" for entry in self.entries):
            raise UsageError("rule folders are given, but there is no site-rules step that would use them")
        entries = tuple(
            entry._replace(parameters={**entry.parameters, "folders": (*folders, *entry.parameters.get("folders", ()))})
            if entry.name == "site-rules"
            else entry
            for entry in self.entries
        )
        return replace(self, entries=entries)


@dataclass(frozen=True, slots=True)
class _StepTable:
    """What a `[[step]]` table may say besides the step's own parameters."""

    name: str
    off: bool = False
    after: str = ""
    store: bool | None = None


_OWN: Final = tuple(field.name for field in fields(_StepTable))


def presets() -> dict[str, Path]:
    """The presets that come with curate, by name."""
    return {path.stem: path for path in sorted(PRESETS.glob("*.toml"))}


def load(name: str | Path) -> Config:
    """The configuration of a preset (by name) or a file; raises ConfigError with every problem of the file."""
    known = presets()
    if str(name) in known:
        return _load(known[str(name)], ())
    if Path(name).suffix != ".toml":
        raise UsageError(f"there is no preset {str(name)!r}; {nearest(str(name), known)}. A configuration file ends in .toml")
    return _load(Path(name), ())


def _load(path: Path, above: tuple[Path, ...]) -> Config:
    toml = read_toml(path)
    problems: list[Problem] = []
    base = Config()
    if "extends" in toml.data:
        try:
            base = _base(toml, path, above)
        except ConfigError as problem:
            problems += problem.problems
    parts = ("input", "limits", "output")
    expected = ("extends", "rules", "step", *parts)
    problems += [toml.problem((key,), f"unknown key; {nearest(key, expected)}") for key in toml.data if key not in expected]
    settings: dict[str, Any] = {}
    for key in parts:
        settings[key], found = _overlaid(getattr(base, key), toml, key)
        problems += found
    entries, found = _steps(base.entries, toml)
    problems += found
    folders, found = _folders(toml, path)
    problems += found
    if problems:
        raise ConfigError(problems)
    return Config(entries=entries, **settings).with_rules(folders)


def _base(toml: Toml, path: Path, above: tuple[Path, ...]) -> Config:
    """What a file extends: a preset by its name, or a file beside it."""
    wanted = toml.data["extends"]
    known = presets()
    if not isinstance(wanted, str):
        raise ConfigError([toml.problem(("extends",), f"names one preset or file; found {wanted!r}")])
    target = known.get(wanted) or (path.parent / wanted)
    if not target.is_file():
        raise ConfigError([toml.problem(("extends",), f"there is no preset or file {wanted!r}; {nearest(wanted, known)}")])
    if target.resolve() in above or target.resolve() == path.resolve():
        raise ConfigError([toml.problem(("extends",), f"{wanted!r} extends this file, which extends it")])
    return _load(target, (*above, path.resolve()))


def _overlaid(base: Any, toml: Toml, key: str) -> tuple[Any, list[Problem]]:  # noqa: ANN401  # one of the table classes
    """A settings table with the file's values in the place of the base's."""
    table = toml.data.get(key, {})
    if not isinstance(table, dict):
        return base, [toml.problem((key,), f"is a table: [{key}]")]
    built, problems = build(type(base), _merged(asdict(base), table), toml, (key,))
    return (base if built is None else built), problems


def _merged(base: dict[str, Any], table: dict[str, Any]) -> dict[str, Any]:
    """Two tables as one, the second one's values first, tables inside them too."""
    inner = {key: _merged(base[key], value) for key, value in table.items() if isinstance(value, dict) and isinstance(base.get(key), dict)}
    return {**base, **table, **inner}


def _steps(base: tuple[Entry, ...], toml: Toml) -> tuple[tuple[Entry, ...], list[Problem]]:
    """The steps after the file's tables have been worked in."""
    entries = {entry.name: entry for entry in base}
    order = list(entries)
    seen: set[str] = set()
    listed, problems = tables(toml, "step")
    for number, table in enumerate(listed):
        at = ("step", number)
        own = {key: value for key, value in table.items() if key in _OWN}
        _, found = build(_StepTable, own, toml, at)
        problems += found
        # What is sound in the table is looked at all the same, so that a file's errors come out all at once.
        sound = {key: value for key, value in own.items() if not build(_StepTable, {"name": "", key: value}, toml, at)[1]}
        if not sound.get("name"):
            continue
        said = _StepTable(**sound)
        if said.name not in steps():
            problems.append(toml.problem((*at, "name"), f"there is no step {said.name!r}; {nearest(said.name, steps())}"))
            continue
        if said.name in seen:
            problems.append(toml.problem((*at, "name"), f"{said.name!r} is named twice in this file"))
        seen.add(said.name)
        entry, found = _entry(said, {k: v for k, v in table.items() if k not in own}, entries.get(said.name), toml, at)
        problems += found
        problems += _place(said, order, toml, at)
        if said.name in order:
            entries[said.name] = entry
    problems += _apart(order, {str(table.get("name")): number for number, table in enumerate(listed)}, toml)
    return tuple(entries[name] for name in order), problems


def _apart(order: list[str], tables_of: dict[str, int], toml: Toml) -> list[Problem]:
    """The problem that a step stands between two corpus steps, which are settled all at once."""
    kinds = [kind(step_class(name)) for name in order]
    first, end = corpus_steps(kinds)
    between = [name for name, of in zip(order[first:end], kinds[first:end], strict=True) if of != "corpus"]
    if not between:
        return []
    across = [name for name, of in zip(order, kinds, strict=True) if of == "corpus"]
    named = next((name for name in (*between, *across) if name in tables_of), "")
    said = f"{', '.join(between)} cannot stand between {', '.join(across)}: steps across documents stand together; move one with `after`"
    return [toml.problem(("step", tables_of[named], "name") if named else ("step",), said)]


def _entry(
    said: _StepTable, parameters: dict[str, Any], base: Entry | None, toml: Toml, at: tuple[str, int]
) -> tuple[Entry, list[Problem]]:
    """A step with its parameters checked against its fields."""
    cls = step_class(said.name)
    named = [name for name in paths_of(cls) if isinstance(parameters.get(name), str) and parameters[name]]
    beside = {name: str(Path(toml.path).parent / parameters[name]) for name in named}
    merged = {**(base.parameters if base else {}), **parameters, **beside}
    made, problems = build(cls, merged, toml, at, other=_OWN)
    if said.store and kind(cls) != "measure":
        problems.append(toml.problem((*at, "store"), f"{said.name!r} measures nothing that could be stored"))
    converted = {name: getattr(made, name) for name in merged} if made is not None else merged
    return Entry(said.name, converted, bool(base and base.store) if said.store is None else said.store), problems


def _place(said: _StepTable, order: list[str], toml: Toml, at: tuple[str, int]) -> list[Problem]:
    """Put a step's name where the file wants it in `order`."""
    if said.off:
        if said.name not in order:
            return [toml.problem((*at, "off"), f"{said.name!r} is not on; there is {', '.join(order) or 'no step'}")]
        order.remove(said.name)
    elif said.after:
        if said.after not in order or said.after == said.name:
            return [toml.problem((*at, "after"), f"there is no step {said.after!r} before it; {nearest(said.after, order)}")]
        if said.name in order:
            order.remove(said.name)
        order.insert(order.index(said.after) + 1, said.name)
    elif said.name not in order:
        order.append(said.name)
    return []


def _folders(toml: Toml, path: Path) -> tuple[list[str], list[Problem]]:
    """The rule folders that a file names, relative to it."""
    named = toml.data.get("rules", [])
    if not (isinstance(named, list) and all(isinstance(folder, str) for folder in named)):
        return [], [toml.problem(("rules",), f"is a list of folders; found {named!r}")]
    folders = [path.parent / folder for folder in cast("list[str]", named)]
    return list(map(str, folders)), [toml.problem(("rules",), f"there is no folder {str(f)!r}") for f in folders if not f.is_dir()]
