"""A gateway of SMS: it shows what phones would show, and reports of each message what its page says.

Messages come to /messages and are reported after a moment; a switch chooses what is reported, or how the gateway fails.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
import urllib.error
import urllib.request
import uuid
from datetime import datetime, timedelta, timezone
from html import escape
from typing import Any

from . import frame
from .frame import Answer, Request, Store, shared_secret

TITLE = ("بوابة الرسائل القصيرة", "SMS gateway")
SWITCHES = {
    "delivered": ("تُسلّم كل رسالة", "Delivers every message"),
    "failed": ("لا تصل الرسائل", "Reports that messages are not delivered"),
    "expired": ("تنتهي مدة الرسائل", "Reports that messages expired"),
    "unknown": ("لا تعرف مصير الرسائل", "Reports that it does not know"),
    "silent": ("لا ترسل تقارير", "Sends no reports"),
    "twice": ("ترسل التقارير مرتين وبغير ترتيبها", "Sends reports twice and out of order"),
    "forged": ("توقيع خاطئ", "Signs its reports wrongly"),
    "away": ("متوقفة", "Away: answers 503"),
    "slow": ("بطيئة", "Slow: answers after 8 seconds"),
    "garbled": ("تجيب بما لا يُفهم", "Answers with a page instead of data"),
    "refuses": ("ترفض الرسائل", "Refuses every message (422)"),
}
RIYADH = timezone(timedelta(hours=3))
SLOW_SECONDS, REPORTED_AFTER, MAX_SHOWN = 8.0, 2.0, 100
KEY = "SMS_KEY"


def handle(request: Request) -> Answer:
    match request.method, request.path:
        case "GET", "/":
            return overview(request)
        case "POST", "/messages":
            return take(request)
        case "POST", "/switch":
            mode = request.form()["mode"]
            if mode in SWITCHES:
                with Store(request.folder).change() as state:
                    state["mode"] = mode
            return frame.to(request, "/")
    return frame.missing(request)


application = frame.application(handle)


def _mac(secret: str, direction: str, at: str, content: bytes) -> str:
    return hmac.new(secret.encode(), f"{direction}.{at}.".encode() + content, hashlib.sha256).hexdigest()


def take(request: Request) -> Answer:
    """Take a message once, however often it comes."""
    mode = Store(request.folder).read().get("mode", "delivered")
    if mode == "away":
        return frame.data({"error": "out of order"}, 503)
    if mode == "slow":
        time.sleep(SLOW_SECONDS)
    if mode == "garbled":
        return frame.page(request, ("خطأ", "Error"), "")
    header = request.header("Portal-Signature")
    at = header.partition(",")[0].removeprefix("t=")
    mac = _mac(shared_secret(request.folder, KEY), "to", at, request.content)
    if not hmac.compare_digest(header, f"t={at},v1={mac}"):
        return frame.data({"error": "signature"}, 401)
    message = request.json()
    if mode == "refuses":
        return frame.data({"error": "not taken"}, 422)
    with Store(request.folder).change() as state:
        taken = state.setdefault("messages", [])
        known = next((row for row in taken if row["key"] == message["key"]), None)
        row = known or {name: message[name] for name in ("key", "to", "text", "parts")}
        if known is None:
            row |= {"id": f"S-{uuid.uuid4().hex[:12]}", "at": moment(), "report": ""}
            taken.append(row)
            del taken[:-1000]
    if known is None and mode != "silent":
        threading.Timer(REPORTED_AFTER, report, (request, row["id"], mode)).start()
    return frame.data({"id": row["id"]})


def moment(seconds: float = 0) -> str:
    return (datetime.now(RIYADH) + timedelta(seconds=seconds)).isoformat(timespec="seconds")


def report(request: Request, message: str, mode: str) -> None:
    """Say what became of a message, as the switch has it."""
    state = mode if mode in ("failed", "expired", "unknown") else "delivered"
    reports = [{"id": uuid.uuid4().hex, "message": message, "state": state, "at": moment()}]
    if mode == "twice":
        earlier = reports[0] | {"id": uuid.uuid4().hex, "state": "unknown", "at": moment(-60)}
        reports = [reports[0], reports[0], earlier]
    secret = "wrong" if mode == "forged" else shared_secret(request.folder, KEY)
    became = " · ".join(deliver(request.portal, each, secret) for each in reports)
    with Store(request.folder).change() as state_now:
        for row in state_now["messages"]:
            if row["id"] == message:
                row["report"] = f"{state}: {became}"


def deliver(portal: str, content: dict[str, Any], secret: str) -> str:
    """POST one report; what the portal answered."""
    data, at = json.dumps(content).encode(), str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
        "Portal-Signature": f"t={at},v1={_mac(secret, 'from', at, data)}",
    }
    asked = urllib.request.Request(f"{portal}/outside/sms/reports/", data, headers)  # noqa: S310 – the demo's own
    try:
        with urllib.request.urlopen(asked, timeout=5) as answer:  # noqa: S310
            return f"{answer.status} {json.load(answer)['status']}"
    except urllib.error.HTTPError as error:
        with error:
            return str(error.code)
    except (OSError, ValueError, KeyError) as error:
        return type(error).__name__


def overview(request: Request) -> Answer:
    """The messages, newest first, and the switch."""
    state = Store(request.folder).read()
    mode = state.get("mode", "delivered")
    choices = "".join(
        f'<option value="{value}"{" selected" if value == mode else ""}>{escape(" – ".join(words))}</option>'
        for value, words in SWITCHES.items()
    )
    rows = "".join(
        f"<tr><td><bdi>{escape(row['to'])}</bdi><br><bdi>{escape(row['at'])}</bdi></td>"
        f'<td dir="auto">{escape(row["text"])}</td><td>{row["parts"]}</td>'
        f"<td><bdi>{escape(row['report'])}</bdi></td></tr>"
        for row in state.get("messages", [])[::-1][:MAX_SHOWN]
    )
    head = "<tr><th>To</th><th>Text</th><th>Parts</th><th>Report</th></tr>"
    table = f'<div class="wide"><table>{head}{rows}</table></div>' if rows else ""
    return frame.page(
        request,
        TITLE,
        f'<form method="post" action="{request.mount}/switch"><label>{frame.both("الحال", "How it behaves")} '
        f'<select name="mode">{choices}</select></label> <button>{frame.both("حفظ", "Save")}</button></form>{table}',
    )
