"""What is a place, and what may be said of one."""

from pathlib import Path

import pytest

from curate.errors import UsageError
from curate.places import disk_path, has_query, is_address, is_local, is_web, place, shown, store, why, without_query


@pytest.mark.parametrize(
    ("name", "expected"),
    [("s3://oxney/in", True), ("https://oxney.example", True), ("file:///in", False), ("in/a.txt", False), ("C:/in", False), ("-", False)],
)
def test_what_is_an_address(name, expected):
    assert is_address(name) is expected


def test_a_place_of_the_disk_is_a_path():
    assert isinstance(place("in/a.txt"), Path)
    assert str(place("file:///in/a.txt")) == "/in/a.txt"
    assert is_local(place("file:///in"))
    assert not is_local(place("memory://in"))
    assert disk_path("in/file://a") == "in/file://a"


def test_only_the_web_is_the_web():
    assert [is_web(name) for name in ("http://a.example", "HTTPS://a.example", "s3://http", "https", "http/a")] == [
        True,
        True,
        False,
        False,
        False,
    ]


@pytest.mark.parametrize(
    "name",
    [
        "https://maud:heron@oxney.example/in",
        "https://heron@oxney.example/in",
        "s3://maud:heron@oxney/in",
        "https://maud:her/on@oxney.example/in",
        "https://:heron@oxney.example",
        "https://maud:heron@[::1]:80/in",
    ],
)
def test_an_address_with_a_password_is_no_place(name):
    with pytest.raises(UsageError, match="holds a name or a password") as caught:
        place(name)
    assert "heron" not in str(caught.value)
    assert "her/on" not in str(caught.value)


@pytest.mark.parametrize(
    "name",
    [
        "http://127.0.0.1:80/a@b",
        "http://[::1]:80/a",
        "http://[::1]/a",
        "s3://arn:aws:s3:eu-west-1:12:accesspoint/oxney/in",
        "memory://a:80/b",
    ],
)
def test_an_address_without_one_is(name):
    assert store(name)


def test_nobody_knows_every_scheme():
    with pytest.raises(UsageError, match=r"'ferry://oxney/in': nothing knows addresses with 'ferry'; s3, gs, http and https are known"):
        place("ferry://oxney/in")


def test_a_package_that_is_missing_is_named_with_its_extra(monkeypatch):
    def missing(_scheme):
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr("fsspec.get_filesystem_class", missing)
    with pytest.raises(UsageError, match=r"'s3://oxney/in' needs s3fs: pip install 'curate\[s3\]'"):
        place("s3://oxney/in")
    with pytest.raises(UsageError, match=r"'sftp://oxney/in' needs a package of its own \(Install"):
        place("sftp://oxney/in")


QUERIES = {
    "https://oxney.example/a?X-Amz-Signature=heron": "https://oxney.example/a",
    "https://oxney.example/a?heron": "https://oxney.example/a",
    "https://oxney.example/a": "https://oxney.example/a",
    "s3://oxney/a?versionId=heron": "s3://oxney/a",
    "s3://oxney/?/a?sig=heron": "s3://oxney/?/a",
    "s3://oxney/day=3/part-?.jsonl": "s3://oxney/day=3/part-?.jsonl",
    "what?a=b.txt": "what?a=b.txt",
}


@pytest.mark.parametrize(("name", "expected"), QUERIES.items(), ids=QUERIES)
def test_an_address_goes_without_its_query(name, expected):
    assert without_query(name) == expected
    assert has_query(name) == (name != expected)


SHOWN = {
    "in/a.txt": "in/a.txt",
    "a question? of herons=3": "a question? of herons=3",
    "s3://oxney/part-?.jsonl is gone": "s3://oxney/part-?.jsonl is gone",
    "https://oxney.example/@maud/log?sig=h'er\"on, and more": "https://oxney.example/@maud/log?…, and more",
    "url='https://oxney.example/a?sig=heron') of 2": "url='https://oxney.example/a?…') of 2",
    "https://maud:heron@oxney.example/a": "https://oxney.example/a",
    "https://maud:her/on@oxney.example/a": "https://oxney.example/a",
    "http://127.0.0.1:80/a@b": "http://127.0.0.1:80/a@b",
    "s3://heron:heron@oxney/a and https://oxney.example/?heron": "s3://oxney/a and https://oxney.example/?…",
    "GET /a?X-Amz-Credential=heron&X-Amz-Signature=heron": "GET /a?X-Amz-Credential=…&X-Amz-Signature=…",
    "https://oxney.example/a?sig=heron\nhttps://oxney.example/b": "https://oxney.example/a?…\nhttps://oxney.example/b",
}


@pytest.mark.parametrize(("text", "expected"), SHOWN.items(), ids=SHOWN)
def test_what_is_shown_holds_no_secret(text, expected):
    assert shown(text) == expected


class RefusedError(Exception):
    """What a web client raises."""

    def __init__(self, **attributes):
        self.__dict__.update(attributes)
        super().__init__("403, url='https://oxney.example/a?sig=heron'")


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        (RefusedError(status=403), "HTTP status 403 Forbidden"),
        (RefusedError(code=503), "HTTP status 503 Service Unavailable"),
        (RefusedError(status="AccessDenied"), "403, url='https://oxney.example/a?…'"),
        (OSError(28, "No space left on device"), "No space left on device"),
        (ValueError("x" * 1000), "x" * 300),
        (ValueError(""), "ValueError"),
    ],
)
def test_why_something_failed_is_said_without_secrets(problem, expected):
    assert why(problem) == expected
