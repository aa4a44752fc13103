"""The `curate` command: finds its subcommands by their files and turns errors into exit codes."""

import ast
import importlib
import os
import pkgutil
import signal
import sys
from pathlib import Path
from typing import Final

import click

from curate import cli
from curate.errors import SurroundingsError, UsageError
from curate.version import __version__

USAGE: Final = 2
SURROUNDINGS: Final = 4
INTERRUPTED: Final = 130
_NOT_COMMANDS: Final = frozenset({"main", "options", "progress", "tables"})


class _ReaderGone(Exception):  # noqa: N818  # it is none
    """Whoever read our output has gone, which is their right."""


class _Commands(click.Group):
    """A command is imported when it is called, so that `curate --help` does not wait for numpy."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        return sorted(module.name for module in pkgutil.iter_modules(cli.__path__) if module.name not in _NOT_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = importlib.import_module(f"curate.cli.{cmd_name}").command
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        known = self.list_commands(ctx)
        if args and args[0] not in known and not args[0].startswith("-"):
            from curate.fields import nearest  # noqa: PLC0415  # not before it is needed

            raise UsageError(f"there is no command {args[0]!r}; {nearest(args[0], known)}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # click would answer it with exit 1
            raise _ReaderGone from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list in the help: each command by the first line of its file, which is read and not run."""
        rows = [(name, _purpose(name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _purpose(name: str) -> str:
    source = Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8")
    page = ast.get_docstring(ast.parse(source)) or ""
    return page.splitlines()[0].partition(": ")[2]


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="curate")
def curate() -> None:
    """Clean scraped pages into a corpus, with a ledger of every line removed."""


def _terminated(number: int, _frame: object) -> None:
    """End as on an error, so that nothing half done is left behind."""
    raise SystemExit(128 + number)


def main() -> None:
    """Run the command line; the exit code says how it ended (README, "Exit codes")."""
    signal.signal(signal.SIGTERM, _terminated)
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
        click.echo(
            "Interrupted. A run that is interrupted writes no file and leaves what an earlier one wrote; run it again to start over.",
            err=True,
        )
        code = INTERRUPTED
    except _ReaderGone:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or Python complains when it flushes standard output at the end
        code = 0
    sys.exit(code if isinstance(code, int) else 0)
