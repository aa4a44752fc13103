"""The `curate` command: finds its subcommands by their files and turns errors into exit codes."""

import os
import signal
import sys
import traceback
from typing import Final

import click

from curate import cli
from curate.cli.commands import Commands, ReaderGone
from curate.errors import SurroundingsError, UsageError
from curate.version import __version__

USAGE: Final = 2
FAULT: Final = 3
SURROUNDINGS: Final = 4
INTERRUPTED: Final = 130
TERMINATED: Final = 143


@click.command(cls=Commands, package=cli, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="curate")
def curate() -> None:
    """Clean scraped pages into a corpus, with a ledger of every line removed."""


class _Terminated(BaseException):
    """Somebody has asked the process to end; not an Exception, so that nobody takes it for a page's failure."""


def _terminated(_number: int, _frame: object) -> None:
    """End as on an error, so that nothing half done is left behind."""
    raise _Terminated


def _let_go_of_stdout() -> None:
    """What is still to be written to standard output goes nowhere: or Python fails once more when it flushes it at the end."""
    if sys.stdout is sys.__stdout__:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def main() -> None:
    """Run the command line; the exit code says how it ended (README, "Exit codes")."""
    signal.signal(signal.SIGTERM, _terminated)
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # matrices are small and processes many; numpy is not loaded yet
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
        _let_go_of_stdout()
        code = SURROUNDINGS
    except (click.Abort, KeyboardInterrupt, _Terminated) as problem:
        click.echo(
            "Interrupted. What an earlier run wrote is as it was; the same command again goes on with what is not done yet.", err=True
        )
        code = TERMINATED if isinstance(problem, _Terminated) else INTERRUPTED
    except ReaderGone:
        _let_go_of_stdout()
        code = 0
    except Exception:  # noqa: BLE001  # Python would end with 1, which says that the corpus is written
        traceback.print_exc()
        click.echo("Error: a fault of curate itself; please report it with the lines above", err=True)
        code = FAULT
    sys.exit(code if isinstance(code, int) else 0)
