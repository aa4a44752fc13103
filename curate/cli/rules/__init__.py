"""`curate rules`: write, test and try rule files."""

import sys

import click

from curate.cli.commands import Commands


@click.group(cls=Commands, package=sys.modules[__name__])
def command() -> None:
    """Write, test and try rule files; README shows a first rule from the pasted line to the pull request."""
