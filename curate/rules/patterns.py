"""RE2 patterns, and the literal that must stand in a line before its pattern is tried."""

import re
from functools import cache
from typing import Any, Final

import re2


@cache
def compiled(pattern: str) -> Any:  # noqa: ANN401  # google-re2 has no types
    """A compiled RE2 pattern (linear in the line, whatever it says); raises ValueError when it is none."""
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as problem:
        text = problem.args[0] if problem.args else problem
        raise ValueError(text.decode() if isinstance(text, bytes) else str(text)) from None


# One element of a pattern with its quantifier. Good enough to find literals: what it does not know ends a run.
_ELEMENT: Final = re.compile(
    r"""
    (?P<class> \[ \^? \]? (?: \\. | \[:\w+:\] | [^\]\\] )* \] | \. | \\[dDsSwWbBAzpP] (?:\{\^?\w+\})? | [$^] )
  | (?P<group> \( (?: \?: | \?P<\w+> )? )
  | (?P<flags> \( \? [a-zA-Z-]+ \) )
  | (?P<close> \) )
  | (?P<or> \| )
  | \\ (?P<escaped> \W )
  | (?P<other> \\. )
  | (?P<char> . )
    """,
    re.VERBOSE,
)
_QUANTIFIER: Final = re.compile(r"[*?+]\??|\{\d+(,\d*)?\}\??")


def prefilter(pattern: str) -> str:
    """The longest run of literal characters that every match of `pattern` contains; "" if it finds none."""
    return max(_runs(pattern), key=len, default="")


def _runs(pattern: str) -> list[str]:
    """The runs of literals on every path through a pattern; a group with alternatives or a quantifier ends one."""
    runs = [""]
    # For each open group: where its runs begin, and whether it has alternatives.
    opened: list[tuple[int, bool]] = [(0, False)]
    at = 0
    while at < len(pattern):
        element = _ELEMENT.match(pattern, at)
        if element is None:
            return []
        at = element.end()
        quantifier = _QUANTIFIER.match(pattern, at)
        at = quantifier.end() if quantifier else at
        literal = element["escaped"] or element["char"] or ""
        if element["flags"]:
            return []
        if element["group"]:
            opened.append((len(runs), False))
            runs.append("")
        elif element["or"]:
            opened[-1] = (opened[-1][0], True)
        elif element["close"] and len(opened) > 1:
            begin, alternatives = opened.pop()
            inside = runs[begin:]
            del runs[begin:]
            if alternatives or (quantifier and quantifier[0][0] in "*?{"):
                runs.append("")
            else:  # the group is as good as its content: its first run goes on the one before it
                runs[-1] += inside[0]
                runs += inside[1:]
                if quantifier:
                    runs.append("")
        elif literal and not quantifier:
            runs[-1] += literal
        elif literal and quantifier and quantifier[0][0] == "+":
            runs[-1] += literal
            runs.append("")
        else:
            runs.append("")
    return [] if opened[0][1] else runs
