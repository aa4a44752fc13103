"""Whole objects come back as they were put, a block at a time, and what a store raises is told in words."""

import pytest

from curate.errors import SurroundingsError
from curate.places import place
from curate.stores import objects

DATA = bytes(range(256)) * 40
BLOCK = 6 << 10


@pytest.mark.parametrize("size", [0, 1, BLOCK, len(DATA)])
def test_an_object_is_read_a_block_at_a_time(store, monkeypatch, size):
    objects.write(store / "log", b"what was there before")
    objects.write(store / "log", DATA[:size])
    monkeypatch.setattr(objects, "_BLOCK", BLOCK)
    with objects.streamed(store / "log") as stream, objects.fetched(store / "log") as file:
        assert stream.read() == file.read() == DATA[:size]
    assert objects.seen(store / "log").size == size


@pytest.mark.parametrize("size", [0, BLOCK, len(DATA)])
def test_a_file_is_put_a_block_at_a_time(tmp_path, monkeypatch, size):
    monkeypatch.setattr(objects, "_BLOCK", BLOCK)
    (tmp_path / "log").write_bytes(DATA[:size])
    log = place(f"memory://oxney-ferry-{size}/log")
    objects.put(tmp_path / "log", log)
    assert objects.found(log) == DATA[:size]


def test_a_large_file_is_put_in_parts(bucket, tmp_path, monkeypatch):
    monkeypatch.setattr(objects, "_BLOCK", 5 << 20)  # the least that a part of S3 may have
    (tmp_path / "log").write_bytes(bytes(5 << 20) + DATA)
    log = place(bucket) / "log"
    objects.put(tmp_path / "log", log)
    seen = objects.seen(log)
    assert seen.size == (5 << 20) + len(DATA)
    assert seen.version.endswith('-2"'), "the etag says of how many parts it is"
    assert log.fs.cat_file(log.path, start=5 << 20, end=seen.size) == DATA


def test_a_listing_has_what_is_below_a_folder_and_nothing_beside_it(store):
    for name in ("a", "b/c", "b/d/e"):
        objects.write(store / name, b"1")
    objects.write(store.parent / "folder-2" / "f", b"1")
    assert {name: seen.size for name, seen in objects.listed(store).items()} == {"a": 1, "b/c": 1, "b/d/e": 1}
    files, folders = objects.here(store)
    assert (list(files), folders) == (["a"], ["b"])


def test_where_there_is_nothing_there_is_nothing_to_list_read_or_take_away(store):
    assert objects.listed(store / "no") == {}
    assert objects.here(store / "no") == ({}, [])
    assert objects.found(store / "no") == b""
    objects.remove(store / "no")
    objects.remove_below(store / "no")
    assert objects.contents([], []) == []


def test_an_object_that_is_written_again_is_told_from_the_one_before(store):
    objects.write(store / "a", b"1")
    before = objects.seen(store / "a")
    objects.write(store / "a", b"2")
    assert objects.seen(store / "a") != before
    assert objects.listed(store)["a"] == objects.seen(store / "a")


def test_objects_are_copied_and_taken_away(store, downloaded):
    for name in ("a", "b/c"):
        objects.write(store / name, name.encode())
    objects.copy([(store / "a", store / "copy" / "a"), (store / "b/c", store / "copy" / "c")])
    objects.remove_below(store / "b")
    assert downloaded(store) == {"a": b"a", "copy/a": b"a", "copy/c": b"b/c"}
    assert objects.contents([store / "copy" / "c", store / "a"], [3, 1]) == [b"b/c", b"a"]


def test_a_connection_that_ends_in_the_middle_is_tried_again(s3, bucket, fault):
    objects.write(place(bucket) / "log", DATA)
    s3.faults.append(fault("GET", "/log", "reset", until=2))
    with objects.streamed(place(bucket) / "log") as stream:
        assert stream.read() == DATA


def test_one_that_always_does_is_an_error_that_names_the_object(s3, bucket, fault):
    objects.write(place(bucket) / "log", DATA)
    s3.faults.append(fault("GET", "/log", "reset"))
    with objects.streamed(place(bucket) / "log") as stream, pytest.raises(SurroundingsError, match=f"reading '{bucket}/log' failed: "):
        stream.read()


def test_what_our_own_code_raises_is_not_taken_for_the_store(tmp_path):
    with pytest.raises(ZeroDivisionError), objects.reached("reading", tmp_path):
        raise ZeroDivisionError
