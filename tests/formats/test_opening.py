import gzip
import io
import os
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import zstandard

from curate.errors import PageError
from curate.formats.opening import opened

TEXT = b"".join(b"%d: the ferry leaves at noon\n" % number for number in range(5000))


def read(path: Path | str) -> bytes:
    with opened(str(path)) as stream:
        return stream.read()


def failure(path: Path) -> PageError:
    with pytest.raises(PageError) as caught:
        read(path)
    return caught.value


SKIPPED = b"\x50\x2a\x4d\x18\x03\x00\x00\x00abc"  # a zstd frame that says to be skipped, as pzstd writes one
FILES = {
    "plain": TEXT,
    "nothing": b"",
    "three bytes": b"one",
    "gzip": gzip.compress(TEXT),
    "gzip of several members": gzip.compress(TEXT[:1000]) + gzip.compress(TEXT[1000:]),
    "gzip of nothing": gzip.compress(b""),
    "gzip padded with zeros": gzip.compress(TEXT) + bytes(512),
    "zstd": zstandard.compress(TEXT),
    "zstd of several frames": zstandard.compress(TEXT[:1000]) + zstandard.compress(TEXT[1000:]),
    "zstd of nothing": zstandard.compress(b""),
    "zstd without its size": zstandard.ZstdCompressor(write_content_size=False, write_checksum=True).compress(TEXT),
    "zstd with a skipped frame between": zstandard.compress(TEXT[:1000]) + SKIPPED + zstandard.compress(TEXT[1000:]),
}
PLAIN = {"nothing": b"", "gzip of nothing": b"", "zstd of nothing": b"", "three bytes": b"one"}


@pytest.mark.parametrize("what", FILES)
@pytest.mark.parametrize("name", ["a.txt", "a.txt.gz", "a.txt.zst", "a"], ids="with suffix {}".format)
def test_compression_is_told_by_the_bytes_and_not_by_the_name(tmp_path: Path, what: str, name: str):
    path = tmp_path / name
    path.write_bytes(FILES[what])
    assert read(path) == PLAIN.get(what, TEXT)


def test_zstd_may_begin_with_a_skipped_frame(tmp_path: Path):
    path = tmp_path / "a.txt.zst"
    path.write_bytes(SKIPPED + zstandard.compress(TEXT))
    assert read(path) == TEXT


@pytest.mark.parametrize("what", ["plain", "gzip", "zstd of several frames"])
def test_lines_and_peeks_and_parts(tmp_path: Path, what: str):
    path = tmp_path / "a"
    path.write_bytes(FILES[what])
    with opened(str(path)) as stream:
        assert stream.peek(20)[:20] == TEXT[:20]
        assert stream.readline() == b"0: the ferry leaves at noon\n"
        assert stream.readline(5) == b"1: th"
        assert stream.read() == TEXT[28 + 5 :]
        assert stream.read(1) == b""


BROKEN = {
    "gzip cut off at its end": FILES["gzip"][:-5],
    "gzip cut off in the middle": FILES["gzip"][: len(FILES["gzip"]) // 2],
    "gzip cut off in its header": FILES["gzip"][:6],
    "gzip with a wrong checksum": FILES["gzip"][:-8] + b"\0\0\0\0" + FILES["gzip"][-4:],
    "gzip with bytes changed": FILES["gzip"][:40] + b"\xff" * 40 + FILES["gzip"][80:],
    "gzip with something else after it": FILES["gzip"] + b"something else",
    "zstd cut off at its end": FILES["zstd without its size"][:-3],
    "zstd cut off in the middle": FILES["zstd"][: len(FILES["zstd"]) // 2],
    "zstd cut off in its header": FILES["zstd"][:6],
    "zstd cut off in a later frame": FILES["zstd of several frames"][:-20],
    "zstd with bytes changed": FILES["zstd"][:40] + b"\xff" * 40 + FILES["zstd"][80:],
    "zstd with something else after it": FILES["zstd"] + b"something else",
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
def test_broken_compression_is_an_error_of_the_page(tmp_path: Path, data: bytes):
    path = tmp_path / "a.txt.gz"
    path.write_bytes(data)
    assert failure(path).reason == "broken compression"


def test_much_from_a_few_bytes_of_zstd_takes_no_longer_than_of_gzip(tmp_path: Path):
    data = b"x" * 99 + b"\n"
    seconds = []
    for compress in (gzip.compress, zstandard.compress):
        path = tmp_path / "a"
        path.write_bytes(compress(data * 150_000))
        began = time.process_time()
        with opened(str(path)) as stream:
            assert sum(1 for _ in stream) == 150_000
        seconds.append(time.process_time() - began)
    assert seconds[1] < 3 * seconds[0] + 0.1


def test_what_was_read_before_the_break_was_read(tmp_path: Path):
    path = tmp_path / "a.txt.gz"
    path.write_bytes(FILES["gzip"][:-5])
    seen: list[bytes] = []

    def read_on() -> None:
        with opened(str(path)) as stream:
            seen.extend(stream)

    with pytest.raises(PageError):
        read_on()
    assert seen == TEXT.splitlines(keepends=True)[: len(seen)]
    assert len(seen) > 1000


def test_what_cannot_be_read_says_why(tmp_path: Path):
    assert str(failure(tmp_path / "none.txt")) == "cannot be read: No such file or directory"
    assert str(failure(tmp_path)) == "cannot be read: Is a directory"


def test_a_file_without_permission(tmp_path: Path):
    path = tmp_path / "a.txt"
    path.write_bytes(TEXT)
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything, as root does")
    assert str(failure(path)) == "cannot be read: Permission denied"


@pytest.mark.parametrize("data", [TEXT, FILES["gzip"], FILES["zstd"]], ids=["plain", "gzip", "zstd"])
def test_standard_input_is_read_and_stays_open(monkeypatch: pytest.MonkeyPatch, data: bytes):
    buffer = io.BufferedReader(io.BytesIO(data))
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=buffer))
    assert read("-") == TEXT
    assert not buffer.closed


def test_an_error_of_whoever_reads_stays_what_it_is(tmp_path: Path):
    path = tmp_path / "a.txt"
    path.write_bytes(TEXT)
    with pytest.raises(KeyError), opened(str(path)):
        raise KeyError
