"""Options that several commands share, and the settings they make."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, Final, NamedTuple, TypeVar, get_args, get_type_hints

import click

from curate.config import Config, Input, Output, load
from curate.fields import describe
from curate.formats.inputs import written
from curate.formats.pages import Reading
from curate.formats.record import Fields
from curate.places import Place, place

PAGE: Final = "page"
CORPUS: Final = "corpus"
F = TypeVar("F", bound=Callable[..., Any])
_CHOICES: Final = {
    (cls, name): list(get_args(hint)) for cls in (Input, Output) for name, hint in get_type_hints(cls).items() if get_args(hint)
}


class _PlaceType(click.ParamType[Place]):
    """A folder on a disk or the address of one in a store; whether it is there is seen when it is used."""

    name = "place"

    def convert(self, value: str | Place, param: click.Parameter | None, ctx: click.Context | None) -> Place:  # noqa: ARG002  # click's
        return place(value) if isinstance(value, str) else value


PLACE: Final = _PlaceType()


class Settings(NamedTuple):
    """What the shared options come to."""

    config: Config
    reading: Reading


def reading_options(command: F, preset: str = PAGE) -> F:
    """The options that say how pages are read and what is done with them; `preset` is what `settings` is told as well."""
    options: list[Callable[[F], F]] = [
        click.option("--preset", metavar="NAME", default=None, help=f"Preset to run: `curate presets` lists them. [default: {preset}]"),
        click.option(
            "--config", metavar="FILE", default=None, type=click.Path(dir_okay=False), help="Configuration file to run instead of a preset."
        ),
        click.option(
            "--rules", metavar="DIR", multiple=True, type=click.Path(), help="Rule folder of your own; comes before the built-in packs."
        ),
        click.option("--url", metavar="URL", default="", help="Address of the page, where the input does not say it."),
        click.option("--site-from", type=click.Choice(_CHOICES[Input, "site_from"]), default=None, help=_help(Input, "site_from")),
        click.option("--format", "format_", type=click.Choice(_CHOICES[Input, "format"]), default=None, help=_help(Input, "format")),
        *(
            click.option(
                f"--{field.name}-field",
                metavar="NAME",
                default=None,
                help=f"Field of a record with {field.description}. [default: {field.name}]",
            )
            for field in describe(Fields)
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


run_options: Final = partial(reading_options, preset=CORPUS)  # of commands that see a whole corpus


def _help(cls: type, name: str) -> str:
    found = next(field for field in describe(cls) if field.name == name)
    return f"{found.description[0].upper()}{found.description[1:]}. [default: {found.default.strip(chr(39)) or 'none'}]"


def settings(options: dict[str, Any], preset: str = PAGE) -> Settings:
    """The configuration and reading that `reading_options` ask for; command-line values come before the file's.

    `preset` is run where none is asked for.
    """
    if options["preset"] and options["config"]:
        raise click.UsageError('--preset and --config exclude each other; a file can say extends = "…"')
    config = load(options["config"] or options["preset"] or preset).with_rules(options["rules"])
    fields = replace(config.input.fields, **_given(options, {f"{field.name}_field": field.name for field in describe(Fields)}))
    given = replace(config.input, fields=fields, **_given(options, {"site_from": "site_from", "format_": "format"}))
    config = replace(
        config,
        input=given,
        output=replace(config.output, **_given(options, {"ledger": "ledger", "output_format": "format", "compress": "compress"})),
    )
    return Settings(config, Reading(given.format, given.site_from, given.fields, config.limits, written(options["url"])))


def _given(options: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    return {field: options[option] for option, field in names.items() if options.get(option) is not None}


def output_options(command: F) -> F:
    """The options that say what is written."""
    ledger = click.option("--ledger", type=click.Choice(_CHOICES[Output, "ledger"]), default=None, help=_help(Output, "ledger"))
    written_as = click.option("--output-format", type=click.Choice(_CHOICES[Output, "format"]), default=None, help=_help(Output, "format"))
    compress = click.option("--compress", type=click.Choice(["zst", "gz"]), default=None, help=_help(Output, "compress"))
    return ledger(written_as(compress(command)))
