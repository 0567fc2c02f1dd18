"""A client that submits, looks up, decides and answers through HTTP, and writes down what it was told.

Every call is an operation: invoked, then one of
    ok        the portal said yes
    refused   the portal said no, for a reason that has nothing to do with faults (4xx)
    failed    the portal said that nothing was taken (503 `unavailable`), or was never reached
    unknown   anything else: no answer, half an answer, a 500, 503 `outcome_unknown`
"""

from __future__ import annotations

import http.client
import itertools
import json
import threading
import time
import urllib.parse
import uuid
from dataclasses import dataclass, field
from typing import Any

ANSWERS = {
    "request_kind": "new",
    "ownership": "permit",
    "plan_number": "415",
    "parcel_number": "27",
    "load_kva": "25",
    "meters": "1",
    "district": "SHR-01",
    "street": "شارع حائل",
    "lived_in": True,
    "not_in_wadi": True,
    "not_state_land": True,
    "not_disputed": True,
    "not_in_breach": True,
    "no_ownership": True,
}
DOCUMENTS = ("id_copy", "deed_or_permit", "coordination")
# One empty page: what cannot be opened, or has none, is not taken.
PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)
PATIENCE = 20.0


@dataclass
class Op:
    kind: str
    who: str
    facts: dict[str, Any]
    invoked: float = field(default_factory=time.monotonic)
    ended: float = 0.0
    outcome: str = "invoked"
    status: int = 0
    answer: Any = None
    resolved: bool = False
    """Was unknown at first, and made sure of by asking again."""

    @property
    def seconds(self) -> float:
        return self.ended - self.invoked


class History:
    """All operations of all clients of one run, in the order they were invoked."""

    def __init__(self) -> None:
        self.ops: list[Op] = []
        self._lock = threading.Lock()

    def begin(self, kind: str, who: str, **facts: Any) -> Op:
        op = Op(kind, who, facts)
        with self._lock:
            self.ops.append(op)
        return op

    def of(self, kind: str, outcome: str | None = None, since: int = 0) -> list[Op]:
        return [op for op in self.ops[since:] if op.kind == kind and outcome in (None, op.outcome)]


def _known_by(token: str) -> dict[str, str]:
    """Those who decide have a session and no token."""
    if not token.startswith("session "):
        return {"Authorization": f"Token {token}"}
    csrf = "c" * 32
    return {"Cookie": f"sessionid={token.removeprefix('session ')}; csrftoken={csrf}", "X-CSRFToken": csrf}


class Client:
    """Speaks for the people of the cast, to one web address. Threads may share it."""

    def __init__(self, url: str, tokens: dict[str, str], history: History) -> None:
        self.address = urllib.parse.urlsplit(url).netloc
        self.tokens, self.history = tokens, history
        self.citizens = sorted(name for name in tokens if name.startswith("citizen"))
        self._turn = itertools.count()
        self._stock: list[tuple[str, dict[str, Any]]] = []

    def at(self, url: str) -> Client:
        """The same people and history at another address."""
        other = Client(url, self.tokens, self.history)
        other._stock, other._turn = self._stock, self._turn
        return other

    # -- one call ------------------------------------------------------------------------------------------------

    def call(
        self,
        op: Op,
        method: str,
        path: str,
        body: Any = None,
        token: str = "",
        patience: float = PATIENCE,
        **headers: str,
    ) -> Op:
        """Send it and judge the answer."""
        sent = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
        headers = {"Content-Type": "application/json"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        if token:
            headers |= _known_by(self.tokens[token])
        line = http.client.HTTPConnection(self.address, timeout=patience)
        try:
            line.connect()
        except OSError:
            return self._end(op, "failed")
        try:
            line.request(method, path, sent, headers)
            answer = line.getresponse()
            op.status, content = answer.status, answer.read()
            try:
                op.answer = json.loads(content)
            except ValueError:
                op.answer = {"text": content.decode(errors="replace")}
        except (OSError, http.client.HTTPException):
            return self._end(op, "unknown")
        finally:
            line.close()
        if op.status < 400:
            return self._end(op, "ok")
        if op.status < 500:
            return self._end(op, "refused")
        surely_not = op.status == 503 and op.answer.get("code") in ("unavailable", "no_room")
        return self._end(op, "failed" if surely_not else "unknown")

    @staticmethod
    def _end(op: Op, outcome: str) -> Op:
        op.ended, op.outcome = time.monotonic(), outcome
        return op

    # -- what people do ------------------------------------------------------------------------------------------

    def upload(self, who: str, document: str, content: bytes = PDF) -> Op:
        edge = uuid.uuid4().hex
        body = (
            f'--{edge}\r\nContent-Disposition: form-data; name="document"\r\n\r\n{document}\r\n'
            f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'
        ).encode() + content + f"\r\n--{edge}--\r\n".encode()  # fmt: skip
        op = self.history.begin("upload", who, document=document)
        kind = f"multipart/form-data; boundary={edge}"
        return self.call(op, "POST", "/api/v1/attachments/", body, who, Content_Type=kind)

    def stock(self, many: int) -> None:
        """Prepare requests with their files uploaded, so that submitting is one call."""
        while len(self._stock) < many:
            who = self.citizens[next(self._turn) % len(self.citizens)]
            uploads = {document: self.upload(who, document) for document in DOCUMENTS}
            if any(op.outcome != "ok" for op in uploads.values()):
                raise AssertionError([(op.status, op.answer) for op in uploads.values()])
            files = {document: [op.answer["key"]] for document, op in uploads.items()}
            self._stock.append((who, {"service": "electricity-connection", "answers": ANSWERS, "attachments": files}))

    def submit(self, *, patience: float = PATIENCE) -> Op:
        """Submit a request from the stock under a fresh key."""
        if not self._stock:
            self.stock(1)
        who, body = self._stock.pop(0)
        op = self.history.begin("submit", who, key=uuid.uuid4().hex, body=body)
        return self._submit(op, patience)

    def _submit(self, op: Op, patience: float = PATIENCE) -> Op:
        key = op.facts["key"]
        return self.call(op, "POST", "/api/v1/transactions/", op.facts["body"], op.who, patience, Idempotency_Key=key)

    def again(self, op: Op) -> Op:
        """The same submission with the same key: an operation of its own."""
        return self._submit(self.history.begin("submit again", op.who, **op.facts, first=op))

    def inquire(self, submitted: Op, *, patience: float = PATIENCE) -> Op:
        secret = {name: submitted.answer[name] for name in ("reference", "pin")}
        op = self.history.begin("inquire", "anyone", **secret)
        return self.call(op, "POST", "/api/v1/inquiries/", secret, patience=patience)

    def look(self, submitted: Op) -> Op:
        op = self.history.begin("look", submitted.who, reference=submitted.answer["reference"])
        return self.call(op, "GET", f"/api/v1/transactions/{op.facts['reference']}/", token=submitted.who)

    def move(self, who: str, reference: str, version: int, move: str, **more: Any) -> Op:
        op = self.history.begin("move", who, reference=reference, version=version, move=move, more=more)
        return self._move(op)

    def _move(self, op: Op) -> Op:
        facts = op.facts
        path = f"/api/v1/transactions/{facts['reference']}/"
        if facts["move"] == "answer":
            body = {"answers": facts["more"]["answers"], "version": facts["version"]}
            return self.call(op, "POST", f"{path}answers/", body, op.who)
        body = {"move": facts["move"], "version": facts["version"], **facts["more"]}
        return self.call(op, "POST", f"{path}moves/", body, op.who)

    # -- making sure ---------------------------------------------------------------------------------------------

    def resolve(self, seconds: float = 30) -> None:
        """Repeat whatever is unknown until it is known: submissions by their key, moves by their version."""
        end = time.monotonic() + seconds
        for op in [op for op in self.history.ops if op.outcome == "unknown" and op.kind in ("submit", "move")]:
            while True:
                repeated = Op(op.kind, op.who, op.facts)
                (self._submit if op.kind == "submit" else self._move)(repeated)
                if repeated.outcome in ("ok", "refused"):
                    break
                if time.monotonic() > end:
                    raise AssertionError(f"{op.kind} is still unknown: {repeated.status} {repeated.answer}")
                time.sleep(0.2)
            op.resolved = True
            if repeated.outcome == "ok":
                op.outcome, op.answer, op.status = "ok", repeated.answer, repeated.status
            elif op.kind == "move" and repeated.answer.get("code") in ("moved_meanwhile", "move_not_allowed"):
                op.outcome = "either"  # the version was used up: the checker looks whether by this very move
            else:
                op.outcome = "refused"

    # -- a whole case --------------------------------------------------------------------------------------------

    def drive(self, submitted: Op, *, returned: bool = False, rejected: bool = False, seconds: float = 60) -> str:
        """Bring a case to its end by those whose turn it is, whatever fails in between; returns its last status."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            seen = self.look(submitted)
            if seen.outcome != "ok" or seen.answer["status"] == "submitted":
                time.sleep(0.1)
                continue
            case = seen.answer
            turn = self._turn_of(case, submitted.who, returned, rejected)
            if turn is None:
                return str(case["status"])
            who, move, more = turn
            self.move(who, case["reference"], case["version"], move, **more)
        raise AssertionError(f"{submitted.answer['reference']} never came to its end")

    @staticmethod
    def _turn_of(case: Any, owner: str, returned: bool, rejected: bool) -> tuple[str, str, dict[str, Any]] | None:
        match case["status"]:
            case "incoming":
                return "registry_clerk", "register", {}
            case "under_study" if returned and not case["deficiencies"]:
                return "reviewer", "return", {"deficiencies": [{"code": "id-unreadable"}]}
            case "under_study":
                return "reviewer", "recommend", {}
            case "returned":
                return owner, "answer", {"answers": {str(row["id"]): "أرفقت صورة أوضح" for row in case["deficiencies"]}}
            case "awaiting_supervisor" if rejected:
                return "supervisor", "reject", {"reason": "لا تنطبق الشروط"}
            case "awaiting_supervisor":
                return "supervisor", "approve", {}
            case "approved":
                return "registry_clerk", "dispatch", {}
        return None
