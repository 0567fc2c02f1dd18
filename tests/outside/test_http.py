"""The client of all adapters: every way in which a body can fail, its circuit, and what is kept of an exchange."""

from __future__ import annotations

import contextlib
import logging
import ssl
import time
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.core.exceptions import ImproperlyConfigured

from core import outside_http
from core.outside_http import Answer, CircuitOpen, Exchange, NotUnderstood, OutsideError, Refused, Slow, Unreachable

from .servers import dripping, hanging_up, listening, raw, read_request, saying, silent

pytestmark = pytest.mark.django_db


@pytest.fixture
def kept():
    """The exchanges told of meanwhile."""
    told: list[Exchange] = []

    def keep(*, exchange, **_more):
        told.append(exchange)

    outside_http.exchanged.connect(keep)
    yield told
    outside_http.exchanged.disconnect(keep)


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(outside_http, "ANSWER_SECONDS", 0.5)


def ask(url, **more):
    return outside_http.ask("body", "try", url, understand=more.pop("understand", Answer.mapping), **more)


def test_an_answer_is_understood_and_kept_without_its_content(kept):
    seen: list[bytes] = []
    with listening(saying(b'{"number": "E-7"}', seen=seen)) as url:
        answer = ask(f"{url}/v1/x?token=abc", content={"name": "نورة"}, headers={"APP-KEY": "secret"}, key="k-1")
    assert answer == {"number": "E-7"}
    head, _, content = seen[0].partition(b"\r\n\r\n")
    assert b"Idempotency-Key: k-1" in head
    assert b"APP-KEY: secret" in head
    assert content == '{"name":"نورة"}'.encode()
    (one,) = kept
    assert (one.outcome, one.status, one.address, one.key) == ("answered", 200, f"{url}/v1/x", "k-1")
    assert (one.sent_bytes, one.answer_bytes) == (len(content), 17)
    assert not {"secret", "abc", "نورة", "E-7"} & set(str(one).replace("'", " ").replace('"', " ").split())


@pytest.mark.parametrize(
    ("behave", "error", "arrived"),
    [
        (silent, Slow, True),
        (dripping(0.05), Slow, True),
        (hanging_up, Unreachable, True),
        (saying(b"half", length=100), Unreachable, True),
        (saying(b"{}", "500 Oops"), Unreachable, True),
        (saying(b"{}", "503 Service Unavailable"), Unreachable, True),
        (saying(b"{}", "429 Too Many Requests"), Unreachable, True),
        (saying(b"{}", "400 Bad Request"), Refused, True),
        (saying(b"{}", "404 Not Found"), Refused, True),
        (saying(b"", "302 Found"), NotUnderstood, True),
        (saying(b"<html>"), NotUnderstood, True),
        (saying(b"[1]"), NotUnderstood, True),
        (saying(b"\xff\xfe"), NotUnderstood, True),
        (raw(b"SSH-2.0-OpenSSH\r\n"), NotUnderstood, True),
        (raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), NotUnderstood, True),
    ],
)
def test_every_way_to_fail_has_its_name(behave, error, arrived, kept):
    began = time.monotonic()
    with listening(behave) as url, pytest.raises(error) as failed:
        ask(url)
    assert time.monotonic() - began < 2.5
    assert type(failed.value) is error
    assert failed.value.may_have_arrived is arrived
    assert [one.outcome for one in kept] == [error.outcome]


def test_a_head_that_drips_is_slow_too():
    def behave(connection):
        read_request(connection)
        for _ in range(200):
            connection.sendall(b"H")
            time.sleep(0.02)

    with listening(behave) as url, pytest.raises(Slow):
        ask(url)


def test_an_answer_without_end_is_cut_off(monkeypatch):
    monkeypatch.setattr(outside_http, "MAX_ANSWER_BYTES", 1000)
    with listening(saying(b" " * 5000)) as url, pytest.raises(NotUnderstood, match="longer than 1000"):
        ask(url)


def test_nobody_there_means_nothing_arrived():
    with listening(silent) as url:
        pass
    for address in (url, "https://no-such-host.invalid/"):
        with pytest.raises(Unreachable) as failed:
            ask(address)
        assert failed.value.may_have_arrived is False


def test_no_other_host_is_asked_without_tls():
    with pytest.raises(ImproperlyConfigured):
        ask("http://bank.example/v1")


def test_what_a_body_refused_comes_with_the_error():
    with listening(saying(b'{"code": "active"}', "400 Bad Request")) as url, pytest.raises(Refused) as failed:
        ask(url)
    assert failed.value.answer.mapping() == {"code": "active"}


def self_signed(folder, name):
    """A certificate of its own and its key in one file, and the certificate alone, which is its authority."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    public = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "both.pem").write_bytes(public + private)
    (folder / "ca.pem").write_bytes(public)
    return folder / "both.pem", folder / "ca.pem"


@pytest.mark.parametrize(
    ("name", "trusted", "good"), [("localhost", True, True), ("localhost", False, False), ("x", True, False)]
)
def test_only_a_certificate_of_its_own_is_believed(tmp_path, name, trusted, good):
    both, authority = self_signed(tmp_path, name)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(both)

    def behave(connection):
        with tls.wrap_socket(connection, server_side=True) as wrapped:
            saying(b"{}")(wrapped)

    with listening(behave) as url:
        address = url.replace("http://127.0.0.1", "https://localhost")
        expected = contextlib.nullcontext() if good else pytest.raises(Unreachable)
        with expected:
            assert ask(address, ca_file=str(authority) if trusted else "") == {}


def test_a_handshake_that_never_ends_is_away():
    with listening(silent) as url, pytest.raises(Unreachable):
        ask(url.replace("http://", "https://"))


@pytest.fixture
def clock(monkeypatch):
    """The time of the circuit."""
    now = [time.time()]
    monkeypatch.setattr(outside_http.time, "time", lambda: now[0])
    return now


def fail(times):
    with listening(saying(b"", "500 Oops")) as url:
        for _ in range(times):
            with pytest.raises(Unreachable):
                ask(url)


def test_a_circuit_opens_lets_one_through_and_closes_by_itself(clock, kept, caplog):
    caplog.set_level(logging.INFO, "core.outside_http")
    fail(outside_http.MAX_FAILURES - 1)
    assert outside_http.open_circuit("body") is None
    fail(1)
    assert outside_http.open_circuit("body").rest == outside_http.FIRST_REST
    with listening(saying(b"{}")) as url:
        with pytest.raises(CircuitOpen) as resting:
            ask(url)
        assert resting.value.may_have_arrived is False
        clock[0] += outside_http.FIRST_REST + 0.1
        assert ask(url) == {}
        assert outside_http.open_circuit("body") is None
        assert ask(url) == {}
    outcomes = [one.outcome for one in kept]
    assert outcomes == ["unreachable"] * outside_http.MAX_FAILURES + ["circuit_open", "answered", "answered"]
    assert {"outside body rests", "outside body answers again"} <= {record.message for record in caplog.records}


def test_who_fails_again_rests_twice_as_long_up_to_a_limit(clock):
    fail(outside_http.MAX_FAILURES)
    rests = []
    for _ in range(7):
        rests.append(outside_http.open_circuit("body").rest)
        clock[0] += rests[-1] + 0.1
        fail(1)
    assert rests == [15, 30, 60, 120, 240, 300, 300]


def test_one_finds_out_for_all(clock):
    fail(outside_http.MAX_FAILURES)
    clock[0] += outside_http.FIRST_REST + 0.1
    with listening(saying(b"{}")) as url:

        def while_trying(answer):
            with pytest.raises(CircuitOpen):
                ask(url)
            return answer.mapping()

        assert ask(url, understand=while_trying) == {}


def test_a_refusal_or_a_success_between_keeps_it_closed():
    for _ in range(3):
        fail(outside_http.MAX_FAILURES - 1)
        with listening(saying(b"{}", "404 Not Found")) as url, pytest.raises(Refused):
            ask(url)
    assert outside_http.open_circuit("body") is None


def test_one_body_away_leaves_the_others_alone(clock):
    fail(outside_http.MAX_FAILURES)
    with listening(saying(b"{}")) as url:
        assert outside_http.ask("other", "try", url, understand=Answer.mapping) == {}


def test_who_cannot_keep_the_record_stops_nobody(caplog):
    def trip(**_more):
        raise RuntimeError("no room")

    outside_http.exchanged.connect(trip)
    try:
        with listening(saying(b"{}")) as url:
            assert ask(url) == {}
    finally:
        outside_http.exchanged.disconnect(trip)
    assert "no room" in caplog.text


def test_all_errors_are_one_kind():
    assert {error.outcome for error in (Unreachable, CircuitOpen, Slow, Refused, NotUnderstood)} == {
        "unreachable", "circuit_open", "slow", "refused", "not_understood",
    }  # fmt: skip
    assert all(issubclass(error, OutsideError) for error in (Unreachable, CircuitOpen, Slow, Refused, NotUnderstood))
