"""On which line of a TOML file each key stands; tomllib parses but does not say.

This is a locator, not a parser: it is run only on text that tomllib has accepted, so it needs to know just
enough of the syntax to tell a key from the inside of a value. A test holds it against tomllib's own result.
"""

import re
import tomllib

Key = tuple[str | int, ...]

_HEADER = re.compile(r"""\s*(\[\[?)((?:"(?:\\.|[^"\\])*"|'[^']*'|[^"'\]])+)\]""")
# The end of a value is found by stepping over its strings, brackets and comments.
_PIECE = re.compile(
    r"""
    '''.*?'''{1,3}(?!')          # literal block; it may end in one or two quotes of its own
  | \"\"\"(?:\\.|.)*?\"\"\"+     # basic block
  | '[^'\n]*'                    # literal string
  | "(?:\\.|[^"\\\n])*"          # basic string
  | \#[^\n]*                     # comment
  | [\[{] | [\]}] | \n | .
    """,
    re.VERBOSE | re.DOTALL,
)


def key_lines(text: str) -> dict[Key, int]:
    """The 1-based line of every table and key of valid TOML; tables of an array are numbered from 0,
    and the array itself stands on the line of its first.

    Keys inside inline tables are not listed: they stand on the line of the key that holds the table.
    """
    lines: dict[Key, int] = {}
    counts: dict[Key, int] = {}
    table: Key = ()
    at, number = 0, 1
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        line = text[at:end]
        if not line.strip() or line.lstrip().startswith("#"):
            at, number = end + 1, number + 1
        elif header := _HEADER.match(line):
            table = _numbered(_parts(header[2]), counts)
            # Tables that only their sub-tables name stand where the first of these does.
            for depth in range(1, len(table) + 1):
                lines.setdefault(table[:depth], number)
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = (*table, counts[table])
            lines[table] = number
            at, number = end + 1, number + 1
        else:
            equals = _end_of_key(line)
            key = (*table, *_parts(line[:equals]))
            for depth in range(len(table) + 1, len(key) + 1):
                lines.setdefault(key[:depth], number)
            stop = _end_of_value(text, at + equals + 1)
            number += text.count("\n", at, stop) + 1
            at = stop + 1
    return lines


def _parts(dotted: str) -> Key:
    """The parts of a dotted key, quotes taken off; tomllib itself reads them."""
    parts: list[str] = []
    table: object = tomllib.loads(f"{dotted} = 0")
    while isinstance(table, dict):
        [(name, table)] = table.items()
        parts.append(name)
    return tuple(parts)


def _numbered(parts: Key, counts: dict[Key, int]) -> Key:
    """The path of a header, with the number of the current element after each array of tables it passes."""
    name: Key = ()
    for part in parts[:-1]:
        name = (*name, part)
        if name in counts:
            name = (*name, counts[name])
    return (*name, parts[-1])


def _end_of_key(line: str) -> int:
    """The place of the equals sign that ends the key: the first one outside quotes."""
    for piece in _PIECE.finditer(line):
        if piece[0] == "=":
            return piece.start()
    raise AssertionError(line)


def _end_of_value(text: str, at: int) -> int:
    """The place of the line break that ends the value which starts at `at`."""
    depth = 0
    for piece in _PIECE.finditer(text, at):
        if piece[0] in "[{":
            depth += 1
        elif piece[0] in "]}":
            depth -= 1
        elif piece[0] == "\n" and depth == 0:
            return piece.start()
    return len(text)
