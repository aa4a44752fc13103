"""`curate steps`: the steps there are, and what each can be told."""

import inspect
import sys

import click

from curate.fields import describe
from curate.steps import kind, step_class, steps


@click.command()
@click.argument("name", required=False)
def command(name: str | None) -> int:
    """List the steps that a configuration can name; with NAME, what one is for and what it can be told."""
    if name is None:
        width = max(map(len, steps()))
        for found in steps().values():
            click.echo(f"{found.name:{width}}  {kind(found.load()):8} {page(found.load()).partition(chr(10))[0]}")
        return 0
    cls = step_class(name)
    click.echo(f"{name} ({kind(cls)})\n\n{page(cls)}")
    if fields := describe(cls):
        click.echo("\nParameters")
        for field in fields:
            limits = f", {field.limits}" if field.limits else ""
            click.echo(f"  {field.name} = {field.default}  ({field.type}{limits})\n      {field.description}")
    return 0


def page(cls: type) -> str:
    """A step's page: the docstring of the module that it is alone in."""
    return inspect.cleandoc(sys.modules[cls.__module__].__doc__ or "")
