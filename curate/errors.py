"""Everything that can go wrong, as one tree.

CurateError
├── UsageError      the command or the call cannot be carried out as given (exit 2)
│   └── ConfigError a configuration or rule file has problems: all of them, each with file, line and key (exit 2)
├── SurroundingsError  the machine did not let the run go on: disk full, output gone (exit 4)
└── PageError       one page cannot be read; it becomes a `failed` row and the run goes on
"""

from collections.abc import Sequence
from typing import NamedTuple


class CurateError(Exception):
    """The root of the tree: catch this to catch whatever curate raises on purpose."""


class UsageError(CurateError):
    """What was asked for cannot be done as it was asked."""


class Problem(NamedTuple):
    """One thing wrong with a file: where it stands and what to do about it."""

    path: str
    line: int  # 1 is the first line; 0 where no line can be named
    key: str
    message: str

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else self.path
        return f"{place}: {self.key}: {self.message}" if self.key else f"{place}: {self.message}"


class ConfigError(UsageError):
    """A configuration or rule file that says something curate cannot do."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class SurroundingsError(CurateError):
    """The run could not go on for a reason outside the input: no space, no permission, output gone."""


class PageError(CurateError):
    """One page that cannot be read.

    `reason` is a short fixed phrase to count by; the message adds what was found.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason}: {detail}" if detail else reason)
