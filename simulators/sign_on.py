"""The national sign-on: the paths of the real one under /api/v1/mfa, keys of its own, and a page that plays the app.

A request is listed in the app until somebody picks its number there, rejects it, or a minute goes by. What was picked
is vouched for by a signed token, given with the status and sent to the portal. Switches make it answer wrongly in each
way an adapter has to survive. Signing takes PyJWT and cryptography, which the portal has.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import threading
import time
import urllib.request
from html import escape
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from . import frame

TITLE = ("النفاذ الوطني", "National sign-on")
API = "/api/v1/mfa"
ISSUER = "sign-on-simulator"
SECONDS_TO_DECIDE = 60
SECONDS_SLOW = 8
TOKEN_SECONDS = 300
MAX_OPEN_REQUESTS = 50
MODES = {
    "normal": ("كالمعتاد", "As usual"),
    "away": ("متعطل", "Away: every call is answered with 503"),
    "slow": ("بطيء", "Slow: no answer within 8 seconds"),
    "busy": ("مشغول", "Busy: too many requests"),
    "wrong_signature": ("توقيع خاطئ", "Tokens signed with another key"),
    "replayed": ("رمز قديم", "The token given before, again"),
    "other_person": ("شخص آخر", "Tokens about another person"),
    "expired_token": ("رمز منتهٍ", "Tokens that have expired"),
    "callback_only": ("إشعار فقط", "The token is sent to the portal only"),
    "no_callback": ("دون إشعار", "The token is given with the status only"),
}
FIRST_NAMES = ("سالم", "نوف", "فيصل", "ليان", "ماجد", "جواهر", "راكان", "هيفاء")
LAST_NAMES = ("الحارثي", "الغامدي", "باوزير", "العتيبي", "خوجة", "المطيري", "فلمبان")


def handle(request: frame.Request) -> frame.Answer:
    """One request of the portal, or of a person at the page that plays the app."""
    if request.path.startswith(API + "/"):
        return _api(request)
    pages = {
        ("GET", "/"): _app,
        ("POST", "/answer"): _answer,
        ("POST", "/mode"): _set_mode,
        ("POST", "/rotate"): _rotate,
    }
    page = pages.get((request.method, request.path))
    return page(request) if page else frame.missing(request)


application = frame.application(handle)


# -- what the portal asks --------------------------------------------------------------------------------------------


def _api(request: frame.Request) -> frame.Answer:
    mode = frame.Store(request.folder).read().get("mode", "normal")
    if mode == "away":
        return frame.data({"message": "service unavailable"}, 503)
    if mode == "busy":
        return frame.data({"message": "too many requests"}, 429)
    if mode == "slow":
        time.sleep(SECONDS_SLOW)
    if (request.method, request.path) == ("GET", f"{API}/jwk"):
        with frame.Store(request.folder).change() as state:
            keys = dict(_keys(state))
        return frame.data({"keys": [_public(pem, kid) for kid, pem in keys.items()]})
    expected = frame.shared_secret(request.folder, "SIGN_ON_APP_KEY")
    if not request.header("APP-ID") or not secrets.compare_digest(request.header("APP-KEY"), expected):
        return frame.data({"message": "unknown application"}, 401)
    if (request.method, request.path) == ("POST", f"{API}/request"):
        return _begin(request)
    if (request.method, request.path) == ("POST", f"{API}/request/status"):
        return _status(request)
    return frame.data({"message": "no such path"}, 404)


def _begin(request: frame.Request) -> frame.Answer:
    asked = request.json()
    number = str(asked["nationalId"])
    if len(number) != 10 or number[0] not in "12" or "requestId" not in request.query():
        return frame.data({"message": "invalid request"}, 400)
    with frame.Store(request.folder).change() as state:
        rows = state.setdefault("requests", {})
        _let_expire(rows)
        if any(row["nationalId"] == number and row["status"] == "WAITING" for row in rows.values()):
            return frame.data({"message": "User has an active transaction"}, 400)
        for old in list(rows)[: max(0, len(rows) - MAX_OPEN_REQUESTS)]:
            del rows[old]
        transaction = secrets.token_hex(16)
        shown = f"{secrets.randbelow(90) + 10}"
        rows[transaction] = {
            "nationalId": number,
            "random": shown,
            "service": str(asked.get("service", "")),
            "audience": request.header("APP-ID"),
            "status": "WAITING",
            "at": time.time(),
        }
    return frame.data({"transId": transaction, "random": shown}, 201)


def _status(request: frame.Request) -> frame.Answer:
    asked = request.json()
    with frame.Store(request.folder).change() as state:
        rows = state.setdefault("requests", {})
        _let_expire(rows)
        row = rows.get(asked["transId"])
        if row is None or (row["nationalId"], row["random"]) != (asked["nationalId"], str(asked["random"])):
            return frame.data({"message": "no such transaction"}, 404)
        answer = {"status": row["status"]}
        if row["status"] == "COMPLETED" and state.get("mode") != "callback_only":
            answer["token"] = row["token"]
    return frame.data(answer)


def _let_expire(rows: dict[str, Any]) -> None:
    for row in rows.values():
        if row["status"] == "WAITING" and time.time() - row["at"] > SECONDS_TO_DECIDE:
            row["status"] = "EXPIRED"


# -- the app ---------------------------------------------------------------------------------------------------------


def _app(request: frame.Request) -> frame.Answer:
    """The questions of everybody at once: it plays everybody's phone."""
    with frame.Store(request.folder).change() as state:
        _let_expire(state.setdefault("requests", {}))
    waiting = {key: row for key, row in state["requests"].items() if row["status"] == "WAITING"}
    questions = "".join(_question(request, key, row) for key, row in waiting.items())
    if not questions:
        none = frame.both("لا طلبات بانتظارك.", "Nothing is waiting for you. Reload after you have begun.")
        questions = f"<p>{none}</p>"
    intro = frame.both(
        "هذه الصفحة تمثّل التطبيق على الجوال: اختر الرقم المعروض في البوابة.",
        "This page plays the app on a phone: pick the number the portal shows.",
    )
    return frame.page(request, TITLE, f"<p>{intro}</p>{questions}{_switches(request, state)}")


def _question(request: frame.Request, key: str, row: dict[str, Any]) -> str:
    """Three numbers of which the portal shows one."""
    others = [f"{(int(row['random']) - 10 + step) % 90 + 10}" for step in (23, 51)]
    numbers = sorted([row["random"], *others], key=lambda number: (int(number) * 7919) % 97)
    buttons = "".join(
        frame.button(request, "/answer", (number, number), transId=key, number=number) for number in numbers
    )
    reject = frame.button(request, "/answer", ("رفض", "Reject"), transId=key, number="reject")
    lapse = frame.button(request, "/answer", ("دعه ينتهي", "Let it expire"), transId=key, number="lapse")
    name = " ".join(_name_of(request.folder, row["nationalId"]))
    about = f"<bdi>{escape(name)}</bdi> <bdi>{escape(row['nationalId'])}</bdi> · {escape(row['service'])}"
    return f"<fieldset><legend>{about}</legend>{buttons}{reject}{lapse}</fieldset>"


def _answer(request: frame.Request) -> frame.Answer:
    form = request.form()
    token = ""
    with frame.Store(request.folder).change() as state:
        _let_expire(state.setdefault("requests", {}))
        row = state["requests"].get(form.get("transId", ""))
        if row is not None and row["status"] == "WAITING":
            if form.get("number") == row["random"]:
                row["status"], token = "COMPLETED", _token(request.folder, state, form["transId"], row)
                row["token"] = state["last_token"] = token
            else:
                row["status"] = "EXPIRED" if form.get("number") == "lapse" else "REJECTED"
        mode = state.get("mode", "normal")
    if token and request.portal and mode not in ("no_callback", "away"):
        threading.Thread(target=_call_back, args=(request.portal, token), daemon=True).start()
    return frame.to(request, "/")


def _call_back(portal: str, token: str) -> None:
    """Tell the portal; it asks by itself when this is lost."""
    content = json.dumps({"token": token}).encode()
    headers = {"Content-Type": "application/json"}
    # The portal that this process was started with.
    asked = urllib.request.Request(f"{portal}/sign-on/callback/", content, headers)  # noqa: S310
    with contextlib.suppress(OSError):
        urllib.request.urlopen(asked, timeout=5).close()  # noqa: S310


# -- tokens ----------------------------------------------------------------------------------------------------------


def _token(folder: Path, state: dict[str, Any], transaction: str, row: dict[str, Any]) -> str:
    mode = state.get("mode", "normal")
    if mode == "replayed" and state.get("last_token"):
        return str(state["last_token"])
    kid, pem = list(_keys(state).items())[-1]
    key: Any = load_pem_private_key(pem.encode(), None)
    if mode == "wrong_signature":
        key = rsa.generate_private_key(65537, 2048)
    number = "1010101010" if mode == "other_person" else row["nationalId"]
    now = int(time.time())
    return jwt.encode(_claims(folder, number, transaction, row["audience"], now, mode), key, "RS256", {"kid": kid})


def _claims(folder: Path, number: str, transaction: str, audience: str, now: int, mode: str) -> dict[str, Any]:
    first, second, third, last = _name_of(folder, number)
    return {
        "iss": ISSUER,
        "aud": audience,
        "nbf": now,
        "iat": now,
        "exp": now - 120 if mode == "expired_token" else now + TOKEN_SECONDS,
        "jti": secrets.token_hex(16),
        "transId": transaction,
        "status": "COMPLETED",
        "nationalId" if number[0] == "1" else "iqamaNumber": number,
        "firstName": first,
        "secondName": second,
        "thirdName": third,
        "lastName": last,
        "dateOfBirthG": "1988-05-14",
        "gender": "M",
    }


def _name_of(folder: Path, number: str) -> tuple[str, str, str, str]:
    """As the register has it: of the demonstration's accounts the names they have there, of others invented ones."""
    with contextlib.suppress(OSError, ValueError, KeyError):
        accounts = json.loads((folder.parent.parent / "demo.json").read_text(encoding="utf-8"))["accounts"]
        for account in accounts.values():
            if account["national_id"] == number:
                first, *middle, last = account["name"].split()
                return first, " ".join(middle), "", last
    drawn = int(number)
    first, second = (FIRST_NAMES[drawn // step % len(FIRST_NAMES)] for step in (7, 101))
    return first, second, "", LAST_NAMES[drawn // 13 % len(LAST_NAMES)]


def _keys(state: dict[str, Any]) -> dict[str, str]:
    """The keys there are, oldest first; the last signs."""
    keys: dict[str, str] = state.setdefault("keys", {})
    if not keys:
        _add_key(keys)
    return keys


def _add_key(keys: dict[str, str]) -> None:
    key = rsa.generate_private_key(65537, 2048)
    keys[secrets.token_hex(8)] = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _public(pem: str, kid: str) -> dict[str, Any]:
    key: Any = load_pem_private_key(pem.encode(), None)
    members: dict[str, Any] = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    return members | {"kid": kid, "use": "sig", "alg": "RS256", "key_ops": ["verify"]}


# -- switches --------------------------------------------------------------------------------------------------------


def _switches(request: frame.Request, state: dict[str, Any]) -> str:
    mode = state.get("mode", "normal")
    rows = "".join(
        f"<li>{'<strong>' if key == mode else ''}{frame.button(request, '/mode', label, mode=key)}"
        f"{' ←</strong>' if key == mode else ''}</li>"
        for key, label in MODES.items()
    )
    rotate = frame.button(request, "/rotate", ("مفتاح جديد", "Rotate the signing key"))
    heading = frame.both("كيف يجيب", "How it answers")
    return f"<h2>{heading}</h2><ul>{rows}</ul>{rotate}"


def _set_mode(request: frame.Request) -> frame.Answer:
    mode = request.form().get("mode", "")
    if mode not in MODES:
        return frame.missing(request)
    with frame.Store(request.folder).change() as state:
        state["mode"] = mode
    return frame.to(request, "/")


def _rotate(request: frame.Request) -> frame.Answer:
    with frame.Store(request.folder).change() as state:
        keys = state.setdefault("keys", {})
        keys.clear()
        _add_key(keys)
    return frame.to(request, "/")
