"""A folder to clean that makes several shards, and how to tell that two runs have written the same."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROWS = ("clean", "ledger", "pages")
CONFIG = 'extends = "{preset}"\n[input]\nshard_bytes = 1500\n[[step]]\nname = "language"\noff = true\n'


def page(number):
    """A text page with lines of its own, and some that other pages have."""
    own = [
        f"Ferry log {number}: {word} was seen from the landing at Oxney, and {number + 3} passengers asked what it wanted."
        for word in BIRDS
    ]
    shared = [f"The bell of landing {number % 3} came back from the school in Wick Hollow with a crack that everyone has come to admire."]
    return "\n".join([*own, *shared, *([] if number % 4 else own[:1])]) + "\n"


BIRDS = ("a heron", "a kingfisher", "the old swan", "a bittern nobody believed in")


@pytest.fixture(scope="session")
def write_pages():
    """Write a folder of text, HTML and JSON lines; some of it repeats, some cannot be read."""

    def write(folder):
        folder.mkdir(parents=True)
        for number in range(8):
            (folder / f"{number}.txt").write_text(page(number))
        (folder / "again.txt").write_text(page(5))
        (folder / "empty.txt").write_text("Leave a Reply\n")
        (folder / "zeros.txt").write_bytes(bytes(100))
        (folder / "page.html").write_text("".join(f"<p>{line}" for line in page(2).splitlines()))
        records = [{"text": page(number), "url": f"https://oxneylantern.example/{number}", "date": "2026-09-02"} for number in range(5, 12)]
        (folder / "crawl.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records) + "{\n")
        return folder

    return write


@pytest.fixture(scope="session", params=["page", "corpus"])
def preset(request):
    """One whose documents stand by themselves, and one that compares them."""
    return request.param


@pytest.fixture(scope="session")
def config(tmp_path_factory, preset):
    """A configuration with so small shards that there are several of a few pages."""
    path = tmp_path_factory.mktemp("config") / "curate.toml"
    path.write_text(CONFIG.format(preset=preset))
    return path


@pytest.fixture(scope="session")
def crawl(tmp_path_factory, write_pages):
    """A folder that no test changes."""
    return write_pages(tmp_path_factory.mktemp("crawl") / "pages")


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory, crawl, config, curate):
    """What one process makes of it."""
    out = tmp_path_factory.mktemp("undisturbed") / "out"
    assert curate("clean", crawl, "-o", out, "--config", config, "--workers", 1, "--quiet").code == 1
    return out


@pytest.fixture(scope="session")
def written():
    """The files of rows in an output folder, by name."""

    def of(out):
        return {path.name: path.read_bytes() for kind in ROWS for path in Path(out).glob(f"{kind}-*")}

    return of


@pytest.fixture(scope="session")
def counted():
    """What run.json says, but for how long it took."""

    def of(out):
        run = json.loads((Path(out) / "run.json").read_bytes())
        for step in run["steps"].values():
            del step["cpu_seconds"]
        return run

    return of


@pytest.fixture(scope="session")
def started(script):
    """Start the command in a process of its own; what it says goes to a file, since orphans would hold a pipe open."""

    def start(*arguments, said=subprocess.DEVNULL, path=""):
        environment = {**os.environ, "PYTHONPATH": str(path)}
        return subprocess.Popen([script, *map(str, arguments)], stdout=subprocess.DEVNULL, stderr=said, process_group=0, env=environment)

    return start


@pytest.fixture(scope="session")
def workers_of():
    """The worker processes of a process, told from /proc."""
    if sys.platform != "linux":
        pytest.skip("processes are told from /proc")

    def of(process):
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

    return of


@pytest.fixture(scope="session")
def patiently():
    """Ask until the answer is yes, or for so long."""

    def ask(question, seconds=20, every=0.002):
        until = time.monotonic() + seconds
        while not (answer := question()) and time.monotonic() < until:
            time.sleep(every)
        return answer

    return ask


@pytest.fixture(scope="session")
def alive():
    """Those of some processes that have not ended."""

    def of(numbers):
        states = [(number, Path(f"/proc/{number}/stat")) for number in numbers]
        return [number for number, stat in states if os.path.exists(stat) and stat.read_text().rpartition(")")[2].split()[0] != "Z"]  # noqa: PTH110

    return of
