"""What a character looks like: letters by case, digits, and the kinds of punctuation that tell prose from menus."""

import unicodedata
from typing import Final

from curate.text.codepoints import IDEOGRAPH as UNSPACED
from curate.text.codepoints import CodePointTable, code_points, word_class

SPACE: Final = 1
UPPER: Final = 2
LOWER: Final = 3
UNCASED: Final = 4  # letters of scripts without case that write blanks between words
IDEOGRAPH: Final = 5  # letters of scripts without blanks
MARK: Final = 6
DIGIT: Final = 7
STOP: Final = 8  # ends a sentence
COMMA: Final = 9
COLON: Final = 10
QUOTE: Final = 11
BRACKET: Final = 12
DASH: Final = 13
DIVIDER: Final = 14  # stands between the entries of menus and bread crumbs, and before items
SLASH: Final = 15
AT: Final = 16  # @ and #: handles and tags
MONEY: Final = 17
RIGHTS: Final = 18  # ©, ®, ™
OTHER: Final = 19
COUNT: Final = 20

_SINGLE: Final = {
    **dict.fromkeys(".!?…。！？｡．؟۔।॥։჻።፧", STOP),
    **dict.fromkeys(",;，、；､،؛", COMMA),
    **dict.fromkeys(":：", COLON),
    **dict.fromkeys("\"'`´‘’‚“”„«「」『』〝〟", QUOTE),
    **dict.fromkeys("()[]{}（）［］【】〈〉《》〔〕", BRACKET),
    **dict.fromkeys("|•·‣▪●■►▶→←»›>‹<+*×✓✕▼▲★☆", DIVIDER),
    **dict.fromkeys("/\\_=&", SLASH),
    **dict.fromkeys("@#＠＃", AT),
    **dict.fromkeys("©®™℠", RIGHTS),
}


def _shape(char: str) -> int:
    if char in _SINGLE:
        return _SINGLE[char]
    if char.isspace():
        return SPACE
    category = unicodedata.category(char)
    if category[0] == "L":
        if word_class(code_points(char))[0] == UNSPACED:
            return IDEOGRAPH
        return {"Lu": UPPER, "Lt": UPPER, "Ll": LOWER}.get(category, UNCASED)
    return {"Nd": DIGIT, "Mn": MARK, "Mc": MARK, "Me": MARK, "Pd": DASH, "Ps": BRACKET, "Pe": BRACKET, "Sc": MONEY}.get(category, OTHER)


shapes = CodePointTable(_shape)
