"""A run in shares: whoever cleans which of them, in whatever order, it ends with the bytes of a run that was carried out in one go."""

import json
import random
import re
import shutil
import subprocess
import time

import pytest

from curate.config import load
from curate.errors import SurroundingsError
from curate.places import place
from curate.run.elsewhere import elsewhere, having
from curate.run.job import CLEAN, FINISH, Came
from curate.run.lock import claimed, held
from curate.run.plan import read
from curate.run.run import Run
from curate.run.shares import Share
from curate.run.work import unadvanced

WITHIN = 0.15  # seconds after something has begun in which it is killed


@pytest.fixture
def planned(curate, crawl, config, tmp_path):
    """An output folder with a plan in it."""
    out = tmp_path / "out"
    assert curate("plan", crawl, "-o", out, "--config", config, "--quiet").code == 0
    return out


@pytest.fixture
def cleaned(curate, planned):
    """One whose shards are clean."""
    assert curate("clean", "--plan", planned, "--shard", "1/1", "--workers", 1, "--quiet").code == 0
    return planned


@pytest.fixture
def settled(curate, cleaned):
    """One that has been settled too."""
    assert curate("settle", cleaned, "--workers", 1, "--quiet").code == 0
    return cleaned


@pytest.fixture
def ends_as_ever(curate, undisturbed, written, counted):
    """Settle and finish, and compare what is there with what an undisturbed run writes."""

    def check(out):
        assert curate("settle", out, "--workers", 1).code == 0
        ran = curate("finish", out, "--workers", 1)
        assert ran.code == 1, ran.err  # one page could not be read
        assert written(out) == written(undisturbed)
        assert counted(out) == counted(undisturbed)
        assert list(out.glob(".curate/**/.*")) == list(out.glob(".*.partial")) == []

    return check


def across(preset):
    return preset == "corpus"


def numbers(out):
    """The shards of a plan."""
    return [shard.number for shard in read(place(str(out / ".curate" / "plan.json"))).shards]


class TestTheSameBytes:
    def test_shares_in_any_order_and_twice(self, curate, planned, ends_as_ever):
        for share in ("3/3", "1/3", "3/3", "2/3", "1/3"):
            assert curate("clean", "--plan", planned, "--shard", share, "--workers", 1).code == 0
        ends_as_ever(planned)

    def test_shares_of_the_end_too(self, curate, settled, ends_as_ever):
        for share in ("2/2", "2/2", "1/2"):
            assert curate("finish", settled, "--shard", share, "--workers", 1).code == 0
        ends_as_ever(settled)

    def test_a_run_in_one_go_ends_what_shares_have_begun(self, curate, planned, undisturbed, written):
        assert curate("clean", "--plan", planned, "--shard", "2/3", "--workers", 1).code == 0
        assert curate("clean", "--plan", planned, "--workers", 1).code == 1
        assert written(planned) == written(undisturbed)

    def test_a_share_says_what_it_has_done_and_publishes_nothing(self, curate, planned):
        of = len(numbers(planned))
        mine = len(range(0, of, 2))
        first = curate("clean", "--plan", planned, "--shard", "1/2", "--workers", 1)
        assert first.err.splitlines()[-1] == f"share 1 of 2, {mine} shards: {mine} cleaned"
        again = curate("clean", "--plan", planned, "--shard", "1/2", "--workers", 1)
        assert again.err.splitlines()[-1] == f"share 1 of 2, {mine} shards: 0 cleaned, {mine} cleaned before"
        assert [path.name for path in planned.iterdir()] == [".curate"]

    def test_more_shares_than_shards_leave_some_with_nothing_to_do(self, curate, planned):
        ran = curate("clean", "--plan", planned, "--shard", "100/100")
        assert (ran.code, ran.err) == (0, "share 100 of 100, 0 shards: 0 cleaned\n")

    def test_every_shard_is_in_one_share(self):
        parts = [Share(number, 7).part(range(40)) for number in range(1, 8)]
        assert sorted(item for part in parts for item in part) == list(range(40))
        assert {len(part) for part in parts} == {5, 6}

    def test_a_plan_made_again_brings_shards_to_their_new_numbers(self, curate, crawl, config, tmp_path, written):
        pages, out = shutil.copytree(crawl, tmp_path / "pages"), tmp_path / "out"

        def carried_out(to):
            said = [curate("plan", pages, "-o", to, "--config", config).err]
            said += [curate("clean", "--plan", to, "--shard", f"{number}/2", "--workers", 1).err for number in (1, 2)]
            assert curate("settle", to, "--workers", 1).code == 0
            assert curate("finish", to, "--workers", 1).code == 1
            return said, written(to)

        carried_out(out)
        (pages / "new.txt").write_text(
            "A line about the ferry that nobody has written before, and it is not a short one either, so it stays.\n"
        )
        said, rows = carried_out(out)
        assert sum(int(number) for line in said[1:] for number in re.findall(r"(\d+) cleaned(?! before)", line)) == 1
        assert rows == carried_out(tmp_path / "fresh")[1]


class TestWithAnIndex:
    def test_shares_write_what_a_run_in_one_go_writes_and_leave_the_index_as_that_does(self, curate, crawl, tmp_path, written):
        (tmp_path / "corpus.toml").write_text('extends = "corpus"\n[input]\nshard_bytes = 1500\n')
        how = ("--config", tmp_path / "corpus.toml", "--quiet")
        before, one, other = (tmp_path / name for name in ("before", "one", "other"))
        assert curate("clean", crawl / "5.txt", "-o", before / "out", "--index", before / "index", "--workers", 1, *how).code == 0
        for folder in (one, other):
            shutil.copytree(before / "index", folder / "index")
        assert curate("clean", crawl, "-o", one / "out", "--index", one / "index", "--workers", 1, *how).code == 1
        assert curate("plan", crawl, "-o", other / "out", "--index", other / "index", *how).code == 0
        for share in ("2/2", "1/2"):
            assert curate("clean", "--plan", other / "out", "--shard", share, "--workers", 1).code == 0
        assert curate("settle", other / "out", "--workers", 1).code == 0
        assert curate("finish", other / "out", "--shard", "1/2", "--workers", 1).code == 0
        assert curate("finish", other / "out", "--workers", 1).code == 1
        assert written(other / "out") == written(one / "out")
        tables = [sorted(path.read_bytes() for path in (folder / "index").rglob("*.table")) for folder in (one, other)]
        assert tables[0] == tables[1]
        assert len(tables[0]) > len(list((before / "index").rglob("*.table")))


class TestInAStore:
    def test_shares_into_a_store_write_what_a_run_on_a_disk_writes(self, curate, crawl, config, undisturbed, written, tmp_path):  # noqa: PLR0917  # fixtures
        out = f"memory://{tmp_path.name}/out"
        assert curate("plan", crawl, "-o", out, "--config", config, "--quiet").code == 0
        for share in ("2/2", "1/2"):
            assert curate("clean", "--plan", out, "--shard", share, "--engine", "serial").code == 0
        assert curate("settle", out, "--engine", "serial").code == 0
        assert curate("finish", out, "--shard", "2/3", "--engine", "serial").code == 0
        assert curate("finish", out, "--engine", "serial").code == 1
        rows = {path.name: path.read_bytes() for path in place(out).iterdir() if path.suffix == ".jsonl"}
        assert rows == written(undisturbed)
        assert "nothing has changed since the last run" in curate("clean", "--plan", out, "--engine", "serial").err
        assert curate("restore", out, "-o", tmp_path / "again").code == 1  # the page that could not be read
        assert (tmp_path / "again" / "3.txt").read_bytes() == (crawl / "3.txt").read_bytes()


class TestTogether:
    def test_two_jobs_on_one_share_do_each_shard_once(self, planned, ends_as_ever, tmp_path, started):
        command = ("clean", "--plan", planned, "--shard", "1/1", "--workers", 1)
        with (tmp_path / "one").open("w") as one, (tmp_path / "two").open("w") as two:
            jobs = [started(*command, said=said) for said in (one, two)]
            codes = [job.wait(timeout=120) for job in jobs]
        said = [(tmp_path / name).read_text() for name in ("one", "two")]
        assert codes == [0, 0], said
        done = [int(re.search(r"shards: (\d+) cleaned", text)[1]) for text in said]
        assert sum(done) == len(numbers(planned))
        ends_as_ever(planned)

    def test_a_shard_that_another_job_is_at_is_left_to_it_and_named(self, curate, planned):
        number = numbers(planned)[0]
        with claimed(place(str(planned / ".curate")), f"clean-{number:05}") as mine:
            assert mine == ""
            ran = curate("clean", "--plan", planned, "--shard", "1/1", "--workers", 1)
        assert ran.code == 0
        assert "1 left to other jobs" in ran.err
        assert f"shard {number} is left to " in ran.err
        assert not (planned / ".curate" / "clean" / f"{number:05}").exists()

    def test_shares_wait_for_no_run_that_holds_the_folder(self, curate, settled):
        with held(place(str(settled))):
            for command in (("clean", "--plan", settled, "--shard", "1/2"), ("finish", settled), ("settle", settled)):
                ran = curate(*command, "--workers", 1)
                if command[0] != "settle" or "nothing to settle" not in ran.err:
                    assert ran.code == 4
                    assert "another run" in ran.err

    def test_no_run_begins_while_a_job_is_at_a_shard(self, curate, crawl, config, cleaned):
        with claimed(place(str(cleaned / ".curate")), "clean-00000"):
            for command in (("clean", "--plan", cleaned), ("plan", crawl, "-o", cleaned, "--config", config), ("finish", cleaned)):
                ran = curate(*command)
                assert ran.code == 4, ran.err
        assert curate("clean", "--plan", cleaned, "--workers", 1).code == 1

    def test_a_run_that_begins_while_a_share_is_under_way_stops_the_share(self, planned, monkeypatch):
        run = Run(read(place(str(planned / ".curate" / "plan.json"))))
        out = place(str(planned))
        with held(out):
            monkeypatch.setattr("curate.run.run.unheld", lambda _work: None)  # as if it had begun just after
            with pytest.raises(SurroundingsError, match="another run"):
                run.clean_share(out, Share(1, 1), unadvanced)


class TestTooEarly:
    def test_settling_wants_all_shards_clean_and_says_which_are_not(self, curate, planned, preset):
        curate("clean", "--plan", planned, "--shard", "2/2", "--workers", 1)
        open_ = numbers(planned)[::2]
        ran = curate("settle", planned)
        if not across(preset):
            assert (ran.code, ran.err) == (0, ran.err)
            assert "there is nothing to settle" in ran.err
            return
        assert ran.code == 2
        assert f"{len(open_)} of {len(numbers(planned))} shards are not clean yet ({', '.join(map(str, open_[:5]))}" in ran.err
        assert f"`curate clean --plan {planned} --shard 1/1`" in ran.err

    def test_finishing_wants_all_shards_clean(self, curate, planned):
        curate("clean", "--plan", planned, "--shard", "2/2", "--workers", 1)
        ran = curate("finish", planned)
        assert ran.code == 2
        assert "shards are not clean yet" in ran.err
        assert not (planned / "run.json").exists()

    def test_finishing_wants_them_settled(self, curate, cleaned, preset):
        for share in ((), ("--shard", "1/2")):
            ran = curate("finish", cleaned, *share, "--workers", 1)
            if across(preset):
                assert ran.code == 2
                assert f"`curate settle {cleaned}` does that" in ran.err
            else:
                assert ran.code == (0 if share else 1)

    @pytest.mark.parametrize("command", ["settle", "finish"])
    def test_a_folder_without_a_plan(self, curate, tmp_path, command):
        ran = curate(command, tmp_path)
        assert ran.code == 2
        assert "no plan can be read" in ran.err
        assert list(tmp_path.iterdir()) == []


class TestAnotherVersion:
    def test_a_share_of_a_plan_of_another_version_is_refused(self, curate, planned, monkeypatch):
        monkeypatch.setattr("curate.run.identity._code", lambda: ["another"])
        ran = curate("clean", "--plan", planned, "--shard", "1/2")
        assert ran.code == 2
        assert "was made by another version" in ran.err
        assert not (planned / ".curate" / "clean").exists()

    @pytest.mark.parametrize("command", ["settle", "finish"])
    def test_where_the_plan_is_of_another_version_no_share_is_asked_for_that_would_be_refused(
        self, curate, cleaned, preset, command, monkeypatch
    ):
        monkeypatch.setattr("curate.run.identity._code", lambda: ["another"])
        ran = curate(command, cleaned, "--workers", 1)
        if command == "settle" and not across(preset):
            assert ran.code == 0
        else:
            assert ran.code == 2
            assert "was made by another version" in ran.err
            assert "make the plan again" in ran.err

    def test_a_shard_that_another_version_cleaned_is_named_and_cleaned_again(self, curate, cleaned, ends_as_ever):
        number = numbers(cleaned)[1]
        path = cleaned / ".curate" / "clean" / f"{number:05}" / "entry.json"
        entry = json.loads(path.read_text())
        path.write_text(json.dumps({**entry, "identity": "0" * 32, "done": {**entry["done"], "program": "another"}}))
        ran = curate("finish", cleaned)
        assert ran.code == 2
        assert f"shard {number} was cleaned by another version of curate" in ran.err
        again = curate("clean", "--plan", cleaned, "--shard", "1/1", "--workers", 1)
        assert ": 1 cleaned, " in again.err
        ends_as_ever(cleaned)

    def test_shards_that_a_changed_rule_can_touch_are_named_and_cleaned_again(self, script, crawl, config, tmp_path):
        """Each command is a process of its own: one process reads the rule files once."""
        rules, out = tmp_path / "rules", tmp_path / "out"
        path = rules / "sites" / "o" / "oxneylantern.example.toml"
        path.parent.mkdir(parents=True)
        head = 'schema = 1\nsite = "Oxney Lantern"\ndomains = ["oxneylantern.example"]\nlanguage = ["en"]\n'
        path.write_text(head)

        def curate(*arguments):
            return subprocess.run([script, *map(str, arguments)], capture_output=True, text=True, check=False)

        curate("plan", crawl, "-o", out, "--config", config, "--rules", rules)
        first = curate("clean", "--plan", out, "--shard", "1/1", "--workers", 1)
        assert first.returncode == 0, first.stderr
        rule = 'id = "bell"\ncategory = "ui-status"\nwhy = "Stands on every page."\naction = "drop-line"\nline = "The bell of landing 1"\n'
        path.write_text(f"{head}[[rule]]\n{rule}")
        ran = curate("finish", out)
        assert ran.returncode == 2
        assert re.search(r"shards? [\d, …]+ (was|were) cleaned under other rules", ran.stderr), ran.stderr
        again = curate("clean", "--plan", out, "--shard", "1/1", "--workers", 1)
        assert re.search(r"shards: [1-9]\d* cleaned", again.stderr)
        assert "other rules" not in curate("finish", out, "--workers", 1).stderr


class TestOptions:
    @pytest.mark.parametrize("share", ["0/3", "4/3", "3", "1/0", "-1/3", "1.5/3", "a/b", ""])
    def test_what_is_no_share_is_refused(self, curate, planned, share):
        for command in (("clean", "--plan", planned), ("finish", planned)):
            ran = curate(*command, "--shard", share)
            assert ran.code == 2
            assert "is no share; write which of how many, as in 3/100" in " ".join(ran.err.split())

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            (("--shard", "1/2", "-o", "elsewhere", "pages"), "--shard goes with --plan OUT"),
            (("--plan", "{out}", "--shard", "1/2", "--allow-failed", "1"), "--allow-failed is for the command that ends the run"),
            (("--plan", "{out}", "--shard", "1/2", "--ledger", "spans"), "it goes without --ledger"),
            (("--plan", "{out}", "--address", "auto"), "--address goes with --engine ray"),
            (("--plan", "{out}", "--engine", "serial", "--workers", "2"), "--engine serial is one process"),
            (("--plan", "{out}", "--engine", "threads"), "'threads' is not one of"),
            (("-o", "-", "pages", "--engine", "ray"), "--engine ray goes with a folder"),
        ],
    )
    def test_options_that_contradict_each_other_are_refused(self, curate, planned, options, said):
        ran = curate("clean", *(option.format(out=planned) for option in options))
        assert ran.code == 2
        assert said in " ".join(ran.err.split())

    def test_the_engine_of_one_process_needs_no_number_of_workers(self, curate, planned, ends_as_ever):
        assert curate("clean", "--plan", planned, "--shard", "1/1", "--engine", "serial").code == 0
        ends_as_ever(planned)

    def test_failures_are_counted_at_the_end(self, curate, settled):
        assert curate("finish", settled, "--workers", 1).code == 1
        assert curate("finish", settled, "--workers", 1, "--allow-failed", 0.5).code == 0

    def test_the_plan_says_what_comes_next(self, curate, crawl, config, tmp_path, preset):
        said = curate("plan", crawl, "-o", tmp_path / "out", "--config", config).err
        assert f"next: `curate clean --plan {tmp_path / 'out'}`" in said
        assert "--shard K/N` for each K from 1 to N, " in said
        assert (f"`curate settle {tmp_path / 'out'}`" in said) == across(preset)

    def test_signed_addresses_are_not_planned_and_leave_no_folder(self, curate, tmp_path):
        ran = curate("plan", "https://oxneylantern.example/crawl.jsonl?signature=abc", "-o", tmp_path / "out")
        assert ran.code == 2
        assert "abc" not in ran.err
        assert not (tmp_path / "out").exists()

    def test_input_that_has_changed_stops_the_shares_it_is_in_and_no_others(self, curate, crawl, config, tmp_path):
        pages, out = shutil.copytree(crawl, tmp_path / "pages"), tmp_path / "out"
        curate("plan", pages, "-o", out, "--config", config)
        (pages / "3.txt").write_text("Something else\n")
        codes = [curate("clean", "--plan", out, "--shard", f"{number}/3", "--workers", 1).code for number in (1, 2, 3)]
        assert sorted(codes) == [0, 0, 2]


class TestKilled:
    def test_a_share_that_was_killed_is_done_again(self, started, planned, patiently, workers_of, alive, ends_as_ever, curate):  # noqa: PLR0917  # fixtures
        moments = random.Random(7)  # noqa: S311  # no secret
        for _ in range(2):
            job = started("clean", "--plan", planned, "--shard", "1/1", "--workers", 2)
            patiently(lambda job=job: list(planned.glob(".curate/clean/.*")) or job.poll() is not None)
            time.sleep(moments.random() * WITHIN)
            workers = workers_of(job)
            job.kill()
            job.wait()
            assert patiently(lambda workers=workers: alive(workers) == [])
        assert curate("clean", "--plan", planned, "--shard", "1/1", "--workers", 1).code == 0
        ends_as_ever(planned)

    @pytest.mark.parametrize("command", ["settle", "finish"])
    def test_a_command_that_was_killed_is_given_again(self, started, cleaned, curate, patiently, ends_as_ever, command):  # noqa: PLR0917  # fixtures
        if command == "finish":
            assert curate("settle", cleaned, "--workers", 1).code == 0
        begun = {"settle": (".curate/.settle*",), "finish": (".curate/finish/.*", "clean-*")}[command]
        job = started(command, cleaned, "--workers", 1)
        patiently(lambda: any(list(cleaned.glob(pattern)) for pattern in begun) or job.poll() is not None)
        job.kill()
        job.wait()
        ends_as_ever(cleaned)


class TestElsewhere:
    """Tasks on machines that may be different from the one that began the run."""

    @pytest.fixture
    def work(self, curate, crawl, tmp_path):
        pages, out = shutil.copytree(crawl, tmp_path / "pages"), tmp_path / "out"
        (tmp_path / "one.toml").write_text('extends = "rules-only"\n[input]\nshard_bytes = 1500\n')
        curate("plan", pages, "-o", out, "--config", tmp_path / "one.toml")
        plan = read(place(str(out / ".curate" / "plan.json")))
        return Run(plan)._work(place(str(out)))

    def carried_out(self, work, stage=CLEAN, wanted=None):
        pipeline = load("rules-only").pipeline()
        return elsewhere(work.job, stage, wanted or having(pipeline), lambda task: Came(task.shard.bytes, 1), work._cleaning[0])

    def test_a_machine_with_all_there_is_does_it(self, work):
        assert self.carried_out(work).documents == 1

    def test_a_machine_that_does_not_see_the_input_does_not(self, work, tmp_path):
        shutil.rmtree(tmp_path / "pages")
        with pytest.raises(SurroundingsError, match="all machines have to see the same inputs"):
            self.carried_out(work)
        assert self.carried_out(work, FINISH).documents == 1, "what has been cleaned is not read again"

    @pytest.mark.parametrize("name", ["rules", "weights"])
    def test_a_machine_with_other_rules_or_weights_does_not(self, work, name):
        wanted = having(load("rules-only").pipeline())._replace(**{name: "others"})
        with pytest.raises(SurroundingsError, match=r"\(others\); have the same on all"):
            self.carried_out(work, wanted=wanted)
