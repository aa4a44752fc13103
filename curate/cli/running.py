"""What the commands that run over a corpus share: their options, and the plan that these make."""

import os
import re
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import click
import msgspec

from curate.cli.options import CORPUS, settings
from curate.formats.inputs import find
from curate.run.plan import Plan, planned

F = TypeVar("F", bound=Callable[..., Any])
_UNITS: Final = {"": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
_LEAST: Final = 10**6  # bytes: with less than some rows at a time nothing comes to an end


def _size(value: str) -> int:
    """The number of bytes that `500MB` or `2GB` stands for."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-z]*)", value.lower())
    if not found or found[2] not in _UNITS:
        raise click.BadParameter(f"{value!r} is no size; say how much and of what (kB, MB, GB, TB), as in 500MB or 2GB")
    if (size := int(float(found[1]) * _UNITS[found[2]])) < _LEAST:
        raise click.BadParameter(f"{value!r} is too little to compare documents in; say 1MB at least")
    return size


def plan_options(command: F) -> F:
    """The options that say how a run is divided and what it may take."""
    options: list[Callable[[F], F]] = [
        click.option("--limit", type=click.IntRange(min=1), default=None, metavar="N", help="Read only the first N documents."),
        click.option(
            "--memory",
            type=_size,
            default="1GB",
            metavar="SIZE",
            help="Memory that comparing documents may take, as in 2GB. [default: 1GB]",
        ),
        click.option(
            "--index",
            type=click.Path(file_okay=False),
            default="",
            metavar="DIR",
            help="Folder that remembers what runs have kept: what it holds is not kept again, what this run keeps is added.",
        ),
        click.option(
            "--check-content", is_flag=True, help="Tell by a hash of its content whether a file has changed, not by its size and time."
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def plan_of(inputs: Sequence[str], out: str, options: dict[str, Any]) -> Plan:
    """The plan that the options ask for; nothing in the folder `out` is read."""
    config, reading = settings(options, CORPUS)
    files = find(inputs, without=out)
    plan = planned(inputs, files, config, reading, options["limit"], content=options["check_content"])
    return msgspec.structs.replace(plan, memory=options["memory"], index=options["index"])


def cores() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
