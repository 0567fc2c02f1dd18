"""Every page there is to see, in one list: for axe, for the scales, and for the pictures of `bin/test --screens`.

To add a page, add a line to OTHERS. `path` may name what the world holds, for example {returned} for a reference.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts import services as people
from accounts.models import User
from municipality.models import Office
from transactions import pins
from transactions.models import Attachment, Closure, Draft, Intake, Transaction
from transactions.services import attachments, drafts, moves, notes
from transactions.services.closures import save_closure
from transactions.services.moves import Asked

from ..conftest import ANSWERS, NOW, PASSWORD, drive, picture, upload

LONG_NAME = "عبدالرحمن بن عبدالعزيز بن محمد آل عبدالله الغامدي الزهراني القرشي الحارثي المطيري العتيبي الشهراني"
LONG_FILE = "المخططات-المعمارية-لمبنى-سكني-من-دورين-وملحق-final-approved-version-12-" + "نسخة-" * 8 + ".pdf"


def session_of(user: User) -> str:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client.cookies["sessionid"].value


def session_just_confirmed(user: User) -> str:
    """Of somebody who has just typed their password once more."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return client.cookies["sessionid"].value


def session_half_signed_in(user: User) -> str:
    """Of somebody whose password was right, before the second factor."""
    client = Client()
    client.post(reverse("account_login"), {"login": user.national_id, "password": PASSWORD})
    return client.cookies["sessionid"].value


def session_with_code_sent(user: User) -> str:
    """Of somebody to whom a code went out by SMS."""
    client = Client()
    client.post(
        reverse("accounts:first"),
        {"national_id": user.national_id, "full_name": user.full_name, "phone": user.phone},
    )
    return client.cookies["sessionid"].value


@dataclass(frozen=True)
class Shown:
    """A page: `who` is a name of the cast in a `session`, `then` is done once it is open, `status` is the answer's."""

    name: str
    path: str
    who: str = ""
    then: Callable[[Page, dict[str, str]], None] | None = None
    status: int = 200
    session: Callable[[User], str] = session_of


def ask(key: str) -> Callable[[Page, dict[str, str]], None]:
    def then(page: Page, world: dict[str, str]) -> None:
        page.fill("[name=reference]", world[key])
        page.fill("[name=pin]", world[f"pin_{key}"])
        page.locator("[name=pin]").press("Enter")
        page.locator(".timeline").wait_for()

    return then


def ask_nothing(page: Page, world: dict[str, str]) -> None:
    page.locator("main form button").first.click()
    page.locator(".notice--error").wait_for()


def every_move(page: Page, world: dict[str, str]) -> None:
    """All there is to open on a case, open."""
    page.evaluate("for (const d of document.querySelectorAll('details')) { d.removeAttribute('name'); d.open = true; }")


def go_on_without_a_word(page: Page, world: dict[str, str]) -> None:
    page.locator("main form .actions .btn").first.click()
    page.locator(".notice--error").wait_for()


def look_at_the_first(page: Page, world: dict[str, str]) -> None:
    page.locator(".shown summary").first.click()
    expect(page.locator(".shown img").first).to_have_js_property("complete", True)


def check_nothing(page: Page, world: dict[str, str]) -> None:
    page.locator(".intake__actions .btn").first.click()
    page.locator(".notice--error").wait_for()


def look_first(page: Page, world: dict[str, str]) -> None:
    page.locator("[name=case]").first.check()
    page.select_option("#to", index=1)
    page.locator(".hand-over button").click()
    page.locator("[name=to]").wait_for(state="attached")


PUBLIC = (
    Shown("home", "/"),
    Shown("service-building", "/services/building-permit/"),
    Shown("service-subdivision-closed", "/services/land-subdivision/"),
    Shown("service-electricity", "/services/electricity-connection/"),
    Shown("inquiry", "/inquiry/"),
    Shown("inquiry-incoming", "/inquiry/?by=incoming"),
    Shown("inquiry-mistakes", "/inquiry/", then=ask_nothing),
    Shown("inquiry-answer-returned-400-days-old", "/inquiry/", then=ask("returned")),
    Shown("inquiry-answer-issued", "/inquiry/", then=ask("issued")),
    Shown("inquiry-answer-unpaid", "/inquiry/", then=ask("unpaid")),
    Shown("verify", "/verify/"),
    Shown("verify-good", "/verify/{token}/"),
    Shown("verify-bad", "/verify/{token}x/"),
    Shown("help", "/help/"),
    Shown("accessibility", "/accessibility/"),
    Shown("privacy", "/privacy/"),
    Shown("login", "/accounts/login/"),
    Shown("first", "/first/"),
    Shown("account-closed", "/accounts/inactive/"),
    Shown("design", "/design/"),
    Shown("not-found", "/nowhere/", status=404),
    *(Shown(f"error-{status}", f"/design/{status}/", status=status) for status in (400, 403, 410, 413, 429, 500, 503)),
    Shown("receipt", "/requests/{returned}/receipt/", "citizen"),
    Shown("receipt-slip", "/requests/{returned}/receipt/?paper=slip", "citizen"),
    Shown("permit", "/requests/{issued}/documents/building-permit/", "citizen"),
    Shown("profile", "/profile/", "citizen"),
    Shown("code", "/first/code/", "citizen", session=session_with_code_sent),
    Shown("password", "/accounts/password/", "citizen"),
    Shown("logout", "/accounts/logout/", "citizen"),
    Shown("second-factor-off", "/accounts/2fa/", "citizen"),
    Shown("second-factor", "/accounts/2fa/", "second_reviewer"),
    Shown("second-factor-set-up", "/accounts/2fa/totp/activate/", "reviewer", session=session_just_confirmed),
    Shown(
        "second-factor-set-up-mistakes",
        "/accounts/2fa/totp/activate/",
        "citizen",
        session=session_just_confirmed,
        then=go_on_without_a_word,
    ),
    Shown(
        "second-factor-turn-off", "/accounts/2fa/totp/deactivate/", "second_reviewer", session=session_just_confirmed
    ),
    Shown("second-factor-codes", "/accounts/2fa/recovery-codes/", "second_reviewer", session=session_just_confirmed),
    Shown(
        "second-factor-new-codes",
        "/accounts/2fa/recovery-codes/generate/",
        "second_reviewer",
        session=session_just_confirmed,
    ),
    Shown("second-factor-asked", "/accounts/2fa/authenticate/", "second_reviewer", session=session_half_signed_in),
    Shown("confirm-by-password", "/accounts/reauthenticate/", "second_reviewer"),
    Shown("confirm-by-code", "/accounts/2fa/reauthenticate/", "second_reviewer"),
)

OTHERS = (
    Shown("requests", "/requests/", "citizen"),
    Shown("requests-none", "/requests/", "other_citizen"),
    Shown("request-returned", "/requests/{returned}/", "citizen"),
    Shown("request-issued", "/requests/{issued}/", "citizen"),
    Shown("answer", "/requests/{returned}/answer/", "citizen"),
    Shown("withdraw", "/requests/{returned}/withdraw/", "citizen"),
    Shown("notices", "/notices/", "citizen"),
    Shown("authorisations", "/authorisations/", "citizen"),
    Shown("draft", "/drafts/{draft}/", "citizen"),
    Shown("draft-step", "/drafts/{draft}/place/", "citizen"),
    Shown("draft-mistakes", "/drafts/{draft}/place/", "citizen", then=go_on_without_a_word),
    Shown("draft-conditions", "/drafts/{draft}/conditions/", "citizen"),
    Shown("draft-documents", "/drafts/{draft}/documents/", "citizen"),
    Shown("draft-check", "/drafts/{draft}/check/", "citizen", then=look_at_the_first),
    Shown("office", "/office/", "engineer"),
    Shown("drafts", "/drafts/", "citizen"),
    Shown("office-drafts", "/drafts/?of=office", "engineer"),
    Shown("office-changes", "/office/changes/", "engineer"),
    Shown("notices-of-office", "/notices/", "engineer"),
    Shown("office-authorisations", "/office/authorisations/", "engineer"),
)

STAFF = (
    Shown("staff-queue", "/staff/", "reviewer"),
    Shown("staff-queue-none", "/staff/", "informal"),
    Shown("staff-case", "/staff/cases/{open}/", "reviewer", then=every_move),
    Shown("staff-case-returned", "/staff/cases/{returned}/", "supervisor", then=every_move),
    Shown("staff-counter", "/staff/counter/", "clerk"),
    Shown("staff-intake-mistakes", "/staff/counter/{intake}/", "clerk", then=check_nothing),
    Shown("staff-supervision", "/staff/supervision/?show=all", "supervisor"),
    Shown("staff-reassign", "/staff/supervision/?show=all", "supervisor", then=look_first),
    Shown("staff-cases", "/staff/transactions/transaction/", "supervisor"),
    Shown("staff-reference", "/staff/reference/", "administrator"),
    Shown("staff-offices", "/staff/municipality/office/", "administrator"),
    Shown("staff-office", "/staff/municipality/office/{place}/change/", "administrator"),
    Shown("staff-office-history", "/staff/municipality/office/{place}/history/", "administrator"),
    Shown("staff-people", "/staff/accounts/user/", "administrator"),
    Shown("staff-person", "/staff/accounts/user/{person}/change/", "administrator"),
    Shown("staff-engineering-office", "/staff/accounts/engineeringoffice/{firm}/change/", "administrator"),
    Shown("staff-post", "/staff/accounts/staffpost/add/", "administrator"),
    Shown("staff-journal", "/staff/journal/entry/", "administrator"),
    Shown("staff-work-owed", "/staff/transactions/outbox/", "administrator"),
    Shown("staff-closures", "/staff/transactions/closure/add/", "administrator"),
)
OTHERS += STAFF


def build(cast: Any, submitted: Callable[..., Transaction]) -> dict[str, str]:
    """A small city with its hard moments: long names, a file 400 days old, a service closed for new requests."""
    User.objects.filter(pk=cast.citizen.pk).update(full_name=LONG_NAME)
    long_ago = NOW - timedelta(days=400)
    returned = drive(submitted(now=long_ago, street=LONG_NAME), cast, "under_study", long_ago)
    codes = [entry.code for entry in returned.service_type.deficiencies[:3]]
    asked = [Asked(code) for code in codes]
    returned = moves.return_for_completion(returned, deficiencies=asked, by=cast.reviewer, now=long_ago)
    first = Attachment.objects.filter(transaction=returned).first()
    Attachment.objects.filter(pk=first.pk).update(original_name=LONG_FILE)
    issued = drive(submitted("building-permit", now=NOW - timedelta(days=20)), cast, "issued", NOW - timedelta(days=20))
    still_open = drive(submitted("building-permit", now=NOW - timedelta(days=3)), cast, "under_admin_audit")
    unpaid = drive(submitted("building-permit"), cast, "awaiting_payment")
    people.authorise_office(cast.other_citizen, cast.office, plan_number="9", parcel_number="9")
    permit = drafts.start(unpaid.service_type, by=cast.engineer, authorisation=unpaid.authorisation, now=NOW)
    Draft.objects.filter(pk=permit.pk).update(owner_note="صحّحوا المساحة")
    service = returned.service_type
    draft = drafts.start(service, by=cast.citizen, now=NOW)
    typed = {name: str(value) for name, value in ANSWERS[service.code].items() if name != "street"}
    drafts.save_step(draft, service.steps[0], typed, by=cast.citizen, now=NOW)
    attachments.attach_to_draft(draft, "id_copy", upload(LONG_FILE), by=cast.citizen, now=NOW)
    attachments.attach_to_draft(draft, "facade_photo", upload("واجهة.jpg", picture("JPEG")), by=cast.citizen, now=NOW)
    save_closure(
        Closure(
            service="land-subdivision",
            since=NOW - timedelta(days=2),
            reason_ar="نراجع حدود المخططات المعتمدة بعد تحديثها.",
            reason_en="The boundaries of the approved plans are being checked after their update.",
            reopens_on=(NOW + timedelta(days=12)).date(),
        )
    )
    note = "ملاحظة طويلة إلى زميل: راجعوا الحد الشمالي مع الرفع المساحي قبل الاعتماد، والجار حضر أمس. " * 3
    notes.write(still_open, text=note, by=cast.supervisor, to=cast.reviewer, now=NOW)
    centre = Office.objects.get(code="SC01")
    intake = drafts.start(service, by=cast.clerk, applicant=cast.citizen, centre=centre, now=NOW)
    TOTP.activate(cast.second_reviewer, generate_totp_secret())
    RecoveryCodes.activate(cast.second_reviewer)
    cases = {"returned": returned.reference, "issued": issued.reference, "open": still_open.reference}
    cases["unpaid"] = unpaid.reference
    return cases | {
        **{f"pin_{name}": pins.of(reference) for name, reference in cases.items()},
        "draft": str(draft.key),
        "intake": str(intake.key),
        "person": str(cast.citizen.pk),
        "place": str(centre.pk),
        "firm": str(cast.office.pk),
        "token": Intake.objects.get(transaction=issued).token,
    }


def show(page: Page, shown: Shown, world: dict[str, str]) -> None:
    """Open a page as it is meant to be seen."""
    answer = page.goto(shown.path.format(**world))
    assert answer is not None
    assert answer.status == shown.status, (shown.name, answer.status)
    if shown.then:
        shown.then(page, world)
