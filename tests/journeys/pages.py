"""Every page there is to see, in one list: for axe, for the scales, and for the pictures of `bin/test --screens`.

To add a page, add a line to OTHERS. `path` may name what the world holds, for example {returned} for a reference.
tests/portal/test_pages_listed.py fails while an address that answers with a page is not here.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from accounts.models import User
from transactions.domain import service_types
from transactions.domain.service_types import ApplicantKind, ServiceType, SubmittedBy

from . import box_pages, drawing_pages, people_pages
from .world import LISTED, session_half_signed_in, session_just_confirmed, session_of, session_with_code_sent


@dataclass(frozen=True)
class Shown:
    """A page: `who` is a name of the cast in a `session`, `then` is done once it is open, and `leads_to` another
    address, where that is what is to be seen, with * for a key that is made only then; `status` is what `path` answers
    with. What `holds` selects has to be there: a page that turned empty would be read without a complaint."""

    name: str
    path: str
    who: str = ""
    then: Callable[[Page, dict[str, str]], None] | None = None
    status: int = 200
    session: Callable[[User], str] = session_of
    leads_to: str = ""
    holds: str = ""


def ask(key: str) -> Callable[[Page, dict[str, str]], None]:
    def then(page: Page, world: dict[str, str]) -> None:
        page.fill("[name=reference]", world[key])
        page.fill("[name=pin]", world[f"pin_{key}"])
        page.locator("[name=pin]").press("Enter")
        page.locator(".timeline").wait_for()

    return then


def number_unknown(page: Page, world: dict[str, str]) -> None:
    page.fill("[name=number]", f"SHR-1448-{next(UNKNOWN)}")  # another each time: wrong tries at one are counted
    page.fill("[name=last_four]", "1234")
    page.locator("[name=last_four]").press("Enter")
    page.wait_for_url("**/verify/number/")


def file_of_others(page: Page, world: dict[str, str]) -> None:
    page.set_input_files("[name=file]", {"name": "x.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 nothing"})
    page.locator("form[action='/verify/file/'] button").click()
    page.wait_for_url("**/verify/file/")


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


def say_no(page: Page, world: dict[str, str]) -> None:
    page.locator(".feedback [value=no]").click()
    page.locator("[name=reason]").first.wait_for()


def check_nothing(page: Page, world: dict[str, str]) -> None:
    page.locator(".intake__actions .btn").first.click()
    page.locator(".notice--error").wait_for()


def look_first(page: Page, world: dict[str, str]) -> None:
    page.locator("[name=case]").first.check()
    page.select_option("#to", index=1)
    with page.expect_navigation():
        page.locator(".bulk-bar button").click()


def write_to_a_file_that_is_gone(page: Page, world: dict[str, str]) -> None:
    """The form of a case that a colleague has referred since it was opened."""
    page.evaluate(
        """() => {
            const form = document.querySelector("main form[method=post], #content form[method=post]");
            Object.assign(form, { action: "/staff/cases/C1A-1448-999999-X/notes/", noValidate: true });
            for (let f = form.closest("details"); f; f = f.parentElement.closest("details")) f.open = true;
            form.insertAdjacentHTML("beforeend", "<textarea name=text>ملاحظة مكتوبة</textarea>");
        }"""
    )
    with page.expect_navigation():
        page.locator("form[action$='/notes/'] button").click()


def write_to_a_draft_that_is_gone(page: Page, world: dict[str, str]) -> None:
    """The questions of a draft that was deleted, or taken from whoever writes it, since they opened it."""
    gone = "/drafts/00000000-0000-4000-8000-000000000000/place/"
    page.locator("main form [name=street]").fill("شارع حائل، خلف المسجد")
    page.evaluate("gone => { for (const form of document.querySelectorAll('main form')) form.action = gone }", gone)
    with page.expect_navigation():
        page.locator("main form .actions .btn").first.click()


def send_with_a_stale_token(page: Page, world: dict[str, str]) -> None:
    """As a page does that was opened before its reader signed in anew."""
    page.evaluate("for (const token of document.getElementsByName('csrfmiddlewaretoken')) token.value = 'x'.repeat(64)")
    page.locator("main form button[type=submit]").last.click()
    page.wait_for_function("!document.querySelector('main [name]:not([type=hidden])')")


def make_a_token(page: Page, world: dict[str, str]) -> None:
    form = page.locator("main form:not([action])")
    form.locator("[name=name]").fill("accounting")
    form.locator("[type=checkbox]").first.check()
    form.locator("button[type=submit]").click()
    page.locator("#token").wait_for()


def ask_for_changes(page: Page, world: dict[str, str]) -> None:
    page.locator("details.more summary").click()


def asks(service: ServiceType) -> str:
    """Who in the cast asks for a service."""
    return "citizen" if ApplicantKind.PERSON in service.applicants else "establishment"


def key_of(service: ServiceType) -> str:
    """What the world calls a service by."""
    return service.code.replace("-", "_")


def of_services() -> Iterator[Shown]:
    """Each page of questions of each service that people fill in themselves, and each visit on site."""
    for service in service_types.offered_services():
        if service.submitted_by is SubmittedBy.OWNER:
            for step in service.steps:
                path = f"/drafts/{{draft_{key_of(service)}}}/{step.code}/"
                yield Shown(f"step-{service.code}-{step.code}", path, asks(service))
        if service.inspects:
            path = f"/staff/cases/{{site_{key_of(service)}}}/"
            yield Shown(f"inspection-{service.code}", f"{path}inspection/", "inspector", holds=".file")
            yield Shown(f"inspection-{service.code}-mistakes", f"{path}inspection/", "inspector", then=record_nothing)
            yield Shown(f"inspected-{service.code}", f"/staff/cases/{{paper_{key_of(service)}}}/", "supervisor")
            yield Shown(f"request-{service.code}", f"/requests/{{paper_{key_of(service)}}}/", asks(service))


def record_nothing(page: Page, world: dict[str, str]) -> None:
    page.locator(".inspection .actions .btn").first.click()
    page.locator(".notice--error").wait_for()


def show_slip(page: Page, world: dict[str, str]) -> None:
    page.locator("[name=papers]").first.check()
    with page.expect_navigation():
        page.locator("[name=show]").click()


UNKNOWN = itertools.count(900_000)
PUBLIC = (
    Shown("home", "/"),
    Shown("services", "/services/", holds=".service__icon"),
    Shown("search", "/search/?q=رخصة", holds=".service__icon"),
    Shown("search-number", "/search/?q=C1A-1448-000123-X", holds="main [name=pin]"),
    Shown("search-nothing", "/search/?q=ظظظ", holds=".empty"),
    Shown("contact", "/contact/", holds=".centre"),
    Shown("terms", "/terms/"),
    Shown("feedback", "/feedback/"),
    Shown("feedback-why", "/", then=say_no, leads_to="/feedback/", holds=".feedback"),
    *(Shown(f"service-{service.code}", f"/services/{service.code}/") for service in service_types.offered_services()),
    *(
        Shown(f"checklist-{service.code}", f"/services/{service.code}/checklist/")
        for service in service_types.offered_services()
    ),
    Shown("centres", "/centres/", holds=".city-map a"),
    Shown("centres-near", "/centres/?district=الشرفية", holds=".centre-list__row--near"),
    Shown("centres-unknown", "/centres/?district=zzz", holds=".field--error"),
    Shown("inquiry", "/inquiry/"),
    Shown("inquiry-incoming", "/inquiry/?by=incoming"),
    Shown("inquiry-mistakes", "/inquiry/", then=ask_nothing),
    Shown("inquiry-answer-returned-400-days-old", "/inquiry/", then=ask("returned")),
    Shown("inquiry-answer-issued", "/inquiry/", then=ask("issued")),
    Shown("inquiry-answer-unpaid", "/inquiry/", then=ask("unpaid")),
    Shown("verify", "/verify/"),
    Shown("hand-in", "/receipts/hand-in/"),
    Shown("status", "/status/"),
    Shown("subscribe", "/status/subscribe/"),
    Shown("subscription", "/status/subscription/{subscription}/"),
    Shown("subscription-ended", "/status/subscription/x/", status=410),
    Shown("verify-number", "/verify/", then=number_unknown, leads_to="/verify/number/"),
    Shown("verify-file", "/verify/", then=file_of_others, leads_to="/verify/file/"),
    Shown("verify-good", "/verify/{token}/"),
    Shown("verify-bad", "/verify/{token}x/"),
    Shown("figures", "/figures/", holds=".picture__plot"),
    Shown("figures-of-month", "/figures/{month}/", holds="abbr"),
    Shown("books", "/books/", holds=".tag--warning"),
    Shown("books-of-day", "/books/{day}/"),
    Shown("help", "/help/"),
    Shown("accessibility", "/accessibility/"),
    Shown("privacy", "/privacy/"),
    Shown("login", "/accounts/login/"),
    Shown("first", "/first/"),
    Shown("account-closed", "/accounts/inactive/"),
    Shown("error-csrf", "/accounts/login/", then=send_with_a_stale_token),
    Shown("developers", "/api/v1/docs/"),
    Shown("design", "/design/"),
    Shown("not-found", "/nowhere/", status=404),
    *(Shown(f"error-{status}", f"/design/{status}/", status=status) for status in (400, 403, 410, 413, 429, 500, 503)),
    Shown("receipt", "/requests/{returned}/receipt/", "citizen"),
    Shown("bill", "/requests/{unpaid}/bill/", "citizen", holds=".bill__number"),
    Shown("receipt-slip", "/requests/{returned}/receipt/?paper=slip", "citizen"),
    *(
        Shown(
            f"paper-{service.code}",
            f"/requests/{{paper_{key_of(service)}}}/documents/{service.output.kind}/",
            asks(service),
        )
        for service in service_types.offered_services()
    ),
    Shown("request-refused", "/requests/{refused}/", "citizen", holds=".rights"),
    Shown("request-objected", "/requests/{objected}/", "citizen", holds=".rights .panel"),
    Shown("objection", "/requests/{refused}/objection/", "citizen"),
    Shown("objection-mistakes", "/requests/{refused}/objection/", "citizen", then=go_on_without_a_word),
    Shown("objection-letter", "/requests/{dismissed}/objections/{objection}/", "citizen"),
    Shown("complaint", "/requests/{late}/complaint/", "citizen"),
    Shown("collect", "/staff/counter/collect/", "clerk"),
    Shown("collect-items", "/staff/counter/collect/{collected}/", "clerk", holds="#id_papers input"),
    Shown("collect-slip", "/staff/counter/collect/{collected}/", "clerk", then=show_slip),
    Shown("collected", "/staff/counter/collected/{collection}/", "clerk"),
    Shown("staff-objections", "/staff/objections/", "central_supervisor", holds="tbody"),
    Shown("case-objected", "/staff/cases/{objected}/", "central_supervisor", then=every_move),
    Shown("profile", "/profile/", "citizen"),
    Shown("delegations", "/delegations/", "citizen"),
    Shown("profile-mobile", "/profile/mobile/", "citizen"),
    Shown("profile-mail-waits", "/profile/", "other_citizen", holds=".notice--warning form"),
    Shown("email", "/email/{email}/"),
    Shown("email-ended", "/email/x/", status=410),
    Shown("erase", "/profile/erase/", "other_citizen", session=session_just_confirmed),
    Shown("programs", "/profile/programs/", "citizen", session=session_just_confirmed),
    Shown("programs-made", "/profile/programs/", "citizen", session=session_just_confirmed, then=make_a_token),
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

CASE_CHANGED = ".changes li a[href*='/requests/']"
OTHERS = (
    *of_services(),
    Shown("drawings", "/drawings/", holds=".sheet-plan"),
    Shown("drawings-mine", "/drawings/checks/", "citizen"),
    Shown("drawing-found", "/drawings/checks/{drawing}/", "citizen", holds=".sheet-plan__spot"),
    Shown("drawing-decided", "/drawings/checks/{drawing}/", "reviewer", then=every_move, holds="[name=decision]"),
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
    Shown("draft-gone", "/drafts/{draft}/place/", "citizen", then=write_to_a_draft_that_is_gone),
    Shown("draft-conditions", "/drafts/{draft}/conditions/", "citizen"),
    Shown("draft-documents", "/drafts/{draft}/documents/", "citizen"),
    Shown("draft-photographs", "/drafts/{draft}/documents/id_copy/photographs/", "citizen"),
    Shown("draft-check", "/drafts/{draft}/check/", "citizen", then=look_at_the_first),
    Shown("draft-discard", "/drafts/{draft}/discard/", "citizen"),
    Shown("draft-send-again", "/drafts/{draft}/place/", "citizen", then=send_with_a_stale_token),
    Shown("draft-of-office-check", "/drafts/{office_draft}/check/", "citizen", then=ask_for_changes),
    Shown("notices-none", "/notices/", "other_citizen"),
    Shown("authorisations-none", "/authorisations/", "other_citizen"),
    Shown("office", "/office/", "engineer", holds=CASE_CHANGED),
    Shown("drafts", "/drafts/", "citizen"),
    Shown("office-drafts", "/drafts/?of=office", "engineer"),
    Shown("office-changes", "/office/changes/", "engineer", holds=CASE_CHANGED),
    Shown("notices-of-office", "/notices/", "engineer"),
    Shown("office-none", "/office/", "other_engineer"),
    Shown("office-authorisations-none", "/office/authorisations/", "other_engineer"),
    Shown("office-authorisations", "/office/authorisations/", "engineer"),
)


def choose_a_list(page: Page, world: dict[str, str]) -> None:
    text = f"reference,event,at,given\n{world['issued']},connected,2026-11-24,M-1\nC1A-1448-1,connected,2026-11-24,\n"
    page.set_input_files("[name=file]", {"name": "list.csv", "mimeType": "text/csv", "buffer": text.encode()})
    page.locator("main form button, #content form button").last.click()
    page.locator(".tag--error").first.wait_for()


WHO_READS = {"transactions_movement": "registry", "outside_referral": "registry"}
STAFF: tuple[Shown, ...] = (
    Shown("staff-queue", "/staff/", "reviewer"),
    Shown("staff-gone", "/staff/", "reviewer", then=write_to_a_file_that_is_gone),
    Shown("staff-queue-none", "/staff/", "informal"),
    Shown("staff-case", "/staff/cases/{open}/", "reviewer", then=every_move),
    Shown("staff-case-returned", "/staff/cases/{returned}/", "supervisor", then=every_move),
    Shown("staff-case-at-counter", "/staff/cases/{returned}/", "clerk", holds="a.btn[href*='/counter/answers/']"),
    Shown("staff-counter", "/staff/counter/", "clerk", holds=".lines a[href$='/receipt/?desk=1#print']"),
    Shown("staff-delegations", "/staff/counter/delegations/", "clerk"),
    Shown("staff-visit", "/staff/counter/answers/?reference={returned}", "clerk"),
    Shown("staff-visit-answer", "/staff/counter/answers/{returned}/", "clerk", holds=".asked textarea"),
    Shown("staff-visit-sent", "/staff/counter/visits/{answered}/", "clerk", holds=".receipt .qr"),
    Shown("staff-intake-mistakes", "/staff/counter/{intake}/", "clerk", then=check_nothing),
    Shown("staff-intake-visitor", "/staff/counter/{intake}/who/", "clerk", holds="input[name=visitor-phone]"),
    Shown("staff-intake-check", "/staff/counter/{intake_ready}/check/", "clerk"),
    Shown("staff-receipt", "/requests/{counter}/receipt/", "clerk"),
    Shown("staff-supervision", "/staff/supervision/?show=all", "supervisor"),
    Shown("staff-reassign", "/staff/supervision/?show=all", "supervisor", then=look_first, leads_to="/staff/bulk/*/"),
    Shown("staff-bulk-look", "/staff/bulk/{bulk_looked_at}/", "registry"),
    Shown("staff-bulk-running", "/staff/bulk/{bulk_running}/", "registry", holds="progress"),
    Shown("staff-bulk-done", "/staff/bulk/{bulk_done}/", "registry"),
    Shown("staff-bulk-printed", "/staff/bulk/{bulk_printed}/", "registry", holds="[download]"),
    Shown("staff-printed-list", "/staff/export/?from=/staff/&format=print", "reviewer", holds="table.printed td"),
    Shown("staff-cases", "/staff/transactions/transaction/", "supervisor"),
    Shown("staff-reference", "/staff/reference/", "administrator"),
    Shown("staff-operations", "/staff/operations/", "administrator"),
    Shown("staff-outside-bodies", "/staff/outside/referral/bodies/", "supervisor"),
    Shown("staff-outside-record", "/staff/outside/referral/record/{outside_key}/", "registry"),
    Shown("staff-outside-letters", "/staff/outside/referral/letters/", "registry"),
    Shown("staff-outside-list", "/staff/outside/referral/list/electricity/", "supervisor"),
    Shown("staff-outside-list-read", "/staff/outside/referral/list/electricity/", "supervisor", then=choose_a_list),
    Shown("staff-closure-new", "/staff/transactions/closure/add/", "administrator"),
    Shown("staff-incident-new", "/staff/transactions/incidentnotice/add/?wording=payments", "administrator"),
    Shown("staff-gate-new", "/staff/transactions/gateswitch/add/", "administrator"),
    Shown("staff-post-new", "/staff/accounts/staffpost/add/", "administrator"),
    Shown("staff-office-history", "/staff/municipality/office/{municipality_office}/history/", "administrator"),
    Shown("staff-office-past", "/staff/municipality/office/{municipality_office}/history/{past}/", "administrator"),
    Shown("staff-reference-of-a-room", "/staff/municipality/", "administrator"),
)
# The lists and forms of whatever is registered; a row of the list of cases leads to the case.
LISTS = tuple(
    shown
    for meta in LISTED
    for name, url in [(f"{meta.app_label}_{meta.model_name}", f"/staff/{meta.app_label}/{meta.model_name}/")]
    for shown in (
        Shown(f"staff-list-{meta.model_name}", url, WHO_READS.get(name, "administrator")),
        Shown(f"staff-row-{meta.model_name}", f"{url}{{{name}}}/change/", WHO_READS.get(name, "administrator")),
    )
)
STAFF += LISTS + tuple(Shown(*each) for each in (*people_pages.PEOPLE, *box_pages.BOXES))
OTHERS += (*STAFF, *(Shown(*each) for each in drawing_pages.DRAWINGS))


def show(page: Page, shown: Shown, world: dict[str, str]) -> None:
    """Open a page as it is meant to be seen."""
    answer = page.goto(shown.path.format(**world))
    assert answer is not None
    assert answer.status == shown.status, (shown.name, answer.status)
    if shown.holds:
        assert page.locator(shown.holds).count(), (shown.name, shown.holds)
    if shown.then:
        shown.then(page, world)
        page.wait_for_load_state()
    if shown.leads_to:
        assert fnmatchcase(urlsplit(page.url).path, shown.leads_to.format(**world)), (shown.name, page.url)
