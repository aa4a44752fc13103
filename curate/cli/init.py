"""`curate init`: a commented configuration to start from."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import click

from curate.cli.options import CORPUS
from curate.config import Input, Output, load
from curate.errors import UsageError
from curate.fields import describe
from curate.formats.limits import Limits
from curate.formats.record import Fields
from curate.steps import step_class

_MAKE: Final = """\
.DELETE_ON_ERROR:
corpus/run.json: {file} $(shell find pages -type f)
\tcurate clean pages --config {file} -o corpus --allow-failed 0.01
"""


@click.command()
@click.argument("file", default="curate.toml", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--preset", default=CORPUS, metavar="NAME", help=f"Preset to extend. [default: {CORPUS}]")
def command(file: Path, preset: str) -> int:
    """Write FILE (curate.toml) with every setting in it, each as a comment with its default."""
    if file.exists():
        raise UsageError(f"{str(file)!r} is there already; name another file, or move it away")
    text = "\n".join(_lines(preset)) + "\n"
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as problem:
        raise UsageError(f"cannot write {str(file)!r}: {problem.strerror}") from None
    click.echo(f"wrote {file}. In a Makefile:\n")
    click.echo(_MAKE.format(file=file), nl=False)
    return 0


def _lines(preset: str) -> Iterator[str]:
    yield from (
        "# What curate does with the pages it is given. Commented lines show the defaults.",
        f'extends = "{preset}"  # a preset, or another file; `curate presets {preset}` prints it',
        '# rules = ["my-rules"]  # rule folders of your own, relative to this file',
    )
    for name, cls in (("input", Input), ("input.fields", Fields), ("limits", Limits), ("output", Output)):
        yield from ("", f"[{name}]")
        yield from (f"# {line}" for line in _settings(cls) if "fields = " not in line)
    for entry in load(preset).entries:
        yield from ("", f"# `curate steps {entry.name}` says what it does; off = true takes it out.", "[[step]]", f'name = "{entry.name}"')
        yield from (f"# {line}" for line in _settings(step_class(entry.name), entry.parameters))


def _settings(cls: type, given: Mapping[str, Any] = MappingProxyType({})) -> Iterator[str]:
    """A TOML line for each field, with the value given or its default, its range and its meaning."""
    for field in describe(cls):
        said = given.get(field.name)
        value = repr(list(said) if isinstance(said, tuple) else said) if field.name in given else field.default
        default = {"()": "[]", "True": "true", "False": "false"}.get(value, value.replace("'", '"'))
        limits = f" ({field.limits})" if field.limits else ""
        kinds = f" {field.type};" if field.type.startswith("one of") else ""
        yield f"{field.name} = {default}  #{kinds} {field.description}{limits}"
