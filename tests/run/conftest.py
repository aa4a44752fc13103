"""A folder to clean that makes several shards, and how to tell that two runs have written the same."""

import csv
import json
import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

sys.path.insert(0, str(Path(__file__).parent.parent / "formats"))
import warc_files

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


def html(number):
    return "".join(f"<p>{line}" for line in page(number).splitlines())


def record(number):
    """The same as a record with fields."""
    return {"text": page(number), "url": f"https://oxneylantern.example/{number}", "date": "2026-09-02"}


def write_crawls(folder):
    """What other formats a crawl comes in, each so large that it makes several shards, where it can be cut; pages from 10 on."""
    records = warc_files.crawl(html(number).encode() for number in (10, 12, 13, 14))
    (folder / "crawl.warc.gz").write_bytes(warc_files.by_record(records)[0])
    parquet.write_table(pa.Table.from_pylist(list(map(record, (11, 15, 16)))), folder / "crawl.parquet", row_group_size=1)
    with (folder / "crawl.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.DictWriter(file, record(0))
        rows.writeheader()
        rows.writerows(map(record, (13, 17, 19)))
    with zipfile.ZipFile(folder / "pages.zip", "w") as archive:
        for number in (10, 15, 18):
            archive.writestr(f"{number}/page.html", html(number))
        archive.writestr("20.txt", page(20))
        archive.writestr("map.png", b"\x89PNG")


BIRDS = ("a heron", "a kingfisher", "the old swan", "a bittern nobody believed in")


@pytest.fixture(scope="session")
def write_pages():
    """Write a folder with something of every format; some of it repeats, some cannot be read."""

    def write(folder):
        folder.mkdir(parents=True)
        for number in range(8):
            (folder / f"{number}.txt").write_text(page(number))
        (folder / "again.txt").write_text(page(5))
        (folder / "empty.txt").write_text("Leave a Reply\n")
        (folder / "zeros.txt").write_bytes(bytes(100))
        (folder / "page.html").write_text(html(2))
        (folder / "crawl.jsonl").write_text("".join(json.dumps(record) + "\n" for record in map(record, range(5, 12))) + "{\n")
        write_crawls(folder)
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
