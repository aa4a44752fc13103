"""Tables come back as they were written, whole or not at all, whether their columns were in memory or in files."""

from pathlib import Path

import numpy as np
import pytest

from curate.duplicates.table import Stored, read, write, write_stored
from curate.errors import SurroundingsError

COLUMNS = {
    "counts": np.array([3, -1, 7], dtype=np.int32),
    "none": np.zeros(0, dtype=np.uint64),
    "signatures": np.arange(12, dtype=np.uint32).reshape(3, 4),
    "no signatures": np.zeros((0, 4), dtype=np.uint32),
    "doc": np.array([b"a", b"bcd"], dtype="S20"),
    "byte": np.array([1], dtype=np.uint8),
    "alive": np.array([True, False]),
}


def same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return list(one) == list(other) and all(
        (one[name].dtype, one[name].shape, one[name].tobytes()) == (column.dtype, column.shape, column.tobytes())
        for name, column in other.items()
    )


def test_columns_come_back_as_they_were(tmp_path: Path):
    write(tmp_path / "a.table", COLUMNS)
    assert same(read(tmp_path / "a.table"), COLUMNS)
    assert [path.name for path in tmp_path.iterdir()] == ["a.table"]


def test_columns_of_another_byte_order_have_the_same_file(tmp_path: Path):
    write(tmp_path / "a.table", COLUMNS)
    write(tmp_path / "b.table", {name: column.astype(column.dtype.newbyteorder(">")) for name, column in COLUMNS.items()})
    assert (tmp_path / "a.table").read_bytes() == (tmp_path / "b.table").read_bytes()


def test_columns_that_lie_in_files_make_the_same_table(tmp_path: Path):
    stored = {}
    for number, (name, column) in enumerate(COLUMNS.items()):
        path = tmp_path / f"{number}.column"
        path.write_bytes(column.tobytes())
        stored[name] = Stored(path, column.dtype, column.shape)
    write(tmp_path / "a.table", COLUMNS)
    write_stored(tmp_path / "b.table", stored)
    assert (tmp_path / "a.table").read_bytes() == (tmp_path / "b.table").read_bytes()


def test_a_table_that_is_read_cannot_be_changed(tmp_path: Path):
    write(tmp_path / "a.table", COLUMNS)
    with pytest.raises(ValueError, match="read-only"):
        read(tmp_path / "a.table")["counts"][0] = 1


def test_a_table_that_could_not_be_written_leaves_the_one_before(tmp_path: Path):
    write(tmp_path / "a.table", COLUMNS)
    with pytest.raises(FileNotFoundError):
        write_stored(tmp_path / "a.table", {"lost": Stored(tmp_path / "lost", np.dtype("u1"), (1,))})
    assert same(read(tmp_path / "a.table"), COLUMNS)


@pytest.mark.parametrize("content", [b"", b"no table", b"[1]\n", b'[{"name": "a"}]\n'])
def test_a_file_of_something_else_cannot_be_read(tmp_path: Path, content: bytes):
    (tmp_path / "a.table").write_bytes(content)
    with pytest.raises(SurroundingsError, match=r"a\.table cannot be read"):
        read(tmp_path / "a.table")


def test_a_table_that_is_cut_off_cannot_be_read(tmp_path: Path):
    write(tmp_path / "a.table", {"numbers": np.arange(1000)})
    (tmp_path / "a.table").write_bytes((tmp_path / "a.table").read_bytes()[:4000])
    with pytest.raises(SurroundingsError, match="cannot be read"):
        read(tmp_path / "a.table")
