"""`curate rules test`: run the examples that rules carry."""

import click


@click.command()
def command() -> int:
    """Run the examples that rules carry."""
    return 0
