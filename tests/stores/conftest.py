"""A real S3 on loopback, moto's server in a process of its own, and before it a proxy that fails when it is told to."""

import http.client
import importlib.util
import json
import re
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count

import pytest

ACCESS_KEY = "AKIAOXNEYFERRYKEEPER"
SECRET_KEY = "no-heron-may-ever-read-this-secret"  # noqa: S105  # it opens nothing
NAMES = count()


@dataclass
class Fault:
    """What is done to requests that match."""

    method: str
    path: str  # a pattern, looked for in the path and the query
    what: str  # "refused": status 500; "reset": the connection ends in the middle of the answer; "slow": it takes half a second more
    after: int = 0  # so many go through first
    until: int = 1 << 30  # and all from this one on
    seen: int = 0


@dataclass
class Proxy:
    """What the proxy is told, and what it saw."""

    url: str = ""
    faults: list[Fault] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)  # method, path and query
    when: Callable[[str], None] = lambda _request: None  # called before a request is passed on

    def to_do(self, method, path):
        """What is to be done to a request, "" for nothing."""
        for one in self.faults:
            if one.method == method and re.search(one.path, path):
                one.seen += 1
                if one.after < one.seen <= one.until:
                    return one.what
        return ""


def serve(proxy, port):
    """Start the proxy before a server; returns what shuts it down."""

    class Passing(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def passed_on(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            proxy.requests.append(f"{self.command} {self.path}")
            proxy.when(proxy.requests[-1])
            what = proxy.to_do(self.command, self.path)
            if what == "slow":
                time.sleep(0.5)
            if what == "refused":
                self.send_response(500)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            server = http.client.HTTPConnection("127.0.0.1", port)
            server.request(self.command, self.path, body, dict(self.headers))
            answer = server.getresponse()
            data = answer.read()
            server.close()
            self.send_response_only(answer.status, answer.reason)
            for name, value in answer.getheaders():
                if name.lower() not in {"connection", "transfer-encoding", "content-length"}:
                    self.send_header(name, value)
            self.send_header("Content-Length", answer.getheader("Content-Length") or "0" if self.command == "HEAD" else str(len(data)))
            self.end_headers()
            if what == "reset":
                self.wfile.write(data[: len(data) // 2])
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.close_connection = True
                self.connection.close()
                return
            if self.command != "HEAD":
                self.wfile.write(data)

        do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = passed_on  # noqa: N815  # names that http.server asks for

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request, client_address):
            """Clients that are killed leave without a word."""

    server = Quiet(("127.0.0.1", 0), Passing)
    proxy.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory):
    """The server with its proxy, once for all tests."""
    for name, package in (("moto", "moto[s3,server]"), ("s3fs", "s3fs")):
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"{name} is not there: pip install '{package}'")
    said = tmp_path_factory.mktemp("moto") / "said"
    with said.open("wb") as log:
        server = subprocess.Popen([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"], stdout=log, stderr=log)
    until = time.monotonic() + 60
    while not (found := re.search(r"http://127\.0\.0\.1:(\d+)", said.read_text())) and server.poll() is None and time.monotonic() < until:
        time.sleep(0.05)
    assert found, said.read_text()
    proxy = Proxy()
    passing = serve(proxy, int(found[1]))
    yield proxy
    passing.shutdown()
    passing.server_close()
    server.kill()
    server.wait()


@pytest.fixture
def s3(s3_server, monkeypatch):
    """The proxy, with nothing wrong, and an environment in which s3:// goes through it."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.delenv(name, raising=False)
    settings = {
        "AWS_ENDPOINT_URL": s3_server.url,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_MAX_ATTEMPTS": "1",  # of botocore: faults are faults at once
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    s3_server.faults.clear()
    s3_server.requests.clear()
    yield s3_server
    s3_server.faults.clear()
    s3_server.when = lambda _request: None


@pytest.fixture
def bucket(s3):
    """The address of an empty bucket."""
    name = f"oxney-{next(NAMES)}"
    host = s3.url.removeprefix("http://")
    connection = http.client.HTTPConnection(host)
    connection.request("PUT", f"/{name}", headers={"Authorization": f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/20260101/us-east-1/s3/aws4"})
    assert connection.getresponse().status == 200
    connection.close()
    return f"s3://{name}"


@pytest.fixture(params=["memory", "s3"])
def store(request):
    """An empty folder in a store: of this process, or of the S3."""
    from curate.places import place

    if request.param == "s3":
        return place(request.getfixturevalue("bucket")) / "folder"
    return place(f"memory://oxney-{next(NAMES)}/folder")


@pytest.fixture(scope="session")
def fault():
    """`Fault`, for tests to make."""
    return Fault


@pytest.fixture(scope="session")
def downloaded():
    """All that is below a folder of a store, by name."""

    def of(address):
        from curate.places import place
        from curate.stores.objects import found, listed

        folder = place(str(address))
        return {name: found(folder / name) for name in listed(folder)}

    return of


@pytest.fixture(scope="session")
def counts_of():
    """What a run.json says, but for how long it took and where the input was."""

    def of(data):
        run = json.loads(data)
        for step in run["steps"].values():
            del step["cpu_seconds"]
        del run["inputs"]
        return run

    return of
