"""How a line that is an item of a list begins, where there is no markup to say so."""

import re
from typing import Final

BULLET: Final = re.compile(r"[•·‣▪*-] ")  # at the beginning of a folded line, in which all dashes are "-"
