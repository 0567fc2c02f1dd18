"""Lists brought as CSV: read as tables write them, looked at, carried out whole or not at all, people by two."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models.signals import post_save
from django.urls import reverse

from accounts import emails, four_eyes, newcomers
from accounts import services as people
from accounts.errors import AccountError
from accounts.importing import services
from accounts.importing.forms import KEYS, OfficeRow, PersonRow
from accounts.importing.reading import Unreadable, decode, read_rows
from accounts.models import AccessRecord, Act, Import, Proposal, StaffPost, User
from municipality.admin import OfficeAdmin
from municipality.models import District, Holiday, Office
from municipality.services import office_by_code, offices_by_pk

from ..cast import PASSWORD, national_id
from ..conftest import NOW

pytestmark = pytest.mark.django_db
PAGE = "/staff/imports/"
DISTRICTS = "code,name_ar,name_en,sub_municipality\nNEW-1,حي جديد,New quarter,SHR\n"
HEADS = {"code": ["الرمز", "code"], "name": ["الاسم", "name"]}


@pytest.fixture
def second(cast):
    """Another administrator."""
    user = User.objects.create_user(national_id(72), PASSWORD, full_name="second administrator", phone="+966500000072")
    people.create_staff_post(user, Office.objects.get(code="CTR"), "administrator")
    return User.objects.get(pk=user.pk)


def brought(cast, text, kind="districts", **more):
    content = text if isinstance(text, bytes) else text.encode()
    return services.bring(kind, "list.csv", content, by=cast.administrator, now=NOW, **more)


def done(cast, text, kind="districts"):
    return services.carry_out(brought(cast, text, kind), by=cast.administrator, reason="new office", now=NOW)


def problems(cast, text, kind="districts"):
    outcome = services.look(brought(cast, text, kind), now=NOW)
    return {row.number: row.problems for row in outcome.wrong}


# -- reading ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1256"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_table_is_read_in_the_encodings_and_with_the_separators_there_are(encoding, separator):
    text = f"الرمز{separator}الاسم\r\nX1{separator}حي النخيل\r\n\r\nX2{separator}حي الورود\r\n"
    rows = read_rows(decode(text.encode(encoding)), HEADS, ["code"])
    assert [(row.number, row.cells) for row in rows] == [
        (2, {"code": "X1", "name": "حي النخيل"}),
        (4, {"code": "X2", "name": "حي الورود"}),
    ]


def test_blank_columns_and_rows_that_a_program_for_tables_adds_cost_nothing():
    blank = "," * 16_000
    text = f"code,,name{blank}\n" + f"X1,,one{blank}\n" * 2 + f",,{blank}\n" * 2
    assert [row.cells for row in read_rows(text, HEADS, ["code"])] == [{"code": "X1", "name": "one"}] * 2
    with pytest.raises(Unreadable, match="50"):
        read_rows("code" + "," * 50 + "name\n" + "x\n", HEADS, ["code"])


def test_rows_after_too_many_are_not_gone_through():
    with pytest.raises(Unreadable, match="2000"):
        read_rows("code,name\n" + "x,y\n" * 2001 + "one,two,three\n", HEADS, ["code"])


def test_a_cell_may_hold_separators_quotes_and_lines():
    rows = read_rows('code,name\nX1,"one, ""two""\nthree"\nX2,four', HEADS, ["code"])
    assert [(row.number, row.cells["name"]) for row in rows] == [(2, 'one, "two" three'), (3, "four")]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        b"PK\x03\x04\x00\x00",
        b"code,name\n",
        b"name\nx",
        b"code,what\nx,y",
        b"code,code\nx,y",
        b"code,name\nx,y,z",
        b'code,name\nx,"y',
        b"code,name\n" + b"x,y\n" * 2001,
        b"x" * 1_000_001,
        b"\xff\xfe\x00",
    ],
)
def test_what_is_no_such_table_is_refused_in_words(content):
    with pytest.raises(Unreadable) as refused:
        read_rows(decode(content), HEADS, ["code"])
    assert str(refused.value.message).strip()


@pytest.mark.parametrize("quoted", [False, True])
@pytest.mark.parametrize("length", [2001, 131_072, 131_073, 200_000])
def test_a_cell_that_is_too_long_is_called_so_with_its_row(length, quoted):
    cell = "x" * length
    text = f'code,name\nA,one\nB,"{cell}"\nC,three\n' if quoted else f"code,name\nA,one\nB,{cell}\nC,three\n"
    with pytest.raises(Unreadable, match="2000") as refused:
        read_rows(text, HEADS, ["code"])
    assert "3" in str(refused.value.message)


def test_a_mark_that_is_missing_before_many_rows_is_said_to_be_one():
    """The rows behind it are one cell then."""
    with pytest.raises(Unreadable, match="تنصيص"):
        read_rows('code,name\nA,"one\n' + "B,two\n" * 30_000, HEADS, ["code"])


# -- looking and carrying out ----------------------------------------------------------------------------------


def test_a_look_changes_nothing_and_carrying_out_does_what_was_shown(cast):
    District.objects.create(code="OLD-1", name_ar="حي قديم", name_en="Old quarter", search="x")
    text = DISTRICTS + "OLD-1,حي قديم,Older quarter,\n"
    row = brought(cast, text)
    outcome = services.look(row, now=NOW)
    assert outcome.counts == {"new": 1, "changed": 1, "same": 0, "wrong": 0}
    assert [change[1:] for change in outcome.rows[1].changes] == [("Old quarter", "Older quarter")]
    assert not District.objects.filter(code="NEW-1").exists()
    for _twice in range(2):
        services.carry_out(row, by=cast.administrator, now=NOW)
    made = District.objects.get(code="NEW-1")
    assert (made.sub_municipality.code, made.name_ar, made.history.count()) == ("SHR", "حي جديد", 1)
    assert District.objects.get(code="OLD-1").name_en == "Older quarter"
    assert AccessRecord.objects.filter(act=Act.IMPORTED, by=cast.administrator).count() == 1
    assert services.look(brought(cast, text), now=NOW).counts == {"new": 0, "changed": 0, "same": 2, "wrong": 0}


def test_what_a_look_made_no_other_request_hears_of(cast):
    text = "code,name_ar,name_en,kind\nNW1,بلدية,New one,sub_municipality\n"
    heard = []

    def ask(instance, **_signal):
        assert office_by_code(instance.code) is not None, "the look itself goes on with what it made"
        _at, shared = offices_by_pk._value or (0, {})
        heard.append(instance.code in {office.code for office in shared.values()})

    post_save.connect(ask, sender=Office)
    try:
        services.look(brought(cast, text, "offices"), now=NOW)
    finally:
        post_save.disconnect(ask, sender=Office)
    assert heard == [False]
    assert office_by_code("NW1") is None
    done(cast, text, "offices")
    assert office_by_code("NW1").name_en == "New one"


def test_columns_that_are_not_in_the_file_stay_as_they_are(cast):
    before = Office.objects.get(code="SHR")
    done(cast, f"code,name_ar,name_en,kind\nSHR,{before.name_ar},Sharafiyah,sub_municipality\n", "offices")
    after = Office.objects.get(code="SHR")
    assert (after.name_en, after.capacity, after.opens_at) == ("Sharafiyah", before.capacity, before.opens_at)


def test_one_mistake_keeps_everything_out_and_is_said_with_its_row(cast):
    text = DISTRICTS + "NEW-2,حي,Quarter,NOWHERE\nNEW-3,,Quarter,SHR\nNEW-1,حي جديد,Again,SHR\n"
    assert set(problems(cast, text)) == {3, 4, 5}
    with pytest.raises(AccountError) as refused:
        done(cast, text)
    assert refused.value.code == "import_wrong"
    assert not District.objects.filter(code__startswith="NEW-").exists()
    assert Import.objects.get().done_at is None


@pytest.mark.parametrize("cell", ["=HYPERLINK(1)", "+1", "-1+2", "@sum"])
def test_a_formula_is_refused(cell, cast):
    assert set(problems(cast, DISTRICTS + f"NEW-2,حي,{cell},SHR\n")) == {3}


def test_holidays_in_either_calendar_with_arabic_headings(cast):
    heads = services.headings_of("holidays")
    line = ",".join(heads[name][1] for name in ("name_ar", "name_en", "first_day", "last_day"))
    assert not line.isascii()
    done(cast, f"{line}\nيوم,A day,1450/01/01,1450/01/02\n", "holidays")
    made = Holiday.objects.get(name_en="A day")
    assert (made.last_day - made.first_day).days == 1


def test_an_office_may_belong_to_one_of_the_same_file(cast):
    text = (
        "code,name_ar,name_en,kind,parent,capacity\n"
        "NW1,بلدية,New one,sub_municipality,,12\nNW2,مركز,Centre,service_centre,NW1,5\n"
    )
    done(cast, text, "offices")
    assert Office.objects.get(code="NW2").parent.code == "NW1"
    assert set(problems(cast, text.replace("NW1", "NW3").replace("NW2", "NW4").replace(",NW3,5", ",SC01,5"), "offices"))


def test_what_the_page_of_an_office_fixes_no_file_changes(cast):
    assert set(OfficeAdmin.fixed) == {*KEYS["offices"], *OfficeRow.fixed}
    before = Office.objects.get(code="SHR")
    row = f"code,name_ar,name_en,kind\nSHR,{before.name_ar},{before.name_en},department\n"
    for kind in ("department", "service_centre", Office(kind="department").get_kind_display()):
        assert set(problems(cast, row.replace("department", kind), "offices")) == {2}, kind
    with pytest.raises(AccountError):
        done(cast, row, "offices")
    assert Office.objects.get(code="SHR").kind == before.kind
    assert problems(cast, row.replace("department", before.kind), "offices") == {}


# -- people ----------------------------------------------------------------------------------------------------


def row_of(number=81, office="SHR", role="reviewer", **more):
    facts = {
        "national_id": national_id(number),
        "full_name": "سعيد بن علي الغامدي",
        "phone": f"05{number:08d}",
        "email": "",
        "language": "ar",
        "office": office,
        "role": role,
        "starts_on": "",
        "ends_on": "",
    }
    return facts | more


def file_of(*rows):
    return "\n".join([",".join(rows[0]), *(",".join(row.values()) for row in rows)])


def test_people_are_made_when_a_second_administrator_confirms(cast, second):
    row = done(cast, file_of(row_of(81), row_of(82, role="supervisor")), "people")
    assert row.proposal.outcome == "waiting"
    assert not User.objects.filter(national_id=national_id(81)).exists()
    with pytest.raises(AccountError):
        four_eyes.confirm(row.proposal, by=cast.administrator, now=NOW)
    assert len(four_eyes.in_words(row.proposal)) == 2
    four_eyes.confirm(row.proposal, by=second, now=NOW + timedelta(hours=1))
    made = User.objects.get(national_id=national_id(81))
    assert (made.is_staff, made.has_usable_password(), made.phone) == (True, False, "+966500000081")
    assert StaffPost.objects.get(user=made).office.code == "SHR"
    assert AccessRecord.objects.filter(act=Act.POST_GIVEN, by=second).count() == 2


def test_refused_nobody_is_made(cast, second):
    row = done(cast, file_of(row_of(81)), "people")
    four_eyes.refuse(row.proposal, reason="no", by=second, now=NOW)
    assert not User.objects.filter(national_id=national_id(81)).exists()


def test_whoever_is_in_the_list_does_not_confirm_it(cast, second):
    mine = {"national_id": second.national_id, "full_name": second.full_name, "phone": "0500000072"}
    row = done(cast, file_of(row_of(81), row_of(72, **mine)), "people")
    with pytest.raises(AccountError) as refused:
        four_eyes.confirm(row.proposal, by=second, now=NOW)
    assert refused.value.code == "not_yours_to_confirm"


def test_what_is_on_file_is_not_changed_in_passing(cast):
    reviewer = {"national_id": cast.reviewer.national_id, "full_name": cast.reviewer.full_name, "office": "MTR"}
    phone = {"phone": f"0{cast.reviewer.phone.removeprefix('+966')}"}
    assert problems(cast, file_of(row_of(**reviewer | phone)), "people") == {}
    assert set(problems(cast, file_of(row_of(**reviewer)), "people")) == {2}
    assert set(problems(cast, file_of(row_of(**reviewer | phone | {"full_name": "somebody else"})), "people")) == {2}
    assert set(problems(cast, file_of(row_of(**reviewer | phone | {"office": "SHR"})), "people")) == {2}


@pytest.mark.parametrize(
    "wrong",
    [
        {"national_id": "1234567890"},
        {"phone": "12"},
        {"role": "king"},
        {"role": "centre_clerk"},
        {"office": "XX"},
        {"starts_on": "2027-01-02", "ends_on": "2027-01-01"},
        {"full_name": "=x"},
        {"full_name": "123"},
        {"email": "no"},
    ],
)
def test_a_wrong_person_is_said(wrong, cast):
    assert set(problems(cast, file_of(row_of(81), row_of(82, **wrong)), "people")) == {3}


def test_what_changed_before_the_second_confirmed_keeps_it_waiting(cast, second):
    row = done(cast, file_of(row_of(81), row_of(82)), "people")
    User.objects.create_user(national_id(82), PASSWORD, full_name="another", phone="+966500000099")
    with pytest.raises(Exception, match="سعيد"):
        four_eyes.confirm(row.proposal, by=second, now=NOW)
    assert Proposal.objects.get(pk=row.proposal_id).outcome == "waiting"
    assert not User.objects.filter(national_id=national_id(81)).exists(), "all of them or nobody"


def proposed(cast, **more):
    form = PersonRow(data=row_of(**more))
    assert form.is_valid(), form.errors
    return newcomers.propose([newcomers.facts_of(form.cleaned_data)], reason="new", by=cast.administrator, now=NOW)


@pytest.mark.parametrize(
    "corrected",
    [
        {"full_name": "سعيد بن علي الزهراني"},
        {"phone": "0500000181"},
        {"email": "saeed@example.sa"},
        {"language": "en"},
        {"starts_on": "2027-01-02"},
        {"ends_on": "2027-01-02"},
        {"role": "supervisor"},
        {"office": "MTR"},
    ],
)
def test_a_corrected_person_is_proposed_and_the_same_twice_is_one(corrected, cast, second):
    first = proposed(cast)
    assert proposed(cast) == first
    right = proposed(cast, **corrected)
    assert right != first
    assert {newcomers.people_in(right)[0][name] for name in corrected} != {
        newcomers.people_in(first)[0][name] for name in corrected
    }
    four_eyes.refuse(first, reason="mistyped", by=second, now=NOW)
    four_eyes.confirm(right, by=second, now=NOW)
    assert User.objects.filter(national_id=national_id(81)).exists()


FOREIGN = {"phone": "+96550012345", "email": "abroad@example.sa"}


def test_the_address_of_somebody_with_a_mobile_from_abroad_is_asked_about(cast, second):
    posts = [row_of(81, role="supervisor", **FOREIGN), row_of(81, office="MTR", role="supervisor", **FOREIGN)]
    four_eyes.confirm(done(cast, file_of(*posts), "people").proposal, by=second, now=NOW)
    made = User.objects.get(national_id=national_id(81))
    assert (emails.pending_address_of(made), made.email) == ("abroad@example.sa", "")
    assert StaffPost.objects.filter(user=made).count() == 2


def test_an_address_that_only_its_owner_may_type_is_named_at_the_look(cast):
    User.objects.filter(pk=cast.reviewer.pk).update(phone=FOREIGN["phone"])
    known = {"national_id": cast.reviewer.national_id, "full_name": cast.reviewer.full_name, "office": "MTR"}
    wrong = problems(cast, file_of(row_of(82), row_of(**known | FOREIGN)), "people")
    assert wrong == {3: [str(emails.EMAIL_OF_STAFF)]}
    assert problems(cast, file_of(row_of(82), row_of(**known | FOREIGN | {"email": ""})), "people") == {}


# -- pages -----------------------------------------------------------------------------------------------------


def sent(text, kind):
    return {"kind": kind, "file": SimpleUploadedFile("list.csv", text.encode(), "text/csv")}


def test_from_the_file_to_the_list_on_the_pages(cast, signed_in):
    page = signed_in(cast.administrator)
    assert page.post(PAGE, sent("nonsense", "districts")).status_code == 422
    shown = page.post(PAGE, sent(DISTRICTS, "districts"), follow=True)
    assert shown.context["counts"]["new"] == 1
    row = Import.objects.get()
    page.post(PAGE, sent(DISTRICTS, "districts"))
    assert Import.objects.get() == row, "the same file brought twice is one"
    page.post(reverse("staff:import_do", args=[row.pk]))
    assert District.objects.filter(code="NEW-1").exists()
    assert page.get(reverse("staff:import", args=[row.pk])).context["counts"]["new"] == 1


def test_administrators_alone_import(cast, second, signed_in):
    row = brought(cast, DISTRICTS)
    for person in (cast.supervisor, cast.registry, cast.clerk):
        assert signed_in(person).get(PAGE).status_code == 403
        assert signed_in(person).post(reverse("staff:import_do", args=[row.pk])).status_code == 403
        assert signed_in(person).get(reverse("staff:new_person")).status_code == 403
    assert signed_in(second).post(reverse("staff:import_do", args=[row.pk])).status_code == 409
    assert not District.objects.filter(code="NEW-1").exists()


def test_one_form_for_a_person_and_a_post(cast, second, signed_in):
    page = signed_in(cast.administrator)
    typed = row_of(83, full_name="هدى بنت سالم الحربي")
    assert page.post(reverse("staff:new_person"), typed).status_code == 422
    assert page.post(reverse("staff:new_person"), typed | {"reason": "takes over", "office": "SC01"}).status_code == 422
    for _twice in range(2):
        assert page.post(reverse("staff:new_person"), typed | {"reason": "takes over"}).status_code == 302
    proposal = Proposal.objects.get()
    assert newcomers.people_in(proposal)[0]["office"] == "SHR"
    detail = signed_in(second).get(reverse("staff:accounts_proposal_change", args=[proposal.pk])).content.decode()
    assert typed["national_id"] in detail
    four_eyes.confirm(proposal, by=second)
    assert StaffPost.objects.filter(user__national_id=typed["national_id"], role="reviewer").exists()
