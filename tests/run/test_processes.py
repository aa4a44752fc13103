"""The engines: answers in order whoever gives them, and no process left behind."""

import os
import pickle
import signal
from contextlib import contextmanager

import pytest

from curate.errors import SurroundingsError, UsageError
from curate.run.processes import Processes, _Worker
from curate.run.serial import Serial

# What workers carry out here are expressions: a function of a test could not be imported there.
PROCESS = "(__import__('time').sleep(0.2), __import__('os').getpid())[1]"


def late(path):
    """Expressions that come to 0, 1 and 2, the first of them when the third has begun, which is after the end of the second."""
    there = f"lambda: __import__('os').path.exists({str(path)!r})"
    return [f"([__import__('time').sleep(0.01) for _ in iter({there}, True)], 0)[1]", "1", f"(open({str(path)!r}, 'w').close(), 2)[1]"]


def dying(path, times):
    """An expression whose process dies so many times before it comes to 7."""
    tries = f"(lambda file: (file.write('x'), file.flush(), file.tell())[2])(open({str(path)!r}, 'a'))"
    return f"7 if {tries} > {times} else __import__('os')._exit(9)"


@pytest.fixture(scope="module")
def two():
    with Processes(2) as engine:
        yield engine


class TestEngines:
    @pytest.mark.parametrize("engine", [Serial(), Processes(1)], ids=["serial", "one process"])
    def test_answers_come_in_the_order_of_the_items(self, engine):
        told = []
        assert list(engine.map(eval, ["3", "1", "2"], told.append)) == [3, 1, 2]
        assert told == [3, 1, 2]

    def test_answers_of_several_processes_come_in_that_order_too(self, two, tmp_path):
        told = []
        assert list(two.map(eval, late(tmp_path / "begun"), told.append)) == [0, 1, 2]
        assert sorted(told) == [0, 1, 2]
        assert told[0] == 1

    def test_there_are_as_many_processes_as_asked_for_and_they_are_kept(self, two):
        first, again = set(two.map(eval, [PROCESS] * 6)), set(two.map(eval, [PROCESS] * 6))
        assert len(first) == 2
        assert first == again
        assert os.getpid() not in first

    def test_one_item_is_done_here(self, two):
        assert list(two.map(eval, [PROCESS])) == [os.getpid()]

    def test_another_function_may_follow(self, two):
        assert list(two.map(abs, [-1, -2])) == [1, 2]
        assert list(two.map(str, [-1, -2])) == ["-1", "-2"]

    def test_nothing_to_do_is_done_at_once(self, two):
        assert list(two.map(abs, [])) == []


class TestCtrlC:
    def test_a_worker_that_has_only_begun_does_not_hear_it(self, two):
        worker = _Worker(two._lifeline)
        os.kill(worker.process.pid, signal.SIGINT)
        worker.ask(pickle.dumps(abs), 0, -7)
        assert worker.line.recv().answer == 7
        worker.process.kill()
        worker.process.join()
        worker.line.close()


class TestRaised:
    @pytest.mark.parametrize(
        ("item", "kind", "message"),
        [
            ("1 / 0", ZeroDivisionError, "division by zero"),
            ("(_ for _ in ()).throw(__import__('curate.errors').errors.UsageError('so not'))", UsageError, "so not"),
            ("(_ for _ in ()).throw(__import__('curate.errors').errors.SurroundingsError('disk full'))", SurroundingsError, "disk full"),
            ("(_ for _ in ()).throw(type('Local', (Exception,), {})('known there alone'))", RuntimeError, "known there alone"),
        ],
        ids=["of Python", "wrong use", "the machine", "of a class that cannot be sent"],
    )
    def test_what_is_raised_there_is_raised_here_with_its_message(self, item, kind, message):
        with Processes(2) as engine, pytest.raises(kind, match=message):
            list(engine.map(eval, ["1", item, "3"]))


class TestDead:
    def test_the_item_of_a_process_that_dies_is_done_by_another(self, tmp_path):
        with Processes(2) as engine:
            assert list(engine.map(eval, ["1", dying(tmp_path / "tries", 2), "3"])) == [1, 7, 3]
        assert (tmp_path / "tries").read_text() == "xxx"

    def test_a_process_that_dies_while_it_waits_is_replaced(self):
        with Processes(2) as engine:
            for number in set(engine.map(eval, [PROCESS] * 4)):
                os.kill(number, signal.SIGKILL)
            assert list(engine.map(abs, [-1, -2, -3, -4])) == [1, 2, 3, 4]

    def test_an_item_that_kills_three_processes_ends_the_run_and_is_named(self, tmp_path):
        with Processes(2) as engine, pytest.raises(SurroundingsError, match=r"died 3 times \(exit 9\) at 7 if .* fewer --workers"):
            list(engine.map(eval, ["1", dying(tmp_path / "tries", 3), "3"]))


# A step of another package, which waits at a page that says so.
WAITING = """
from dataclasses import dataclass

@dataclass(frozen=True)
class Waiting:
    pipe: str = ""

    def describe(self, doc):
        if doc.id == "pipe.txt":
            open(self.pipe).read()
        return {}
"""


@pytest.fixture
def busy(started, workers_of, alive, patiently, tmp_path, story):  # noqa: PLR0917  # fixtures
    """A run of two workers of which one waits for a page for ever."""

    @contextmanager
    def running():
        pages = tmp_path / "slow"
        pages.mkdir()
        for name in ("ferry.txt", "heron.txt", "pipe.txt"):
            (pages / name).write_text(story())
        os.mkfifo(tmp_path / "pipe")
        step = f'[[step]]\nname = "waiting"\npipe = "{tmp_path / "pipe"}"\n'
        (tmp_path / "curate.toml").write_text(f'extends = "page"\n[input]\nshard_bytes = 300\n{step}')
        (tmp_path / "waiting-1.dist-info").mkdir()
        (tmp_path / "waiting-1.dist-info" / "entry_points.txt").write_text("[curate.steps]\nwaiting = waiting:Waiting\n")
        (tmp_path / "waiting.py").write_text(WAITING)
        before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a process that is born deaf to it could not show anything
        workers = []
        try:
            with (tmp_path / "said").open("wb") as said:
                options = ("-o", tmp_path / "out", "--workers", 2, "--config", tmp_path / "curate.toml")
                run = started("clean", pages, *options, said=said, path=tmp_path)
            # A reader has come to the pipe as soon as it can be opened for writing; open, it keeps the reader waiting.
            pipe = patiently(lambda: opened_for_writing(tmp_path / "pipe"))
            assert pipe, (tmp_path / "said").read_text()
            workers = workers_of(run)
            try:
                yield run, workers
            finally:
                os.close(pipe)
        finally:
            signal.signal(signal.SIGINT, before)
            for number in alive([run.pid, *workers]):
                os.kill(number, signal.SIGKILL)
            run.wait()

    return running


def opened_for_writing(pipe):
    """A pipe as a file to write to, once somebody reads from it."""
    try:
        return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return 0


class TestStopped:
    @pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
    def test_an_interrupted_run_ends_at_once_with_its_workers_and_says_how_to_go_on(self, busy, alive, patiently, tmp_path, sent, code):  # noqa: PLR0917  # fixtures
        with busy() as (run, workers):
            assert workers
            run.send_signal(sent)
            assert run.wait(timeout=5) == code
            assert patiently(lambda: alive(workers) == [])
        said = (tmp_path / "said").read_text()
        assert "the same command again goes on" in said
        assert "Traceback" not in said
        assert [path.name for path in (tmp_path / "out").iterdir()] == [".curate"]
        assert list((tmp_path / "out" / ".curate" / "clean").glob(".*")) == []

    def test_shards_that_were_finished_before_stay(self, busy, patiently, tmp_path):
        with busy() as (run, _):
            assert patiently(lambda: list((tmp_path / "out" / ".curate" / "clean").glob("[0-9]*")))
            run.send_signal(signal.SIGINT)
            run.wait(timeout=5)
        assert list((tmp_path / "out" / ".curate" / "clean").glob("[0-9]*/entry.json"))

    def test_workers_end_when_their_parent_is_killed(self, busy, alive, patiently):
        with busy() as (run, workers):
            run.kill()
            run.wait()
            assert patiently(lambda: alive(workers) == [])
