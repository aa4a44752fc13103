"""Folders that `save_to_disk` of Hugging Face's datasets has written: which files in one are not its data."""

from collections.abc import Iterable
from typing import Final

import msgspec

STATE: Final = "state.json"  # the file in such a folder that lists its data
_DATA: Final = ".arrow"


class _DataFile(msgspec.Struct):
    filename: str


class _State(msgspec.Struct):
    files: list[_DataFile] = msgspec.field(name="_data_files")


def has_state(names: Iterable[str]) -> bool:
    """Whether files of these names may be such a folder."""
    found = set(names)
    return STATE in found and any(name.endswith(_DATA) for name in found)


def leftovers(names: Iterable[str], state: bytes) -> set[str]:
    """The files that the list in `state` leaves out: what `map`, `sort` and `shuffle` keep beside the data, and data from before."""
    try:
        listed = {file.filename for file in msgspec.json.decode(state, type=_State).files}
    except (msgspec.DecodeError, UnicodeDecodeError):  # a file of that name that something else has written
        return set()
    return {name for name in names if name.endswith(_DATA) and name not in listed}
