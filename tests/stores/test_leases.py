"""One at a time has a lease; what is left of the dead and of the silent is taken over, and whoever has lost one is stopped."""

import os
import subprocess
import sys
import threading
import time
from datetime import timedelta

import msgspec
import pytest

from curate.errors import SurroundingsError
from curate.stores import holders, leases, objects
from curate.stores.holders import Holder, me
from curate.stores.leases import leased, leaser

ELSEWHERE = Holder("a token", "another-host", "another machine", 7, "12")


quickly = pytest.mark.usefixtures("quick")


@pytest.fixture
def quick(monkeypatch):
    """Leases that are made anew many times a second."""
    monkeypatch.setattr(leases, "_EVERY", 0.05)


@pytest.fixture
def later(monkeypatch):
    """Let what was made so far be so many seconds old for the store."""

    def wait(store, seconds):
        real = type(store.fs).modified

        def modified(fs, path, **options):
            return real(fs, path, **options) + (timedelta(seconds=seconds) if path.endswith(".now") else timedelta())

        monkeypatch.setattr(type(store.fs), "modified", modified)

    return wait


def left(store, holder, number=0):
    """Leave a lease, as somebody would who had no time to give it back."""
    objects.write(store / f"{number:08}.json", msgspec.json.encode(holder))


def test_a_lease_is_had_by_one_and_given_back(store):
    with leased(store) as ours, leased(store) as theirs:
        assert (ours, theirs) == ("", f"process {os.getpid()}")
        assert leaser(store) == f"process {os.getpid()}"
    assert leaser(store) == ""
    assert objects.listed(store) == {}


def test_of_many_who_come_at_once_one_has_it(store):
    together, answers, done = threading.Barrier(8), [], threading.Event()

    def come():
        together.wait()
        with leased(store) as who:
            answers.append(who)
            if len(answers) == 8:
                done.set()
            assert done.wait(20)

    threads = [threading.Thread(target=come) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [""] + [f"process {os.getpid()}"] * 7


@pytest.mark.skipif(sys.platform != "linux", reason="processes are told from /proc")
def test_what_a_process_of_this_machine_has_left_is_taken_over_when_it_is_dead(store):
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        there = msgspec.structs.replace(me(), process=process.pid, started=holders._started(process.pid))
        left(store, there)
        assert leaser(store) == f"process {process.pid}"
        process.kill()
        process.wait()
    with leased(store) as who:
        assert who == ""
        assert list(objects.listed(store)) == ["00000001.json"]


def test_a_number_that_another_process_has_now_is_not_the_one_that_died():
    assert not me().dead()
    assert msgspec.structs.replace(me(), started="1").dead()
    assert not msgspec.structs.replace(me(), started="1", machine="another").dead()


def test_a_lease_of_another_machine_is_void_when_it_was_not_made_again_for_a_minute(store, later):
    left(store, ELSEWHERE)
    with leased(store) as who:
        assert who == "process 7 on another-host"
    later(store, 45)
    assert leaser(store) == "process 7 on another-host"
    later(store, 20)
    with leased(store) as who:
        assert who == ""
        assert list(objects.listed(store)) == ["00000001.json"]


def test_a_lease_that_is_made_again_meanwhile_is_not_taken(store, later, monkeypatch):
    left(store, ELSEWHERE)
    later(store, 100)
    make = leases._made

    def making(path, mine):
        monkeypatch.undo()
        left(store, ELSEWHERE)
        return make(path, mine)

    monkeypatch.setattr(leases, "_made", making)
    with leased(store) as who:
        assert who == "process 7 on another-host"
    assert list(objects.listed(store)) == ["00000000.json"]


@quickly
def test_a_lease_is_made_again_and_again(store):
    with leased(store):
        first = store.fs.modified((store / "00000000.json").path)
        until = time.monotonic() + 10
        while store.fs.modified((store / "00000000.json").path) == first and time.monotonic() < until:
            time.sleep(0.05)
        assert time.monotonic() < until


@quickly
@pytest.mark.parametrize("how", ["written over", "next one made", "taken away"])
def test_whoever_has_lost_it_is_stopped_in_the_middle_and_told_why(store, how):
    told = {"taken away": "somebody has taken it away"}.get(how, "process 7 on another-host has taken it")
    with pytest.raises(SurroundingsError, match=f"was lost: {told}; run the same command again"), leased(store):  # noqa: PT012  # a while
        if how == "taken away":
            objects.remove(store / "00000000.json")
        else:
            left(store, ELSEWHERE, number=int(how == "next one made"))
        until = time.monotonic() + 10
        while time.monotonic() < until:
            time.sleep(0.01)
        raise AssertionError("nobody has stopped it")
    assert all(objects.found(store / name) == msgspec.json.encode(ELSEWHERE) for name in objects.listed(store))


@quickly
def test_whoever_cannot_reach_the_store_for_long_is_stopped(s3, bucket, fault, monkeypatch):
    from curate.places import place

    monkeypatch.setattr(leases, "_VOID", 0.3)
    with pytest.raises(SurroundingsError, match="was lost: "), leased(place(bucket) / "folder"):  # noqa: PT012  # it takes a while
        s3.faults.append(fault("PUT", "json", "refused"))
        time.sleep(10)
        raise AssertionError("nobody has stopped it")


@quickly
def test_a_thread_that_is_not_the_main_one_is_stopped_too(store):
    ended = []

    def hold():
        try:
            with leased(store):
                objects.remove(store / "00000000.json")
                for _ in range(1000):
                    time.sleep(0.01)
        except SurroundingsError as problem:
            ended.append(str(problem))

    thread = threading.Thread(target=hold)
    thread.start()
    thread.join()
    assert len(ended) == 1


def test_where_a_store_cannot_refuse_the_one_that_was_written_over_does_not_have_it(store, monkeypatch):
    real = store.fs.pipe_file

    def careless(path, value, mode="overwrite"):
        real(path, value)
        if mode == "create":
            real(path, msgspec.json.encode(ELSEWHERE))  # who came at the same time

    monkeypatch.setattr(store.fs, "pipe_file", careless)
    with leased(store) as who:
        assert who == "process 7 on another-host"


def test_an_interruption_by_the_user_is_none_by_the_lease(store):
    with pytest.raises(KeyboardInterrupt), leased(store):
        raise KeyboardInterrupt
    assert objects.listed(store) == {}
