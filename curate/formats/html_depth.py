"""How deep an HTML page nests, estimated from its bytes: a parser may need minutes to find out.

lexbor takes 24 s for 100,000 nested elements, growing with the square of the depth, so the depth is bounded first.
"""

import re
from collections import Counter
from collections.abc import Callable
from typing import Final

import numpy as np

# Elements that never pile up: void ones, and those that the next of their kind ends (HTML standard, "void elements"
# and "optional tags"; ruby's and `optgroup` end each other only inside their own parents, so they count).
_FLAT: Final = frozenset(
    b"area base br col embed hr img input link meta param source track wbr "
    b"p li dt dd tr td th option thead tbody tfoot colgroup caption html head body".split()
)
# End tags of formatting elements close these alone (HTML standard, "the adoption agency algorithm").
_FORMATTING: Final = frozenset(b"a b big code em font i nobr s small strike strong tt u".split())
_NAME: Final = 8  # letters by which names are told apart at first
# End tags of blocks close whatever is open inside, but do not reach out of a table or an object; other end tags do not
# reach out of a block either (HTML standard, "has an element in scope", "any other end tag").
_BLOCKS: Final = frozenset(
    b"address article aside blockquote button center details dialog dir div dl fieldset figcaption figure footer form "
    b"h1 h2 h3 h4 h5 h6 header hgroup listing main menu nav ol pre search section select summary table ul".split()
)
_WALLS: Final = frozenset(b"table object applet marquee template".split())
_DRAWINGS: Final = (b"svg", b"math")
_TAG: Final = re.compile(
    rb"<(?P<close>/?)(?P<name>[a-zA-Z][^\s/>]*)(?P<rest>(?:\"[^\"]*\"|'[^']*'|[^<>\"'])*?(?P<self>/?)>)?|<!--", re.DOTALL
)
_REMARK_END: Final = re.compile(rb"-?>|.*?--!?>", re.DOTALL)
_RAW_END: Final = {
    name: re.compile(rb"</" + name + rb"(?=[\s/>])", re.IGNORECASE)
    for name in b"script style textarea title xmp iframe noembed noframes".split()
}


def depth(data: bytes, enough: int) -> int:
    """An estimate of the depth of nesting, the more exact the nearer to `enough`.

    Pages that are surely shallow are not looked at closely. An estimate up to `enough` is at least a third of the
    depth; one beyond it is never for a page that is not.
    """
    letters = np.frombuffer(data, dtype=np.uint8)
    angles = letters == ord("<")
    tags = int(np.count_nonzero(angles) - np.count_nonzero(angles[:-1] & (letters[1:] == ord("/"))))
    if tags <= enough:
        return tags
    if (rough := _rough(data)) <= enough:
        return rough
    counted = _counted(data, enough)
    return counted if counted <= enough else rough


def _rough(data: bytes) -> int:
    """The most `<x` without their `</x`, whatever x is, in a few numpy passes.

    An end tag counts only where an element of its name is open, so stray ones hide nothing. What is no tag, or ends
    by itself, makes the number too large.
    """
    letters = np.frombuffer(data + bytes(_NAME + 2), dtype=np.uint8)
    after = np.flatnonzero(letters[: -_NAME - 1] == ord("<")) + 1
    closes = letters[after] == ord("/")
    names = np.lib.stride_tricks.sliding_window_view(letters, _NAME)[after + closes] | 32
    inside = np.logical_and.accumulate((names != ord(" ")) & (names != ord(">")) & (names != ord("/")), axis=1)
    keys = np.ascontiguousarray(names * inside).view(np.uint64)[:, 0]
    tags = (names[:, 0] >= ord("a")) & (names[:, 0] <= ord("z"))
    steps, keys = np.where(closes, -1, 1)[tags], keys[tags]
    # By name, each name's tags in their order: the running sum, held at zero from below, tells which end tags count.
    order = np.argsort(keys, kind="stable")
    group = np.cumsum(np.diff(keys[order], prepend=keys[order][:1]) != 0)
    sums = np.cumsum(steps[order])
    sums -= np.concatenate(([0], sums))[np.searchsorted(group, group)]
    apart = group * (2 * len(group) + 2)  # pulls the groups apart, so that one running minimum serves all of them
    held = sums - (np.minimum.accumulate(np.minimum(sums, 0) - apart) + apart)
    counted = np.empty(len(order), dtype=np.int64)
    counted[order] = np.where(np.diff(group, prepend=-1) != 0, held, np.diff(held, prepend=0))
    return int(np.cumsum(counted).max(initial=0))


def _counted(data: bytes, enough: int) -> int:
    """The largest number of elements open at once, of those that stay open until they are closed; stops at `enough` + 1."""
    opened: list[bytes] = []
    count: Counter[bytes] = Counter()  # open elements by name
    closed: Counter[bytes] = Counter()  # formatting elements that are closed and still in the list
    deepest = at = 0
    while deepest <= enough and (tag := _TAG.search(data, at)):
        at = tag.end()
        name = (tag["name"] or b"").lower()
        drawing = any(count[outer] for outer in _DRAWINGS)
        if not name:
            end = _REMARK_END.match(data, at)
            at = end.end() if end else len(data)
        elif tag["close"]:
            _close(name, opened, count, closed)
        elif name in _RAW_END and not drawing:
            raw_end = _RAW_END[name].search(data, at)
            at = raw_end.end() if raw_end else len(data)
        elif name not in _FLAT and not (tag["self"] and drawing):
            if drawing and name in _BLOCKS:  # a block breaks out of a drawing
                _pop(opened, count, closed, lambda: any(count[outer] for outer in _DRAWINGS))
            opened.append(name)
            count[name] += 1
            deepest = max(deepest, len(opened) - closed.total())
    return deepest


def _close(name: bytes, opened: list[bytes], count: Counter[bytes], closed: Counter[bytes]) -> None:
    """What an end tag ends; one that ends nothing is passed over, as a browser does."""
    if not count[name]:
        return
    if name in _FORMATTING:
        count[name] -= 1
        closed[name] += 1
        while opened and closed[opened[-1]]:
            closed[opened.pop()] -= 1
        return
    stops = frozenset[bytes]() if name == b"table" else _WALLS if name in _BLOCKS else _WALLS | _BLOCKS
    if next(inner for inner in reversed(opened) if inner == name or inner in stops) == name:
        left = count[name] - 1
        _pop(opened, count, closed, lambda: count[name] > left)


def _pop(opened: list[bytes], count: Counter[bytes], closed: Counter[bytes], more: Callable[[], bool]) -> None:
    """Close the innermost elements as long as there are `more` to close."""
    while more():
        inner = opened.pop()
        if closed[inner]:
            closed[inner] -= 1
        else:
            count[inner] -= 1
