"""`curate check`: everything that is wrong with a configuration file."""

import click

from curate.config import load
from curate.errors import UsageError


@click.command()
@click.argument("file", type=click.Path(dir_okay=False))
def command(file: str) -> int:
    """Check the configuration FILE and the rule files that it names; print every error at once.

    The exit code is 0 for a sound file and 2 for one with errors.
    """
    if not file.endswith(".toml"):
        raise UsageError(f"a configuration file ends in .toml; {file!r} does not")
    pipeline = load(file).pipeline()
    steps = ", ".join(placed.name for placed in pipeline.steps) or "no steps"
    rules = f"; rules {pipeline.rules_version}" if pipeline.rules_version else ""
    click.echo(f"{file}: sound. Steps: {steps}{rules}")
    return 0
