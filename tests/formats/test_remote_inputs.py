"""Inputs in stores and on web servers: found, read in one pass, and nothing said or left of what their addresses are signed with."""

import gzip
import io
import json
import threading
import tracemalloc
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import fsspec
import pytest
from fsspec.spec import AbstractBufferedFile, AbstractFileSystem

import curate.formats.web
from curate.errors import PageError, SurroundingsError, UsageError
from curate.formats import addresses
from curate.formats.addresses import Seen
from curate.formats.inputs import WORK, File, find
from curate.formats.jsonl import rows
from curate.formats.opening import is_plain, opened, raw
from curate.formats.pages import Reading, pages
from curate.run.plan import shards

SECRET = "mudlark7Zq%2Fheron"  # noqa: S105  # nobody's
LINES = b"".join(json.dumps({"text": f"Ferry log {number}: a heron stood on the lower chain."}).encode() + b"\n" for number in range(4000))
DATE = "Sun, 06 Sep 2026 08:49:37 GMT"


class Answer(BaseHTTPRequestHandler):
    """A web server of which each address has a behaviour of its own."""

    protocol_version = "HTTP/1.1"
    objects: ClassVar[dict[str, bytes]] = {}
    asked: ClassVar[list[tuple[str, str, str]]] = []  # method, path, range

    def log_message(self, *_said):
        """Say nothing."""

    def do_HEAD(self):
        self._answer(body=False)

    def do_GET(self):
        self._answer(body=True)

    def _answer(self, *, body):
        path, _, query = self.path.partition("?")
        _, ways, name = path.split("/", 2)
        wanted = self.headers.get("Range", "")
        self.asked.append((self.command, path, wanted))
        status = next((int(way) for way in ways.split("-") if way.isdigit()), 0)
        if "signed" in ways and (f"X-Amz-Signature={SECRET}" not in query or not body):
            status = 403  # what is signed for reading is not signed for asking
        if "moved" in ways:
            return self._said(302, b"", Location=f"/plain/{name}?X-Amz-Signature={SECRET}")
        if status or name not in self.objects:
            return self._said(status or 404, b"no\n" if body else b"")
        return self._object(ways, self.objects[name], wanted, body)

    def _object(self, ways, data, wanted, body):
        start = int(wanted.removeprefix("bytes=").partition("-")[0]) if wanted and "whole" not in ways else 0
        if start and start >= len(data):
            return self._said(416, b"")
        headers = {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"} if start else {}
        versions = {"tagged": ("ETag", f'"{len(data)}"'), "dated": ("Last-Modified", DATE), "fickle": ("ETag", f'"{len(self.asked)}"')}
        headers |= dict(version for way, version in versions.items() if way in ways)
        headers |= {"Content-Length": str(len(data) - start)} if "chunked" not in ways else {"Transfer-Encoding": "chunked"}
        self.send_response(206 if start else 200)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        end = len(data) // 2 if "cut" in ways else start + 1_000_000 if "weary" in ways else len(data)
        breaks, data = end < len(data), data[start:end]
        if body and "chunked" in ways:
            data = b"".join(
                b"%x\r\n%b\r\n" % (len(part), part) for part in (data[n : n + 5000] for n in range(0, len(data), 5000))
            ) + b"0\r\n\r\n" * (not breaks)
        if body:
            try:
                self.wfile.write(data)
            except OSError:  # whoever asked has seen enough
                self.close_connection = True
        self.close_connection = self.close_connection or breaks
        return None

    def _said(self, status, data, **headers):
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(data))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


@pytest.fixture(scope="module")
def web():
    """The address of a server; the first folder of a path says how it behaves."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def objects():
    """What the server has, by name, and nothing asked yet."""
    Answer.objects.clear()
    Answer.asked.clear()
    Answer.objects |= {
        "crawl.jsonl": LINES,
        "crawl.jsonl.gz": gzip.compress(LINES),
        "empty.txt": b"",
        "page.txt": b"A line.\n",
        "short.jsonl": LINES[:9000],
    }
    return Answer.objects


@pytest.fixture
def curate_command(request):
    """The command line; its fixture has the name of the package."""
    return request.getfixturevalue("curate")


@pytest.fixture
def memory():
    """A store in memory, empty."""
    store = fsspec.filesystem("memory", use_listings_cache=False)
    store.store.clear()
    store.pseudo_dirs[:] = [""]
    yield store
    store.store.clear()


def put(memory, *names):
    for name in names:
        memory.pipe_file(f"/{name}", b"A line.\n")


def names(*inputs, without=""):
    return [file.name for file in find(inputs, without)]


def read(address):
    with opened(address) as stream:
        return stream.read()


class TestFinding:
    def test_a_folder_of_a_store_gives_what_can_be_read_in_it_by_name(self, memory):
        put(memory, "in/b.txt", "in/a/z.html.gz", "in/crawl.warc.gz", "in/notes.md", "in2/c.txt")
        assert names("memory://in") == names("memory://in/") == ["a/z.html.gz", "b.txt", "crawl.warc.gz"]
        [first, *_] = find(["memory://in"])
        assert first._replace(seen=Seen()) == File("memory://in/a/z.html.gz", "a/z.html.gz")

    def test_of_a_listed_object_size_and_version_are_known(self, memory):
        put(memory, "in/b.txt")
        [file] = find(["memory://in"])
        assert file.seen.size == 8
        assert file.seen == addresses.looked_up(file.path).seen
        memory.pipe_file("/in/b.txt", b"Other.\n\n")
        assert file.seen.version != addresses.looked_up(file.path).seen.version

    def test_an_object_that_is_named_is_read_whatever_its_suffix(self, memory):
        put(memory, "in/notes.md")
        [file] = find(["memory://in/notes.md"])
        assert (file.path, file.name, file.named) == ("memory://in/notes.md", "notes.md", True)

    @pytest.mark.parametrize(
        ("pattern", "expected"),
        [
            ("memory://in/*.txt", ["a.txt", "b.txt"]),
            ("memory://in/**/*.txt", ["a.txt", "b.txt", "x/c.txt"]),
            ("memory://in/[bq].*", ["b.md", "b.txt"]),
            ("memory://in/?.txt", ["a.txt", "b.txt"]),
            ("memory://*/x/c.txt", ["in/x/c.txt"]),
        ],
    )
    def test_globs(self, memory, pattern, expected):
        put(memory, "in/a.txt", "in/b.txt", "in/b.md", "in/x/c.txt", "in/out/.curate/clean.txt")
        assert names(pattern) == expected
        assert all(file.named for file in find([pattern]))

    def test_a_name_that_looks_like_a_glob_is_a_name_first(self, memory):
        put(memory, "in/b[2].txt", "in/b2.txt", "in/what?.txt")
        assert names("memory://in/b[2].txt", "memory://in/what?.txt") == ["b[2].txt", "what?.txt"]

    def test_what_runs_have_left_is_no_input(self, memory):
        put(
            memory,
            "in/a.txt",
            f"in/out/{WORK}/clean/00000/clean.jsonl",
            "in/out/clean-00000.jsonl",
            "in/out/more.jsonl",
            "in/clean-00000.jsonl",
        )
        assert names("memory://in") == ["a.txt", "clean-00000.jsonl", "out/more.jsonl"]
        assert (
            names("memory://in", without="memory://in/out/")
            == names("memory://in", without="memory:///in/out")
            == ["a.txt", "clean-00000.jsonl"]
        )
        with pytest.raises(UsageError, match="all of it lies in the output folder 'memory://in'"):
            find(["memory://in/out"], without="memory://in")

    def test_an_object_that_is_named_in_two_ways_is_read_once(self, memory):
        put(memory, "in/a.txt")
        assert names("memory://in", "memory:///in/a.txt", "memory://in/*.txt") == ["a.txt"]

    def test_files_of_one_name_here_and_there_go_by_their_addresses(self, memory, tmp_path):
        put(memory, "in/a.txt")
        (tmp_path / "a.txt").write_text("A line.\n")
        assert names("memory://in", str(tmp_path)) == [f"{tmp_path}/a.txt", "memory://in/a.txt"]

    def test_an_address_of_the_disk_is_a_path(self, tmp_path):
        (tmp_path / "a.txt").write_text("A line.\n")
        assert find([f"file://{tmp_path}"]) == find([str(tmp_path)])

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ("memory://in/none.txt", "there is no object or folder 'memory://in/none.txt'"),
            ("memory://in/*.html", "nothing to read in 'memory://in/*.html'"),
            ("memory://in/x", "nothing to read in 'memory://in/x'; a folder is searched"),
            ("gs://oxney/in", "'gs://oxney/in' needs gcsfs: pip install 'curate[gs]'"),
            ("ferry://oxney/in", "nothing knows addresses with 'ferry'"),
            ("s3://", "'s3://' names no bucket"),
            ("s3://*/crawl", "names no bucket; an address is s3://BUCKET/…"),
        ],
    )
    def test_what_gives_nothing_says_why(self, memory, monkeypatch, given, said):
        put(memory, "in/x/notes.md")
        known = fsspec.get_filesystem_class
        monkeypatch.setattr(fsspec, "get_filesystem_class", lambda scheme: _missing() if scheme == "gs" else known(scheme))
        with pytest.raises(UsageError) as caught:
            find([given])
        assert said in str(caught.value)

    def test_a_store_that_refuses_says_so_without_what_it_was_asked_with(self, monkeypatch):
        monkeypatch.setattr(Failing, "listing", PermissionError(f"AWSAccessKeyId={SECRET} may not"))
        with pytest.raises(UsageError) as caught:
            find(["failing://in"])
        assert str(caught.value) == "cannot look into 'failing://in': no permission with these credentials: AWSAccessKeyId=… may not"


def _missing():
    raise ImportError("Please install gcsfs")


class TestWeb:
    @pytest.fixture(autouse=True)
    def hastily(self, monkeypatch):
        """Ask again at once."""
        monkeypatch.setattr(curate.formats.web, "_WAITS", [0.0] * 3)

    @pytest.mark.parametrize("ways", ["weary", "weary-chunked", "weary-tagged", "weary-dated"])
    def test_an_answer_that_breaks_off_is_asked_for_again_from_there(self, web, objects, ways):
        objects["crawl.jsonl"] = LINES * 12  # so much that a break is not seen before most of what came before it is read
        assert read(f"{web}/{ways}/crawl.jsonl") == LINES * 12
        assert len(LINES * 12) // 1_000_000 < len(Answer.asked) < 8

    def test_an_object_that_is_another_one_by_then_is_not_read_on(self, web, objects):
        objects["crawl.jsonl"] = LINES * 12
        with pytest.raises(PageError, match="it was changed while it was read"):
            read(f"{web}/weary-fickle/crawl.jsonl")

    @pytest.mark.parametrize(("ways", "times"), [("503", 4), ("403", 1), ("404", 1)])
    def test_only_what_may_pass_is_asked_for_again(self, web, ways, times):
        with pytest.raises(PageError):
            read(f"{web}/{ways}/crawl.jsonl")
        assert len(Answer.asked) == times

    @pytest.mark.parametrize("ways", ["plain", "whole", "chunked", "chunked-whole", "moved", "tagged"])
    @pytest.mark.parametrize("name", ["crawl.jsonl", "crawl.jsonl.gz"])
    def test_an_object_is_read_however_the_server_gives_it(self, web, ways, name):
        [file] = find([f"{web}/{ways}/{name}"])
        assert (file.name, file.named) == (name, True)
        assert read(file.path) == LINES

    def test_an_object_is_asked_for_once_however_large(self, web, objects):
        objects["large.txt"] = b"a line\n" * (2 << 20)
        assert len(read(f"{web}/plain/large.txt")) == 14 << 20
        assert Answer.asked == [("GET", "/plain/large.txt", "")]

    def test_nothing_is_read_of_an_empty_object(self, web):
        assert read(f"{web}/plain/empty.txt") == b""

    @pytest.mark.parametrize("ways", ["plain", "whole"])
    def test_reading_may_begin_anywhere(self, web, ways):
        address = f"{web}/{ways}/crawl.jsonl"
        for start in (0, 1, len(LINES) - 3, len(LINES), len(LINES) + 5):
            with raw(address) as stream:
                stream.seek(start)
                assert stream.read() == LINES[start:]
        with raw(address) as stream:
            assert stream.seek(-4, io.SEEK_END) == len(LINES) - 4
            assert stream.read() == LINES[-4:]

    def test_ranges_are_read_alone_where_the_server_has_them(self, web, objects):
        found = {ways: find([f"{web}/{ways}-tagged/crawl.jsonl"]) for ways in ("plain", "whole")}
        assert [is_plain(file.path) for [file] in found.values()] == [True, False]
        assert not is_plain(f"{web}/plain/crawl.jsonl.gz")
        assert len(shards(found["whole"], Reading(), 50_000)) == 1
        cut = shards(found["plain"], Reading(), 50_000)
        assert len(cut) == -(-len(LINES) // 50_000)
        read = []
        for shard in cut:
            with raw(shard.parts[0].path) as stream:
                read += [row.offset for row in rows(stream, 10**6, shard.parts[0].start, shard.parts[0].file.end)]
        assert read == [row.offset for row in rows(io.BytesIO(objects["crawl.jsonl"]), 10**6)]

    @pytest.mark.parametrize(
        ("ways", "reason"),
        [
            ("404", "cannot be read: HTTP status 404 Not Found"),
            ("403", "cannot be read: HTTP status 403 Forbidden"),
            ("500", "cannot be read: HTTP status 500 Internal Server Error"),
        ],
    )
    def test_what_cannot_be_read_is_a_page_that_says_why(self, web, ways, reason):
        [failed] = pages(File(f"{web}/{ways}/page.txt", "page.txt", named=True), Reading())
        assert (failed.outcome, failed.reason) == ("failed", reason.replace("HTTP status 404 Not Found", "there is nothing there"))

    def test_pages_before_a_break_were_read_and_the_break_is_a_page(self, web, objects):
        objects["crawl.jsonl"] = LINES * 3
        *read, last = pages(File(f"{web}/cut/crawl.jsonl", "crawl.jsonl", named=True), Reading())
        assert 500 < len(read) < 6_100
        assert {page.outcome for page in read} == {"kept"}
        assert (last.outcome, last.reason.partition(":")[0]) == ("failed", "cannot be read")

    def test_nobody_answering_is_an_error_of_the_page(self):
        [failed] = pages(File("http://127.0.0.1:9/page.txt", "page.txt", named=True), Reading())
        assert failed.reason.startswith("cannot be read: Connect call failed")

    def test_what_a_server_says_of_an_object_tells_its_version(self, web):
        for ways in ("tagged", "dated"):
            [file] = find([f"{web}/{ways}/page.txt"])
            assert file.seen.size == 8
            assert file.seen.version
        [unknown] = find([f"{web}/plain/page.txt"])
        first, second = (shards([unknown], Reading(), 10**6)[0].parts[0] for _ in range(2))
        assert first.size == second.size == 8
        assert first.identity != second.identity

    @pytest.mark.parametrize(
        ("ways", "said"), [("404", "there is no object"), ("403", "HTTP status 403 Forbidden"), ("500", "HTTP status 500")]
    )
    def test_an_input_that_there_is_not_is_an_error_of_the_command(self, web, ways, said):
        with pytest.raises(UsageError, match=said):
            find([f"{web}/{ways}/page.txt"])


class TestSecrets:
    """What an address is signed with is where reading needs it and nowhere else."""

    @pytest.fixture(autouse=True)
    def hastily(self, monkeypatch):
        """Ask again at once."""
        monkeypatch.setattr(curate.formats.web, "_WAITS", [0.0] * 3)

    def signed(self, web, name="page.txt", ways="signed", secret=SECRET):
        return f"{web}/{ways}/{name}?X-Amz-Credential=AKIA{secret}/20260906/s3&X-Amz-Signature={secret}"

    def test_a_signed_address_is_read_and_goes_by_its_last_part(self, web):
        [file] = find([self.signed(web)])
        assert file.name == "page.txt"
        assert read(file.path) == b"A line.\n"

    def test_an_address_signed_anew_is_the_same_input(self, web):
        ways = "signed-tagged"
        Answer.objects["page.txt"] = b"A line.\n"
        one, other = (
            shards(find([f"{self.signed(web, ways=ways)}&X-Amz-Date={date}"]), Reading(), 10**6)[0].parts[0]
            for date in ("20260906", "20260907")
        )
        assert one.path != other.path
        assert one.identity == other.identity
        assert SECRET not in str(one.identity)

    def test_addresses_that_differ_in_their_queries_alone_are_refused(self, web):
        with pytest.raises(UsageError, match="could not be told apart") as caught:
            find([f"{web}/plain/page.txt?page=1&token={SECRET}", f"{web}/plain/page.txt?page=2&token={SECRET}"])
        assert SECRET not in str(caught.value)

    @pytest.mark.parametrize(
        ("ways", "name", "code"),
        [
            ("signed", "page.txt", 0),
            ("signed-403", "page.txt", 2),
            ("signed-404", "page.txt", 2),
            ("signed-500", "page.txt", 2),
            ("moved", "page.txt", 0),
            ("signed-cut", "short.jsonl", 1),
            ("signed-chunked-cut", "short.jsonl", 1),
        ],
    )
    def test_no_secret_is_in_what_a_run_says_or_leaves(self, web, curate_command, tmp_path, ways, name, code):  # noqa: PLR0917  # fixtures
        address = self.signed(web, name, ways)
        ran = curate_command("clean", address, "-o", tmp_path / "out", "--preset", "corpus", "--site-from", "folder")
        assert ran.code == code
        left = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
        assert bool(left) == (code != 2)
        self.nowhere(ran, left)
        if left:
            assert json.loads((tmp_path / "out" / "run.json").read_bytes())["inputs"] == [address.partition("?")[0] + "?…"]
            assert {row["source"]["path"] for row in curate_command.rows(tmp_path / "out", "pages")} == {name}

    def test_an_object_that_is_gone_when_it_is_read_gives_no_secret_away(self, web, curate_command, tmp_path, monkeypatch):
        address = self.signed(web)
        monkeypatch.setattr(addresses, "looked_up", lambda _address: addresses.There("file", Seen(8, "there a moment ago")))
        Answer.objects.clear()
        ran = curate_command("clean", address, "-o", tmp_path / "out", "--preset", "page")
        assert ran.code == 1
        assert [row["reason"] for row in curate_command.rows(tmp_path / "out", "pages")] == ["cannot be read: there is nothing there"]
        self.nowhere(ran, [path for path in (tmp_path / "out").rglob("*") if path.is_file()])

    def test_a_plan_is_not_made_of_signed_addresses(self, web, curate_command, tmp_path):
        ran = curate_command("plan", self.signed(web), "-o", tmp_path / "out")
        assert ran.code == 2
        assert "a plan would give away" in ran.err
        self.nowhere(ran, [path for path in (tmp_path / "out").rglob("*") if path.is_file()])

    def test_an_address_with_a_password_is_refused_without_it(self, curate_command, tmp_path):
        for given in (
            f"http://maud:{SECRET}@127.0.0.1/page.txt",
            f"s3://{SECRET}:heron@oxney/in",
            f"https://maud:{SECRET}/x@oxney.example/",
        ):
            ran = curate_command("clean", given, "-o", tmp_path / "out")
            assert ran.code == 2
            assert "holds a name or a password" in ran.err
            self.nowhere(ran, [])

    def nowhere(self, ran, files):
        for said in (SECRET, SECRET.replace("%2F", "/"), "X-Amz-Sig"):
            assert said not in ran.out + ran.err
            for path in files:
                assert said.encode() not in _unpacked(path), path


def _unpacked(path: Path) -> bytes:
    if path.suffix != ".zst":
        return path.read_bytes()
    with opened(str(path)) as stream:
        return stream.read()


class Failing(AbstractFileSystem):
    """A store that holds one endless object, and fails as it is told."""

    protocol = "failing"
    listing: ClassVar[Exception | None] = None
    reading: ClassVar[Exception | None] = None
    size = 200 << 20
    fails_at = 100 << 20
    short = False
    asked: ClassVar[list[tuple[int, int]]] = []

    def info(self, path, **_options):
        if self.listing:
            raise self.listing
        return {"name": path, "size": self.size, "type": "file", "etag": "one"}

    def _open(self, path, mode="rb", block_size=None, **options):
        return FailingFile(self, path, mode, block_size, **options)


class FailingFile(AbstractBufferedFile):
    def _fetch_range(self, start, end):
        self.fs.asked.append((start, end))
        if self.fs.reading and end > self.fs.fails_at:
            raise self.fs.reading
        return b"" if self.fs.short and end > self.fs.fails_at else b"y" * (end - start)


@pytest.fixture(autouse=True)
def failing():
    """The store that fails, known to fsspec."""
    fsspec.register_implementation("failing", Failing, clobber=True)
    Failing.asked.clear()


class TestStreaming:
    def test_a_large_object_needs_no_more_memory_than_a_block_or_two(self):
        tracemalloc.start()
        try:
            with opened("failing://in/large.txt") as stream:
                assert sum(len(part) for part in iter(lambda: stream.read(1 << 16), b"")) == Failing.size
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < 12 << 20
        assert len(Failing.asked) < 60  # requests: of 4 MiB and not of a buffer each

    def test_a_large_object_of_the_web_needs_no_more_memory_either(self, web, objects):
        objects["large.txt"] = bytes(64 << 20)
        tracemalloc.start()
        try:
            with raw(f"{web}/whole/large.txt") as stream:
                began = tracemalloc.get_traced_memory()[0]
                assert sum(len(part) for part in iter(lambda: stream.read(1 << 16), b"")) == 64 << 20
            peak = tracemalloc.get_traced_memory()[1] - began
        finally:
            tracemalloc.stop()
        assert peak < (64 << 20) + (8 << 20)  # the server's own copy is among it

    @pytest.mark.parametrize(
        ("problem", "reason"),
        [
            (PermissionError("Forbidden"), "no permission with these credentials: Forbidden"),
            (FileNotFoundError("in/large.txt"), "there is nothing there"),
            (ValueError(f"x-amz-security-token={SECRET}\nmore"), "x-amz-security-token=…"),
        ],
        ids=lambda value: type(value).__name__,
    )
    def test_what_a_store_says_of_an_object_is_an_error_of_its_page(self, monkeypatch, problem, reason):
        monkeypatch.setattr(Failing, "reading", problem)
        with pytest.raises(PageError) as caught:
            read("failing://in/large.txt")
        assert str(caught.value) == f"cannot be read: {reason}"
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__

    def test_a_store_that_was_not_asked_for_want_of_credentials_is_an_error_of_the_command(self, monkeypatch):
        problem = type("NoCredentialsError", (Exception,), {})("Unable to locate credentials")
        monkeypatch.setattr(Failing, "reading", problem)
        with pytest.raises(UsageError, match=r"needs credentials \(Unable to locate credentials\); put them into the environment"):
            read("failing://in/large.txt")

    @pytest.mark.parametrize(
        ("problem", "reason"),
        [
            (OSError(5, f"could not ask https://oxney.example/a?sig={SECRET} again"), "could not ask https://oxney.example/a?… again"),
            (TimeoutError(), "no answer in time"),
            (RuntimeError(), "RuntimeError"),
        ],
        ids=lambda value: type(value).__name__,
    )
    def test_a_store_that_fails_itself_ends_the_run_which_can_go_on(self, monkeypatch, problem, reason):
        monkeypatch.setattr(Failing, "reading", problem)
        with pytest.raises(SurroundingsError, match="goes on when it can be read") as caught:
            read("failing://in/large.txt")
        assert f"reading 'failing://in/large.txt' failed: {reason};" in str(caught.value)
        assert caught.value.__suppress_context__

    def test_an_object_that_ends_before_its_end_is_not_taken_for_whole(self, monkeypatch):
        monkeypatch.setattr(Failing, "short", True)
        with pytest.raises(PageError, match=r"it ends after [\d,]+ of 209,715,200 bytes"):
            read("failing://in/large.txt")

    def test_an_error_of_whoever_reads_stays_what_it_is(self):
        with pytest.raises(KeyError), opened("failing://in/large.txt"):
            raise KeyError

    def test_how_much_can_be_peeked_at_does_not_depend_on_the_wire(self, web, objects):
        objects["slow.txt"] = LINES
        with raw(f"{web}/chunked/slow.txt") as stream:
            assert stream.peek(4096)[:4096] == LINES[:4096]
