"""Tables come back as they were written, whole or not at all, whether their columns were in memory or in files."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest

from curate.duplicates import table
from curate.duplicates.table import Stored, loaded, read, write, write_stored
from curate.errors import SurroundingsError
from curate.places import Place, place
from curate.stores import objects

NAMES = count()

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


class TestInAStore:
    """Tables that lie in a store are fetched into files without a name."""

    @pytest.fixture
    def fetched(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
        """The tables that were fetched, one after another."""
        names: list[str] = []
        fetch = objects.fetched

        def noted(path: Place) -> BinaryIO:
            names.append(path.name)
            return fetch(path)

        monkeypatch.setattr(objects, "fetched", noted)
        yield names
        for name in list(table._fetched._copies):
            table._fetched._let_go(name)

    @pytest.fixture
    def folder(self) -> Place:
        return place(f"memory://oxney-tables-{next(NAMES)}")

    def test_columns_come_back_as_they_were(self, folder: Place):
        write(folder / "a.table", COLUMNS)
        assert same(read(folder / "a.table"), COLUMNS)
        assert same(loaded(folder / "a.table"), COLUMNS)
        assert [path.name for path in folder.iterdir()] == ["a.table"]

    def test_a_table_is_fetched_once_and_again_when_it_was_written_again(self, folder: Place, fetched: list[str]):
        write(folder / "a.table", {"counts": np.array([1, 2])})
        before = read(folder / "a.table")
        assert same(read(folder / "a.table"), before)
        assert fetched == ["a.table"]
        write(folder / "a.table", {"counts": np.array([3, 4])})
        assert read(folder / "a.table")["counts"].tolist() == [3, 4]
        assert before["counts"].tolist() == [1, 2], "what is mapped stays as it was"

    def test_a_table_of_one_version_is_not_asked_after(self, folder: Place, fetched: list[str], monkeypatch: pytest.MonkeyPatch):
        write(folder / "a.table", {"counts": np.array([1, 2])})
        read(folder / "a.table", "first")
        with monkeypatch.context() as patch:
            patch.setattr(objects, "seen", None)
            assert read(folder / "a.table", "first")["counts"].tolist() == [1, 2]
        write(folder / "a.table", {"counts": np.array([3, 4])})
        assert read(folder / "a.table", "second")["counts"].tolist() == [3, 4]
        assert fetched == ["a.table", "a.table"]

    @pytest.mark.parametrize(("most", "value"), [("_FETCHED_FILES", 2), ("_FETCHED_BYTES", 500)])
    def test_only_the_last_tables_are_kept(self, folder: Place, fetched: list[str], monkeypatch: pytest.MonkeyPatch, most: str, value: int):
        monkeypatch.setattr(table, most, value)
        for name in "abcab":
            write(folder / f"{name}.table", {"counts": np.arange(16)})
            assert read(folder / f"{name}.table", "v")["counts"].tolist() == list(range(16))
        assert fetched == [f"{name}.table" for name in "abcab"]
        read(folder / "a.table", "v")
        assert len(fetched) == 5

    def test_one_that_is_not_there_or_is_none_ends_the_run(self, folder: Place):
        with pytest.raises(SurroundingsError, match=r"reading 'memory://.*a\.table' failed: there is nothing there"):
            read(folder / "a.table")
        objects.write(folder / "b.table", b"no table")
        with pytest.raises(SurroundingsError, match=r"b\.table cannot be read"):
            read(folder / "b.table")
