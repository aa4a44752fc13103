"""Plans: every line of the input is in one shard, and other files do not change whose."""

import gzip
import json
import os
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import fsspec
import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from curate.config import Input, load
from curate.errors import SurroundingsError, UsageError
from curate.formats.inputs import File, find
from curate.formats.jsonl import rows
from curate.formats.pages import Reading, pages
from curate.places import place
from curate.run.plan import check, planned, read, shards, write

LINES = st.lists(
    st.sampled_from([b'{"text": "one"}', b'{"text": "ferry and heron"}', b"{", b"", b" \t", b'{"text": "\xc3\xa9"}\r']), max_size=12
)


def of(folder, size, **options):
    return shards(find([str(folder)]), Reading(), size, **options)


class TestRanges:
    @given(LINES, st.booleans(), st.integers(1, 60))
    @settings(max_examples=60, deadline=None)
    @example([b'{"text": "one"}'], False, 1)
    def test_a_file_read_in_ranges_is_the_file_read_whole(self, lines, ended, size):
        with TemporaryDirectory() as folder:
            path = Path(folder) / "crawl.jsonl"
            path.write_bytes(b"\n".join(lines) + b"\n" * ended)
            whole = [(doc.doc, doc.source, doc.page, doc.outcome) for doc in pages(File(str(path), path.name), Reading())]
            parts = [part.file for shard in of(folder, size) for part in shard.parts]
            assert [(doc.doc, doc.source, doc.page, doc.outcome) for file in parts for doc in pages(file, Reading())] == whole

    def test_a_line_over_the_limit_is_one_page_wherever_the_file_is_cut(self, tmp_path):
        path = tmp_path / "crawl.jsonl"
        path.write_text(json.dumps({"text": "x" * 5000}) + "\n" + json.dumps({"text": "a ferry"}) + "\n")
        reading = Reading(limits=load("page").limits.__class__(bytes=1000))
        for size in (7, 100, 2500, 5014):
            found = [doc.outcome for shard in of(tmp_path, size) for part in shard.parts for doc in pages(part.file, reading)]
            assert found == ["failed", "kept"]

    @pytest.mark.parametrize(
        ("name", "data"),
        [("page.txt", b"a line\n" * 99), ("crawl.jsonl.gz", gzip.compress(os.urandom(999))), ("crawl.jsonl", b"\x1f\x8b" + bytes(999))],
    )
    def test_what_cannot_be_read_from_the_middle_is_one_shard_however_large(self, tmp_path, name, data):
        (tmp_path / name).write_bytes(data)
        [shard] = of(tmp_path, 100)
        assert [part.file for part in shard.parts] == [File(str(tmp_path / name), name)]

    def test_a_format_that_is_asked_for_decides_whether_a_file_has_lines(self, tmp_path):
        (tmp_path / "crawl.txt").write_text("{}\n" * 100)
        files = find([str(tmp_path)])
        assert len(shards(files, Reading("jsonl"), 100)) == 3
        assert len(shards(files, Reading("text"), 100)) == 1

    def test_a_line_longer_than_a_shard_is_read_once_and_not_by_every_shard_it_goes_through(self):
        class Stream(BytesIO):
            lines = 0

            def readline(self, size=-1):
                Stream.lines += len(line := super().readline(size))
                return line

        line, shard = 32 << 20, 4 << 20
        stream = Stream(b"x" * line + b"\n{}\n")
        found = []
        for start in range(0, line + 4, shard):
            stream.seek(0)
            found += [row.offset for row in rows(stream, 1000, start, start + shard)]
        assert found == [0, line + 1]
        assert Stream.lines < 3 * line

    def test_of_a_pipe_every_byte_is_left_to_its_pages(self, tmp_path):
        os.mkfifo(pipe := tmp_path / "crawl.jsonl")
        (tmp_path / "large.jsonl").write_text("{}\n" * 100)
        files = find([str(pipe), str(tmp_path / "large.jsonl")])
        config = replace(load("page"), input=Input(shard_bytes=30))
        held = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
        try:
            os.write(held, b"{}\n" * 9)
            [shard] = planned(["in"], files, config, Reading(), limit=None).shards
            assert os.read(held, 99) == b"{}\n" * 9
        finally:
            os.close(held)
        assert [part.name for part in shard.parts] == ["crawl.jsonl", "large.jsonl"]


class TestPacks:
    @given(st.dictionaries(st.from_regex(r"[a-z]{1,6}\.txt", fullmatch=True), st.integers(0, 99), max_size=40), st.integers(10, 500))
    @settings(max_examples=40, deadline=None)
    def test_every_file_is_in_one_shard(self, sizes, size):
        with TemporaryDirectory() as folder:
            for name, length in sizes.items():
                (Path(folder) / name).write_bytes(b"x" * length)
            files = find([folder]) if sizes else []
            cut = shards(files, Reading(), size)
            assert sorted(part.name for shard in cut for part in shard.parts) == sorted(sizes)
            numbers = [shard.number for shard in cut]
            assert numbers == sorted(set(numbers))

    def test_a_new_file_touches_one_shard(self, tmp_path):
        for number in range(50):
            (tmp_path / f"{number}.txt").write_text("x" * 90)
        before = set(of(tmp_path, 300))
        (tmp_path / "new.txt").write_text("x" * 90)
        after = set(of(tmp_path, 300))
        assert len(before) > 10
        assert len(after - before) == 1
        assert len(before - after) <= 1

    def test_shards_grow_where_there_would_be_too_many(self, tmp_path):
        for number in range(9):
            with (tmp_path / f"{number}.jsonl").open("wb") as file:
                file.truncate(10**6)
        assert 1024 < len(of(tmp_path, 1)) <= 4096

    def test_with_a_limit_everything_is_one_shard_in_order(self, tmp_path):
        for number in range(5):
            (tmp_path / f"{number}.jsonl").write_text("{}\n" * 100)
        [shard] = of(tmp_path, 100, whole=True)
        assert [part.name for part in shard.parts] == [f"{number}.jsonl" for number in range(5)]
        assert [(part.start, part.end) for part in shard.parts] == [(0, 300)] * 5

    def test_shards_do_not_depend_on_the_order_of_the_inputs(self, tmp_path):
        for number in range(9):
            (tmp_path / f"{number}.txt").write_text("x" * 90)
        names = [str(path) for path in sorted(tmp_path.iterdir())]
        assert shards(find(names), Reading(), 100) == shards(find(names[::-1]), Reading(), 100)


@pytest.fixture
def plan(tmp_path, story):
    """A plan over two files."""
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(story())
    inputs = [str(tmp_path / "a.txt"), str(tmp_path / "b.txt")]
    return planned(inputs, find(inputs), load("corpus"), Reading("auto", "path", url="https://oxneylantern.example/"), None, content=False)


class TestFrozen:
    @pytest.mark.parametrize("preset", ["page", "corpus", "strict"])
    def test_a_plan_is_read_as_it_was_written(self, plan, tmp_path, preset):
        plan = msgspec.structs.replace(plan, config=load(preset).with_rules([str(tmp_path)]), limit=3, memory=10**9)
        write(plan, tmp_path / "plan.json")
        assert read(tmp_path / "plan.json") == plan
        assert read(tmp_path / "plan.json").config.pipeline().identity == plan.config.pipeline().identity

    def test_a_name_that_is_not_utf_8_can_be_planned(self, plan, tmp_path):
        odd = msgspec.structs.replace(plan.shards[0].parts[0], path="caf\udce9.txt")
        plan = msgspec.structs.replace(plan, shards=(msgspec.structs.replace(plan.shards[0], parts=(odd,)),))
        write(plan, tmp_path / "plan.json")
        assert read(tmp_path / "plan.json") == plan

    @pytest.mark.parametrize("content", ["", "{", "[]", '{"inputs": []}'])
    def test_what_is_no_plan_says_how_one_is_made(self, tmp_path, content):
        if content:
            (tmp_path / "plan.json").write_text(content)
        with pytest.raises(UsageError, match=r"no plan can be read in .* `curate plan IN… -o OUT` makes one"):
            read(tmp_path / "plan.json")

    def test_an_input_that_is_as_it_was_is_no_problem(self, plan):
        check(plan)

    def test_an_input_that_is_gone_or_changed_is_named(self, plan, tmp_path):
        (tmp_path / "b.txt").write_text("other")
        with pytest.raises(UsageError, match=r"b\.txt' has changed since the plan was made; make the plan again"):
            check(plan)
        (tmp_path / "b.txt").unlink()
        with pytest.raises(UsageError, match=r"b\.txt' is gone since the plan was made"):
            check(plan)

    def test_of_several_inputs_that_have_changed_one_is_named_and_the_others_are_counted(self, plan, tmp_path):
        (tmp_path / "a.txt").write_text("other")
        (tmp_path / "b.txt").write_text("other")
        with pytest.raises(UsageError, match=r"a\.txt' has changed since the plan was made, and 1 other input is not what it was; make"):
            check(plan)

    def test_a_share_is_asked_about_its_own_inputs(self, tmp_path):
        for name in ("a.jsonl", "b.jsonl"):
            (tmp_path / name).write_text("{}\n" * 100)
        files = find([str(tmp_path)])
        plan = planned([str(tmp_path)], files, replace(load("page"), input=Input(shard_bytes=100)), Reading(), None)
        (tmp_path / "b.jsonl").write_text("{}\n")
        of_b = [shard.number for shard in plan.shards if shard.parts[0].name == "b.jsonl"]
        check(plan, [shard.number for shard in plan.shards if shard.number not in of_b])
        with pytest.raises(UsageError, match=r"b\.jsonl' has changed"):
            check(plan, of_b[1:2])


class TestStores:
    """Plans over what lies in a store, and in one."""

    @pytest.fixture
    def store(self):
        """A store in memory that counts what it is asked."""
        store = fsspec.filesystem("memory", use_listings_cache=False)
        store.store.clear()
        for number in range(30):
            store.pipe_file(f"/oxney/{number:02}.txt", b"A heron.\n")
        yield store
        store.store.clear()

    @pytest.fixture
    def asked(self, store, monkeypatch):
        """The look-ups of single objects so far."""
        asked, info = [], type(store).info
        monkeypatch.setattr(type(store), "info", lambda self, path, **options: asked.append(path) or info(self, path, **options))
        return asked

    def of(self, **options):
        inputs = ["memory://oxney"]
        return planned(inputs, find(inputs), replace(load("page"), input=Input(shard_bytes=100)), Reading(), None, **options)

    def test_a_listing_tells_all_that_a_plan_and_its_check_need(self, asked):
        check(self.of())
        assert set(asked) <= {"/oxney"}

    def test_a_share_looks_up_what_it_reads(self, asked):
        plan = self.of()
        del asked[:]
        check(plan, [plan.shards[0].number])
        assert sorted(asked) == [part.path.removeprefix("memory:/") for part in plan.shards[0].parts]

    def test_an_object_written_again_has_changed_and_one_taken_away_is_gone(self, store):
        plan = self.of()
        store.pipe_file("/oxney/07.txt", b"A swan..\n")
        with pytest.raises(UsageError, match=r"'memory://oxney/07\.txt' has changed since the plan was made; make the plan again"):
            check(plan)
        store.rm_file("/oxney/07.txt")
        with pytest.raises(UsageError, match=r"'memory://oxney/07\.txt' is gone or cannot be reached since"):
            check(plan)

    def test_by_its_content_an_object_written_again_is_the_same(self, store):
        plan = self.of(content=True)
        store.pipe_file("/oxney/07.txt", b"A heron.\n")
        check(plan)
        store.pipe_file("/oxney/07.txt", b"A swan..\n")
        with pytest.raises(UsageError, match="has changed"):
            check(plan)

    def test_lines_are_cut_into_ranges_that_give_them_all(self, store):
        store.pipe_file("/oxney/crawl.jsonl", b'{"text": "one"}\n' * 50)
        parts = [part for shard in self.of().shards for part in shard.parts if part.name == "crawl.jsonl"]
        assert len(parts) == 8
        assert [doc.source.record for part in parts for doc in pages(part.file, Reading())] == list(range(0, 800, 16))

    @pytest.mark.usefixtures("store")
    def test_a_plan_in_a_store_is_read_as_it_was_written(self):
        plan, path = self.of(), place("memory://out/.curate/plan.json")
        write(plan, path)
        assert read(path) == plan
        with pytest.raises(
            UsageError, match=r"no plan can be read in 'memory:///?out/none.json' \(cannot be read: there is nothing there\)"
        ):
            read(place("memory://out/none.json"))

    def test_a_store_that_takes_no_plan_is_of_the_surroundings(self, store, monkeypatch):
        def refused(*_given, **_options):
            raise PermissionError("Forbidden")

        monkeypatch.setattr(type(store), "_open", refused)
        monkeypatch.setattr(type(store), "pipe_file", refused)
        with pytest.raises(SurroundingsError, match=r"plan.json.*no permission with these credentials: Forbidden"):
            write(self.of(), place("memory://out/plan.json"))


class TestCommand:
    def test_a_plan_is_carried_out_as_the_run_that_it_stands_for(self, curate, crawl, config, undisturbed, tmp_path, written, counted):  # noqa: PLR0917  # fixtures
        out = tmp_path / "out"
        ran = curate("plan", crawl, "-o", out, "--config", config)
        assert ran.code == 0
        assert ran.err.split()[:9] == ["shards", "done", "to", "do", "clean", (many := ran.err.split()[5]), "0", many, ran.err.split()[8]]
        assert written(out) == {}
        assert curate("clean", "--plan", out, "--workers", 1).code == 1
        assert written(out) == written(undisturbed)
        assert counted(out) == counted(undisturbed)
        again = curate("plan", crawl, "-o", out, "--config", config)
        assert again.err.split()[5:8] == [many, many, "0"]

    def test_a_plan_whose_input_has_changed_is_not_carried_out(self, curate, write_pages, config, tmp_path):
        pages, out = write_pages(tmp_path / "pages"), tmp_path / "out"
        assert curate("plan", pages, "-o", out, "--config", config, "-q").err == ""
        (pages / "3.txt").write_text("something else")
        ran = curate("clean", "--plan", out)
        assert ran.code == 2
        assert "3.txt' has changed since the plan was made" in ran.err

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("clean", "--plan", "{out}", "--limit", "3"), "it goes without --limit"),
            (("clean", "--plan", "{out}", "-o", "{out}"), "it goes without -o"),
            (("clean", "--plan", "{out}"), "no plan can be read in"),
            (("plan", "-", "-o", "{out}"), "standard input cannot be planned"),
            (("clean", "{pages}", "-o", "{out}", "--memory", "lots"), "'lots' is no size"),
            (("clean", "{pages}", "-o", "{out}", "--preset", "page", "--index", "{out}/i"), "an index is for steps that find duplicates"),
            (("clean", "{pages}", "-o", "-", "--index", "{out}"), "an index goes with a folder"),
        ],
    )
    def test_what_does_not_go_together_is_refused_before_anything_is_written(self, curate, crawl, tmp_path, arguments, said):
        ran = curate(*(part.format(out=tmp_path / "out", pages=crawl) for part in arguments))
        assert ran.code == 2
        assert said in ran.err
        assert not (tmp_path / "out").exists()
