"""What README and docs/deploying.md tell people to run on many machines or by a clock, run as it stands; schedulers are played."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
RUN = re.compile(r"<!-- a test runs this as it stands -->\n```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
BLOCKS = RUN.findall((ROOT / "docs" / "deploying.md").read_text(encoding="utf-8"))
README = (ROOT / "README.md").read_text(encoding="utf-8")
FETCH = '#!/bin/sh\ncp samples/* "$1"\n'
# Runs what is to be done at once, as often as the array has places; an id goes to standard output, as of --parsable.
SBATCH = """#!/bin/sh
for argument; do
  case $argument in --array=1-*) last=${argument#--array=1-} ;; esac
  command=$argument
done
for number in $(seq "${last:-1}"); do
  SLURM_ARRAY_TASK_ID=$number sh -c "$command" >&2 || exit 1
done
echo "$*" >> jobs
wc -l < jobs
"""


def made(text: str) -> str:
    """A Makefile as it stands, but that it makes as many shares as the test has patience for."""
    return text.replace("SHARES := 8", "SHARES := 3")


def of_kind(kind: str, saying: str) -> str:
    [found] = [text for name, text in BLOCKS if name == kind and saying in text]
    return found


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with pages, where programs that are not there are played."""
    shutil.copytree(ROOT / "samples" / "pages", tmp_path / "pages")
    for name, text in (("fetch", FETCH), ("sbatch", SBATCH)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o700)
    return tmp_path


@pytest.fixture
def run(place: Path, script: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    environment = {**os.environ, "PATH": f"{script.parent}:{place}:{os.environ['PATH']}"}
    environment.pop("MAKEFLAGS", None)  # of a make that runs these tests

    def carry_out(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=place, capture_output=True, text=True, check=False, env=environment)

    return carry_out


def rows(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in out.glob("*.jsonl")}


@pytest.fixture
def expected(place: Path, run: Callable[..., subprocess.CompletedProcess[str]]) -> dict[str, bytes]:
    """What one process makes of the pages."""
    ended = run("curate", "clean", "pages", "-o", "whole", "--engine", "serial")
    assert ended.returncode == 0, ended.stderr
    return rows(place / "whole")


@pytest.mark.parametrize("text", [re.findall(r"^```make\n(.*?)^```", README, re.MULTILINE | re.DOTALL)[0], of_kind("make", "ON ")])
def test_the_makefiles_clean_by_shares(
    place: Path, run: Callable[..., subprocess.CompletedProcess[str]], expected: dict[str, bytes], text: str
):
    (place / "Makefile").write_text(made(text))
    for _ in range(2):
        ended = run("make", "-j", "2")
        assert ended.returncode == 0, ended.stderr
        assert rows(place / "corpus") == expected
    assert "nothing has changed since the last run" in ended.stderr


def test_the_script_for_slurm_gives_jobs_that_wait_for_each_other(
    place: Path, run: Callable[..., subprocess.CompletedProcess[str]], expected: dict[str, bytes]
):
    ended = run("sh", "-c", of_kind("sh", "sbatch").replace("N=100", "N=3"))
    assert ended.returncode == 0, ended.stderr
    assert rows(place / "corpus") == expected
    waits = [re.findall(r"afterok:(\d+)", job) for job in (place / "jobs").read_text().splitlines()]
    assert waits == [[], ["1"], ["2"], ["3"]]


class TestTheCronJob:
    """crawl.mk: fetch, clean with an index, keep logs."""

    @pytest.fixture
    def make(self, place: Path, run: Callable[..., subprocess.CompletedProcess[str]]) -> Callable[..., subprocess.CompletedProcess[str]]:
        (place / "crawl.mk").write_text(of_kind("make", "fetch"))
        shutil.rmtree(place / "pages")
        shutil.copytree(ROOT / "samples" / "pages", place / "samples")
        return lambda month, *options: run("make", "-s", "-f", "crawl.mk", f"MONTH={month}", *options)

    def test_a_month_is_fetched_and_cleaned_once_and_says_nothing(self, place: Path, make: Callable[..., subprocess.CompletedProcess[str]]):
        for _ in range(2):
            ended = make("2026-10")
            assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
        assert (place / "logs" / "2026-10.log").read_text().count("run.json are in corpora/2026-10") == 1
        assert len(rows(place / "corpora" / "2026-10")) == 3

    def test_the_next_month_keeps_nothing_of_it(self, place: Path, make: Callable[..., subprocess.CompletedProcess[str]]):
        assert [make(month).returncode for month in ("2026-10", "2026-11")] == [0, 0]
        sizes = [len((place / "corpora" / month / "clean-00000.jsonl").read_bytes()) for month in ("2026-10", "2026-11")]
        assert sizes[1] < sizes[0] / 4

    def test_pages_that_fail_are_told_once_with_the_exit_code(self, place: Path, make: Callable[..., subprocess.CompletedProcess[str]]):
        (place / "samples" / "broken.jsonl").write_text("{\n" * 9)
        first, second = make("2026-10"), make("2026-10")
        assert first.returncode == 2  # make's own
        assert "Error 1" in first.stderr
        assert "failed: broken JSON" in first.stderr
        assert (second.returncode, second.stderr) == (0, "")

    def test_a_fetch_that_fails_leaves_no_month_half_there(self, place: Path, make: Callable[..., subprocess.CompletedProcess[str]]):
        (place / "fetch").write_text('#!/bin/sh\necho half > "$1/a.txt"\nexit 3\n')
        assert "Error 3" in make("2026-10").stderr
        assert not (place / "pages" / "2026-10").exists()
        (place / "fetch").write_text(FETCH)
        assert make("2026-10").returncode == 0
        assert not (place / "pages" / "2026-10" / "a.txt").exists()
