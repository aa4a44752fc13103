"""What a check of rule files found, and where it stands in them."""

from typing import Final, NamedTuple

from curate.errors import Problem
from curate.fields import Toml
from curate.rules.format import literals

IN_BLOCKS: Final = "a pattern with a backslash in it is written in a ''' block, as it is"


class Finding(NamedTuple):
    """One thing wrong with a rule; findings sort by where they stand. A note is worth a look and fails nothing."""

    path: str
    line: int  # 0 for the file as a whole
    rule: str  # full id without version; "" where no rule can be named
    check: str
    message: str
    note: bool = False


def of_problem(problem: Problem) -> Finding:
    """A problem that stood in the way of reading a file."""
    hint = f"; {IN_BLOCKS}" if "Unescaped '\\'" in problem.message else ""
    message = f"{problem.key}: {problem.message}" if problem.key else problem.message
    return Finding(problem.path, problem.line, "", "schema", message + hint)


def line_of(toml: Toml, number: int, key: str, literal: str = "", *, nth: int = 0) -> int:
    """The line of a key of a file's rule, or of one of the literals in it: of several that are alike the nth."""
    begin = toml.line(("rule", number, key))
    if not literal:
        return begin
    end = min((line for line in toml.lines.values() if line > begin), default=len(toml.text))
    lines = toml.text.split("\n")[begin - 1 : end - 1]
    found = [at for at, line in enumerate(lines) if literal in literals(line)] or [at for at, line in enumerate(lines) if literal in line]
    return begin + found[min(nth, len(found) - 1)] if found else begin
