"""How deep an HTML page nests, estimated from its bytes: a parser may need minutes to find out.

lexbor takes 24 s for 100,000 nested elements, growing with the square of the depth, so the depth is bounded first.
"""

import re
from typing import Final

import numpy as np

# Elements that end by themselves (HTML standard, "void elements" and "optional tags") never pile up.
_FLAT: Final = frozenset(
    b"area base br col embed hr img input link meta param source track wbr "
    b"p li dt dd tr td th option optgroup thead tbody tfoot colgroup rb rt rp rtc caption html head body".split()
)
_TAG: Final = re.compile(
    rb"""
    <!--.*?-->                                                                    # comments and raw text hold no tags
  | <(?P<raw>script|style|textarea|title)\b[^>]*>.*?</(?P=raw)
  | <(?P<close>/?)(?P<name>[a-zA-Z][^\s/>]*)(?P<rest>[^<>]*?(?P<self>/?)>)?
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_FOREIGN: Final = frozenset(b"path circle rect line polygon polyline ellipse use stop g image".split())


def depth(data: bytes, enough: int) -> int:
    """An upper estimate of the depth of nesting; exact work is only done for pages that may be beyond `enough`."""
    rough = _rough(data)
    return rough if rough <= enough else _counted(data)


def _rough(data: bytes) -> int:
    """The largest surplus of `<x` over `</`, whatever x is: never too small, and a few numpy passes."""
    letters = np.frombuffer(data, dtype=np.uint8)
    after = letters[np.flatnonzero(letters[:-1] == ord("<")) + 1]
    opens = ((after | 32) >= ord("a")) & ((after | 32) <= ord("z"))
    level = np.cumsum(opens.astype(np.int32) - (after == ord("/")))
    # Stray end tags must not hide what opens after them: measure from the lowest level so far.
    return int((level - np.minimum.accumulate(np.minimum(level, 0))).max(initial=0))


def _counted(data: bytes) -> int:
    """The same surplus over the elements that stay open until they are closed."""
    level = deepest = 0
    for tag in _TAG.finditer(data):
        name = tag["name"]
        if name is None:
            continue
        name = name.lower()
        if name in _FLAT or (tag["self"] and name in _FOREIGN):
            continue
        if tag["close"]:
            level = max(0, level - 1)
        else:
            level += 1
            deepest = max(deepest, level)
    return deepest
