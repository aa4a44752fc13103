"""`curate index`: look at an index of earlier runs and what it holds."""

import sys

import click

from curate.cli.commands import Commands


@click.group(cls=Commands, package=sys.modules[__name__])
def command() -> None:
    """Look at an index of earlier runs; `curate clean --index DIR` makes one and adds to it."""
