"""Pages over HTTP: whole applications without a browser, refusals, sessions that end, counts of queries."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from jeddah_portal import __version__
from transactions.domain import pins
from transactions.models import Draft, Intake, Transaction
from transactions.transitions import moves
from transactions.transitions.moves import RequestedCompletion

from ..conftest import NOW, PASSWORD, answers_today, authorised, drive, national_id, picture, stored, upload

pytestmark = pytest.mark.django_db

ELECTRICITY = {
    "need": {"request_kind": "new", "ownership": "none", "load_kva": "٢٥", "meters": "1"},
    "place": {"district": "SHR-01", "street": "شارع حائل"},
    "conditions": dict.fromkeys(
        ("lived_in", "not_in_wadi", "not_state_land", "not_disputed", "not_in_breach", "no_ownership"), "on"
    ),
}


def steps_of(code):
    from transactions.domain import service_types

    return [step.code for step in service_types.get(code).steps]


def fill(page, code):
    """Fill an electricity request page by page; returns its draft."""
    url = page.post(reverse("transactions:start", args=[code])).url
    key = re.search(r"[0-9a-f-]{36}", url)[0]
    for step, typed in zip(steps_of(code), ELECTRICITY.values(), strict=True):
        answer = page.post(f"{url}{step}/", typed)
        assert answer.status_code == 302, answer.context["problems"]
    return Draft.objects.get(key=key)


def attach(page, draft):
    files = {
        "facade_photo": [upload("1.jpg", picture("JPEG")), upload("2.png", picture())],
        "croquis": upload(),
        "id_copy": upload(),
        "ownership_doc": upload(),
    }
    assert page.post(reverse("transactions:documents", args=[draft.key]), files).status_code == 302


def test_an_application_from_the_first_page_to_the_receipt(cast, signed_in):
    page = signed_in(cast.citizen)
    draft = fill(page, "electricity-connection")
    attach(page, draft)
    check = page.get(reverse("transactions:check", args=[draft.key]))
    assert not check.context["gaps"]
    answer = page.post(reverse("transactions:check", args=[draft.key]))
    case = Transaction.objects.get()
    assert answer.url == reverse("transactions:receipt", args=[case.reference])
    receipt = page.get(answer.url).content.decode()
    pin = pins.derive_pin(case.reference)
    for shown in (case.reference, f"{pin[:4]} {pin[4:]}", "<svg", "qr"):
        assert shown in receipt
    # Pressed twice, gone back and pressed again: the same receipt.
    for _ in range(2):
        again = page.post(reverse("transactions:check", args=[draft.key]))
        assert again.url == answer.url
    assert (Transaction.objects.count(), Intake.objects.count()) == (1, 1)


def test_nothing_is_submitted_while_something_is_missing(cast, signed_in):
    page = signed_in(cast.citizen)
    draft = fill(page, "electricity-connection")
    answer = page.post(reverse("transactions:check", args=[draft.key]))
    assert answer.status_code == 422
    assert sum(len(row["gap"].problems) for row in answer.context["gaps"]) == 4
    assert Transaction.objects.count() == 0


def test_what_was_typed_wrong_is_kept_and_named_in_place(cast, signed_in):
    page = signed_in(cast.citizen)
    url = page.post(reverse("transactions:start", args=["electricity-connection"])).url
    first = steps_of("electricity-connection")[0]
    answer = page.post(f"{url}{first}/", {"request_kind": "new", "load_kva": "كثير", "meters": "0"})
    assert answer.status_code == 422
    html = answer.content.decode()
    assert "كثير" in html
    assert {problem.path for problem in answer.context["problems"]} == {"ownership", "load_kva", "meters"}
    assert all(f'href="#id_{problem.path}"' in html for problem in answer.context["problems"])


def test_a_session_that_ended_while_writing_loses_nothing(cast, client):
    client.login(username=cast.citizen.national_id, password=PASSWORD)
    url = client.post(reverse("transactions:start", args=["electricity-connection"])).url
    first = steps_of("electricity-connection")[0]
    client.logout()
    answer = client.post(f"{url}{first}/", ELECTRICITY["need"])
    assert answer.url.startswith(reverse("account_login"))
    signed = client.post(answer.url, {"login": cast.citizen.national_id, "password": PASSWORD})
    assert signed.url == f"{url}{first}/"
    page = client.get(signed.url)
    assert page.status_code == 200
    assert Draft.objects.get().answers["load_kva"] == "25"


def test_what_somebody_typed_is_not_given_to_somebody_else(cast, client):
    client.login(username=cast.citizen.national_id, password=PASSWORD)
    url = client.post(reverse("transactions:start", args=["electricity-connection"])).url
    first = steps_of("electricity-connection")[0]
    client.logout()
    client.post(f"{url}{first}/", ELECTRICITY["need"])
    client.login(username=cast.other_citizen.national_id, password=PASSWORD)
    assert client.get(f"{url}{first}/").status_code == 404
    assert Draft.objects.get().answers == {}


def test_a_member_of_another_office_guessing_a_reference_gets_a_404(cast, submitted, signed_in):
    case = submitted("building-permit")
    names = ("request", "timeline", "receipt", "answer", "withdraw")
    for person in (cast.other_engineer, cast.other_citizen, cast.administrator, cast.other_reviewer):
        page = signed_in(person)
        for name in names:
            assert page.get(reverse(f"transactions:{name}", args=[case.reference])).status_code == 404
        assert page.get(reverse("staff:case", args=[case.reference])).status_code in (302, 404)
    for name in names:
        assert Client().get(reverse(f"transactions:{name}", args=[case.reference])).status_code == 302


def test_the_engineering_office_prepares_and_the_owner_submits(cast, signed_in):
    authorisation = authorised(cast)
    office, owner = signed_in(cast.engineer), signed_in(cast.citizen)
    url = office.post(reverse("transactions:start", args=["building-permit"]), {"authorisation": authorisation.pk}).url
    draft = Draft.objects.get()
    assert draft.answers["parcel_number"] == "27"
    for step in draft.service_type.steps:
        office.post(f"{url}{step.code}/", answers_today("building-permit"))
    draft.refresh_from_db()
    files = {document.code: upload() for document in draft.service_type.documents_for(draft.answers) if document.least}
    office.post(reverse("transactions:documents", args=[draft.key]), files)
    check = reverse("transactions:check", args=[draft.key])
    assert owner.post(check).status_code == 422, "not while the office writes it"
    assert Transaction.objects.count() == 0
    office.post(check)
    draft.refresh_from_db()
    assert draft.stage == "awaiting_owner"
    # The office cannot submit in the owner's place, and the owner may ask for changes.
    office.post(check)
    assert Transaction.objects.count() == 0
    owner.post(check, {"changes": "1", "note": "الدور الثاني ناقص"})
    draft.refresh_from_db()
    assert (draft.stage, draft.owner_note) == ("open", "الدور الثاني ناقص")
    office.post(check)
    answer = owner.post(check)
    case = Transaction.objects.get()
    assert answer.url == reverse("transactions:receipt", args=[case.reference])
    assert (case.applicant, case.authorisation) == (cast.citizen, authorisation)


@pytest.mark.parametrize(
    ("code", "status"),
    [("electricity-connection", "under_study"), ("electricity-connection", "completed"), ("building-permit", "issued")],
)
def test_inquiry_shows_where_it_is_and_no_person(code, status, cast, submitted, client):
    case = drive(submitted(code), cast, status)
    answer = client.post(
        reverse("transactions:inquiry"), {"reference": case.reference, "pin": pins.derive_pin(case.reference)}
    )
    html = answer.content.decode()
    assert answer.status_code == 200
    assert case.reference in html
    for hidden in (cast.citizen.full_name, cast.citizen.national_id, cast.citizen.phone, "facade"):
        assert hidden not in html
    asked = {"reference": case.reference, "pin": pins.derive_pin(case.reference)}
    api = client.post("/api/v1/inquiries/", asked, content_type="application/json")
    assert api.status_code == 200
    assert cast.citizen.full_name not in api.content.decode()
    wrong = client.post(reverse("transactions:inquiry"), {"reference": case.reference, "pin": "00000000"})
    assert "لا توجد معاملة مطابقة للبيانات المدخلة" in wrong.content.decode()


def test_a_move_that_is_not_allowed_now_says_why(cast, submitted, signed_in):
    case = submitted()
    before = stored(case)
    page = signed_in(cast.supervisor)
    url = reverse("staff:move", args=[case.reference, "approve"])
    answer = page.post(url, {"version": case.version}, follow=True)
    html = answer.content.decode()
    assert "«اعتماد» لمعاملة حالتها «بانتظار اعتماد المشرف»، وهذه حالتها «وارد بانتظار القيد»" in html
    assert stored(case) == before


def test_the_staff_page_makes_each_move_with_its_form(cast, submitted, signed_in):
    case = drive(submitted(), cast, "under_study")
    page = signed_in(cast.reviewer)
    code = case.service_type.deficiencies[0].code
    page.post(
        reverse("staff:move", args=[case.reference, "return"]),
        {"version": case.version, "deficiency": [code], f"sentence-{code}": "الختم غير واضح"},
    )
    case.refresh_from_db()
    assert (case.status, case.deficiencies.get().sentence) == ("returned", "الختم غير واضح")


def test_deficiencies_are_answered_beside_what_was_asked(cast, submitted, signed_in):
    case = drive(submitted(), cast, "under_study")
    codes = [entry.code for entry in case.service_type.deficiencies[:2]]
    case = moves.return_for_completion(
        case, deficiencies=[RequestedCompletion(code) for code in codes], by=cast.reviewer
    )
    one, two = case.deficiencies.order_by("pk")
    page = signed_in(cast.citizen)
    url = reverse("transactions:answer", args=[case.reference])
    half = page.post(url, {f"answer-{one.pk}": "أرفقت الختم"})
    assert half.status_code == 422
    assert "أرفقت الختم" in half.content.decode()
    done = page.post(url, {f"answer-{one.pk}": "أرفقت الختم", f"file-{two.pk}": upload()})
    assert done.status_code == 302
    case.refresh_from_db()
    assert (case.status, case.reference, case.due_at is None) == ("under_study", one.transaction.reference, False)


def test_a_receipt_qr_is_verified_in_public_and_names_nobody(cast, submitted, client):
    case = submitted()
    token = Intake.objects.get().token
    html = client.get(reverse("journal:verify_token", args=[token])).content.decode()
    assert case.reference in html
    assert cast.citizen.full_name not in html
    assert "هذه وثيقة صحيحة" in html
    bad = client.get(reverse("journal:verify_token", args=[token[:-6] + "AAAAAA"])).content.decode()
    assert "هذه وثيقة لم نوقّعها" in bad


def test_a_permit_is_printed_and_verified_with_its_validity(cast, submitted, signed_in, client):
    from transactions.models import IssuedDocument

    case = drive(submitted("building-permit"), cast, "issued")
    issued = IssuedDocument.objects.get()
    page = signed_in(cast.citizen).get(reverse("transactions:document", args=[case.reference, issued.kind]))
    assert issued.number in page.content.decode()
    assert issued.valid_until.year == NOW.year + 3
    html = client.get(reverse("journal:verify_token", args=[issued.token])).content.decode()
    assert issued.number in html
    assert "سارية حتى" in html


def test_the_counter_takes_a_request_and_the_person_finds_it_later(cast, signed_in):
    from accounts.models import User

    page = signed_in(cast.clerk)
    number = national_id(9001)
    typed = {
        "national_id": number, "full_name": "عم سالم", "phone": "0551112222", "seen": "on",
        "service": "electricity-connection", "centre": "",
    }  # fmt: skip
    from municipality.models import Office

    typed["centre"] = Office.objects.get(code="SC01").pk
    answer = page.post(reverse("staff:counter"), typed)
    assert answer.status_code == 302, answer.context["form"].errors
    draft = Draft.objects.get()
    for step, data in zip(steps_of("electricity-connection"), ELECTRICITY.values(), strict=True):
        page.post(reverse("transactions:step", args=[draft.key, step]), data)
    attach(page, draft)
    done = page.post(reverse("transactions:check", args=[draft.key]))
    case = Transaction.objects.get()
    assert done.url == reverse("transactions:receipt", args=[case.reference])
    assert page.get(done.url).status_code == 200
    person = User.objects.get(national_id=number)
    assert (case.applicant, case.taken_by, case.channel) == (person, cast.clerk, "counter")
    assert case.reference in signed_in(person).get(reverse("transactions:requests")).content.decode()


def queries(page, url) -> int:
    """How often looking at a page asks the database."""
    with CaptureQueriesContext(connection) as caught:
        assert page.get(url).status_code == 200
    return len(caught)


@pytest.mark.parametrize(
    ("who", "name"),
    [
        ("citizen", "transactions:requests"), ("citizen", "transactions:notices"), ("engineer", "transactions:office"),
        ("reviewer", "staff:index"), ("supervisor", "staff:supervision"), ("clerk", "staff:counter"),
        ("reviewer", "staff:transactions_transaction_changelist"),
    ],
)  # fmt: skip
def test_a_list_asks_the_database_as_often_for_one_row_as_for_many(who, name, cast, submitted, signed_in):
    url = reverse(name)

    def add():
        case = submitted("building-permit")
        case = moves.register(case, by=cast.registry, now=NOW)
        if case.current_stage.role == "reviewer":
            moves.take(case, by=cast.reviewer, now=NOW)

    add()
    page = signed_in(getattr(cast, who))
    page.get(url)
    add()  # something new to read, now and below
    one = queries(page, url)
    for _ in range(4):
        add()
    assert queries(page, url) == one <= 12


def test_single_pages_stay_within_twelve_queries(cast, submitted, signed_in, client):
    case = drive(submitted("building-permit"), cast, "awaiting_supervisor")
    for who, url, most in (
        ("citizen", reverse("transactions:request", args=[case.reference]), 12),
        ("citizen", reverse("transactions:receipt", args=[case.reference]), 12),
        # One more for the checklist, and one where a decision is due: what the fee is.
        ("reviewer", reverse("staff:case", args=[case.reference]), 13),
        ("supervisor", reverse("staff:case", args=[case.reference]), 14),
    ):
        page = signed_in(getattr(cast, who))
        page.get(url)
        assert queries(page, url) <= most, (who, url)
    for name in ("transactions:home", "transactions:inquiry", "journal:verify"):
        client.get(reverse(name))
        assert queries(client, reverse(name)) <= 12
    with CaptureQueriesContext(connection) as caught:
        client.post(
            reverse("transactions:inquiry"), {"reference": case.reference, "pin": pins.derive_pin(case.reference)}
        )
    assert len(caught) <= 12


def test_probes_say_what_is_wrong(client, city):
    from transactions.outbox.heartbeat import beat

    assert client.get("/healthz").json() == {"status": "ok", "version": __version__}
    failing = client.get("/readyz")
    assert (failing.status_code, failing.json()["checks"]["worker"]) == (503, False)
    from django.utils import timezone

    beat(timezone.now())
    assert client.get("/readyz").json()["checks"]["worker"] is True


def test_answers_carry_a_strict_policy_and_an_id(client, city):
    answer = client.get("/")
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert re.fullmatch(r"[0-9a-f]{32}", answer["X-Request-ID"])
    assert client.get("/", headers={"X-Request-ID": "abc<script>"})["X-Request-ID"] != "abc<script>"
    assert client.get("/", headers={"X-Request-ID": "from-proxy-1234"})["X-Request-ID"] == "from-proxy-1234"


def test_arabic_is_the_default_and_english_is_remembered(client, city):
    assert '<html lang="ar" dir="rtl">' in client.get("/").content.decode()
    client.post(reverse("set_language"), {"language": "en", "next": "/"})
    assert '<html lang="en" dir="ltr">' in client.get("/").content.decode()


def test_the_request_of_a_log_line_is_found_in_what_it_owes(cast, signed_in):
    from transactions.models import Outbox

    page = signed_in(cast.citizen)
    draft = fill(page, "electricity-connection")
    attach(page, draft)
    page.post(reverse("transactions:check", args=[draft.key]), headers={"X-Request-ID": "trace-me-123456"})
    assert set(Outbox.objects.values_list("request_id", flat=True)) == {"trace-me-123456"}


def test_the_address_of_a_caller_behind_our_proxies(rf, settings):
    from jeddah_portal.middleware import ClientAddressMiddleware

    def seen(proxies, header):
        settings.TRUSTED_PROXIES = proxies
        request = rf.get("/", headers={"X-Forwarded-For": header})
        ClientAddressMiddleware(lambda request: request)(request)
        return request.META["REMOTE_ADDR"]

    assert seen(0, "1.2.3.4") == "127.0.0.1"
    assert seen(1, "6.6.6.6, 1.2.3.4") == "1.2.3.4"
    assert seen(2, "1.2.3.4") == "127.0.0.1"
