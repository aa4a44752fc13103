"""Runs from a bucket into a bucket write what local ones write: left alone, with a store that fails, and killed."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from curate.places import place
from curate.stores import objects

CONFIG = 'extends = "corpus"\n[input]\nshard_bytes = 3000\n[[step]]\nname = "language"\noff = true\n'
BIRDS = ("a heron", "a kingfisher", "the old swan", "a bittern nobody believed in")
ROWS = ("clean-", "ledger-", "pages-")


def page(number):
    """A page with lines of its own, and one that other pages have."""
    own = [f"Ferry log {number}: {bird} was seen from the landing at Oxney, and {number + 3} passengers asked after it." for bird in BIRDS]
    return "\n".join([*own, f"The bell of landing {number % 2} came back from the school in Wick Hollow with a crack that all admire."])


def records(numbers):
    rows = [{"text": page(number), "url": f"https://oxneylantern.example/{number}", "date": "2026-09-02"} for number in numbers]
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


PAGES = {"a.jsonl": records(range(4)), "b/c.jsonl": records(range(2, 6)), "log.txt": page(9).encode(), "zeros.txt": bytes(100)}
SMALL = 80 << 20  # bytes of the object store of a node of Ray
SAID = "clean, ledger, pages and run.json are in"


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "curate.toml"
    path.write_text(CONFIG)
    return path


@pytest.fixture
def crawl(bucket):
    """The address of a folder with pages."""
    for name, data in PAGES.items():
        objects.write(place(f"{bucket}/in") / name, data)
    return f"{bucket}/in"


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory, curate):
    """What one process makes of the pages on a disk, with an index that knew one of them."""
    folder = tmp_path_factory.mktemp("undisturbed")
    for name, data in PAGES.items():
        (folder / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "in" / name).write_bytes(data)
    (folder / "before.txt").write_text(page(3))
    (folder / "curate.toml").write_text(CONFIG)
    for given, out in (("before.txt", "before"), ("in", "out")):
        index = ["--index", folder / "index"]
        ran = curate("clean", folder / given, "-o", folder / out, "--config", folder / "curate.toml", *index, "--workers", 1, "--quiet")
        assert ran.code in {0, 1}, ran.err
    return folder


@pytest.fixture
def index(bucket, undisturbed, curate, config):
    """The address of an index that knows the same."""
    address = f"{bucket}/index"
    ran = curate("clean", undisturbed / "before.txt", "-o", f"{bucket}/before", "--config", config, "--index", address, "--quiet")
    assert ran.code == 0, ran.err
    return address


@pytest.fixture
def same(undisturbed, downloaded, counts_of):
    """Check that an output folder in a store has what the local run wrote, and no leases, and no secrets."""

    def check(out):
        there = downloaded(out)
        names = {name for name in there if "/" not in name}
        assert names == {path.name for path in (undisturbed / "out").iterdir() if path.is_file()}
        for name in names:
            expected = (undisturbed / "out" / name).read_bytes()
            if name.startswith(ROWS):
                assert there[name] == expected, name
        assert counts_of(there["run.json"]) == counts_of((undisturbed / "out" / "run.json").read_bytes())
        assert [name for name in there if "lock/" in name] == []

    return check


@pytest.fixture
def arguments(crawl, bucket, config, index):
    return ["clean", crawl, "-o", f"{bucket}/out", "--config", config, "--index", index, "--workers", 1, "--quiet"]


def secret(text):
    return b"heron-may-ever-read" in text or b"FERRYKEEPER" in text


def test_a_run_from_bucket_to_bucket_writes_what_a_local_one_writes_and_again_nothing(s3, arguments, bucket, curate, same, downloaded):  # noqa: PLR0917  # fixtures
    first = curate(*arguments)
    assert first.code == 1, first.err  # one page could not be read
    same(f"{bucket}/out")
    s3.requests.clear()
    again = curate(*[argument for argument in arguments if argument != "--quiet"])
    assert f"nothing has changed since the last run: {SAID} {bucket}/out" in again.err
    written = [request for request in s3.requests if request.split()[0] in {"PUT", "DELETE", "POST"} and "/.curate/lock/" not in request]
    assert written == []
    assert not any(map(secret, downloaded(bucket).values()))
    assert not any(secret(said.encode()) for ran in (first, again) for said in ran[1:])


def test_a_run_whose_store_fails_ends_with_4_and_the_same_command_goes_on(s3, fault, arguments, bucket, curate, same):  # noqa: PLR0917  # fixtures
    """At one place after another: reading a page, writing a shard, reading it, settling, finishing, adding to the index, publishing."""
    faults = [
        ("GET", "in/b/c.jsonl", "reset"),
        ("PUT", "out/.curate/clean/00001/.*documents", "refused"),
        ("GET", "out/.curate/clean/.*table", "reset"),
        ("PUT", "out/.curate/settle/entry", "refused"),
        ("PUT", "out/.curate/finish/[0-9]*/entry", "refused"),
        ("PUT", "index/segments/.*documents.table", "refused"),
        ("PUT", "out/ledger-", "refused"),
        ("PUT", "out/run.json", "refused"),
    ]
    for one in faults:
        s3.faults[:] = [fault(*one)]
        ran = curate(*arguments)
        assert ran.code == 4, (one, ran)
        assert "failed" in ran.err, one
        assert not secret(ran.err.encode())
    s3.faults.clear()
    ran = curate(*arguments)
    assert ran.code == 1, ran.err
    same(f"{bucket}/out")


@pytest.mark.skipif(sys.platform != "linux", reason="processes are told from /proc, and their leases taken over at once")
def test_a_run_that_is_killed_at_any_request_is_taken_up_by_the_next(s3, arguments, bucket, script, curate, same):  # noqa: PLR0917  # fixtures
    for moment in ("PUT .*clean/00001/entry", "PUT .*settle/.*table", "PUT .*index/segments/.*documents", "PUT .*out/pages-00001"):
        run = subprocess.Popen([script, *map(str, arguments)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        kill_at(s3, moment, run)
        assert run.wait(timeout=60) == -signal.SIGKILL, (moment, run.stderr.read())
        run.stderr.close()
        assert leases(bucket), "the lease is still there"
    s3.when = lambda _request: None
    ran = curate(*arguments)
    assert ran.code == 1, ran.err
    same(f"{bucket}/out")


def kill_at(s3, moment, run):
    """Have a process killed when it makes such a request, which then never comes to the store."""

    def when(request):
        if re.search(moment, request):
            run.kill()
            run.wait()

    s3.when = when


def leases(bucket):
    folder = place(f"{bucket}/out/.curate/lock")
    return [objects.found(folder / name) for name in objects.listed(folder)]


def test_two_runs_do_not_write_into_one_folder_of_a_store(arguments, bucket, curate):
    from curate.run.lock import held

    with held(place(f"{bucket}/out")):
        ran = curate(*arguments)
    assert ran.code == 4
    assert f"another run (process {os.getpid()}) is writing to '{bucket}/out'" in ran.err


def test_a_bucket_that_is_not_there_is_said_so(crawl, config, curate):
    ran = curate("clean", crawl, "-o", "s3://oxney-nowhere/out", "--config", config, "--quiet")
    assert ran.code == 2
    assert "cannot write to 's3://oxney-nowhere/out'" in ran.err


@pytest.fixture
def cluster(s3, monkeypatch):
    """The address of a Ray cluster of two nodes, begun in an environment with the store's credentials; and the folder of its logs."""
    cluster_utils = pytest.importorskip("ray.cluster_utils", reason="Ray is not installed")
    assert s3.url
    home = Path(tempfile.mkdtemp(prefix="ray", dir="/tmp"))  # names of sockets have to be short
    monkeypatch.setenv("RAY_TMPDIR", str(home))
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    terminated = signal.getsignal(signal.SIGTERM)
    made = cluster_utils.Cluster()
    try:
        made.add_node(num_cpus=1, object_store_memory=SMALL, include_dashboard=False)
        made.add_node(num_cpus=1, object_store_memory=SMALL)
        signal.signal(signal.SIGTERM, terminated)
        yield made.address, home
    finally:
        made.shutdown()
        shutil.rmtree(home)


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # Ray's pipes and sockets to its processes, closed when these are gone
def test_the_nodes_of_a_cluster_write_into_a_bucket_what_one_process_writes_on_a_disk(cluster, arguments, bucket, script, same, downloaded):  # noqa: PLR0917  # fixtures
    address, home = cluster
    command = [script, *(argument for argument in arguments if argument not in {"--workers", 1}), "--engine", "ray", "--address", address]
    ran = subprocess.run(list(map(str, command)), capture_output=True, check=False, timeout=120)
    assert ran.returncode == 1, ran.stderr
    same(f"{bucket}/out")
    assert not any("/.settling" in f"/{name}" for name in downloaded(f"{bucket}/out"))
    assert len(list(home.glob("**/worker-*.out"))) > 1
    assert not [path for path in home.glob("**/*") if path.is_file() and secret(path.read_bytes())]
