"""Hundreds of callers who say nothing, or little, or do not listen: everybody else is answered as ever.

Held against gunicorn as `bin/run` and the image start it, and against the nginx of compose with the project's file.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator

import pytest

from ..conftest import provision
from ..pace import within
from .conftest import ROOT
from .stack import PATIENCE, answers, until

MANY = 220
FORM = (
    b"POST /inquiry/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: 5000\r\n"
)
DAWDLERS = {
    "says nothing": b"",
    "half a line": b"GET /inqu",
    "half the headers": FORM[:70],
    "half a body": FORM + b"\r\nreference=C1A",
    "half a chunk": FORM.replace(b"Content-Length: 5000", b"Transfer-Encoding: chunked") + b"\r\n50\r\nreference",
    "waits for 100": FORM + b"Expect: 100-continue\r\n\r\n",
    "does not read": b"GET /help/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 2,
}
SOON = 2.0

pytestmark = pytest.mark.embedded


def command_of(start: str, port: int) -> list[str]:
    """What `bin/run` or the Dockerfile gives Python to start gunicorn, bound to this port."""
    if start == "bin/run":
        return [str(part) for part in provision.gunicorn(port, "--workers", "1")[1:]]
    # The last stage is the portal; one before it is the vault.
    command = json.loads(re.findall(r"^CMD (\[.*\])", (ROOT / "Dockerfile").read_text(), re.MULTILINE)[-1])
    command[command.index("--bind") + 1] = f"127.0.0.1:{port}"
    return ["-m", *command]


@pytest.fixture(params=["bin/run", "image"])
def served(request, run, transactional_db) -> Iterator[tuple[int, subprocess.Popen]]:
    port = provision.free_port()
    process = run(*command_of(request.param, port))
    until(lambda: answers(f"http://127.0.0.1:{port}/healthz"), PATIENCE, "gunicorn answers")
    return port, process


@contextlib.contextmanager
def dawdling(port: int, begin: bytes, many: int = MANY, **tls: ssl.SSLContext) -> Iterator[list[socket.socket]]:
    lines = []
    try:
        for _one in range(many):
            line = socket.create_connection(("127.0.0.1", port), timeout=10)
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            if tls:
                line = tls["tls"].wrap_socket(line)
            line.sendall(begin)
            lines.append(line)
        yield lines
    finally:
        for line in lines:
            line.close()


def ask(port: int, path: str = "/healthz", line: type = http.client.HTTPConnection, **more) -> float:
    """Seconds of a good answer."""
    began = time.monotonic()
    client = line("127.0.0.1", port, timeout=15, **more)
    client.request("GET", path)
    assert client.getresponse().status == 200
    client.close()
    return time.monotonic() - began


def test_hundreds_who_dawdle_keep_nobody_waiting(served):
    port, _process = served
    for kind, begin in DAWDLERS.items():
        with dawdling(port, begin) as lines:
            for _drip in range(3):
                assert within(SOON, ask(port)), kind
                assert within(SOON, ask(port, "/inquiry/")), kind
                if begin and kind != "does not read":
                    for line in lines:
                        line.sendall(b"x")


@pytest.mark.parametrize("served", ["bin/run"], indirect=True)
def test_whoever_never_ends_is_sent_away_and_a_slow_line_is_not(served):
    port, _process = served
    slow = socket.create_connection(("127.0.0.1", port), timeout=90)
    slow.sendall(b"GET /healthz HTTP/1.1\r\n")
    with dawdling(port, DAWDLERS["half the headers"], 3) as lines:
        for letter in b"Host: 127.0.0.1\r\n\r\n":
            slow.sendall(bytes([letter]))
            time.sleep(0.3)
        assert b"200 OK" in slow.recv(4096)
        for line in lines:
            line.settimeout(30)
            assert line.recv(100) == b""


@pytest.mark.parametrize("served", ["bin/run"], indirect=True)
def test_a_stopping_worker_ends_though_hundreds_dawdle(served):
    port, process = served
    with dawdling(port, DAWDLERS["half a body"]):
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


@pytest.mark.parametrize("served", ["bin/run"], indirect=True)
def test_what_is_too_large_or_cannot_be_read_is_refused_at_once(served):
    port, _process = served
    for said, status in (
        (b"POST /inquiry/ HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n", 413),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 70_000 + b"\r\n\r\n", 431),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked, x\r\n\r\n", 501),
        (b"GET / HTTP/1.1\r\nHost: a\r\nno header: 1\r\n\r\n", 400),
        (b"\x16\x03\x01 nonsense\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -3\r\n\r\n", 400),
    ):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
            line.sendall(said)
            answer = http.client.HTTPResponse(line)
            answer.begin()
            assert answer.status == status, said[:60]
            words = answer.read().decode()
            assert re.search("[\u0600-\u06ff]", words)
            assert "generated by" not in words


@pytest.fixture
def proxy(web, run, transactional_db, tmp_path) -> Iterator[tuple[int, ssl.SSLContext]]:
    """nginx with the project's file, at other places, before a portal that expects one proxy."""
    behind = web(TRUSTED_PROXIES="1", BEHIND_TLS="1").rpartition("/")[2]
    ports = {"listen 80;": provision.free_port(), "listen 443 ssl": provision.free_port()}
    tls = tmp_path / "tls"
    tls.mkdir()
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    subprocess.run(
        [*made, "-keyout", tls / "privkey.pem", "-out", tls / "fullchain.pem"], check=True, capture_output=True
    )
    text = (ROOT / "deploy" / "nginx.conf").read_text()
    for said, port in ports.items():
        assert said in text
        text = text.replace(said, said.replace(re.search(r"\d+", said)[0], f"127.0.0.1:{port}"))
    text = text.replace("web:8000", behind).replace("/etc/nginx/tls", str(tls))
    # Debian's mime types lie where the image's do; what nginx writes lies in the folder of this test.
    places = "".join(
        f"{kind}_temp_path {tmp_path}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    text = text.replace("http {", f"http {{ {places}", 1)
    file = tmp_path / "nginx.conf"
    file.write_text(f"daemon off; pid {tmp_path}/pid; user root;\n" + text)
    nginx = provision.binary(["nginx"], "nginx-light")
    family = provision.Family()
    family.start("nginx", [nginx, "-e", "stderr", "-c", file], log=tmp_path / "nginx.log")
    try:
        port = ports["listen 443 ssl"]
        provision.wait_for_port(port, family)
        trusting = ssl.create_default_context(cafile=tls / "fullchain.pem")
        trusting.check_hostname = False
        yield port, trusting
    finally:
        family.end()


def test_the_proxy_of_compose_keeps_dawdlers_to_itself(proxy):
    port, tls = proxy
    for kind, begin in DAWDLERS.items():
        with dawdling(port, begin, tls=tls):
            for path in ("/healthz", "/inquiry/"):
                assert within(SOON, ask(port, path, http.client.HTTPSConnection, context=tls)), kind


def test_the_proxy_says_callers_anew_and_the_portal_answers_through_it(proxy):
    port, tls = proxy
    client = http.client.HTTPSConnection("127.0.0.1", port, timeout=15, context=tls)
    forged = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "http", "Forwarded": "for=203.0.113.9"}
    client.request("GET", "/inquiry/", headers=forged)
    answer = client.getresponse()
    assert answer.status == 200, "X-Forwarded-Proto of the caller would have led to a redirect"
    assert "Secure" in answer.headers["Set-Cookie"]
    answer.read()
    client.request("GET", "/metrics")
    assert client.getresponse().status == 404


def test_compose_starts_the_proxy_with_this_file_and_names_images_exactly():
    text = (ROOT / "compose.yml").read_text()
    assert "./deploy/nginx.conf:/etc/nginx/nginx.conf:ro" in text
    images = [*re.findall(r"^ +image: (\S+)", text, re.MULTILINE)]
    images += re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    # What is built here has no version but the source's own.
    built = re.findall(r"^ +build: .+\n +image: (\S+)$", text, re.MULTILINE)
    assert set(built) == {"jeddah-portal", "jeddah-portal-vault"}
    foreign = [image for image in images if image not in built]
    assert foreign
    assert all(re.search(r":\d+\.\d+(\.\d+)?-|@sha256:", image) for image in foreign), foreign
