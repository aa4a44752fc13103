"""An index that lasts: what is left of runs, merged, in order, whole after whatever happened; and datasketch reads it."""

import errno
import fcntl
import gc
import hashlib
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

import datasketch
import numpy as np
import pytest
import redis
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.document import Change, Document, document_of_lines
from curate.duplicates import index as index_module
from curate.duplicates import merge as merge_module
from curate.duplicates.corpus import Sketched
from curate.duplicates.documents import Documents
from curate.duplicates.index import Index, sketcher_of
from curate.duplicates.lsh import lsh, minhashes
from curate.duplicates.merge import merge
from curate.duplicates.sketch import Shingled
from curate.duplicates.table import write
from curate.errors import SurroundingsError, UsageError
from curate.places import place as place_of
from curate.stores import objects
from curate.stores.locks import locked
from curate.stores.objects import found, listed
from curate.stores.objects import write as write_object

NAMES = count()
SKETCHER = Shingled()
FERRY = "the ferry to the outer islands leaves at noon and comes back before the tide turns again in the evening"
PIER = "the old pier was painted green by the children of the village school while the harbour master looked on"


def page(text: str, name: str = "a", host: str = "pier.example", date: str = "2024-05-01") -> Document:
    doc = document_of_lines(text)
    doc.doc, doc.url, doc.date = hashlib.sha256(name.encode()).hexdigest()[:20], f"https://{host}/{name}", date
    return doc


def shard(folder: Path, pages: Sequence[Document], sketcher: Shingled = SKETCHER) -> Sketched:
    folder.mkdir(parents=True)
    documents, sketching = Documents(), sketcher.begin()
    for doc in pages:
        documents.add(doc)
        sketching.add(doc)
    write(folder / "documents.table", documents.table())
    write(folder / f"{sketcher.name}.table", sketching.table())
    return Sketched(folder)


def alive(of: Sketched) -> np.ndarray:
    return np.ones(len(of.documents["paragraph"]), dtype=np.bool_)


def added(index: Index, run: str, *lines: str) -> Sketched:
    """Add a run of one shard to an index, with a page a line; gives the shard."""
    place = index.folder.parent / f"of-{run}-{len(list(index.folder.parent.iterdir()))}"
    made = shard(place, [page(line, f"{run}-{number}") for number, line in enumerate(lines)])
    index.add(run, content_of(lines), [made], [alive(made)], sketcher=SKETCHER, settled=folders(index, run))
    return made


def content_of(lines: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:8]


def folders(index: Index, run: str) -> list[Path]:
    """What a run would be settled against."""
    return [part.folder for part in index.segments(run)]


def runs(index: Index) -> list[str]:
    return [segment.run for segment in index.contents()]


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def index(tmp_path: Path) -> Index:
    return Index(tmp_path / "index")


@pytest.fixture
def stored() -> Index:
    """One that is to be in a store."""
    return Index(place_of(f"memory://oxney-index-{next(NAMES)}/index"))


LINES = [FERRY, PIER, "ferry times", "***", "Page 3 of 9", "港の船は毎日正午に出ます", FERRY + " except on Sundays", "one two three"]


class TestMerged:
    @settings(deadline=None, derandomize=True, max_examples=25)
    @given(
        st.lists(st.lists(st.lists(st.tuples(st.sampled_from(LINES), st.booleans()), min_size=1, max_size=5), max_size=4), max_size=3),
        st.sampled_from([1, 30, 1 << 22]),
    )
    def test_what_is_left_of_shards_reads_as_one_shard_of_what_is_left(self, tmp_path_factory, shards, keys):
        tmp = tmp_path_factory.mktemp("merge")
        whole, left, masks = [], [], []
        for place, pages in enumerate(shards):
            docs = [page("\n".join(line for line, _ in lines), f"{place}-{number}") for number, lines in enumerate(pages)]
            whole.append(shard(tmp / str(place), docs))
            masks.append(np.array([stays for lines in pages for _, stays in lines], dtype=np.bool_))
            for doc, lines in zip(docs, pages, strict=True):
                gone = [number for number, (_, stays) in enumerate(lines) if not stays]
                doc.apply("test", [Change(number, 0, int(doc.lengths[number])) for number in gone])
                left += [doc] * bool(doc.kept)
        expected = shard(tmp / "expected", left)
        (tmp / "merged").mkdir()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(merge_module, "_KEYS", keys)
            merge(whole, masks, SKETCHER, tmp / "merged")
        for name in ("documents", SKETCHER.name):
            one, other = Sketched(tmp / "merged").table(name), expected.table(name)
            assert one.keys() == other.keys()
            for column, values in other.items():
                assert one[column].dtype == values.dtype, column
                assert one[column].shape == values.shape, column
                assert one[column].tobytes() == values.tobytes(), column
        assert len(list((tmp / "merged").iterdir())) == 2, "nothing but the tables is left there"
        shutil.rmtree(tmp)


class TestOrder:
    def test_runs_stand_in_the_order_they_were_added_in(self, index):
        for run in ("spring", "autumn", "summer"):
            added(index, run, FERRY)
        assert runs(index) == ["spring", "autumn", "summer"]
        assert [segment.number for segment in index.contents()] == [0, 1, 2]

    def test_a_new_run_is_compared_with_all_and_an_old_one_with_those_before_it(self, index):
        for run in ("spring", "summer", "autumn"):
            added(index, run, FERRY)
        names = {segment.run: segment.sketched for segment in index.contents()}
        assert index.segments("winter") == (names["spring"], names["summer"], names["autumn"])
        assert index.segments("summer") == (names["spring"],)
        assert index.segments("spring") == ()

    def test_a_run_that_is_added_again_keeps_its_place(self, index):
        for run in ("spring", "summer", "autumn"):
            added(index, run, FERRY)
        added(index, "summer", FERRY, PIER)
        assert runs(index) == ["spring", "summer", "autumn"]
        assert [segment.documents for segment in index.contents()] == [1, 2, 1]
        assert len(list((index.folder / "segments").iterdir())) == 3

    def test_an_index_knows_whether_it_has_what_a_run_has_put_out(self, index):
        assert not index.holds("spring", content_of([FERRY]))
        added(index, "spring", FERRY)
        assert index.holds("spring", content_of([FERRY]))
        assert not index.holds("spring", content_of([PIER]))
        assert not index.holds("summer", content_of([FERRY]))
        added(index, "spring", PIER)
        assert index.holds("spring", content_of([PIER]))
        assert not index.holds("spring", content_of([FERRY]))

    def test_the_same_runs_make_the_same_bytes(self, tmp_path):
        made = []
        for name in ("one", "other"):
            (tmp_path / name).mkdir()
            index = Index(tmp_path / name / "index")
            for run in ("spring", "summer"):
                added(index, run, FERRY, PIER, *LINES)
            made.append(files(index.folder))
        assert made[0] == made[1]

    def test_a_run_of_which_nothing_is_left_has_its_place_too(self, index, tmp_path):
        gone = shard(tmp_path / "shard", [page(FERRY)])
        index.add("spring", "0", [gone], [~alive(gone)], sketcher=SKETCHER, settled=[])
        index.add("summer", "0", [], [], sketcher=SKETCHER, settled=folders(index, "summer"))
        assert [(segment.run, segment.documents, segment.paragraphs) for segment in index.contents()] == [
            ("spring", 0, 0),
            ("summer", 0, 0),
        ]

    def test_counts_are_those_of_what_is_left(self, index, tmp_path):
        made = shard(tmp_path / "shard", [page(f"{FERRY}\n{PIER}", "a"), page(PIER, "b"), page("ferry times", "c")])
        index.add("spring", "0", [made], [np.array([True, True, False, True])], sketcher=SKETCHER, settled=[])
        [segment] = index.contents()
        assert (segment.documents, segment.paragraphs) == (2, 3)
        assert segment.size == sum(path.stat().st_size for path in (index.folder / "segments" / "00000-0-spring-0").iterdir())


class TestWhole:
    """A folder is left whole by whatever ends a run in the midst of adding."""

    def test_what_a_killed_run_left_is_not_read_and_does_not_stand_in_the_way(self, index):
        added(index, "spring", FERRY)
        (index.folder / ".adding").mkdir()
        (index.folder / ".adding" / "documents.table").write_bytes(b"half")
        assert runs(index) == ["spring"]
        added(index, "summer", PIER)
        assert runs(index) == ["spring", "summer"]
        assert not (index.folder / ".adding").exists()

    def test_a_run_killed_before_the_replaced_segment_went_has_replaced_it(self, index):
        added(index, "spring", FERRY)
        old = index.folder / "segments" / f"00000-0-spring-{content_of([FERRY])}"
        shutil.copytree(old, index.folder / "kept")
        added(index, "spring", FERRY, PIER)
        (index.folder / "kept").rename(old)
        assert [segment.documents for segment in index.contents()] == [2]
        added(index, "summer", PIER)
        assert not old.exists()

    def test_a_run_killed_before_there_was_an_index_leaves_a_folder_that_can_be_one(self, index):
        (index.folder / "segments").mkdir(parents=True)
        (index.folder / "lock").touch()
        (index.folder / ".index.json.partial").write_bytes(b"{")
        assert index.segments("spring") == ()
        added(index, "spring", FERRY)
        assert runs(index) == ["spring"]

    def test_a_full_disk_leaves_what_stood_there(self, index, monkeypatch):
        added(index, "spring", FERRY)
        before = files(index.folder)

        def full(*_: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(index_module, "merge", full)
        with pytest.raises(SurroundingsError, match="No space left on device; what stood there before is untouched"):
            added(index, "spring", PIER)
        assert files(index.folder) == before

    def test_two_runs_do_not_write_at_once(self, index):
        added(index, "spring", FERRY)
        with (index.folder / "lock").open("wb") as other:
            fcntl.flock(other, fcntl.LOCK_EX)
            with pytest.raises(SurroundingsError, match="another run is writing to the index"):
                added(index, "summer", FERRY)
        added(index, "summer", FERRY)

    def test_a_run_that_has_not_seen_what_is_there_is_not_added(self, index):
        settled = folders(index, "summer")
        made = added(index, "spring", FERRY)
        with pytest.raises(SurroundingsError, match=r"another run was added to the index .* run again"):
            index.add("summer", "0", [made], [alive(made)], sketcher=SKETCHER, settled=settled)
        assert runs(index) == ["spring"]


class TestInAStore:
    def test_it_holds_what_one_on_a_disk_holds(self, index, stored, tmp_path):
        made = shard(tmp_path / "shard", [page(line, str(number)) for number, line in enumerate(LINES)])
        for one in (index, stored):
            for run in ("spring", "summer", "spring"):
                one.add(run, f"{run}{len(one.contents())}", [made], [alive(made)], sketcher=SKETCHER, settled=folders(one, run))
        assert {name: found(stored.folder / name) for name in listed(stored.folder)} == {
            name: data for name, data in files(index.folder).items() if name != "lock"
        }
        assert [segment[:4] + segment[5:] for segment in stored.contents()] == [segment[:4] + segment[5:] for segment in index.contents()]
        assert next(minhashes(stored))[0] == next(minhashes(index))[0]

    def test_a_segment_without_its_last_table_is_not_there_and_goes(self, stored, tmp_path):
        made = shard(tmp_path / "shard", [page(FERRY)])
        stored.add("spring", "a", [made], [alive(made)], sketcher=SKETCHER, settled=[])
        write_object(stored.folder / "segments" / "00001-0-summer-b" / f"{SKETCHER.name}.table", b"half")
        assert runs(stored) == ["spring"]
        stored.add("autumn", "c", [made], [alive(made)], sketcher=SKETCHER, settled=folders(stored, "autumn"))
        assert sorted({name.split("/")[1] for name in listed(stored.folder) if "/" in name}) == ["00000-0-spring-a", "00001-0-autumn-c"]

    def test_the_table_of_documents_is_put_last(self, stored, tmp_path, monkeypatch):
        made = shard(tmp_path / "shard", [page(FERRY)])
        put, names = objects.put, []
        monkeypatch.setattr(objects, "put", lambda file, to: (names.append(to.name), put(file, to)))
        stored.add("spring", "a", [made], [alive(made)], sketcher=SKETCHER, settled=[])
        assert names == [f"{SKETCHER.name}.table", "documents.table"]

    def test_two_runs_do_not_write_at_once(self, stored, tmp_path):
        made = shard(tmp_path / "shard", [page(FERRY)])
        with locked(stored.folder / "lock"), pytest.raises(SurroundingsError, match=r"another run is writing to the index .*process"):
            stored.add("spring", "a", [made], [alive(made)], sketcher=SKETCHER, settled=[])
        stored.add("spring", "a", [made], [alive(made)], sketcher=SKETCHER, settled=[])

    def test_one_that_is_not_there_or_is_something_else(self, stored):
        assert stored.segments("spring") == ()
        stored.check(SKETCHER)
        write_object(stored.folder / "notes.txt", b"mine")
        with pytest.raises(UsageError, match=r"is no index .*there is nothing there"):
            stored.check(SKETCHER)


class TestWrong:
    def test_an_index_of_other_settings_names_both(self, index, tmp_path):
        added(index, "spring", FERRY)
        other = Shingled(shingle=5)
        made = shard(tmp_path / "other", [page(FERRY)], other)
        for use in (lambda: index.check(other), lambda: index.add("summer", "0", [made], [alive(made)], sketcher=other, settled=[])):
            with pytest.raises(UsageError, match=f"was made with {SKETCHER.name}, and this run makes {other.name}"):
                use()
        index.check(SKETCHER)

    def test_a_folder_of_something_else_is_no_index(self, tmp_path):
        (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
        for use in (Index(tmp_path).sketcher, Index(tmp_path).contents, lambda: Index(tmp_path).check(SKETCHER)):
            with pytest.raises(UsageError, match=r"is no index .*index\.json"):
                use()

    def test_a_file_is_no_index(self, tmp_path):
        (tmp_path / "index").write_bytes(b"")
        with pytest.raises(UsageError, match="is no index"):
            Index(tmp_path / "index").segments("spring")

    def test_a_folder_that_is_not_there_holds_nothing_and_has_no_settings(self, index):
        assert index.segments("spring") == ()
        index.check(SKETCHER)
        with pytest.raises(UsageError, match="is no index"):
            index.sketcher()

    @pytest.mark.parametrize("change", [{"schema": 2}, {"sketcher": 5}, {"more": 1}])
    def test_an_index_of_another_version_is_not_read(self, index, change):
        added(index, "spring", FERRY)
        head = json.loads((index.folder / "index.json").read_bytes())
        (index.folder / "index.json").write_text(json.dumps(head | change), encoding="utf-8")
        with pytest.raises(UsageError, match=r"has schema 2, and this version reads 1|is no index"):
            index.contents()

    def test_the_sketch_of_an_index_is_the_one_that_steps_share(self):
        assert sketcher_of(["another kind", SKETCHER, Shingled()]) == SKETCHER
        with pytest.raises(UsageError, match="duplicate-documents or duplicate-paragraphs"):
            sketcher_of(["another kind"])
        with pytest.raises(UsageError, match=r"shingled-3-.* and shingled-5-"):
            sketcher_of([Shingled(shingle=5), SKETCHER])


def minhash_of(text: str) -> datasketch.MinHash:
    """As datasketch makes it by itself, of a line's shingles."""
    sketching = SKETCHER.begin()
    sketching.add(document_of_lines(text))
    made = datasketch.MinHash(num_perm=120, scheme="affine32", hashfunc=lambda shingle: shingle)
    made.update_batch(sketching.table()["shingles"].tolist())
    return made


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, object]]:
    """A Redis of our own."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("there is no redis-server on this machine")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = {"host": "127.0.0.1", "port": free.getsockname()[1]}
    folder = tmp_path_factory.mktemp("redis")
    options = ["--port", str(address["port"]), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(folder)]
    process = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
    try:
        with redis.Redis(**address) as client:
            _answering(client)
        yield address
    finally:
        process.terminate()
        process.wait(10)


def _answering(client: redis.Redis) -> None:
    end = time.monotonic() + 10
    while True:
        try:
            client.ping()
        except redis.ConnectionError:
            if time.monotonic() > end:
                raise
        else:
            return


class TestDatasketch:
    @pytest.fixture
    def filled(self, index) -> Index:
        added(index, "spring", FERRY, f"{PIER}\n***")
        added(index, "summer", PIER)
        return index

    def test_every_paragraph_with_shingles_has_the_minhash_that_datasketch_makes(self, filled, monkeypatch):
        monkeypatch.setattr("curate.duplicates.lsh._BLOCK", 1)
        found = dict(minhashes(filled))
        names = [page("", name).doc for name in ("spring-0", "spring-1", "summer-0")]
        assert list(found) == [f"0:{names[0]}:0", f"0:{names[1]}:0", f"1:{names[2]}:0"]
        for minhash, text in zip(found.values(), (FERRY, PIER, PIER), strict=True):
            assert minhash.jaccard(minhash_of(text)) == 1
            assert minhash.hashvalues.tolist() == minhash_of(text).hashvalues.tolist()

    def test_a_page_that_came_again_has_a_key_of_its_own(self, index):
        for run in ("spring", "summer"):
            made = shard(index.folder.parent / run, [page(FERRY, "the same page")])
            index.add(run, "0", [made], [alive(made)], sketcher=SKETCHER, settled=folders(index, run))
        assert len(lsh(index).query(minhash_of(FERRY))) == 2

    # datasketch has no way to close its connections: they are let go of here, where that is no failure of whichever test runs then.
    @pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
    def test_redis_answers_as_memory_does(self, filled, server):
        memory = lsh(filled)
        stored = lsh(filled, {"type": "redis", "basename": b"curate", "redis": server})
        names = [page("", name).doc for name in ("spring-0", "spring-1", "summer-0")]
        questions = {
            FERRY.replace("evening", "afternoon"): {f"0:{names[0]}:0"},
            PIER.replace("green", "blue"): {f"0:{names[1]}:0", f"1:{names[2]}:0"},
            "nothing that anybody has ever said of a ferry or of a pier": set(),
        }
        for text, expected in questions.items():
            assert set(memory.query(minhash_of(text))) == set(stored.query(minhash_of(text))) == expected
        again = datasketch.MinHashLSH(
            num_perm=120, params=(20, 6), storage_config={"type": "redis", "basename": b"curate", "redis": server}
        )
        assert len(again.query(minhash_of(FERRY))) == 1, "another program finds what is stored"
        del stored, again
        gc.collect()
