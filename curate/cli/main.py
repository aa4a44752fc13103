"""The `curate` command: finds its subcommands by their files and turns errors into exit codes."""

import importlib
import pkgutil
import sys
from typing import Final

import click

from curate import cli
from curate.errors import SurroundingsError, UsageError
from curate.version import __version__

USAGE: Final = 2
SURROUNDINGS: Final = 4
INTERRUPTED: Final = 130
_NOT_COMMANDS: Final = frozenset({"main", "options", "progress", "tables"})


class _Commands(click.Group):
    """A command is imported when it is called, so that `curate --help` does not wait for numpy."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        return sorted(module.name for module in pkgutil.iter_modules(cli.__path__) if module.name not in _NOT_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = importlib.import_module(f"curate.cli.{cmd_name}").command
        return command


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="curate")
def curate() -> None:
    """Clean scraped pages into a corpus, with a ledger of every line removed."""


def main() -> None:
    """Run the command line; the exit code says how it ended (README, "Exit codes")."""
    try:
        code = curate.main(standalone_mode=False)
    except click.ClickException as problem:
        problem.show()
        code = USAGE
    except UsageError as problem:
        click.echo(f"Error: {problem}", err=True)
        code = USAGE
    except SurroundingsError as problem:
        click.echo(f"Error: {problem}", err=True)
        code = SURROUNDINGS
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted; nothing was written. Run the same command again to start over.", err=True)
        code = INTERRUPTED
    except BrokenPipeError:  # whoever read our output has gone, which is their right
        sys.stderr.close()
        code = 0
    sys.exit(code if isinstance(code, int) else 0)
