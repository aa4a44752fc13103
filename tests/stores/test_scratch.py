"""Folders for a while: gone when they are done with, and those of a process that was killed when the next one needs some."""

import json
import signal
import subprocess
import sys
import tempfile

import pytest

from curate.errors import SurroundingsError
from curate.stores import scratch as module
from curate.stores.scratch import scratch

DIES = """
import os, signal
from curate.stores.scratch import scratch
with scratch() as folder:
    (folder / "shard").write_bytes(bytes(1000))
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def below(tmp_path, monkeypatch):
    """A folder that is TMPDIR for these tests, in a process that has needed none yet."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    module._sweep.cache_clear()
    return tmp_path


def test_a_folder_is_empty_and_gone_in_the_end(below):
    with scratch() as folder:
        assert list(folder.iterdir()) == []
        (folder / "shard").write_text("pages")
        assert below in folder.parents
    assert list(below.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="whether a process has ended is told from /proc")
def test_what_a_killed_process_has_left_is_taken_away_by_the_next_and_nothing_else(below):
    assert subprocess.run([sys.executable, "-c", DIES], check=False).returncode == -signal.SIGKILL
    (left,) = below.iterdir()
    others = [below / name for name in ("curate-of-somebody", "curate-just-begun", "curate-file", "else")]
    for other in others:
        other.mkdir() if "file" not in other.name else other.touch()
    held = json.loads((left / "holder.json").read_bytes())
    (others[0] / "holder.json").write_text(json.dumps({**held, "machine": "another", "host": "oxney"}))
    with scratch() as mine, scratch() as again:
        assert set(below.iterdir()) == {*others, mine.parent, again.parent}


def test_where_no_folder_can_be_made_it_is_said_so(below, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(below / "nowhere"))
    with (
        pytest.raises(SurroundingsError, match=r"no temporary folder can be made \(No such file or directory\); TMPDIR says where"),
        scratch(),
    ):
        pass
