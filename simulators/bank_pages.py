"""What the bank shows to people: in both languages, under the bar that says what it is."""

from __future__ import annotations

from decimal import Decimal
from html import escape
from typing import Any

from . import frame
from .frame import Answer, Request, both

NO_BILL = ("لا توجد فاتورة بهذا الرقم", "There is no bill with this number")
NO_AMOUNT = ("اكتب رقم فاتورة ومبلغًا أكبر من صفر", "Enter a bill number and an amount of more than nothing")
STATES = {
    "issued": ("بانتظار السداد", "To be paid"),
    "paid": ("مسددة", "Paid"),
    "expired": ("انتهت مدتها", "Expired"),
    "cancelled": ("ملغاة", "Cancelled"),
}
MAX_ROWS = 30


def show(request: Request, state: dict[str, Any], switches: dict[str, tuple[str, str]], today: str) -> Answer:
    """The first page, or that of one bill (?bill=NUMBER)."""
    if request.path != "/":
        return frame.missing(request)
    asked = "".join(str(int(char)) for char in request.query().get("bill", "") if char.isdecimal())
    if asked:
        shown = state.get("bills", {}).get(asked)
        if shown is None:
            return message(request, NO_BILL, status=404, then=_pay_anyway(request, asked))
        over = shown["state"] == "issued" and shown["last_day"] < today
        return bill(request, state, shown | ({"state": "expired"} if over else {}), today)
    content = _find(request) + _bills(request, state) + _payments(request, state) + _switches(request, state, switches)
    return frame.page(request, ("البنك", "The bank"), content)


def message(request: Request, words: tuple[str, str], *, status: int = 200, then: str = "") -> Answer:
    """One sentence, and the way back."""
    return frame.page(request, words, f"{then}<p>{_back(request)}</p>", status=status)


def _ltr(text: str) -> str:
    return f'<bdi dir="ltr">{escape(text)}</bdi>'


def _money(amount: str) -> str:
    return _ltr(f"{Decimal(amount):,.2f}")


def _back(request: Request) -> str:
    return f'<a href="{request.mount}/">{both("إلى صفحة البنك", "Back to the bank")}</a>'


def _find(request: Request) -> str:
    label = both("رقم الفاتورة", "Bill number")
    return (
        f'<form method="get" action="{request.mount}/"><label>{label} '
        f'<input name="bill" inputmode="numeric" dir="ltr" autocomplete="off" size="22" required></label> '
        f"<button>{both('عرض الفاتورة', 'Show the bill')}</button></form>"
    )


def bill(
    request: Request, state: dict[str, Any], shown: dict[str, Any], today: str, *, refused: bool = False
) -> Answer:
    """A bill, and every way to pay it."""
    why = both(
        "لا يقبل البنك هذا السداد في الأحوال المعتادة. يمكن إجراؤه هنا رغم ذلك للتجربة.",
        "A bank would not take this payment. You can make it here all the same, to try what follows.",
    )
    rows = [
        (("رقم الفاتورة", "Bill number"), f'<bdi dir="ltr">{escape(shown["number"])}</bdi>'),
        (("رمز المفوتر", "Biller code"), f'<bdi dir="ltr">{escape(shown["biller"])}</bdi>'),
        (("المبلغ (ريال)", "Amount (SAR)"), _money(shown["amount"])),
        (("آخر يوم للسداد", "Last day"), f'<bdi dir="ltr">{escape(shown["last_day"])}</bdi>'),
        (("الحالة", "State"), both(*STATES[shown["state"]])),
    ]
    table = "".join(f'<tr><th scope="row">{both(*label)}</th><td>{value}</td></tr>' for label, value in rows)
    content = (f"<p>{why}</p>" if refused else "") + f"<table>{table}</table>"
    if shown["state"] == "issued":
        back = request.query().get("back", "")
        content += frame.button(request, "/pay", ("سداد", "Pay"), bill=shown["number"], back=back)
    content += _pay_anyway(request, shown["number"], shown["amount"]) + f"<p>{_back(request)}</p>"
    return frame.page(request, ("فاتورة", "Bill"), content)


def _pay_anyway(request: Request, number: str, amount: str = "") -> str:
    legend = both(
        "سداد بمبلغ آخر أو مرة أخرى أو بعد المدة أو لرقم غير معروف",
        "Pay another amount, once more, after the last day, or for an unknown number",
    )
    return (
        f'<fieldset><legend>{legend}</legend><form method="post" action="{request.mount}/pay">'
        f'<input type="hidden" name="bill" value="{escape(number)}"><input type="hidden" name="anyway" value="1">'
        f"<label>{both('المبلغ', 'Amount')} "
        f'<input name="amount" dir="ltr" inputmode="decimal" size="10" value="{escape(amount)}"></label> '
        f'<label>{both("يوم السداد", "Day of payment")} <input type="date" name="day"></label> '
        f"<button>{both('سداد رغم ذلك', 'Pay all the same')}</button></form></fieldset>"
    )


def paid(request: Request, state: dict[str, Any], payment: dict[str, Any], back: str = "") -> Answer:
    """What somebody has paid."""
    silent = state.get("switches", {}).get("lost")
    announcement = (
        both("لن يُرسل إشعار إلى البوابة.", "The portal is not told.")
        if silent
        else both("تُبلَّغ البوابة خلال لحظات.", "The portal is told in a moment.")
    )
    words = f'<p>{both("رقم العملية", "Payment number")}: <bdi dir="ltr">{escape(payment["payment"])}</bdi></p>'
    content = f"{words}<p>{announcement}</p>{_to_portal(back)}<p>{_back(request)}</p>"
    return frame.page(request, ("تم السداد", "Paid"), content)


def _to_portal(address: str) -> str:
    """The way back to whoever sent the payer here; nothing for what is no address of a page."""
    if not address.startswith(("http://", "https://")):
        return ""
    words = both("العودة إلى طلبك في البوابة", "Back to your request on the portal")
    return f'<p><a href="{escape(address)}">{words}</a></p>'


def _bills(request: Request, state: dict[str, Any]) -> str:
    rows = sorted(state.get("bills", {}).values(), key=lambda each: each.get("made_at", ""), reverse=True)[:MAX_ROWS]
    body = "".join(
        f'<tr><td><a href="{request.mount}/?bill={escape(each["number"])}">{_ltr(each["number"])}</a></td>'
        f"<td>{_money(each['amount'])}</td>"
        f'<td><bdi dir="ltr">{escape(each["last_day"])}</bdi></td><td>{both(*STATES[each["state"]])}</td></tr>'
        for each in rows
    )
    heads = (("رقم الفاتورة", "Bill number"), ("المبلغ", "Amount"), ("آخر يوم", "Last day"), ("الحالة", "State"))
    return _table(("آخر الفواتير", "Latest bills"), heads, body)


def _payments(request: Request, state: dict[str, Any]) -> str:
    every = [each for shown in state.get("bills", {}).values() for each in shown["payments"]] + state.get("strays", [])
    rows = sorted(every, key=lambda each: each["paid_at"], reverse=True)[:MAX_ROWS]
    body = "".join(
        f"<tr><td>{_ltr(each['payment'])}</td><td>{_ltr(each['bill'])}</td><td>{_money(each['amount'])}</td>"
        f'<td><bdi dir="ltr">{escape(each["paid_at"][:16].replace("T", " "))}</bdi></td>'
        f"<td>{_unlist(request, each)}</td></tr>"
        for each in rows
    )
    heads = (
        ("رقم العملية", "Payment"), ("رقم الفاتورة", "Bill number"), ("المبلغ", "Amount"), ("الوقت", "Moment"),
        ("ملف التسوية", "Settlement file"),
    )  # fmt: skip
    return _table(("آخر المدفوعات", "Latest payments"), heads, body)


def _unlist(request: Request, payment: dict[str, Any]) -> str:
    words = ("إعادته إلى الملف", "Put it back") if payment.get("unlisted") else ("حذفه من الملف", "Leave it out")
    return frame.button(request, "/unlist", words, payment=payment["payment"])


def _table(title: tuple[str, str], heads: tuple[tuple[str, str], ...], body: str) -> str:
    if not body:
        return ""
    head = "".join(f'<th scope="col">{both(*each)}</th>' for each in heads)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'<h2>{both(*title)}</h2><div class="wide">{table}</div>'


def _switches(request: Request, state: dict[str, Any], switches: dict[str, tuple[str, str]]) -> str:
    on = state.get("switches", {})
    rows = "".join(
        f"<tr><td>{both(*words)}</td><td>{both('مفعّل', 'on') if on.get(name) else both('غير مفعّل', 'off')}</td>"
        f"<td>{frame.button(request, '/switches', ('تبديل', 'Switch'), name=name)}</td></tr>"
        for name, words in switches.items()
    )
    return f"<h2>{both('تعطيل البنك', 'Break the bank')}</h2><table>{rows}</table>"
