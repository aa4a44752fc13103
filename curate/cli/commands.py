"""How the command line finds its commands: by their files."""

import ast
import importlib
import importlib.util
import pkgutil
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import click

from curate.errors import UsageError

NOT_COMMANDS: Final = frozenset({"commands", "main", "options", "progress", "running", "tables"})


class ReaderGone(Exception):  # noqa: N818  # it is none
    """Whoever read our output has gone, which is their right."""


class Commands(click.Group):
    """The commands of a package: each file, or package in it, is one, but for the files that only help.

    A command is imported when it is called, so that `curate --help` does not wait for numpy.
    """

    def __init__(self, *args: Any, package: ModuleType, **kwargs: Any) -> None:  # noqa: ANN401  # click's own
        super().__init__(*args, **kwargs)
        self._package = package

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        return sorted(module.name for module in pkgutil.iter_modules(self._package.__path__) if module.name not in NOT_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = importlib.import_module(f"{self._package.__name__}.{cmd_name}").command
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
            raise ReaderGone from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list in the help: each command by the first line of its file, which is read and not run."""
        rows = [(name, purpose(self._package, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def purpose(package: ModuleType, name: str) -> str:
    """What a command is for: the first line of its file after its name; the file is read and not run."""
    spec = importlib.util.find_spec(f"{package.__name__}.{name}")
    assert spec is not None
    assert spec.origin is not None
    page = ast.get_docstring(ast.parse(Path(spec.origin).read_text(encoding="utf-8"))) or ""
    return page.splitlines()[0].partition(": ")[2]
