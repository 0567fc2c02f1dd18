"""The electricity company, the notary and the survey department, as the portal's adapter meets them.

They take messages, acknowledge by a webhook after a moment, and conclude when somebody presses a button on their page.
Switches make them misbehave in every way the portal has to bear.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
import json
import threading
import time
import urllib.error
import urllib.request
import uuid
from datetime import datetime, timedelta, timezone
from html import escape
from pathlib import Path
from typing import Any

from . import frame
from .frame import Answer, Request, Store, shared_secret

TITLE = ("شركة الكهرباء وكتابة العدل والمساحة", "Electricity company, notary, survey department")
BODIES = {
    "electricity": ("شركة الكهرباء", "The electricity company"),
    "notary": ("كتابة العدل", "The notary"),
    "survey": ("إدارة المساحة", "The survey department"),
}
SWITCHES = {
    "": ("تعمل", "Works"),
    "away": ("متوقفة", "Away: answers 503"),
    "slow": ("بطيئة", "Slow: answers after 8 seconds"),
    "garbled": ("تجيب بما لا يُفهم", "Answers with a page instead of data"),
    "other": ("تجيب عن رسالة أخرى", "Answers about another message"),
    "refuses": ("ترفض الرسائل", "Refuses every message (422)"),
    "silent": ("لا تُقر بالاستلام", "Takes messages and never acknowledges"),
    "forged": ("توقيع خاطئ", "Signs its messages wrongly"),
    "twice": ("ترسل كل رسالة مرتين", "Sends each message twice"),
    "reordered": ("ترسل الرسائل بغير ترتيبها", "Sends the conclusion first, the acknowledgement later"),
}
# Outcomes that need a reason rather than a number.
REASONED = {"refused"}
RIYADH = timezone(timedelta(hours=3))
SLOW_SECONDS, ACKNOWLEDGED_AFTER = 8.0, 2.0


def handle(request: Request) -> Answer:
    parts = request.path.strip("/").split("/")
    match request.method, parts:
        case "GET", [""]:
            return overview(request)
        case "POST", ["switch"]:
            return switch(request)
        case "POST", [body, "messages"] if body in BODIES:
            return take(request, body)
        case "POST", [body, "conclude"] if body in BODIES:
            return conclude(request, body)
        case "GET", [body, "list.csv"] if body in BODIES:
            return listed(request, body)
    return frame.missing(request)


application = frame.application(handle)


def sign(secret: str, direction: str, content: bytes) -> str:
    """As docs/operations.md says of messages with bodies."""
    at = int(time.time())
    mac = hmac.new(secret.encode(), f"{direction}.{at}.".encode() + content, hashlib.sha256).hexdigest()
    return f"t={at},v1={mac}"


def is_signed(secret: str, direction: str, content: bytes, header: str) -> bool:
    at = header.partition(",")[0].removeprefix("t=")
    mac = hmac.new(secret.encode(), f"{direction}.{at}.".encode() + content, hashlib.sha256).hexdigest()
    return hmac.compare_digest(header, f"t={at},v1={mac}")


def key_of(folder: Path, body: str) -> str:
    return shared_secret(folder, f"{body.upper()}_KEY")


def take(request: Request, body: str) -> Answer:
    """Take a message once, however often it comes."""
    mode = Store(request.folder).read().get("switches", {}).get(body, "")
    if mode == "away":
        return frame.data({"error": "out of order"}, 503)
    if mode == "slow":
        time.sleep(SLOW_SECONDS)
    if mode == "garbled":
        return frame.page(request, ("خطأ", "Error"), "")
    if not is_signed(key_of(request.folder, body), "to", request.content, request.header("Portal-Signature")):
        return frame.data({"error": "signature"}, 401)
    message = request.json()
    if mode == "refuses":
        return frame.data({"error": "not taken"}, 422)
    with Store(request.folder).change() as state:
        matters = state.setdefault(body, {})
        known = message["message"] in matters
        if known and _content(matters[message["message"]]["told"]) != _content(message):
            return frame.data({"error": "another message has this key"}, 409)
        number = f"{body[:1].upper()}-{len(matters) + 1:06d}"
        matters.setdefault(
            message["message"], {"told": message, "number": number, "sent": [], "outcome": "", "given": ""}
        )
    if not known and mode not in ("silent", "reordered"):
        later(request, body, message["message"], "acknowledged", after=ACKNOWLEDGED_AFTER)
    return frame.data({"message": str(uuid.uuid4()) if mode == "other" else message["message"]})


def _content(message: dict[str, Any]) -> dict[str, Any]:
    """What it says, but for the person, whose mobile may be another by now."""
    return {name: value for name, value in message.items() if name != "person"}


def conclude(request: Request, body: str) -> Answer:
    """Somebody pressed a button."""
    form = request.form()
    key, outcome, typed = form["key"], form["outcome"], form.get("typed", "").strip()
    store = Store(request.folder)
    mode = store.read().get("switches", {}).get(body, "")
    number = store.read()[body][key]["number"]
    typed = typed or (f"{number}-1" if outcome not in REASONED else "لم تُستوفَ الشروط الفنية في الموقع.")
    if outcome != "acknowledged":
        with store.change() as state:
            state[body][key] |= {"outcome": outcome, "given": typed, "at": moment()}
    later(request, body, key, outcome, typed=typed)
    if mode == "reordered" and outcome != "acknowledged":
        later(request, body, key, "acknowledged", after=1.0, at=moment(-3600))
    return frame.to(request, "/")


def moment(seconds: float = 0) -> str:
    return (datetime.now(RIYADH) + timedelta(seconds=seconds)).isoformat(timespec="seconds")


def later(
    request: Request, body: str, key: str, event: str, *, typed: str = "", after: float = 0.0, at: str = ""
) -> None:
    """Tell the portal, from a thread of its own."""
    event_sent = {"id": str(uuid.uuid4()), "event": event, "message": key, "at": at or moment()}
    folder, portal = request.folder, request.portal
    event_sent["number"] = Store(folder).read()[body][key]["number"]
    if event in REASONED:
        event_sent["reason"] = typed
    content: dict[str, Any] = event_sent | ({"given": [typed]} if typed and event not in REASONED else {})

    def notify() -> None:
        mode = Store(folder).read().get("switches", {}).get(body, "")
        for _time in range(2 if mode == "twice" else 1):
            became = deliver(portal, body, content, "wrong" if mode == "forged" else key_of(folder, body))
            with Store(folder).change() as state:
                state[body][key]["sent"].append(f"{event}: {became}")

    threading.Timer(after, notify).start()


def deliver(portal: str, body: str, content: dict[str, Any], secret: str) -> str:
    """POST one event; what the portal answered."""
    data = json.dumps(content, ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json", "Portal-Signature": sign(secret, "from", data)}
    asked = urllib.request.Request(f"{portal}/outside/{body}/events/", data, headers)  # noqa: S310 – the demo's own
    try:
        with urllib.request.urlopen(asked, timeout=5) as answer:  # noqa: S310
            return f"{answer.status} {json.load(answer)['status']}"
    except urllib.error.HTTPError as error:
        with error:
            return str(error.code)
    except (OSError, ValueError, KeyError) as error:
        return type(error).__name__


def switch(request: Request) -> Answer:
    form = request.form()
    if form["body"] in BODIES and form["mode"] in SWITCHES:
        with Store(request.folder).change() as state:
            state.setdefault("switches", {})[form["body"]] = form["mode"]
    return frame.to(request, "/")


def listed(request: Request, body: str) -> Answer:
    """What it has concluded, as the list it would send to be uploaded."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(["reference", "event", "number", "at", "given", "reason"])
    for matter in Store(request.folder).read().get(body, {}).values():
        if matter["outcome"]:
            given, reason = ("", matter["given"]) if matter["outcome"] in REASONED else (matter["given"], "")
            reference = matter["told"]["reference"]
            rows.writerow([reference, matter["outcome"], matter["number"], matter["at"][:10], given, reason])
    headers = (("Content-Disposition", f'attachment; filename="{body}.csv"'),)
    return Answer(200, text.getvalue().encode("utf-8-sig"), "text/csv; charset=utf-8", headers)


def overview(request: Request) -> Answer:
    state = Store(request.folder).read()
    return frame.page(request, TITLE, "".join(_section(request, body, state) for body in BODIES))


def _section(request: Request, body: str, state: dict[str, Any]) -> str:
    mode = state.get("switches", {}).get(body, "")
    choices = "".join(
        f'<option value="{value}"{" selected" if value == mode else ""}>{escape(" – ".join(words))}</option>'
        for value, words in SWITCHES.items()
    )
    matters = list(state.get(body, {}).items())[::-1]
    rows = "".join(_row(request, body, key, matter) for key, matter in matters[:50])
    table = (
        '<div class="wide"><table><tr><th>Reference</th><th>Number</th><th>Sent to the portal</th><th></th></tr>'
        f"{rows}</table></div>"
        if rows
        else f"<p>{frame.both('لم يصل شيء بعد.', 'Nothing has arrived yet.')}</p>"
    )
    return (
        f"<fieldset><legend>{frame.both(*BODIES[body])}</legend>"
        f'<form method="post" action="{request.mount}/switch"><input type="hidden" name="body" value="{body}">'
        f'<label>{frame.both("الحال", "How it behaves")} <select name="mode">{choices}</select></label> '
        f"<button>{frame.both('حفظ', 'Save')}</button></form> "
        f'<a href="{request.mount}/{body}/list.csv">CSV</a>{table}</fieldset>'
    )


def _row(request: Request, body: str, key: str, matter: dict[str, Any]) -> str:
    outcomes = ["acknowledged", *matter["told"].get("outcomes", [])]
    options = "".join(f'<option value="{escape(code)}">{escape(code)}</option>' for code in outcomes)
    form = (
        f'<form method="post" action="{request.mount}/{body}/conclude"><input type="hidden" name="key" value="{key}">'
        f'<select name="outcome" aria-label="outcome">{options}</select> '
        f'<input name="typed" aria-label="number or reason" placeholder="number or reason">'
        f"<button>{frame.both('إرسال', 'Send')}</button></form>"
    )
    message = matter["told"]
    who = escape(str(message.get("person", {}).get("name", "")))
    sent = "<br>".join(f"<bdi>{escape(line)}</bdi>" for line in matter["sent"])
    return (
        f"<tr><td><bdi>{escape(message['reference'])}</bdi><br>{escape(message['matter'])}<br>{who}</td>"
        f"<td><bdi>{escape(matter['number'])}</bdi></td><td>{sent}</td><td>{form}</td></tr>"
    )
