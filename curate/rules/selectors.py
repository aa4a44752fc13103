"""CSS selectors of rules: checked before the first page is read."""

import re
from functools import cache
from typing import Final

from selectolax.lexbor import LexborHTMLParser, SelectolaxError

# `[class*=ad]` finds "shadow" and "header" too: word lists that match inside of names eat articles
# (mozilla/readability #807, #564, #1012). `.ad` and `#ad` match whole names.
_PART_OF_A_NAME: Final = re.compile(r"\[[\s|*]*(?:class|id)\s*[*^$|~]?=", re.IGNORECASE)
_ODD: Final = re.compile(r"/\*|\[[^\]]*\\")


@cache
def _nothing() -> LexborHTMLParser:
    return LexborHTMLParser("<p></p>")


def selector_problem(selector: str) -> str:
    """What is wrong with a selector, "" for nothing."""
    if _ODD.search(selector):
        return f"{selector!r} has a comment, or an escape inside of [ ]: say it plainly"
    if _PART_OF_A_NAME.search(selector):
        return f"{selector!r}: a class is written .name and an id #name, which match whole names"
    try:
        # Selectors are run as one list, so one that is not closed would swallow those beside it.
        alone = bool(_nothing().css(f"{selector}, p")) and bool(_nothing().css(f"p, {selector}"))
    except SelectolaxError:
        return f"{selector!r} is no CSS selector that the HTML reader knows"
    return "" if alone else f"{selector!r} is not closed"
