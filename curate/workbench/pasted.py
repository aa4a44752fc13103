"""A rule for a line that somebody has pasted: as it stands on the pages, whole or in a longer line."""

import re
from collections.abc import Container, Sequence
from datetime import date
from typing import Final, NamedTuple

from curate.errors import UsageError
from curate.rules.format import MAX_CHARS, Action, Evidence, Rule, Where
from curate.text.folding import fold
from curate.text.prose import reads_as_prose
from curate.workbench.guess import Guess
from curate.workbench.near_miss import near_miss
from curate.workbench.repeated import Page

_LABEL: Final = 60  # characters: a rule for lines that are no longer takes labels, and few sentences
_SHORT: Final = 2  # characters of a whole line that may be anything
_SLACK: Final = 2  # times the place at which so short a line was seen
_EXAMPLES: Final = 3
_WORDS_OF_ID: Final = 5
_WORDS_OF_SIGN: Final = 4
_NAME: Final = 4  # letters of a site's name that is worth looking for
_WORD: Final = re.compile(r"[a-z0-9]+")
_WHY: Final = {
    "line": "Pasted by hand: a line of the page that is no part of the text.",
    "line_starts": "Pasted by hand: how lines begin that are no part of the text.",
    "line_ends": "Pasted by hand: how lines end that are no part of the text.",
    "line_contains": "Pasted by hand: what stands in lines that are no part of the text.",
}


class Standing(NamedTuple):
    """How a pasted line stands on pages."""

    text: str
    key: str  # line where it is a whole line or on no page; line_starts, line_ends or line_contains where it stands in longer ones only
    pages: int
    longer: tuple[str, ...]  # the lines that it stands in
    places: tuple[tuple[int, int], ...]  # of a whole line: lines above it and below it, with itself


class Seen(NamedTuple):
    """How many pages were looked at, and when."""

    of: int
    today: date


def standing(text: str, pages: Sequence[Page]) -> Standing:
    """How a line stands on some pages; raises UsageError for one that no rule can be made of."""
    if not (folded := fold(text)):
        raise UsageError(f"--line {text!r} has nothing in it that a rule could look for")
    places = [
        (page_number, number, len(page.lines) - number)
        for page_number, page in enumerate(pages)
        for number, line in enumerate(page.folded)
        if line == folded
    ]
    if places:
        return Standing(text, "line", len({place[0] for place in places}), (), tuple(place[1:] for place in places))
    inside = [
        (number, line, low) for number, page in enumerate(pages) for line, low in zip(page.lines, page.folded, strict=True) if folded in low
    ]
    if not inside:
        return Standing(text, "line", 0, (), ())
    key = "line_contains"
    if all(low.startswith(folded) for _, _, low in inside):
        key = "line_starts"
    elif all(low.endswith(folded) for _, _, low in inside):
        key = "line_ends"
    return Standing(text, key, len({number for number, _, _ in inside}), tuple(sorted({line for _, line, _ in inside})), ())


def rule_of(said: Standing, identity: str, guess: Guess, language: str, evidence: Seen) -> Rule:
    """The rule. From longer lines that may be sentences only what was pasted is cut; labels that hold it go as a whole."""
    sentence = any(len(line) > MAX_CHARS or reads_as_prose(line) for line in said.longer)
    action: Action = "trim" if sentence else "drop-line"
    longest = max(map(len, (said.text, *said.longer)))
    if said.longer and longest <= _LABEL:
        limit: int | None = _LABEL
    else:
        limit = -(-longest // 100) * 100 if longest > MAX_CHARS else None
    blocks = {said.key: f"{said.text}\n"}
    return Rule(
        id=identity,
        category=guess.category,
        why=_WHY[said.key],
        action=action,
        line=blocks.get("line", ""),
        line_starts=blocks.get("line_starts", ""),
        line_ends=blocks.get("line_ends", ""),
        line_contains=blocks.get("line_contains", ""),
        where=_where(said),
        max_chars=limit,
        drops="".join(f"{line}\n" for line in said.longer[:_EXAMPLES]),
        keeps=near_miss(said.text, language, whole=said.key != "line_contains") + "\n",
        evidence=Evidence(said.pages, evidence.of, evidence.today) if said.pages else None,
        verified=evidence.today,
    )


def _where(said: Standing) -> Where:
    """Where a line of a letter or two is looked for; any other one may stand anywhere."""
    if said.key != "line" or len(fold(said.text)) > _SHORT:
        return Where()
    if not said.places:
        raise UsageError(
            f"--line {said.text!r} is so short that it may be anything: name PAGES with it, so that the rule can say where it stands"
        )
    above, below = max(place[0] for place in said.places) + 1, max(place[1] for place in said.places)
    return Where(first=_SLACK * above) if above <= below else Where(last=_SLACK * below)


def id_of(text: str, taken: Container[str]) -> str:
    """An id from the first words of a line that are written in ASCII."""
    name = "-".join(_WORD.findall(fold(text))[:_WORDS_OF_ID])[:40].strip("-") or "line"
    number = 1
    while (identity := name if number == 1 else f"{name}-{number}") in taken:
        number += 1
    return identity


def signs_of(pages: Sequence[Page], names: Sequence[str], most: int = 5) -> list[str]:
    """Lines that give a site away: of four words and more, on most of its pages, with its name in them."""
    keys = [key for name in names if len(key := _key(name)) >= _NAME]
    found: dict[str, tuple[set[int], str]] = {}
    for number, page in enumerate(pages):
        for line, folded in zip(page.lines, page.folded, strict=True):
            if folded.count(" ") + 1 >= _WORDS_OF_SIGN and len(line) <= MAX_CHARS and any(key in _key(line) for key in keys):
                found.setdefault(folded, (set(), line))[0].add(number)
    often = [(len(on), text) for on, text in found.values() if len(on) > 1 and 2 * len(on) > len(pages)]
    return [text for _, text in sorted(often, key=lambda one: (-one[0], one[1]))[:most]]


def _key(text: str) -> str:
    return "".join(char for char in fold(text) if char.isalnum())
