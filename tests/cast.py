"""The people every test may use, made through the services."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from accounts import services as people
from accounts.models import EngineeringOffice, User
from core.hijri import RIYADH
from jeddah_portal.demo.names import national_id
from municipality.models import Office

PASSWORD = "a long enough password"
# A Tuesday morning on which the city works.
NOW = datetime(2026, 11, 24, 10, 0, tzinfo=RIYADH)


@dataclass
class Cast:
    """People by what they are. All staff sit in Ash-Sharafiyah unless their name says otherwise."""

    citizen: User
    other_citizen: User
    establishment: User
    engineer: User
    other_engineer: User
    office: EngineeringOffice
    other_office: EngineeringOffice
    clerk: User
    registry: User
    reviewer: User
    second_reviewer: User
    supervisor: User
    informal: User
    administrator: User
    other_registry: User
    other_reviewer: User
    central_registry: User
    central_reviewer: User
    central_supervisor: User
    inspector: User
    central_inspector: User
    everyone: dict[str, User] = field(default_factory=dict)


def gather() -> Cast:
    """Into a seeded city."""
    made: dict[str, User] = {}

    def person(name: str, number: int, **kind: bool) -> User:
        made[name] = User.objects.create_user(
            national_id(number, **kind), PASSWORD, full_name=name.replace("_", " "), phone=f"+9665{number:08d}"
        )
        return made[name]

    start = date(2020, 1, 1)
    shr, ctr, inf, mtr = (Office.objects.get(code=code) for code in ("SHR", "CTR", "INF", "MTR"))

    def staff(name: str, number: int, office: Office, role: str) -> User:
        user = person(name, number)
        people.create_staff_post(user, office, role, on=start)
        return user

    def engineering(licence: str, name: str, number: int) -> tuple[EngineeringOffice, User]:
        office = EngineeringOffice.objects.create(
            licence_number=licence, name_ar="مكتب", name_en="Office", licence_expires_on=date(2070, 1, 1)
        )
        user = person(name, number)
        people.add_member(office, user, on=start)
        return office, user

    office, engineer = engineering("ENG-1", "engineer", 11)
    other_office, other_engineer = engineering("ENG-2", "other_engineer", 12)
    citizen = person("citizen", 1)
    clerk = staff("clerk", 21, Office.objects.get(code="SC01"), "centre_clerk")
    return Cast(
        # Authorises offices and holds permits, so a clerk has seen the original ID; nobody has seen the others'.
        citizen=people.confirm_identity(citizen, {}, by=clerk, now=NOW - timedelta(days=400)),
        other_citizen=person("other_citizen", 2, resident=True),
        establishment=people.confirm_identity(person("establishment", 3, establishment=True), {}, by=clerk, now=NOW),
        engineer=engineer,
        other_engineer=other_engineer,
        office=office,
        other_office=other_office,
        clerk=clerk,
        registry=staff("registry", 22, shr, "registry_clerk"),
        reviewer=staff("reviewer", 23, shr, "reviewer"),
        second_reviewer=staff("second_reviewer", 24, shr, "reviewer"),
        supervisor=staff("supervisor", 25, shr, "supervisor"),
        informal=staff("informal", 26, inf, "informal_areas"),
        administrator=staff("administrator", 27, ctr, "administrator"),
        other_registry=staff("other_registry", 28, mtr, "registry_clerk"),
        other_reviewer=staff("other_reviewer", 29, mtr, "reviewer"),
        central_registry=staff("central_registry", 31, ctr, "registry_clerk"),
        central_reviewer=staff("central_reviewer", 32, ctr, "reviewer"),
        central_supervisor=staff("central_supervisor", 33, ctr, "supervisor"),
        inspector=staff("inspector", 34, shr, "inspector"),
        central_inspector=staff("central_inspector", 35, ctr, "inspector"),
        everyone=made,
    )
