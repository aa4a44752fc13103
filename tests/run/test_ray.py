"""The engine of Ray, on a cluster of two nodes: the same bytes, whatever is lost on the way, and nothing left behind."""

import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from curate.errors import SurroundingsError, UsageError
from curate.places import place
from curate.run import node
from curate.run import ray as engine_of_ray
from curate.run.engines import ENGINES, engine
from curate.run.ray import Ray, _advice, _told

pytest.importorskip("ray", reason="the engine of Ray is tested where Ray is installed")
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # Ray's pipes and sockets to its processes, closed when these are gone
SMALL = 80 << 20  # bytes of a node's object store: nothing of ours goes there but the name of a function


class Small(NamedTuple):
    """A cluster whose nodes have one processor each."""

    cluster: object

    @property
    def address(self):
        return self.cluster.address

    def add(self):
        return self.cluster.add_node(num_cpus=1, object_store_memory=SMALL)

    def remove(self, lost):
        self.cluster.remove_node(lost, allow_graceful=False)

    @staticmethod
    def raylet(of):
        """The number of the process that a node's workers are children of."""
        return of.all_processes["raylet"][0].process.pid

    @property
    def raylets(self):
        return [self.raylet(of) for of in [self.cluster.head_node, *self.cluster.worker_nodes]]


@pytest.fixture(scope="module")
def home():
    """Where Ray puts its files, sockets among them, whose names have to be short; workers find `errands` there."""
    folder = Path(tempfile.mkdtemp(prefix="ray", dir="/tmp"))
    shutil.copy(Path(__file__).parent / "errands.py", folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_TMPDIR", str(folder))
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("PYTHONPATH", str(folder))
        patch.syspath_prepend(folder)
        yield folder
    assert begun_by(folder) == []
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def small(home):
    """A cluster of two nodes."""
    from ray.cluster_utils import Cluster

    assert home.is_dir()
    terminated = signal.getsignal(signal.SIGTERM)
    logging.getLogger("ray").setLevel(logging.ERROR)
    cluster = Cluster()
    try:
        cluster.add_node(num_cpus=1, object_store_memory=SMALL, include_dashboard=False)
        made = Small(cluster)
        made.add()
        signal.signal(signal.SIGTERM, terminated)
        yield made
    finally:
        cluster.shutdown()


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A folder that the nodes of that cluster share."""
    return tmp_path_factory.mktemp("shared")


@pytest.fixture(scope="module")
def two(small, shared):
    """The engine on that cluster."""
    with Ray(0, small.address, place(str(shared))) as engine:
        yield engine


@pytest.fixture(scope="module")
def errands(home):
    """The module of that name, as workers have it."""
    import errands

    assert Path(errands.__file__).parent == home
    return errands


def begun_by(folder):
    """The processes of Ray that have to do with a folder."""
    found = []
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(folder).encode() in line.read_bytes():
                found.append(int(line.parent.name))
        except OSError:  # gone in between
            continue
    return found


def busy(raylets):
    """The workers that are at a task, of some nodes: Ray gives them its name."""
    found = []
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if line.read_bytes().startswith(b"ray::carry_out") and parent_of(line.parent) in raylets:
                found.append(int(line.parent.name))
        except OSError:  # gone in between
            continue
    return found


def parent_of(process):
    return int((process / "stat").read_text().rpartition(")")[2].split()[1])


def here(folder):
    """The processes that wait in a folder, and their nodes."""
    return [tuple(path.read_text().split()) for path in folder.glob("*.here")]


class TestNames:
    def test_every_name_has_an_engine(self):
        for name in ENGINES:
            with engine(name, 1) as made:
                assert type(made).__name__.lower() == name

    def test_a_name_that_there_is_not_is_refused_with_those_there_are(self):
        with pytest.raises(UsageError, match="no engine 'spark'; there are serial, processes, ray"):
            engine("spark", 1)

    @pytest.mark.parametrize("name", ["serial", "processes"])
    def test_an_address_goes_with_ray_alone(self, name):
        with pytest.raises(UsageError, match="--engine ray"):
            engine(name, 1, "auto")

    def test_without_the_package_it_is_said_how_to_get_it(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "ray", None)
        with pytest.raises(UsageError, match=r"pip install 'curate\[ray\]'"):
            engine("ray", 1)

    def test_the_address_of_a_client_is_refused(self):
        with pytest.raises(UsageError, match="run curate on a node of the cluster"):
            engine("ray", 0, "ray://oxney.example:10001")

    def test_a_cluster_that_does_not_answer_is_named(self):
        with (
            Ray(0, "127.0.0.1:1") as made,
            pytest.raises(SurroundingsError, match=r"'127\.0\.0\.1:1' cannot be joined: Connection refused"),
        ):
            list(made.map(abs, [-1]))

    def test_a_traceback_of_ray_is_cut_down_to_what_it_says(self):
        said = "Failed to connect to Ray; Last connection error: Traceback (most recent call last):\n  File x\nUnauthenticated: no token"
        assert _told(ValueError(said)) == "Failed to connect to Ray; Unauthenticated: no token"
        assert _told(ValueError("no\nmore")) == "no"
        assert "RAY_AUTH_MODE=token" in _advice("oxney:6379", _told(ValueError(said)))

    @pytest.mark.parametrize(
        ("page", "said"), [("page.txt", "cannot be joined: Connection refused"), ("-", "standard input is on this machine alone")]
    )
    def test_what_is_asked_for_is_not_passed_over_where_there_is_little_to_do(self, curate, tmp_path, page, said):
        (tmp_path / "page.txt").write_text("The ferry was late.\n")
        path = tmp_path / page if page != "-" else page
        ran = curate("clean", path, "-o", tmp_path / "out", "--engine", "ray", "--address", "127.0.0.1:9", stdin=b"One\n")
        assert ran.code in {2, 4}
        assert said in ran.err

    def test_with_nothing_to_do_no_cluster_is_asked(self):
        with Ray(0, "127.0.0.1:1") as made:
            assert list(made.map(abs, [])) == []


class TestAnswers:
    def test_they_come_in_the_order_of_the_items_and_are_told_as_they_come(self, two, errands, tmp_path):
        told = []
        assert list(two.map(errands.late, [(tmp_path, number) for number in range(6)], told.append)) == list(range(6))
        assert sorted(told) == list(range(6))
        assert told.index(1) < told.index(0)

    def test_two_nodes_work_at_one_time_each_on_one_item(self, two, errands, tmp_path, patiently):
        answers = two.map(errands.wait, [tmp_path] * 2, lambda _answer: None)
        with started_by(answers) as all_of_them:
            assert patiently(lambda: len(here(tmp_path)) == 2)
            assert len({of for _, of in here(tmp_path)}) == 2
            (tmp_path / "go").touch()
            assert all_of_them() == ["went", "went"]
        assert two.workers == 1

    def test_no_more_is_given_out_than_twice_the_processors(self, two):
        given = []
        assert list(two.map(abs, range(30), lambda _answer: given.append(len(two._asked)))) == list(range(30))
        assert max(given) == 3  # and the one that has just come

    def test_no_more_is_given_out_than_was_asked_for(self, small):
        given = []
        with Ray(1, small.address) as one:
            assert list(one.map(abs, range(5), lambda _answer: given.append(len(one._asked)))) == list(range(5))
        assert given == [0] * 5

    def test_tasks_use_one_processor(self, two):
        assert list(two.map(os.getenv, ["OMP_NUM_THREADS"])) == ["1"]

    def test_paths_count_from_where_the_command_was_started(self, two, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        assert list(two.map(eval, ["__import__('os').getcwd()"])) == [str(tmp_path)]


class TestRaised:
    @pytest.mark.parametrize(
        ("item", "kind", "message"),
        [
            ("1 / 0", ZeroDivisionError, "division by zero"),
            ("(_ for _ in ()).throw(__import__('curate.errors').errors.UsageError('so not'))", UsageError, r"so not \(on node "),
            ("(_ for _ in ()).throw(type('Local', (Exception,), {})('known there alone'))", RuntimeError, "known there alone"),
        ],
        ids=["of Python", "wrong use", "of a class that cannot be sent"],
    )
    def test_what_is_raised_there_is_raised_here_with_its_message(self, two, item, kind, message):
        with pytest.raises(kind, match=message):
            list(two.map(eval, ["1", item, "3"]))
        assert list(two.map(abs, [-1])) == [1]


class TestUnfit:
    def test_a_node_with_another_program_is_named(self, two, monkeypatch):
        monkeypatch.setattr(engine_of_ray, "program", lambda: "another one")
        with pytest.raises(SurroundingsError, match=r"node \S+ \(.*\) has curate .* on Python .*is not the same as here: curate"):
            list(two.map(abs, [-1]))

    def test_a_node_without_curate_is_named(self, home):
        from ray import cloudpickle

        sent = home / "sent"
        sent.write_bytes(cloudpickle.dumps(node.task()))
        told = ("p", "curate 7 on Python 3.11.1", "/", "")
        without = "import sys; sys.modules['curate'] = None; from ray import cloudpickle"
        call = f"print(cloudpickle.load(open({str(sent)!r}, 'rb'))(b'', b'', {told!r}))"
        said = subprocess.run([sys.executable, "-c", f"{without}; {call}"], capture_output=True, check=True, text=True)
        assert "has no curate, or another one" in said.stdout
        assert "install curate 7 on Python 3.11.1 on every node" in said.stdout

    def test_a_node_that_does_not_see_where_the_run_writes_is_named(self, two, shared):
        assert list(two.map(abs, [-1])) == [1]
        (marker,) = shared.glob(".seen-*")
        aside = marker.rename(shared / "aside")
        with pytest.raises(SurroundingsError, match=f"does not see '{shared}': write to a folder that all nodes share, or to a bucket"):
            list(two.map(abs, [-1]))
        aside.rename(marker)

    def test_what_is_left_to_be_seen_is_taken_away(self, small, tmp_path):
        with Ray(0, small.address, place(str(tmp_path))) as made:
            assert list(made.map(abs, [-1])) == [1]
            assert len(list(tmp_path.iterdir())) == 1
        assert list(tmp_path.iterdir()) == []

    def test_a_node_without_the_folder_that_paths_count_from_is_named(self, two, tmp_path, monkeypatch):
        gone = tmp_path / "gone"
        gone.mkdir()
        monkeypatch.chdir(gone)
        monkeypatch.setattr(os, "getcwd", lambda: str(gone))  # of a folder that is gone it would fail here too
        gone.rmdir()
        with pytest.raises(SurroundingsError, match=f"cannot go to '{gone}', where curate was started"):
            list(two.map(abs, [-1]))


@contextmanager
def started_by(answers):
    """Take answers in a thread, so that the test can see to what is done meanwhile."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as threads:
        yield threads.submit(list, answers).result


class TestLost:
    def test_the_item_of_a_process_that_is_killed_is_done_by_another(self, two, errands, tmp_path, patiently):
        with started_by(two.map(errands.wait, [tmp_path] * 2)) as all_of_them:
            assert patiently(lambda: len(here(tmp_path)) == 2)
            os.kill(int(here(tmp_path)[0][0]), signal.SIGKILL)
            assert patiently(lambda: len(here(tmp_path)) == 3)
            (tmp_path / "go").touch()
            assert all_of_them() == ["went", "went"]

    def test_an_item_that_kills_three_processes_ends_the_run_and_is_named(self, two, errands, tmp_path):
        tries = tmp_path / "tries"
        with pytest.raises(SurroundingsError, match=rf"died 3 times at \('{tries}', 3\); .*fewer --workers"):
            list(two.map(errands.die, [(str(tries), 3)]))
        assert tries.read_text() == "xxx"

    def test_the_item_of_a_node_that_is_lost_is_done_on_another(self, small, two, errands, tmp_path, patiently):
        third = small.add()
        with started_by(two.map(errands.wait, [tmp_path] * 3)) as all_of_them:
            assert patiently(lambda: len(here(tmp_path)) == 3)
            assert third.node_id in {of for _, of in here(tmp_path)}
            small.remove(third)
            (tmp_path / "go").touch()
            assert all_of_them() == ["went"] * 3
        assert len(here(tmp_path)) == 4

    def test_what_is_being_done_ends_when_the_engine_does(self, small, errands, tmp_path, patiently, alive):
        with Ray(0, small.address) as made:
            answers = made.map(errands.wait, [tmp_path] * 2, lambda _answer: None)
            with pytest.raises(TimeoutError), interrupted(lambda: len(here(tmp_path)) == 2):
                next(answers)
        assert patiently(lambda: alive([int(process) for process, _ in here(tmp_path)]) == [])


@contextmanager
def interrupted(question):
    """Raise TimeoutError in this thread, from a signal as Ctrl-C would be, once something has come about."""

    def look(_number, _frame):
        if question():
            signal.setitimer(signal.ITIMER_REAL, 0)
            raise TimeoutError

    before = signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture
def begin(started, crawl, config, home, tmp_path):
    """Start a run by Ray; what it says goes to the file `said`."""

    def started_with(out, *options):
        with (tmp_path / "said").open("ab") as said:
            return started("clean", crawl, "-o", out, "--config", config, "--engine", "ray", "--quiet", *options, said=said, path=home)

    return started_with


@pytest.fixture
def run(begin, small):
    """Start a run on the cluster."""
    return lambda out: begin(out, "--address", small.address)


@pytest.fixture
def ends_as_ever(undisturbed, written, counted, tmp_path):
    """Wait for the end of a run, and compare what it has written with what one process writes."""

    def check(process, out):
        assert process.wait(timeout=120) == 1, (tmp_path / "said").read_text()  # one page could not be read
        assert written(out) == written(undisturbed)
        assert counted(out) == counted(undisturbed)
        assert list(out.glob(".curate/**/.*")) == list(out.glob(".*.partial")) == []

    return check


STAGES = {"page": ("clean", "publish"), "corpus": ("clean", "settle", "finish", "publish")}
BEGUN = {"clean": "clean/.*.partial", "settle": ".settle*.partial", "finish": "finish/.*.partial", "publish": "../clean-*"}


LONG = bool(os.environ.get("CURATE_LONG"))  # what is lost is lost with both presets; else only with the one that has all stages


@pytest.fixture
def all_stages(preset):
    """Leave out the preset with one stage where time is short."""
    if preset == "page" and not LONG:
        pytest.skip("takes minutes with both presets; set CURATE_LONG=1")


class TestRun:
    def test_two_nodes_write_what_one_process_writes(self, run, ends_as_ever, tmp_path):
        ends_as_ever(run(tmp_path / "out"), tmp_path / "out")

    @pytest.mark.usefixtures("all_stages")
    def test_a_run_of_which_a_node_is_lost_writes_the_same(self, small, run, ends_as_ever, patiently, tmp_path):
        third = small.add()
        process = run(tmp_path / "out")
        lost = patiently(lambda: busy([small.raylet(third)]) or process.poll() is not None, seconds=60)
        small.remove(third)
        assert lost is not True, "the run was over before the third node had anything to do"
        ends_as_ever(process, tmp_path / "out")

    @pytest.mark.usefixtures("all_stages")
    def test_a_run_of_which_a_worker_is_killed_writes_the_same(self, small, run, ends_as_ever, patiently, tmp_path):
        process = run(tmp_path / "out")
        killed = patiently(lambda: busy(small.raylets) or process.poll() is not None, seconds=60)
        assert killed is not True, "the run was over before anybody had anything to do"
        os.kill(killed[0], signal.SIGKILL)
        ends_as_ever(process, tmp_path / "out")

    @pytest.mark.usefixtures("all_stages")
    def test_a_run_killed_once_in_every_stage_ends_as_if_it_had_not_been(self, run, ends_as_ever, patiently, tmp_path, preset):
        out = tmp_path / "out"
        for stage in STAGES[preset]:
            process = run(out)
            patiently(lambda: list((out / ".curate").glob(BEGUN[stage])) or process.poll() is not None, seconds=60)  # noqa: B023  # called at once
            process.kill()
            process.wait()
        ends_as_ever(run(out), out)


# Waits for ever, at a task of a Ray of its own; ends as the command does when it is told to.
WAITING = """
import signal, sys, errands
from curate.run.engines import engine

class Terminated(BaseException):
    pass

def terminated(_number, _frame):
    raise Terminated

signal.signal(signal.SIGTERM, terminated)
signal.signal(signal.SIGINT, signal.default_int_handler)
try:
    with engine("ray", 1) as ray:
        list(ray.map(errands.wait, [sys.argv[1]]))
except Terminated:
    sys.exit(143)
except KeyboardInterrupt:
    sys.exit(130)
"""


class TestAlone:
    @pytest.mark.parametrize("preset", ["corpus"], indirect=True)  # one will do: a Ray takes seconds to begin
    def test_it_writes_what_one_process_writes_and_is_gone_afterwards(self, home, begin, tmp_path, ends_as_ever, patiently):
        before = begun_by(home)
        ends_as_ever(begin(tmp_path / "out", "--workers", 2), tmp_path / "out")
        assert patiently(lambda: set(begun_by(home)) <= set(before))

    # A killed process and one that is told to end see to it by themselves; Ctrl-C reaches all processes of the terminal.
    @pytest.mark.parametrize(
        ("send", "sent", "code"), [(os.kill, signal.SIGKILL, -9), (os.killpg, signal.SIGINT, 130), (os.kill, signal.SIGTERM, 143)]
    )
    def test_it_ends_with_whoever_has_begun_it(self, home, tmp_path, patiently, send, sent, code):  # noqa: PLR0917  # fixtures
        before = begun_by(home)
        with (tmp_path / "said").open("wb") as said:
            process = subprocess.Popen([sys.executable, "-c", WAITING, tmp_path], stdout=said, stderr=said, process_group=0)
        assert patiently(lambda: here(tmp_path), seconds=60), (tmp_path / "said").read_text()
        assert set(begun_by(home)) > set(before)
        send(process.pid, sent)
        assert process.wait(timeout=30) == code, (tmp_path / "said").read_text()
        assert patiently(lambda: set(begun_by(home)) <= set(before))

    @pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
    def test_whoever_is_told_to_end_while_it_begins_ends_as_ever(self, home, tmp_path, patiently, sent, code):
        before = begun_by(home)
        with (tmp_path / "said").open("wb") as said:
            process = subprocess.Popen([sys.executable, "-c", WAITING, tmp_path], stdout=said, stderr=said, process_group=0)
        assert patiently(lambda: set(begun_by(home)) > set(before), seconds=60), (tmp_path / "said").read_text()
        os.kill(process.pid, sent)
        assert process.wait(timeout=60) == code, (tmp_path / "said").read_text()
        assert not here(tmp_path)
        assert patiently(lambda: set(begun_by(home)) <= set(before))
