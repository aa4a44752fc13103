"""A run that is killed at any moment, and started again, ends with the bytes of one that was left alone."""

import os
import random
import signal
import time

import pytest

LONG = bool(os.environ.get("CURATE_LONG"))  # ten moments in each stage, each from the beginning; else one in each, one after another
WITHIN = 0.15  # seconds after a stage has begun in which it is killed
STAGES = {"page": ("start", "clean", "publish"), "corpus": ("start", "clean", "settle", "finish", "publish")}


def begun(out, stage):
    """Whether a stage has begun."""
    work = out / ".curate"
    told = {
        "start": ["lock"],
        "clean": ["clean/.*.partial"],
        "settle": [".settle.*partial", "settle"],
        "finish": ["finish/.*.partial", "finish"],
        "publish": ["../clean-*"],
    }
    return any(list(work.glob(pattern)) for pattern in told[stage])


@pytest.fixture
def start(started, crawl, config):
    """Start the run, by two workers."""
    return lambda out: started("clean", crawl, "-o", out, "--config", config, "--workers", 2, "--quiet")


@pytest.fixture
def kill(start, patiently, workers_of, alive):
    """Start the run, kill it some time after a stage has begun, and wait until its workers are gone too."""

    def killed(out, stage, after):
        run = start(out)
        patiently(lambda: begun(out, stage) or run.poll() is not None)
        time.sleep(after)
        workers = workers_of(run)
        run.kill()
        run.wait()
        assert patiently(lambda: alive(workers) == [])

    return killed


@pytest.fixture
def ends_as_ever(start, undisturbed, written, counted):
    """Let the run come to its end, and compare what it has written with what an undisturbed one writes."""

    def check(out, run=None):
        assert (run or start(out)).wait(timeout=120) == 1  # one page could not be read
        assert written(out) == written(undisturbed)
        assert counted(out) == counted(undisturbed)
        assert list(out.glob(".curate/**/.*")) == list(out.glob(".*.partial")) == []

    return check


@pytest.mark.skipif(LONG, reason="the long form does this from the beginning each time")
def test_a_run_killed_once_in_every_stage_ends_as_if_it_had_not_been(kill, ends_as_ever, tmp_path, preset):
    moments = random.Random(5)  # noqa: S311  # no secret
    for stage in STAGES[preset]:
        kill(tmp_path / "out", stage, moments.random() * WITHIN)
    ends_as_ever(tmp_path / "out")


@pytest.mark.skipif(not LONG, reason="takes minutes; set CURATE_LONG=1")
@pytest.mark.parametrize("moment", range(10))
def test_a_run_killed_at_any_moment_ends_as_if_it_had_not_been(kill, ends_as_ever, tmp_path, preset, moment):
    moments = random.Random(moment)  # noqa: S311  # no secret
    for stage in STAGES[preset]:
        kill(tmp_path / stage, stage, moments.random() * WITHIN * 2)
        ends_as_ever(tmp_path / stage)


@pytest.mark.parametrize("moment", range(10 if LONG else 1))
def test_a_run_whose_worker_is_killed_goes_on_and_writes_the_same(start, ends_as_ever, patiently, workers_of, tmp_path, preset, moment):  # noqa: PLR0917  # fixtures
    moments = random.Random(moment)  # noqa: S311  # no secret
    for stage in ("clean", "finish") if preset == "corpus" else ("clean",):
        out = tmp_path / stage
        run = start(out)
        patiently(lambda: begun(out, stage) or run.poll() is not None)  # noqa: B023  # called at once
        time.sleep(moments.random() * WITHIN / 3)
        for number in workers_of(run)[:1]:
            os.kill(number, signal.SIGKILL)
        ends_as_ever(out, run)
