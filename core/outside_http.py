"""The one way to ask another body over HTTP: short patience, a bounded answer, a circuit that opens and closes.

`ask` raises `Unreachable`, `Slow`, `Refused` or `NotUnderstood`, and sends `exchanged` after each exchange, without
secrets, for the record. Call it with no database transaction open: what a body has done is not rolled back, and the
circuit and the record are rows. The circuit is that of all processes (core/cache.py, SHARED).
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import logging
import ssl
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.dispatch import Signal

from .cache import SHARED
from .outside_link import Deadline, open_link

logger = logging.getLogger(__name__)
CONNECT_SECONDS, ANSWER_SECONDS = 1.0, 5.0
MAX_ANSWER_BYTES = 1024 * 1024
# So many failures in a row within this time open the circuit: it rests, lets one through, and rests twice as long if
# that fails.
MAX_FAILURES, FAILURES_WITHIN = 5, 60.0
FIRST_REST, MAX_REST = 15.0, 300.0
ON_THIS_MACHINE = ("127.0.0.1", "::1", "localhost")
Value = TypeVar("Value")
# Sent with `exchange=`, an Exchange, after each; whoever listens raises nothing.
exchanged = Signal()


class OutsideError(Exception):
    """A body did not do what it was asked. `may_have_arrived`: what was sent may have reached it all the same."""

    outcome = "error"

    def __init__(self, body: str, why: str, *, may_have_arrived: bool = False) -> None:
        super().__init__(f"{body}: {why}")
        self.body, self.why, self.may_have_arrived = body, why, may_have_arrived


class Unreachable(OutsideError):
    """Nobody answers, or what answers is out of order (5xx, 429). Ask again later; do what the fallback says."""

    outcome = "unreachable"


class CircuitOpen(Unreachable):
    """It was not asked: it failed too often just now, and is left alone for `seconds` more."""

    outcome = "circuit_open"

    def __init__(self, body: str, seconds: float) -> None:
        super().__init__(body, f"it failed {MAX_FAILURES} times, and is asked again in {seconds:.0f} s")
        self.seconds = seconds


class Slow(OutsideError):
    """No whole answer in time. What was sent may have arrived: send it again with the same key, or ask."""

    outcome = "slow"


class Refused(OutsideError):
    """The body answered, and says no (4xx): asking the same again does not help. `answer` is what it said."""

    outcome = "refused"

    def __init__(self, body: str, answer: Answer) -> None:
        super().__init__(body, f"it answered {answer.status}", may_have_arrived=True)
        self.answer = answer


class NotUnderstood(OutsideError):
    """It answered something that its interface does not provide for, or whose signature is not its own."""

    outcome = "not_understood"


@dataclass(frozen=True)
class Answer:
    """What a body answered: 2xx, or what `Refused` carries. Names of headers are in lower case."""

    status: int
    content: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def json(self) -> Any:
        """The content as JSON. ValueError when it is none."""
        return json.loads(self.content)

    def mapping(self) -> dict[str, Any]:
        """The content as a JSON object. ValueError when it is none."""
        value = self.json()
        if not isinstance(value, dict):
            raise ValueError("not a JSON object")
        return value


@dataclass(frozen=True)
class Exchange:
    """What is kept of one: sizes and hashes instead of contents, the address without what follows its path."""

    body: str
    what: str
    method: str
    address: str
    key: str
    outcome: str
    began: float
    milliseconds: int
    status: int | None = None
    sent_bytes: int = 0
    sent_sha256: str = ""
    answer_bytes: int = 0
    answer_sha256: str = ""
    error: str = ""
    routine: bool = False


def key_of(what: str, pk: int, since: datetime) -> str:
    """The key of what a row sends: the same however often that is sent, and never that of another row. After a restore
    the number of a row is given again, and whoever knows it would take the new message for the old; hence its moment.
    """
    return f"{what}-{pk}-{int(since.timestamp())}"


def ask(
    body: str,
    what: str,
    url: str,
    *,
    understand: Callable[[Answer], Value],
    method: str = "POST",
    content: bytes | Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
    key: str = "",
    ca_file: str = "",
    client_certificate: str = "",
    routine: bool = False,
) -> Value:
    """Ask a body (its name in the registry) for `what` (a word for the record); returns what `understand` makes of it.

    A mapping is sent as JSON. `key` makes asking again harmless and goes along as Idempotency-Key. `ca_file` holds the
    authority of its certificate where that is its own, `client_certificate` (PEM, with its key) ours.
    `routine` is a question asked every few seconds: its answers are in the log, and only its failures in the record.
    `understand` raises ValueError, KeyError or TypeError, or NotUnderstood itself, at an answer that is none.
    Secrets belong in `headers` or `content`, which are never kept, and not in `url`.
    """
    place = urlsplit(url)
    if place.scheme != "https" and place.hostname not in ON_THIS_MACHINE:
        raise ImproperlyConfigured(f"{body} would be asked without TLS; its address must begin with https://")
    tls = _tls(ca_file, client_certificate) if place.scheme == "https" else None
    sent, all_headers = _message(content, headers or {}, key)
    began, clock = time.time(), time.monotonic()
    answer: Answer | None = None
    failure: OutsideError | None = None
    try:
        _refuse_while_open(body)
        answer = _exchange(body, method, url, sent, all_headers, tls)
        return _understood(body, answer, understand)
    except OutsideError as error:
        failure = error
        answer = error.answer if isinstance(error, Refused) else answer
        raise
    finally:
        _note(body, failure)
        exchange = Exchange(
            body=body, what=what, method=method, address=f"{place.scheme}://{place.netloc.rpartition('@')[2]}{place.path}",
            key=key, outcome=failure.outcome if failure else "answered", began=began,
            milliseconds=round(1000 * (time.monotonic() - clock)), status=answer.status if answer else None,
            sent_bytes=len(sent), sent_sha256=_sha256(sent), answer_bytes=len(answer.content) if answer else 0,
            answer_sha256=_sha256(answer.content) if answer else "", error=failure.why if failure else "",
            routine=routine,
        )  # fmt: skip
        _record(exchange)


@contextlib.contextmanager
def watched(body: str, what: str, *, key: str = "", refusals: tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """The same circuit and record for what is not HTTP (mail). CircuitOpen while it rests; what the block raises is a
    failure, but for `refusals`: the body answered, and says no.
    """
    began, clock = time.time(), time.monotonic()
    failure: OutsideError | None = None
    try:
        _refuse_while_open(body)
        yield
    except CircuitOpen as error:
        failure = error
        raise
    except refusals:
        raise
    except Exception as error:
        failure = Unreachable(body, _short(error), may_have_arrived=True)
        raise
    finally:
        _note(body, failure)
        milliseconds = round(1000 * (time.monotonic() - clock))
        outcome, why = (failure.outcome, failure.why) if failure else ("answered", "")
        _record(Exchange(body, what, "", "", key, outcome, began, milliseconds, error=why))


def _message(
    content: bytes | Mapping[str, Any] | None, given: Mapping[str, str], key: str
) -> tuple[bytes, dict[str, str]]:
    headers = {"Accept": "application/json", "Connection": "close", "User-Agent": "jeddah-portal"}
    if key:
        headers["Idempotency-Key"] = key
    if isinstance(content, Mapping):
        headers["Content-Type"] = "application/json"
        content = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    return content or b"", headers | dict(given)


def _tls(ca_file: str, client_certificate: str) -> ssl.SSLContext:
    tls = ssl.create_default_context(cafile=ca_file or None)
    if client_certificate:
        tls.load_cert_chain(client_certificate)
    return tls


def _exchange(
    body: str, method: str, url: str, sent: bytes, headers: dict[str, str], tls: ssl.SSLContext | None
) -> Answer:
    place = urlsplit(url)
    path = (place.path or "/") + (f"?{place.query}" if place.query else "")
    try:
        link = open_link(place, tls, CONNECT_SECONDS)
    except OSError as error:  # no such name, nobody there, a certificate that is not its own, no time left
        raise Unreachable(body, f"no connection ({_short(error)})") from error
    deadline = Deadline(link, ANSWER_SECONDS)
    try:
        with deadline:
            link.request(method, path, sent or None, headers)
            answer = link.getresponse()
            content = answer.read(MAX_ANSWER_BYTES + 1)
            got = Answer(answer.status, content, {name.lower(): value for name, value in answer.getheaders()})
    except (OSError, http.client.HTTPException) as error:
        if deadline.passed or isinstance(error, TimeoutError):
            raise Slow(body, f"no whole answer within {ANSWER_SECONDS:.0f} s", may_have_arrived=True) from error
        if isinstance(error, http.client.HTTPException) and not isinstance(error, http.client.RemoteDisconnected):
            raise NotUnderstood(body, f"no HTTP ({_short(error)})", may_have_arrived=True) from error
        raise Unreachable(body, f"the connection broke ({_short(error)})", may_have_arrived=True) from error
    finally:
        link.close()
    if deadline.passed:
        raise Slow(body, f"no whole answer within {ANSWER_SECONDS:.0f} s", may_have_arrived=True)
    if answer.length and len(content) <= MAX_ANSWER_BYTES:
        raise Unreachable(body, "the connection broke (half an answer)", may_have_arrived=True)
    return _checked(body, got)


def _checked(body: str, answer: Answer) -> Answer:
    if answer.status >= 500 or answer.status == 429:
        raise Unreachable(body, f"it answered {answer.status}", may_have_arrived=True)
    if 400 <= answer.status < 500:
        raise Refused(body, answer)
    if not 200 <= answer.status < 300:
        raise NotUnderstood(body, f"it answered {answer.status}", may_have_arrived=True)
    if len(answer.content) > MAX_ANSWER_BYTES:
        raise NotUnderstood(body, f"its answer is longer than {MAX_ANSWER_BYTES} bytes", may_have_arrived=True)
    return answer


def _understood(body: str, answer: Answer, understand: Callable[[Answer], Value]) -> Value:
    try:
        return understand(answer)
    except (ValueError, KeyError, TypeError) as error:
        raise NotUnderstood(body, f"its answer is not understood ({_short(error)})", may_have_arrived=True) from error


def _short(error: Exception) -> str:
    """The kind of an error and no more: messages of libraries quote what was sent."""
    code = getattr(error, "errno", None)
    return f"{type(error).__name__} {code}" if code is not None else type(error).__name__


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest() if content else ""


def _record(exchange: Exchange) -> None:
    level = logging.INFO if exchange.outcome == "answered" else logging.WARNING
    logger.log(
        level,
        "outside body asked",
        extra={"body": exchange.body, "what": exchange.what, "outcome": exchange.outcome, "status": exchange.status,
               "milliseconds": exchange.milliseconds, "key": exchange.key, "error": exchange.error},
    )  # fmt: skip
    exchanged.send_robust(sender=None, exchange=exchange)  # Django logs who could not keep it


# -- the circuit -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Circuit:
    """Open `until` this moment (seconds since 1970), after a rest of `rest` seconds; closed when there is none."""

    until: float
    rest: float

    @property
    def seconds(self) -> float:
        """How long it stays open from now; 0 when the next call is let through to find out."""
        return max(0.0, self.until - time.time())


def open_circuit(body: str) -> Circuit | None:
    """The circuit of a body that failed too often; None while it is closed. Asks the shared cache once."""
    return open_circuits([body]).get(body)


def open_circuits(bodies: Collection[str]) -> dict[str, Circuit]:
    """Those of several bodies that are open. Asks the shared cache once for all."""
    keys = {_key(body, "open"): body for body in bodies}
    return {keys[key]: Circuit(*stored) for key, stored in SHARED.get_all(keys).items()}


def close_circuit(body: str) -> None:
    """Ask it again at once: somebody mended it."""
    for name in ("open", "trial", "failures"):
        SHARED.forget(_key(body, name))


def _key(body: str, name: str) -> str:
    return f"outside:{body}:{name}"


def _refuse_while_open(body: str) -> None:
    circuit = open_circuit(body)
    if circuit is None:
        return
    if circuit.seconds:
        raise CircuitOpen(body, circuit.seconds)
    # One finds out for all.
    if SHARED.count(_key(body, "trial"), CONNECT_SECONDS + ANSWER_SECONDS + 1) > 1:
        raise CircuitOpen(body, 1.0)


def _note(body: str, failure: OutsideError | None) -> None:
    """A refusal is an answer of a body that works; an answer that nobody understands is none."""
    if isinstance(failure, CircuitOpen):
        return
    circuit = open_circuit(body)
    if failure is None or isinstance(failure, Refused):
        if circuit is not None:
            logger.warning("outside body answers again", extra={"body": body})
            close_circuit(body)
        else:
            SHARED.forget(_key(body, "failures"))
        return
    if circuit is None and SHARED.count(_key(body, "failures"), FAILURES_WITHIN) < MAX_FAILURES:
        return
    if circuit is not None and circuit.seconds:
        return  # asked before it was opened
    rest = FIRST_REST if circuit is None else min(2 * circuit.rest, MAX_REST)
    SHARED.put(_key(body, "open"), (time.time() + rest, rest), rest + MAX_REST)
    SHARED.forget(_key(body, "trial"))
    logger.error("outside body rests", extra={"body": body, "seconds": rest})
