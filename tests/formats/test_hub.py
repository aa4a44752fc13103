"""Folders as Hugging Face's hub and its datasets have them: data, and files around them that are none."""

import gzip
import json
from pathlib import Path

import pytest

from curate.formats.inputs import find
from curate.formats.pages import Reading, pages

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")


def arrow(path: Path, *texts: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with pa.ipc.new_stream(path, pa.schema({"text": pa.string()})) as writer:
        writer.write_table(pa.table({"text": list(texts)}))


def saved(folder: Path, *texts: str) -> None:
    """What `save_to_disk` writes (datasets 5.2)."""
    arrow(folder / "data-00000-of-00001.arrow", *texts)
    state = {
        "_data_files": [{"filename": "data-00000-of-00001.arrow"}],
        "_fingerprint": "d23e13e7891fa20b",
        "_format_type": None,
        "_split": None,
    }
    (folder / "state.json").write_text(json.dumps(state, indent=2))
    (folder / "dataset_info.json").write_text(json.dumps({"features": {"text": {"dtype": "string", "_type": "Value"}}}, indent=2))


def texts(folder: Path) -> list[str]:
    return [document.text or document.reason for file in find([str(folder)]) for document in pages(file, Reading())]


def test_a_checkout_of_the_hub_gives_its_data(tmp_path: Path):
    (tmp_path / "README.md").write_text("---\nlicense: mit\n---\nA dataset.\n")
    (tmp_path / ".gitattributes").write_text("*.parquet filter=lfs\n")
    (tmp_path / "dataset_infos.json").write_text("{}")
    (tmp_path / "data").mkdir()
    for number, text in enumerate(["One", "Two"]):
        pq.write_table(pa.table({"text": [text]}), tmp_path / f"data/train-{number:05}-of-00002.parquet")
    (tmp_path / "data/test.jsonl.gz").write_bytes(gzip.compress(b'{"text": "Three"}\n'))
    (tmp_path / "data/dev.csv").write_text("text\nFour\n")
    assert texts(tmp_path) == ["Four", "Three", "One", "Two"]


def test_a_saved_dataset_gives_its_data(tmp_path: Path):
    saved(tmp_path, "One", "Two")
    assert texts(tmp_path) == ["One", "Two"]


def test_what_is_kept_beside_a_saved_dataset_is_no_data(tmp_path: Path):
    """What `map` and `shuffle` have kept, and what is left of a longer dataset that was there before."""
    saved(tmp_path, "One")
    arrow(tmp_path / "cache-3b25c4b2952dbba1.arrow", "mapped")
    arrow(tmp_path / "data-00001-of-00002.arrow", "old")
    assert texts(tmp_path) == ["One"]


def test_the_parts_of_a_saved_dataset_are_folders(tmp_path: Path):
    (tmp_path / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')
    saved(tmp_path / "train", "One")
    saved(tmp_path / "test", "Two")
    assert texts(tmp_path) == ["Two", "One"]


@pytest.mark.parametrize("state", ["", "[]", "{}", '{"_data_files": null}'], ids=["nothing", "a list", "without files", "null"])
def test_a_state_that_says_nothing_leaves_nothing_out(tmp_path: Path, state: str):
    arrow(tmp_path / "a.arrow", "One")
    (tmp_path / "state.json").write_text(state)
    assert texts(tmp_path) == ["One"]


def test_a_saved_dataset_in_a_store_gives_its_data(tmp_path: Path):
    import fsspec

    saved(tmp_path, "One")
    arrow(tmp_path / "cache-3b25c4b2952dbba1.arrow", "mapped")
    store = fsspec.filesystem("memory")
    store.put(str(tmp_path), "/hub/saved", recursive=True)
    try:
        found = find(["memory://hub/saved"])
        assert [file.name for file in found] == ["data-00000-of-00001.arrow"]
        assert [document.text for document in pages(found[0], Reading())] == ["One"]
    finally:
        store.rm("/hub", recursive=True)
