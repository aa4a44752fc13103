"""`curate dedup`: look at what the duplicate steps of a run compared."""

import sys

import click

from curate.cli.commands import Commands


@click.group(cls=Commands, package=sys.modules[__name__])
def command() -> None:
    """Look at what the duplicate steps of a run compared, and what came of it."""
