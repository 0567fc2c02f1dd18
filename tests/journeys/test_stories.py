"""The three stories and the counter in a browser: Arabic, phone and desktop, with scripts and without."""

from __future__ import annotations

from playwright.sync_api import expect

from accounts.models import User
from municipality.models import District
from transactions.models import Transaction
from transactions.transitions import moves

from ..conftest import ANSWERS, PASSWORD, answers_today, drive, national_id
from .conftest import attach, fill, fits, follow, move, required, sign_in, until

CONDITIONS = ("lived_in", "not_in_wadi", "not_state_land", "not_disputed", "not_in_breach", "no_ownership")


def begin(page, code, user=None):
    """From the home page to the first page of questions."""
    page.goto("/")
    fits(page)
    follow(page.locator(f"main .cards a[href$='/services/{code}/']"))
    follow(page.get_by_role("button", name="بدء الطلب"))
    if user:
        sign_in(page, user)  # their press counts: it leads into the draft
    follow(page.locator(".tasks a").first)


def receipt(page) -> tuple[str, str]:
    page.locator(".receipt__number").wait_for()
    fits(page)
    assert page.locator("svg.qr").is_visible()
    return page.locator(".receipt__number").inner_text(), page.locator(".receipt__pin").inner_text()


def electricity(page, papers):
    name = District.objects.get(code="SHR-01").name_ar
    fill(page, {"request_kind": "new", "ownership": "none", "load_kva": "٢٥", "meters": "1"})
    fill(page, {"district": name, "street": "شارع حائل، خلف المسجد"})
    # One condition forgotten: named at the top and beside it, the others stay.
    fill(page, dict.fromkeys(CONDITIONS[:-1], True))
    assert page.locator(".notice--error a").count() == 1
    assert page.locator("[name=lived_in]").is_checked()
    fill(page, dict.fromkeys(CONDITIONS, True))
    attach(
        page,
        {
            "facade_photo": [papers["photo"], papers["photo2"]],
            "croquis": papers["paper"],
            "id_copy": papers["paper"],
            "ownership_doc": papers["paper"],
        },
    )
    follow(page.get_by_role("button", name="راجع إجاباتك"))
    fits(page)
    follow(page.get_by_role("button", name="تقديم الطلب"))


def test_an_electricity_connection(cast, open_page, papers):
    resident = open_page()
    begin(resident, "electricity-connection", cast.citizen)
    electricity(resident, papers)
    reference, pin = receipt(resident)
    follow(resident.get_by_role("link", name="متابعة هذا الطلب").first)
    until(resident, "أُحيل إلى الجهة المختصة")

    relative = open_page()
    relative.goto("/")
    relative.fill("[name=reference]", reference.lower())
    relative.fill("[name=pin]", pin)
    follow(relative.get_by_role("button", name="متابعة الطلب"))
    assert "بانتظار القيد" in relative.locator("main").inner_text()
    assert cast.citizen.full_name not in relative.content()
    fits(relative)

    registry = open_page(cast.registry)
    registry.goto("/staff/")
    assert reference in registry.locator("#content").inner_text()
    move(registry, reference, "register")
    move(open_page(cast.reviewer), reference, "recommend", reason="مكتمل")
    move(open_page(cast.informal), reference, "recommend")
    move(open_page(cast.supervisor), reference, "approve")
    resident.reload()
    assert "اعتُمد طلبك" in resident.locator("main").inner_text()
    move(registry, reference, "dispatch")
    resident.reload()
    said = resident.locator("main").inner_text()
    assert "الشركة السعودية للكهرباء" in said
    assert Transaction.objects.get().status == "completed"


def test_a_land_subdivision(cast, open_page, papers):
    owner = open_page(cast.citizen)
    begin(owner, "land-subdivision")
    answers = ANSWERS["land-subdivision"]
    names = ("deed_number", "deed_date", "plan_number", "parcel_number")
    district = District.objects.get(code="SHR-01").name_ar
    fill(owner, {name: answers[name] for name in names} | {"district": district})
    fill(owner, {"area_m2": "900", "land_use": "residential", "villas": "detached"})
    rows = {f"parts-{n}-{name}": value for n, part in enumerate(answers["parts"]) for name, value in part.items()}
    fill(owner, rows)
    attach(owner, {document.code: papers["paper"] for document in required("land-subdivision")})
    follow(owner.get_by_role("button", name="راجع إجاباتك"))
    follow(owner.get_by_role("button", name="تقديم الطلب"))
    reference, _pin = receipt(owner)
    follow(owner.get_by_role("link", name="متابعة هذا الطلب").first)
    until(owner, "أُحيل إلى الجهة المختصة")

    registry, reviewer = open_page(cast.registry), open_page(cast.reviewer)
    move(registry, reference, "register")
    move(reviewer, reference, "return", **{"survey-stamp": True, "part-area": True})
    owner.reload()
    said = owner.locator("main").inner_text()
    assert "هناك نقطتان للاستكمال" in said
    follow(owner.get_by_role("link", name="استكمال ما طُلب"))
    fits(owner)
    boxes = owner.locator("main textarea[name^='answer-']")
    boxes.nth(0).fill("أرفقت التقرير مختومًا")
    owner.locator("main input[type=file][name^='file-']:not([capture])").nth(1).set_input_files(papers["paper"])
    follow(owner.get_by_role("button", name="إرسال الإجابات"))
    owner.get_by_text("وصلت إجاباتك إلى المهندس المدقق").first.wait_for()
    assert Transaction.objects.get().reference == reference

    while Transaction.objects.get().status != "awaiting_supervisor":
        move(reviewer, reference, "recommend")
    move(open_page(cast.supervisor), reference, "approve")
    move(registry, reference, Transaction.objects.get().current_stage.finish)
    owner.goto(f"/requests/{reference}/documents/subdivision-minutes/")
    assert owner.locator("svg.qr").is_visible()
    assert "محضر التجزئة" in owner.locator("main").inner_text()


def test_a_wrong_file_is_taken_out_of_an_answer_that_is_being_written(cast, open_page, papers, submitted):
    case = drive(submitted(), cast, "under_study")
    moves.return_for_completion(case, deficiencies=[moves.RequestedCompletion("load-reason")], by=cast.reviewer)
    owner = open_page(cast.citizen)
    owner.goto(f"/requests/{case.reference}/answer/")
    owner.locator("main textarea").fill("أول الجواب")
    owner.locator("main input[type=file]:not([capture])").set_input_files(papers["paper"])
    without_scripts = owner.get_by_role("button", name="إرفاق الملفات فقط ومتابعة الكتابة")
    if without_scripts.is_visible():
        without_scripts.click()
    owner.locator(".files .file").wait_for()
    owner.locator("main textarea").fill("الجواب كله، وهو طويل")
    owner.locator(".files .file button").click()
    owner.get_by_text("تم الحذف").first.wait_for()
    expect(owner.locator(".files .file")).to_have_count(0)
    assert owner.locator("main textarea").input_value() == "الجواب كله، وهو طويل"
    fits(owner)


def test_a_building_permit(cast, open_page, papers):
    owner, office = open_page(cast.citizen), open_page(cast.engineer)
    owner.goto("/authorisations/")
    owner.fill("main [name=q]", "eng-1")
    follow(owner.locator("button[name=find]"))
    owner.check("[name=licence_number][value='ENG-1']")
    for name, value in (("plan_number", "415"), ("parcel_number", "27")):
        owner.fill(f"[name={name}]", value)
    follow(owner.get_by_role("button", name="تفويض").last)
    owner.get_by_text("بانتظار قبول المكتب الهندسي").first.wait_for()
    fits(owner)
    office.goto("/office/authorisations/")
    follow(office.get_by_role("button", name="قبول"))
    office.goto("/office/")
    fits(office)
    follow(office.locator("form[action$='/apply/building-permit/'] button").first)
    follow(office.locator(".tasks a").first)
    answers = answers_today("building-permit")
    district = District.objects.get(code="SHR-01").name_ar
    names = ("deed_number", "deed_date", "plan_number", "parcel_number")
    fill(office, {name: answers[name] for name in names} | {"district": district})
    plot = ("plot_area_m2", "frontage_m", "street_width_m", "land_use", "survey_date")
    fill(office, {name: answers[name] for name in plot})
    house = ("building_type", "floors", "ground_area_m2", "total_area_m2", "units", "parking")
    fill(office, {name: answers[name] for name in house})
    attach(office, {document.code: papers["paper"] for document in required("building-permit")})
    follow(office.get_by_role("button", name="راجعوا إجاباتكم"))
    follow(office.get_by_role("button", name="إرسال إلى المالك للموافقة"))

    owner.goto("/requests/")
    fits(owner)
    owner.get_by_text("بانتظار موافقتك").first.wait_for()
    follow(owner.locator(".request--waits a[href$='/check/']"))
    follow(owner.get_by_role("button", name="الموافقة والتقديم"))
    reference, _pin = receipt(owner)
    follow(owner.get_by_role("link", name="متابعة هذا الطلب").first)
    until(owner, "أُحيل إلى الجهة المختصة")

    registry, reviewer = open_page(cast.registry), open_page(cast.reviewer)
    move(registry, reference, "register")
    while Transaction.objects.get().status != "awaiting_supervisor":
        move(reviewer, reference, "recommend")
    move(open_page(cast.supervisor), reference, "approve")
    owner.reload()
    assert "1,741.50" in owner.locator("main").inner_text()
    move(registry, reference, "record_payment", payment_reference="7001234")
    move(registry, reference, "issue")
    owner.goto(f"/requests/{reference}/documents/building-permit/")
    fits(owner)
    issued = Transaction.objects.get().issued_documents.get()
    assert issued.number in owner.locator("main").inner_text()
    anyone = open_page()
    anyone.goto(f"/verify/{issued.token}/")
    said = anyone.locator("main").inner_text()
    assert "هذه وثيقة صحيحة" in said
    assert issued.number in said
    fits(anyone)


def at_the_counter(page, papers):
    """The whole request on one page, then the look before submitting."""
    typed = {"load_kva": "٢٥", "meters": "1", "district": District.objects.get(code="SHR-01").name_ar, "street": "حائل"}
    page.check("[name=request_kind][value=new]")
    page.check("[name=ownership][value=none]")
    for name, value in typed.items():
        page.fill(f"[name={name}]", value)
    for name in CONDITIONS:
        page.check(f"[name={name}]")
    page.set_input_files("[name=facade_photo]", [papers["photo"], papers["photo2"]])
    for name in ("croquis", "id_copy", "ownership_doc"):
        page.set_input_files(f"[name={name}]", papers["paper"])
    fits(page)
    follow(page.locator(".intake__actions .btn").first)
    fits(page)
    follow(page.get_by_role("button", name="تقديم الطلب"))


def test_the_counter(cast, open_page, papers):
    clerk = open_page(cast.clerk)
    clerk.goto("/staff/counter/")
    fits(clerk)
    number = national_id(5150)
    for name, value in (("national_id", number), ("full_name", "عبدالله بن سالم"), ("phone", "0555000111")):
        clerk.fill(f"[name={name}]", value)
    clerk.check("[name=seen]")
    clerk.check("[name=service][value='electricity-connection']")
    follow(clerk.get_by_role("button", name="بدء الطلب"))
    at_the_counter(clerk, papers)
    reference, _pin = receipt(clerk)
    assert clerk.get_by_role("link", name="المراجع التالي").is_visible()

    # Later the person signs in with the ID number, by a code on the phone given at the counter, and finds it.
    person = open_page()
    person.goto("/first/")
    for name, value in (("national_id", number), ("full_name", "عبدالله"), ("phone", "0555000111")):
        person.fill(f"[name={name}]", value)
    follow(person.get_by_role("button", name="إرسال الرمز"))
    person.fill("[name=code]", _code())
    person.fill("[name=password]", PASSWORD)
    follow(person.get_by_role("button", name="حفظ كلمة المرور والمتابعة"))
    person.get_by_text(reference).first.wait_for()
    fits(person)
    assert User.objects.get(national_id=number).full_name == "عبدالله بن سالم"


def _code() -> str:
    import re

    from django.conf import settings

    newest = max(settings.SMS_DIR.iterdir(), key=lambda file: file.stat().st_mtime)
    return re.search(r"\b\d{6}\b", newest.read_text(encoding="utf-8"))[0]
