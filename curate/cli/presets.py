"""`curate presets`: the presets there are; each is a TOML file."""

import click

from curate.config import presets
from curate.errors import UsageError
from curate.fields import nearest


@click.command()
@click.argument("name", required=False)
def command(name: str | None) -> int:
    """List the presets; with NAME, print its file, which can be copied and changed."""
    found = presets()
    if name is None:
        width = max(map(len, found))
        for preset, path in found.items():
            click.echo(f"{preset:{width}}  {path.read_text(encoding='utf-8').splitlines()[0].lstrip('# ')}")
        return 0
    if name not in found:
        raise UsageError(f"there is no preset {name!r}; {nearest(name, found)}")
    click.echo(found[name].read_text(encoding="utf-8"), nl=False)
    return 0
