"""Several workers write what one writes, and leave nothing behind when they are stopped."""

import json
import os
import signal
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

KINDS = ("clean", "ledger", "pages")
needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are told from /proc")


@pytest.fixture(scope="module")
def folder(tmp_path_factory, story):
    """Pages of several formats and fates, so many that every worker has some."""
    path = tmp_path_factory.mktemp("workers") / "pages"
    path.mkdir()
    for number in range(9):
        (path / f"{number}.txt").write_text(story(4, first=number) + story(number % 3, first=number))
    (path / "3.txt").write_bytes(bytes(100))
    (path / "4.txt").write_bytes(b"\xef\xbb\xbfLeave a Reply\r\n")
    (path / "5.html").write_text("".join(f"<p>{line}" for line in story(5).splitlines()))
    records = [{"text": story(3, first=number), "url": f"https://host{number % 2}.example/"} for number in range(5)]
    (path / "2.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records) + "{\n")
    return path


@pytest.fixture(scope="module")
def alone(folder, curate):
    """What one worker writes."""
    out = folder.parent / "alone"
    assert curate("clean", folder, "-o", out).code == 1
    return out


def without_times(out):
    run = json.loads((out / "run.json").read_bytes())
    for step in run["steps"].values():
        del step["cpu_seconds"]
    return run


@pytest.fixture
def clean_by(script, folder, tmp_path):
    """The output folder of a run by so many workers."""

    def run(workers, *options):
        command = [script, "clean", folder, "-o", tmp_path / "out", "--workers", str(workers), *options]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        assert ended.returncode == 1, ended.stderr
        assert "failed: broken JSON" in ended.stderr
        return tmp_path / "out"

    return run


def test_two_workers_write_the_same_bytes_and_counts_as_one(clean_by, alone):
    out = clean_by(2)
    for kind in KINDS:
        assert (out / f"{kind}-00000.jsonl").read_bytes() == (alone / f"{kind}-00000.jsonl").read_bytes() != b""
    assert without_times(out) == without_times(alone)


def test_three_workers_write_the_same_compressed(clean_by, alone, curate):
    out = clean_by(3, "--compress", "zst", "--ledger", "spans")
    for kind in ("clean", "ledger", "pages"):
        assert len(curate.rows(out, kind)) == len(curate.rows(alone, kind))
    assert curate.rows(out) == curate.rows(alone)


@pytest.mark.parametrize(
    ("options", "said"),
    [(("--limit", 3), "a limit goes with one worker"), (("-o", "-"), "several workers need a folder")],
    ids=["a limit", "a stream"],
)
def test_what_several_workers_cannot_do_is_refused(curate, folder, tmp_path, options, said):
    ran = curate("clean", folder, "-o", tmp_path / "out", "--workers", 2, *options)
    assert ran.code == 2
    assert said in ran.err
    assert not (tmp_path / "out").exists()


def test_standard_input_is_read_by_several_workers_or_refused(script, curate, tmp_path, story):
    command = [script, "clean", "-", "-o", tmp_path / "out", "--workers", "2"]
    run = subprocess.run(command, input=story(), capture_output=True, text=True, check=False)
    assert run.returncode == 2 or [row["chars_read"] for row in curate.rows(tmp_path / "out", "pages")] == [len(story()) - 3]


def workers_of(process):
    """The numbers of the worker processes."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            line = (stat.parent / "cmdline").read_bytes()
        except OSError:  # gone in between
            continue
        if parent == process.pid and b"spawn_main" in line:
            found.append(int(stat.parent.name))
    return found


def still_there(numbers):
    """Those of the processes that have not ended."""
    states = [(number, Path(f"/proc/{number}/stat")) for number in numbers]
    return [number for number, stat in states if stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"]


def patiently(question, seconds=10):
    """Ask until the answer is yes, or for so long."""
    until = time.monotonic() + seconds
    while not (answer := question()) and time.monotonic() < until:
        time.sleep(0.02)
    return answer


@contextmanager
def busy(script, folder, tmp_path):
    """A run whose workers have begun and of which one waits for a page for ever."""
    pages = tmp_path / "slow"
    pages.mkdir()
    (pages / "ferry.txt").write_bytes((folder / "0.txt").read_bytes())
    os.mkfifo(pages / "pipe.txt")
    environment = {**os.environ, "TMPDIR": str(tmp_path / "temporary")}
    (tmp_path / "temporary").mkdir()
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    workers = []
    try:
        # What it says goes to a file: orphans would hold a pipe open.
        with (tmp_path / "said").open("wb") as said:
            command = [script, "clean", pages / "ferry.txt", pages / "pipe.txt", "-o", tmp_path / "out", "--workers", "2"]
            run = subprocess.Popen(command, stderr=said, env=environment, process_group=0)
        # A reader has come to the pipe as soon as it can be opened for writing; open, it keeps the reader waiting.
        pipe = patiently(lambda: opened_for_writing(pages / "pipe.txt"))
        assert pipe
        workers = workers_of(run)
        try:
            yield run, workers
        finally:
            os.close(pipe)
    finally:
        signal.signal(signal.SIGINT, before)
        for number in still_there([run.pid, *workers]):
            os.kill(number, signal.SIGKILL)
        run.wait()


def opened_for_writing(pipe):
    """A pipe as a file to write to, once somebody reads from it."""
    try:
        return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return 0


@needs_proc
class TestStopped:
    def test_an_interrupted_run_ends_at_once_and_leaves_nothing(self, script, folder, tmp_path):
        with busy(script, folder, tmp_path) as (run, workers):
            assert workers
            run.send_signal(signal.SIGINT)
            assert run.wait(timeout=5) == 130
            assert patiently(lambda: still_there(workers) == [])
        assert "Traceback" not in (tmp_path / "said").read_text()
        assert list((tmp_path / "out").iterdir()) == []
        assert list((tmp_path / "temporary").iterdir()) == []

    def test_a_worker_that_dies_ends_the_run_with_4_and_leaves_nothing(self, script, folder, tmp_path):
        with busy(script, folder, tmp_path) as (run, workers):
            for number in workers:
                os.kill(number, signal.SIGKILL)
            assert run.wait(timeout=5) == 4
        assert "a worker process died" in (tmp_path / "said").read_text()
        assert list((tmp_path / "out").iterdir()) == []
        assert list((tmp_path / "temporary").iterdir()) == []

    def test_a_terminated_run_leaves_no_workers_behind(self, script, folder, tmp_path):
        with busy(script, folder, tmp_path) as (run, workers):
            run.terminate()
            assert run.wait(timeout=5) != 0
            assert patiently(lambda: still_there(workers) == [], seconds=3)
