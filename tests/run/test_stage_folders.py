"""What stages leave is whole or not there, keeps its content when it gets another number, and is published as it is."""

import errno
import json
import os
from contextlib import suppress
from itertools import count

import pytest

from curate.errors import SurroundingsError
from curate.places import is_local, place
from curate.run import stages
from curate.run.folder import publish
from curate.run.job import Done
from curate.run.stages import Entry, carry_out, discard, entries, entry, sweep, tidy
from curate.stores import objects

NAMES = count()


@pytest.fixture(params=["disk", "store"])
def out(request, tmp_path):
    """An empty output folder, on a disk or in a store."""
    if request.param == "disk":
        folder = place(str(tmp_path / "out"))
        folder.mkdir()
        return folder
    return place(f"memory://ferries-{next(NAMES)}/out")


@pytest.fixture
def stage(out):
    return out / ".curate" / "clean"


def writing(text, *more):
    """The work of a stage that writes a file, and others below a folder."""

    def work(to):
        (to / "log").write_text(text)
        for name in more:
            (to / "0000").mkdir(exist_ok=True)
            (to / "0000" / name).write_text(name)
        return Done(documents=len(text))

    return work


def below(folder):
    """All that is below a folder, by name."""
    if not is_local(folder):
        return {name: objects.found(folder / name) for name in objects.listed(folder)}
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def logs(stage):
    return {name.partition("/")[0]: data.decode() for name, data in sorted(below(stage).items()) if name.endswith("/log")}


def test_a_stage_that_was_carried_out_has_an_entry_and_its_files(stage):
    made = carry_out(stage / "00000", "heron", writing("Oxney", "a", "b"))
    assert entry(stage / "00000") == made
    assert (made.identity, made.files, made.done.documents) == ("heron", {"0000/a": 1, "0000/b": 1, "log": 5}, 5)
    assert made.hashes.keys() == made.files.keys()
    assert sorted(below(stage)) == ["00000/0000/a", "00000/0000/b", "00000/entry.json", "00000/log"]


def test_the_result_tells_contents_and_names_apart(stage):
    made = [
        carry_out(stage / "00000", "", writing(*files)) for files in (("Oxney",), ("Oxney",), ("Oxnez",), ("Oxney", "a"), ("Oxney", "b"))
    ]
    assert made[0].result == made[1].result
    assert len({one.result for one in made}) == 4


def test_what_an_earlier_one_left_is_gone(stage):
    carry_out(stage / "00000", "heron", writing("Oxney", "a", "b"))
    carry_out(stage / "00000", "swan", writing("Wick", "b"))
    assert sorted(below(stage)) == ["00000/0000/b", "00000/entry.json", "00000/log"]


def test_a_stage_that_fails_leaves_the_one_before(stage):
    before = carry_out(stage / "00000", "heron", writing("Oxney"))

    def fails(to):
        (to / "log").write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(SurroundingsError, match="No space left"):
        carry_out(stage / "00000", "swan", fails)
    assert entry(stage / "00000") == before
    assert logs(stage) == {"00000": "Oxney"}


@pytest.mark.parametrize("harm", ["a file is gone", "a file is shorter", "the entry is gone", "the entry is of something else"])
def test_a_stage_that_was_harmed_is_not_there(stage, harm):
    carry_out(stage / "00000", "heron", writing("Oxney"))
    path = stage / "00000" / ("log" if "file" in harm else "entry.json")
    if "gone" in harm:
        path.unlink()
    else:
        path.write_bytes(b"half")
    assert entry(stage / "00000") == Entry()
    assert entries([stage / "00000", stage / "00001"]) == [Entry(), Entry()]


def test_entries_of_many_are_those_of_each_in_their_order(stage):
    made = {number: carry_out(stage / f"{number:05}", f"bird {number}", writing("o" * number)) for number in (2, 0, 1)}
    folders = [stage / f"{number:05}" for number in (1, 7, 0)]
    assert entries(folders) == list(map(entry, folders)) == [made[1], Entry(), made[0]]


@pytest.mark.parametrize(
    "wanted", [{"a": "00001", "b": "00002", "c": "00003"}, {"a": "00002", "b": "00001", "c": "00000"}, {"c": "00000"}, {"b": "00005"}, {}]
)
def test_folders_get_the_names_that_are_wanted_and_the_others_go(stage, wanted):
    for number, name in enumerate("abc"):
        carry_out(stage / f"{number:05}", name, writing(name, "more"))
    tidy(stage, wanted)
    assert logs(stage) == {folder: name for name, folder in sorted(wanted.items(), key=lambda pair: pair[1]) if name in "abc"}
    assert {folder.name: entry(folder).identity for folder in stages._folders(stage)} == {v: k for k, v in wanted.items() if k in "abc"}


def test_what_has_a_wanted_name_stays_until_it_is_made_anew(stage):
    carry_out(stage / "00000", "a", writing("a"))
    tidy(stage, {"d": "00000"})
    assert logs(stage) == {"00000": "a"}


def test_folders_that_were_on_their_way_when_a_run_was_ended_arrive(stage, monkeypatch):
    for number, name in enumerate("abc"):
        carry_out(stage / f"{number:05}", name, writing(name))
    wanted = {"a": "00001", "b": "00002", "c": "00000"}
    move, moves = stages._move, 0

    def ended(folder, to):
        nonlocal moves
        moves += 1
        if moves > 4:
            raise KeyboardInterrupt
        move(folder, to)

    monkeypatch.setattr(stages, "_move", ended)
    with suppress(KeyboardInterrupt):
        tidy(stage, wanted)
    monkeypatch.undo()
    tidy(stage, wanted)
    assert logs(stage) == {"00000": "c", "00001": "a", "00002": "b"}


def test_half_of_a_folder_goes_and_what_somebody_else_put_there_stays(stage):
    carry_out(stage / "00000", "a", writing("a"))
    for name in (".00001.partial/log", "notes.txt"):
        path = stage / name
        if is_local(path):
            path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"half")
    sweep(stage)
    assert sorted(below(stage)) == ["00000/entry.json", "00000/log", "notes.txt"]
    discard(stage / "00000")
    discard(stage / "00009")
    assert sorted(below(stage)) == ["notes.txt"]


def test_a_folder_that_another_process_has_put_there_meanwhile_is_as_good(tmp_path):
    folder = place(str(tmp_path / "00000"))

    def work(to):
        other = tmp_path / "other"
        carry_out(place(str(other)), "heron", writing("Oxney"))
        real = stages.discard

        def discarded(gone):
            real(gone)
            if gone == folder and other.exists():
                other.rename(folder)  # after the name was free, and before we take it

        patch.setattr(stages, "discard", discarded)
        return writing("Oxney")(to)

    with pytest.MonkeyPatch.context() as patch:
        made = carry_out(folder, "heron", work)
    assert entry(folder).result == made.result
    assert os.listdir(tmp_path) == ["00000"]  # noqa: PTH208  # hidden ones too


# Publishing.


def rows(stage, **texts):
    """Stages of a shard each, and the names that their files are to get."""
    named = {}
    for number, (identity, text) in enumerate(texts.items()):
        folder = stage / f"{number:05}"
        if entry(folder).identity != identity:
            carry_out(folder, identity, writing(text))
        named[f"clean-{number:05}.jsonl"] = folder / "log"
    return named


def published(out):
    return {name: data for name, data in below(out).items() if "/" not in name}


def test_files_get_their_names_and_run_json_its_content(out, stage):
    assert publish(out, rows(stage, a="Oxney", b="Wick"), b"{}")
    assert published(out) == {"clean-00000.jsonl": b"Oxney", "clean-00001.jsonl": b"Wick", "run.json": b"{}"}


def test_what_is_there_already_is_not_published_again(out, stage):
    publish(out, rows(stage, a="Oxney"), b"{}")
    assert not publish(out, rows(stage, a="Oxney"), b"{}")


@pytest.mark.parametrize("name", ["clean-00000.jsonl", "run.json"])
@pytest.mark.parametrize("how", ["gone", "changed"])
def test_what_somebody_has_taken_or_changed_is_published_again(out, stage, name, how):
    publish(out, rows(stage, a="Oxney"), b"{}")
    (out / name).unlink()
    if how == "changed":
        (out / name).write_bytes(b"Oxnez" if name != "run.json" else b"[]")
    assert publish(out, rows(stage, a="Oxney"), b"{}")
    assert published(out) == {"clean-00000.jsonl": b"Oxney", "run.json": b"{}"}


def test_what_an_earlier_run_has_left_goes_and_what_is_others_stays(out, stage):
    publish(out, rows(stage, a="Oxney", b="Wick"), b"{}")
    (out / "notes.txt").write_bytes(b"mine")
    assert publish(out, rows(stage, a="Oxney"), b"{}")
    assert published(out) == {"clean-00000.jsonl": b"Oxney", "run.json": b"{}", "notes.txt": b"mine"}


def test_until_all_is_there_there_is_no_run_json(out, stage, monkeypatch):
    publish(out, rows(stage, a="Oxney"), b"{}")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("curate.run.folder._link", full)
    monkeypatch.setattr("curate.stores.objects.copy", full)
    with pytest.raises(SurroundingsError, match=r"naming the files in .* failed: No space left"):
        publish(out, rows(stage, b="Wick"), b"{}")
    assert "run.json" not in published(out)
    monkeypatch.undo()
    assert publish(out, rows(stage, b="Wick"), b"{}")
    assert published(out) == {"clean-00000.jsonl": b"Wick", "run.json": b"{}"}


def test_in_a_store_only_what_is_new_is_copied(stage, monkeypatch):
    out = place(f"memory://ferries-{next(NAMES)}/out")
    stage = out / ".curate" / "clean"
    publish(out, rows(stage, a="Oxney", b="Wick"), b"{}")
    copied, copy = [], objects.copy
    monkeypatch.setattr(objects, "copy", lambda pairs: (copied.extend(to.name for _, to in pairs), copy(pairs)))
    publish(out, rows(stage, a="Oxney", c="Hollow"), b"{}")
    assert copied == ["clean-00001.jsonl"]
    assert json.loads(objects.found(out / ".curate" / "published.json")).keys() == {"clean-00000.jsonl", "clean-00001.jsonl"}
