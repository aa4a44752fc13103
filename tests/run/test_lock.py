"""One run writes into a folder, or jobs that claim different shards; never both, and never two the same."""

import os
import subprocess
import sys
import time
from itertools import count

import pytest

from curate.errors import SurroundingsError, UsageError
from curate.places import place
from curate.run.lock import claimed, held, unheld

NAMES = count()
ME = f"process {os.getpid()}"
ASKING = """
import sys
from curate.places import place
from curate.run.lock import unheld

print(flush=True)
while True:
    unheld(place(sys.argv[1]))
"""
HOLDING = """
import sys
from curate.places import place
from curate.run.lock import held

with held(place(sys.argv[1])):
    print(flush=True)
    input()
"""


@pytest.fixture(params=["disk", "store"])
def out(request, tmp_path):
    """A folder that is not there yet, on a disk or in a store."""
    return place(str(tmp_path / "out")) if request.param == "disk" else place(f"memory://landings-{next(NAMES)}/out")


def test_a_run_has_the_folder_for_itself_until_it_ends(out):
    with held(out) as work:
        assert work == out / ".curate"
        with pytest.raises(SurroundingsError, match=rf"another run \({ME}\) is writing"), held(out):
            pass
    with held(out):
        pass


def test_jobs_have_different_shards_and_not_one_twice(out):
    work = out / ".curate"
    with claimed(work, "clean-00003") as first, claimed(work, "clean-00004") as other, claimed(work, "clean-00003") as again:
        assert (first, other, again) == ("", "", ME)
    with claimed(work, "clean-00003") as who:
        assert who == ""


def test_while_jobs_are_at_it_no_run_begins(out):
    with (
        claimed(out / ".curate", "clean-00003"),
        pytest.raises(SurroundingsError, match=rf"jobs are writing .*{ME} is at clean-00003"),
        held(out),
    ):
        pass
    with held(out):
        pass


def test_a_job_can_ask_whether_a_run_holds_the_folder(out):
    with held(out) as work, pytest.raises(SurroundingsError, match=rf"another run \({ME}\) is writing"):
        unheld(work)
    unheld(work)
    unheld(out / "nothing")


def test_whoever_asks_after_a_lock_does_not_keep_another_from_taking_it(tmp_path):
    """Asking takes the lock for a moment: whoever comes then tries again."""
    out = place(str(tmp_path / "out"))
    with held(out):
        pass
    with subprocess.Popen([sys.executable, "-c", ASKING, str(out / ".curate")], stdout=subprocess.PIPE) as asking:
        asking.stdout.readline()
        for _ in range(20):
            with held(out):
                time.sleep(0)
            if asking.poll() is not None:  # it was right to be told that somebody holds it
                break
        asking.kill()


def test_a_lock_goes_with_its_process(tmp_path):
    out = place(str(tmp_path / "out"))
    with subprocess.Popen([sys.executable, "-c", HOLDING, str(out)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holding:
        holding.stdout.readline()
        with pytest.raises(SurroundingsError, match=f"process {holding.pid}"), held(out):
            pass
        holding.kill()
        holding.wait()
    with held(out):
        pass


def test_a_folder_that_is_a_file_is_not_written_to(tmp_path):
    (tmp_path / "out").write_text("mine")
    with (
        pytest.raises(UsageError, match=r"cannot write to .*: it is a file; name another folder with -o"),
        held(place(str(tmp_path / "out"))),
    ):
        pass


def test_a_file_system_that_knows_no_locks_is_said_so(tmp_path, monkeypatch):
    import errno
    import fcntl

    def unknown(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", unknown)
    with pytest.raises(SurroundingsError, match=r"knows no locks .* mount it with flock"), held(place(str(tmp_path / "out"))):
        pass


def test_the_web_is_not_written_to():
    with (
        pytest.raises(UsageError, match=r"nothing can be written to 'https://oxney\.example/out': the web is for reading"),
        held(place("https://oxney.example/out")),
    ):
        pass
