"""`curate model`: train the page model, and make pages to train it on."""

import sys

import click

from curate.cli.commands import Commands


@click.group(cls=Commands, package=sys.modules[__name__])
def command() -> None:
    """Train the page model, and make pages to train it on; docs/model.md has the format of labelled pages."""
