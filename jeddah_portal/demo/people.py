"""The cast of the demo: a few accounts to sign in with, staff for every office, a crowd of applicants."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from random import Random

from django.contrib.auth.hashers import make_password

from accounts import services
from accounts.models import Authorisation, EngineeringOffice, Role, User
from municipality.models import Office, OfficeKind

from .names import full_name, national_id, shop_name

BEGAN = date(2016, 1, 3)
BRANCH_ROLES = (Role.REGISTRY_CLERK, Role.REVIEWER, Role.REVIEWER, Role.INSPECTOR, Role.SUPERVISOR)
# role in var/demo.json → (number of the ID, kind of ID, name)
CITIZEN: dict[str, bool] = {}
RESIDENT, ESTABLISHMENT = {"resident": True}, {"establishment": True}
SIGN_IN = {
    "owner": (101, CITIZEN, "محمد عبدالله الغامدي"),
    "resident": (102, RESIDENT, "سلمان رشيد خان"),
    "establishment": (105, ESTABLISHMENT, "مخبز الشرفية الحديث"),
    "other_citizen": (103, CITIZEN, "نورة أحمد الزهراني"),
    "engineer": (104, CITIZEN, "ياسر علي باعشن"),
    "centre_clerk": (201, CITIZEN, "ريم خالد الحربي"),
    "registry_clerk": (202, CITIZEN, "سعد فهد المالكي"),
    "reviewer": (203, CITIZEN, "هند سامي الجهني"),
    "supervisor": (204, CITIZEN, "طلال عمر الشريف"),
    "informal_areas": (205, CITIZEN, "بندر حسن السلمي"),
    "central_registry_clerk": (206, CITIZEN, "منى وليد العمري"),
    "central_reviewer": (207, CITIZEN, "هاني نايف الثقفي"),
    "central_supervisor": (208, CITIZEN, "أمل ماجد القحطاني"),
    "administrator": (209, CITIZEN, "عمر تركي الأحمدي"),
    "inspector": (210, CITIZEN, "خالد سعد الزهراني"),
    "accountant": (211, CITIZEN, "سارة يوسف البلوي"),
    "second_accountant": (212, CITIZEN, "ماجد حمد العنزي"),
}
# Who gets notices by e-mail too; the others gave no address.
MAIL = {"owner": "owner@example.com", "resident": "resident@example.com"}


@dataclass
class People:
    """Who there is. `staff` maps (office code, role) to the people in it."""

    by_role: dict[str, User] = field(default_factory=dict)
    staff: dict[tuple[str, str], list[User]] = field(default_factory=dict)
    crowd: list[User] = field(default_factory=list)
    establishments: list[User] = field(default_factory=list)
    clients: list[Authorisation] = field(default_factory=list)
    engineers: dict[int, User] = field(default_factory=dict)


def gather(chance: Random, *, password: str, crowd: int, now: datetime) -> People:
    """Create everyone. The accounts to sign in with share one password, hashed once."""
    people = People()
    for role, (number, kind, name) in SIGN_IN.items():
        people.by_role[role] = _person(
            number, name, kind=kind, phone=f"+96650000{number:04d}", notified=True, email=MAIL.get(role, "")
        )
    User.objects.filter(pk__in=[user.pk for user in people.by_role.values()]).update(password=make_password(password))
    _staff(people, chance)
    people.crowd = [
        _person(
            10_000 + n,
            full_name(chance),
            kind=RESIDENT if chance.random() < 0.3 else CITIZEN,
            phone=f"+9665{10_000_000 + n}",
        )
        for n in range(crowd)
    ]
    people.establishments = [
        _person(60_000 + n, shop_name(chance), kind=ESTABLISHMENT, phone=f"+9665{60_000_000 + n}")
        for n in range(max(4, crowd // 5))
    ]
    _offices(people, chance, now)
    return people


def _person(
    number: int, name: str, *, kind: dict[str, bool] = CITIZEN, phone: str, notified: bool = False, email: str = ""
) -> User:
    return User.objects.create_user(
        national_id(number, **kind),
        full_name=name,
        phone=phone,
        email=email,
        sms_notices=notified,
        email_notices=notified,
    )


def see(person: User, *, by: User, at: datetime) -> None:
    """A clerk looks at the original ID of this person."""
    person.__dict__.update(services.confirm_identity(person, {}, by=by, now=at).__dict__)


def _staff(people: People, chance: Random) -> None:
    named = people.by_role
    fixed = {
        ("SHR", Role.REGISTRY_CLERK): named["registry_clerk"],
        ("SHR", Role.REVIEWER): named["reviewer"],
        ("SHR", Role.INSPECTOR): named["inspector"],
        ("SHR", Role.SUPERVISOR): named["supervisor"],
        ("SC01", Role.CENTRE_CLERK): named["centre_clerk"],
        ("INF", Role.INFORMAL_AREAS): named["informal_areas"],
        ("CTR", Role.REGISTRY_CLERK): named["central_registry_clerk"],
        ("CTR", Role.REVIEWER): named["central_reviewer"],
        ("CTR", Role.SUPERVISOR): named["central_supervisor"],
        ("CTR", Role.ADMINISTRATOR): named["administrator"],
    }
    number = 1000
    for office in Office.objects.order_by("code"):
        roles: tuple[Role, ...] = BRANCH_ROLES
        if office.kind == OfficeKind.SERVICE_CENTRE:
            roles = (Role.CENTRE_CLERK,)
        elif office.kind == OfficeKind.DEPARTMENT:
            roles = (Role.INFORMAL_AREAS, Role.INFORMAL_AREAS, Role.REGISTRY_CLERK, Role.SUPERVISOR)
        elif office.kind == OfficeKind.CENTRAL:
            roles = (*BRANCH_ROLES, Role.ADMINISTRATOR)
        for role in roles:
            number += 1
            user = fixed.pop((office.code, role), None) or _person(
                number, full_name(chance), phone=f"+96651000{number:04d}"
            )
            services.create_staff_post(user, office, role, on=BEGAN)
            people.staff.setdefault((office.code, role), []).append(user)
    for name in ("accountant", "second_accountant"):  # a refund takes two
        services.create_staff_post(named[name], Office.objects.get(code="CTR"), Role.ACCOUNTANT, on=BEGAN)
    name_signatories()


SIGNATORIES = {
    OfficeKind.SUB_MUNICIPALITY: ("رئيس البلدية الفرعية", "Head of the sub-municipality"),
    OfficeKind.CENTRAL: ("مدير إدارة رخص البناء", "Building permits manager"),
}


def name_signatories() -> None:
    """An invented name under what each office issues, where none is entered."""
    chance = Random(1448)  # noqa: S311 – invented names, the same in every demo
    for office in Office.objects.filter(kind__in=SIGNATORIES, signatory_ar="").order_by("code"):
        office.signatory_ar = full_name(chance)
        office.signatory_post_ar, office.signatory_post_en = SIGNATORIES[OfficeKind(office.kind)]
        office.save()


OFFICES = (
    ("ENG-1001", "مكتب الرواشين للاستشارات الهندسية", "Rawasheen Engineering Consultants"),
    ("ENG-1002", "مكتب ساحل البحر الأحمر الهندسي", "Red Sea Coast Engineering"),
    ("ENG-1003", "مكتب باب مكة للهندسة", "Bab Makkah Engineering"),
    ("ENG-1004", "مكتب أبحر للتصميم", "Abhur Design Office"),
)


def _offices(people: People, chance: Random, now: datetime) -> None:
    offices = [
        EngineeringOffice.objects.create(
            licence_number=licence, name_ar=arabic, name_en=english, licence_expires_on=date(now.year + 2, 6, 30)
        )
        for licence, arabic, english in OFFICES
    ]
    for number, office in enumerate(offices):
        user = (
            people.by_role["engineer"]
            if number == 0
            else _person(300 + number, full_name(chance), phone=f"+9665200{number:05d}")
        )
        services.add_member(office, user, role="manager", on=BEGAN)
        people.engineers[office.pk] = user
    began = now.replace(year=now.year - 2, day=1)
    owners = [people.by_role["owner"], *people.crowd[: max(20, len(people.crowd) // 4)]]
    clerks = [people.staff[key][0] for key in sorted(people.staff) if key[1] == Role.CENTRE_CLERK]
    for number, owner in enumerate(owners):
        # Whoever authorises an office has shown the original ID at a counter before.
        see(owner, by=clerks[number % len(clerks)], at=began)
        office = offices[0] if number == 0 else chance.choice(offices)
        given = services.authorise_office(
            owner, office, plan_number=str(400 + number % 90), parcel_number=str(10 + number), now=began
        )
        people.clients.append(
            services.answer_authorisation(given, accept=True, by=people.engineers[office.pk], now=began)
        )
