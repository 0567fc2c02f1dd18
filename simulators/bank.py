"""The bank: takes bills, lets anybody pay them, tells the portal, and writes a file of each day.

PUT /bills/N (key, amount, last_day), POST /bills/N/cancel, GET /bills/N, GET /settlements/YYYY-MM-DD.csv, each with
`Authorization: Bearer <BANK_TOKEN>`; notices go to <portal>/bank/notices/ with the HMAC-SHA-256 of BANK_SECRET. The
pages pay a bill by its number in every way a payer can, and break the bank in every way it can break.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import urllib.error
import urllib.request
from datetime import datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from . import bank_pages, frame
from .frame import Answer, Request, Store

TITLE = ("البنك", "The bank")
RIYADH = timezone(timedelta(hours=3))
SLOW_SECONDS = 8
# How notices go out; each may be on.
SWITCHES = {
    "away": ("البنك متوقف", "The bank is away (503)"),
    "slow": ("الرد بطيء", "It answers slowly"),
    "refuses": ("لا يقبل فواتير جديدة", "It takes no new bills"),
    "doubled": ("كل إشعار يرسل مرتين", "Each notice is sent twice"),
    "reordered": ("الإشعارات بترتيب معكوس", "Notices come in reverse order, in pairs"),
    "forged": ("مع كل إشعار إشعار مزور", "A forged notice goes with each"),
    "lost": ("لا ترسل إشعارات", "No notices are sent"),
}


def handle(request: Request) -> Answer:
    store = Store(request.folder)
    if request.path.startswith(("/bills/", "/settlements/")):
        return _for_programs(request, store)
    if request.method == "POST":
        return _pressed(request, store)
    return bank_pages.show(request, store.read(), SWITCHES, today())


application = frame.application(handle)


def now() -> datetime:
    return datetime.now(RIYADH)


def today() -> str:
    return now().date().isoformat()


# -- for programs ----------------------------------------------------------------------------------------------------


def _for_programs(request: Request, store: Store) -> Answer:
    switches = store.read().get("switches", {})
    if switches.get("slow"):
        time.sleep(SLOW_SECONDS)
    if switches.get("away"):
        return frame.data({"error": "away"}, 503)
    right = f"Bearer {frame.shared_secret(request.folder, 'BANK_TOKEN')}"
    if not hmac.compare_digest(request.header("Authorization").encode(), right.encode()):
        return frame.data({"error": "who are you?"}, 401)
    parts = request.path.strip("/").split("/")
    if parts[0] == "settlements":
        return _settlement(store.read(), parts[1].removesuffix(".csv"))
    if request.method == "PUT":
        return _put(request, store, parts[1], bool(switches.get("refuses")))
    with store.change() as state:
        bill = state.get("bills", {}).get(parts[1])
        if bill is None:
            return frame.data({"error": "no such bill"}, 404)
        if request.method == "POST" and parts[2:] == ["cancel"] and bill["state"] == "issued":
            bill["state"] = "cancelled"
    return frame.data(_as_told(bill))


def _put(request: Request, store: Store, number: str, refuses: bool) -> Answer:
    sent = request.json()
    amount, last_day = Decimal(sent["amount"]), str(sent["last_day"])
    latest = (now().date() + timedelta(days=29)).isoformat()
    if refuses or amount <= 0 or not number.isdecimal() or not today() <= last_day <= latest:
        return frame.data({"error": "this bill is not taken"}, 422)
    with store.change() as state:
        bills = state.setdefault("bills", {})
        same = next((bill for bill in bills.values() if bill["key"] == sent["key"]), None)
        if same is None and number in bills:
            return frame.data({"error": "this number is taken"}, 409)
        if same is None:
            same = bills[number] = {
                "number": number, "key": sent["key"], "biller": sent["biller"], "amount": str(amount),
                "state": "issued", "last_day": last_day, "payments": [], "made_at": now().isoformat(),
            }  # fmt: skip
        elif same["number"] == number and same["state"] == "issued":
            same["last_day"] = last_day
    return frame.data(_as_told(same))


def _as_told(bill: dict[str, Any]) -> dict[str, Any]:
    over = bill["state"] == "issued" and bill["last_day"] < today()
    return bill | {"state": "expired" if over else bill["state"]}


def _settlement(state: dict[str, Any], day: str) -> Answer:
    if day >= today():
        return frame.data({"error": "the day is not over"}, 404)
    return Answer(200, settlement_of(state, day).encode(), "text/csv; charset=utf-8")


def settlement_of(state: dict[str, Any], day: str) -> str:
    """The file of a day: every payment of it but those that were left out by hand."""
    rows = [paid for paid in payments_of(state) if paid["paid_at"][:10] == day and not paid.get("unlisted")]
    lines = ["payment,bill,amount,paid_at,key"]
    lines += [",".join(paid[name] for name in ("payment", "bill", "amount", "paid_at", "key")) for paid in rows]
    total = sum((Decimal(paid["amount"]) for paid in rows), Decimal(0))
    return "\n".join([*lines, f"total,{len(rows)},{total},,"]) + "\n"


def payments_of(state: dict[str, Any]) -> list[dict[str, Any]]:
    """Every payment there was, for bills it knows and for others."""
    return [paid for bill in state.get("bills", {}).values() for paid in bill["payments"]] + state.get("strays", [])


# -- for people ------------------------------------------------------------------------------------------------------


def _pressed(request: Request, store: Store) -> Answer:
    form = request.form()
    with store.change() as state:
        if request.path == "/switches":
            name = form["name"]
            switches = state.setdefault("switches", {})
            if name in SWITCHES:
                switches[name] = not switches.get(name)
            return frame.to(request, "/")
        if request.path == "/pay":
            return _pay(request, state, form)
        if request.path == "/unlist":
            for paid in payments_of(state):
                if paid["payment"] == form["payment"]:
                    paid["unlisted"] = not paid.get("unlisted")
            return frame.to(request, "/")
    return frame.missing(request)


def _pay(request: Request, state: dict[str, Any], form: dict[str, str]) -> Answer:
    number = "".join(str(int(char)) for char in form.get("bill", "") if char.isdecimal())
    bill = state.get("bills", {}).get(number)
    try:
        amount = Decimal(form.get("amount") or (bill["amount"] if bill else "")).quantize(Decimal("0.01"))
        moment = datetime.fromisoformat(form["day"]).replace(hour=12, tzinfo=RIYADH) if form.get("day") else now()
    except (InvalidOperation, ValueError):
        return bank_pages.message(request, bank_pages.NO_AMOUNT, status=422)
    if not number or amount <= 0:
        return bank_pages.message(request, bank_pages.NO_AMOUNT, status=422)
    if bill is None and "anyway" not in form:
        return bank_pages.message(request, bank_pages.NO_BILL, status=404)
    if bill is not None and "anyway" not in form:
        stands = _as_told(bill)["state"]
        if stands != "issued" or amount != Decimal(bill["amount"]):
            return bank_pages.bill(request, state, bill | {"state": stands}, today(), refused=True)
    state["serial"] = state.get("serial", 0) + 1
    paid = {
        "payment": f"SAD{moment:%y%m%d}{state['serial']:06d}", "bill": number, "amount": str(amount),
        "paid_at": moment.isoformat(timespec="seconds"), "key": bill["key"] if bill else "",
    }  # fmt: skip
    if bill is None:
        state.setdefault("strays", []).append(paid)
    else:
        bill["payments"].append(paid)
        bill["state"] = "paid"
    _queue_notice(request.folder, state, paid, bill)
    return bank_pages.paid(request, state, paid, form.get("back", ""))


# -- notices ---------------------------------------------------------------------------------------------------------


def _queue_notice(folder: Path, state: dict[str, Any], paid: dict[str, Any], bill: dict[str, Any] | None) -> None:
    switches = state.get("switches", {})
    if switches.get("lost"):
        return
    notice = {"type": "bill.paid", "biller": bill["biller"] if bill else state.get("biller", "001"), **paid}
    state["biller"] = notice["biller"]
    waiting = state.setdefault("notices", [])
    for _copy in range(2 if switches.get("doubled") else 1):
        waiting.append({"notice": notice, "tries": 0, "at": 0})
    if switches.get("forged"):
        forged = notice | {"payment": f"X{notice['payment']}", "amount": "1.00"}
        waiting.append({"notice": forged, "tries": 0, "at": 0, "forged": True})


def signature(secret: str, content: bytes) -> str:
    """What stands in X-Signature."""
    return hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()


def background(folder: Path, portal: str) -> None:
    """Send what waits, as long as the process lives; what is not taken is tried again, longer and longer apart."""
    while True:
        time.sleep(1)
        if portal:
            send_waiting(folder, portal)


def send_waiting(folder: Path, portal: str, moment: float | None = None) -> int:
    """Send the notices that are due now, once each; returns how many the portal took."""
    store, clock = Store(folder), time.time() if moment is None else moment
    state = store.read()
    waiting = [each for each in state.get("notices", []) if each["at"] <= clock]
    if state.get("switches", {}).get("reordered"):
        if len(waiting) < 2:
            return 0
        waiting.reverse()
    if not waiting or state.get("switches", {}).get("away"):
        return 0
    secret, taken = frame.shared_secret(folder, "BANK_SECRET"), 0
    for each in waiting:
        done = _send(portal, each["notice"], "forged" if each.get("forged") else secret)
        taken += done and not each.get("forged")
        with store.change() as changed:
            notices = changed["notices"]
            at = notices.index(each)
            if done or each.get("forged"):
                del notices[at]
            else:
                notices[at] = each | {"tries": each["tries"] + 1, "at": clock + min(2 ** each["tries"], 300)}
    return taken


def _send(portal: str, notice: dict[str, Any], secret: str) -> bool:
    content = json.dumps(notice).encode()
    headers = {"Content-Type": "application/json", "X-Signature": signature(secret, content)}
    message = urllib.request.Request(f"{portal}/bank/notices/", content, headers, method="POST")  # noqa: S310 – as below
    try:
        with urllib.request.urlopen(message, timeout=5) as answer:  # noqa: S310 – the portal of this demo
            return bool(answer.status == 200)
    except (OSError, urllib.error.HTTPError):
        return False
