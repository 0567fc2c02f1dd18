"""A small city with one of everything, every address of the portal filled in for it, and a watch on what is written."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from accounts import api_tokens, four_eyes
from accounts import services as people
from accounts.models import User
from drawings.domain.facts import Facts
from drawings.models import DrawingCheck
from municipality.models import Office
from transactions.attachments import services as attachments
from transactions.books.reconcile import reconcile
from transactions.domain import service_types
from transactions.incidents import declaring
from transactions.intake import drafts
from transactions.models import (
    Attachment,
    BulkJob,
    CounterVisit,
    Draft,
    GateSwitch,
    IncidentNotice,
    IncidentWording,
    SavedFilter,
    Slip,
    Transaction,
)
from transactions.selectors import open_figures
from transactions.transitions import bulk, moves
from transactions.transitions.moves import RequestedCompletion
from transactions.visits import services as counter_visits

from ..boxes.machine import in_quarantine
from ..conftest import NOW, PASSWORD, Cast, drive, national_id, upload
from ..paper import asked, handed, staff

# Who asks: what they are to the cases of this world, whose office is Ash-Sharafiyah's.
ACTORS = {
    "nobody": "",
    "stranger": "other_citizen",
    "applicant": "citizen",
    "engineer": "engineer",
    "engineer_elsewhere": "other_engineer",
    "clerk": "clerk",
    "clerk_elsewhere": "other_clerk",
    "registry": "registry",
    "registry_elsewhere": "other_registry",
    "reviewer": "reviewer",
    "reviewer_elsewhere": "other_reviewer",
    "supervisor": "supervisor",
    "supervisor_elsewhere": "other_supervisor",
    "auditor": "informal",
    "administrator": "administrator",
    "staff_without_post": "unposted",
}
APPS = re.compile(r"(?<=app_label>)[a-z|]+")
MODEL = re.compile(
    r"/staff/(transactions|journal|municipality|accounts|billing|permits|outside|boxes|drawings)/([a-z]+)/"
    r"(?!bodies|list|letters|record|boxes|stick|quarantine)"
)


def routes() -> list[str]:
    """Every address of the portal as it is declared, once each."""

    def walk(patterns: list[Any], prefix: str) -> Iterator[str]:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, prefix + str(pattern.pattern).lstrip("^"))
            elif isinstance(pattern, URLPattern):
                yield in_order(prefix + str(pattern.pattern))

    return sorted(set(walk(get_resolver().url_patterns, "/")))


def in_order(route: str) -> str:
    """Django lists the apps of the admin in the order in which they were registered."""
    return APPS.sub(lambda found: "|".join(sorted(found[0].split("|"))), route)


@dataclass
class World:
    cast: Cast
    studied: Transaction
    returned: Transaction
    issued: Transaction
    draft: Draft
    begun: Draft
    answered: CounterVisit
    paper: Attachment
    loose: Attachment
    standing: int
    asked: int
    deficiency: int
    filter: int
    delivered: int
    bulk: BulkJob
    slip: Slip

    def who(self, actor: str) -> User | None:
        return self.cast.everyone.get(ACTORS[actor])

    def url(self, route: str) -> str:
        """This address with the things of this world put in its holes."""
        if found := MODEL.match(route):
            model = apps.get_model(*found.groups())
            own = {Transaction: self.studied.pk}
            pk = own.get(model) or model._default_manager.order_by("pk").values_list("pk", flat=True).first() or 1
            version = (
                model.history.filter(id=pk).values_list("history_id", flat=True).first() if "history/(" in route else 0
            )
            past = f"{pk}/history/{version}/"
            return route.replace("<path:object_id>", str(pk)).replace("^([^/]+)/history/([^/]+)/$", past)
        case = self.studied
        if "documents/<slug:kind>" in route or "papers/<" in route:
            case = self.issued
        elif "answer" in route or "deficienc" in route:
            case = self.returned
        holes = {
            "<str:reference>": case.reference,
            "<str:day>": NOW.date().isoformat(),
            "<str:month>": f"{NOW:%Y-%m}",
            "<slug:kind>": self.issued.issued_documents.get().kind,
            "<slug:move>": "recommend",
            "<slug:body>": "electricity",
            "<slug:node>": "B0",
            "<int:deficiency>": self.deficiency,
            "<int:status>": 410,
            "<str:number>": 1,
            "<int:page>": 1,
            "<int:row>": 1,
            "<uuid:other>": case.attachments.first().key if case.attachments.exists() else "",
            "<int:level>": 0,
            "<int:across>": 0,
            "<int:down>": 0,
            "<int:column>": 1,
            "<int:pk>": next((pk for start, pk in self.rows().items() if route.startswith(start)), 0),
            "<str:token>": self.studied.intake.token,
            "<uuid:key>": next(key for start, key in self.keys().items() if route.startswith(start)),
            "checklists/<slug:code>/<slug:stage>/<slug:point>": "checklists/land-subdivision/technical/sums",
            "checklists/<slug:code>/<slug:stage>": "checklists/land-subdivision/technical",
            "documents/<slug:code>": "documents/id_copy",
            "<slug:code>": self.draft.service_type.steps[0].code if "/drafts/" in route else "electricity-connection",
            "<path:content_type_id>/<path:object_id>": f"{ContentType.objects.get_for_model(Office).pk}/1",
            r"^[\s\S]*$": "nowhere",
            "(?P<url>.*)$": "nowhere/",
        }
        for hole, value in holes.items():
            route = route.replace(hole, str(value))
        route = re.sub(r"\^\(\?P<app_label>[a-z|]+\)/\$", "municipality/", route)
        assert not re.search(r"[<^(]", route), f"nothing is known to put into {route}"
        return route

    def rows(self) -> dict[str, int]:
        """Which row a number means, by how the address starts."""
        return {
            "/office/": self.asked,
            "/authorisations/": self.standing,
            "/requests/<str:reference>/papers/": self.issued.paper_contents.get(document__isnull=False).pk,
            "/requests/": self.deficiency,
            "/staff/counter/answers/": self.deficiency,
            "/staff/filters/": self.filter,
            "/staff/boxes/delivered/quarantine/": self.delivered,
            "/api/v1/authorisations/<int:pk>/answer/": self.asked,
            "/api/v1/authorisations/<int:pk>/revoke/": self.standing,
            "/staff/paper/": self.slip.pk,
            "/staff/booklets/": self.slip.booklet_id,
            "/drawings/": self.paper.drawing_check.findings.get().pk,
        }

    def keys(self) -> dict[str, object]:
        """What a key opens, by how the address starts."""
        return {
            "/drafts/": self.draft.key,
            "/staff/counter/visits/": self.answered.key,
            "/staff/outside/": self.issued.referrals.order_by("pk")[0].key,
            "/staff/counter/collected/": self.answered.key,
            "/staff/counter/": self.begun.key,
            "/staff/bulk/": self.bulk.key,
            "/api/v1/approvals/": self.draft.key,
            "/": self.paper.key,
        }


def build(cast: Cast, submitted: Callable[..., Transaction]) -> World:
    """One case under study, one returned, one issued, a draft, files, authorisations; all the citizen's."""
    extra = [("other_clerk", 41, "SC10", "centre_clerk"), ("other_supervisor", 42, "MTR", "supervisor")]
    for name, number, office, role in extra:
        person = User.objects.create_user(national_id(number), PASSWORD, full_name=name, phone=f"+9665{number:08d}")
        people.create_staff_post(person, Office.objects.get(code=office), role, on=date(2020, 1, 1))
        cast.everyone[name] = person
    unposted = User.objects.create_user(national_id(43), PASSWORD, full_name="unposted", phone="+966500000043")
    people.create_staff_post(unposted, Office.objects.get(code="SHR"), "reviewer", on=date(2020, 1, 1))
    unposted.posts.update(ends_on=date(2021, 1, 1))
    User.objects.filter(pk=unposted.pk).update(is_staff=True)
    cast.everyone["unposted"] = User.objects.get(pk=unposted.pk)
    studied = drive(submitted("building-permit"), cast, "under_study")
    electricity = drive(submitted(), cast, "under_study")
    returned = moves.return_for_completion(
        electricity,
        deficiencies=[RequestedCompletion(electricity.service_type.deficiencies[0].code)],
        by=cast.reviewer,
        now=NOW + timedelta(days=1),
    )
    issued = drive(submitted("land-subdivision"), cast, "issued")
    draft = drafts.start_draft(service_types.get("electricity-connection"), by=cast.citizen, now=NOW)
    centre = Office.objects.get(code="SC01")
    begun = drafts.start_draft(draft.service_type, by=cast.clerk, applicant=cast.other_citizen, centre=centre, now=NOW)
    loose = attachments.attach_to_draft(draft, "id_copy", upload(), by=cast.citizen, now=NOW)
    answered = answered_at_counter(cast, submitted)
    counter_visits.begin_visit(
        reference=returned.reference, national_id=cast.citizen.national_id, centre=centre, by=cast.clerk
    )
    asked_office = people.authorise_office(cast.citizen, cast.office, plan_number="9", parcel_number="9", now=NOW)
    api_tokens.create_api_token(cast.other_citizen, name="x")
    shr = Office.objects.get(code="SHR")
    four_eyes.give_post(
        cast.other_citizen, shr, "reviewer", starts_on=NOW.date(), reason="x", by=cast.administrator, now=NOW
    )
    words_to_start_from()
    reconcile(NOW)
    open_figures.store_past_months(NOW + timedelta(days=31))
    assert studied.authorisation_id is not None
    paper = studied.attachments.filter(content_type="application/pdf").order_by("pk")[0]
    a_checked_drawing(paper)
    return World(
        cast=cast,
        studied=studied,
        returned=returned,
        issued=issued,
        draft=draft,
        begun=begun,
        answered=answered,
        paper=paper,
        loose=loose,
        standing=studied.authorisation_id,
        asked=asked_office.pk,
        deficiency=returned.deficiencies.get().pk,
        filter=SavedFilter.objects.create(owner=cast.reviewer, place="queue", name="x", query="show=late").pk,
        delivered=in_quarantine(cast).pk,
        bulk=bulk.look([studied], "take", by=cast.reviewer, now=NOW),
        slip=a_waiting_slip(cast),
    )


def a_waiting_slip(cast: Cast) -> Slip:
    """One of a booklet that is out, entered by the cast's clerk and waiting for a second person."""
    booklet = handed(cast, staff("second administrator", 44, "CTR", "administrator"))
    return asked(cast, booklet.slips.select_related("booklet__office")[0], written_at=None)


def answered_at_counter(cast: Cast, submitted: Callable[..., Transaction]) -> CounterVisit:
    """The visit of an owner who came to a counter with a returned request, after its answer."""
    case = drive(submitted(), cast, "under_study")
    asked = [RequestedCompletion(case.service_type.deficiencies[0].code)]
    case = moves.return_for_completion(case, deficiencies=asked, by=cast.reviewer, now=NOW + timedelta(days=1))
    came = {"reference": case.reference, "national_id": case.applicant.national_id}
    visit = counter_visits.begin_visit(**came, centre=Office.objects.get(code="SC01"), by=cast.clerk)
    moves.answer(case, answers={case.deficiencies.get().pk: "تم"}, by=cast.clerk, visit=visit)
    visit.refresh_from_db()
    return visit


def a_checked_drawing(file: Attachment) -> DrawingCheck:
    """One whose front stands half a metre too near to the street."""
    plan = [
        {"layer": "JM-PLOT", "closed": True, "points": [[0, 0], [20, 0], [20, 30], [0, 30]]},
        {"layer": "JM-STREET", "closed": False, "points": [[0, 0], [20, 0]]},
        {"layer": "JM-SETBACK", "closed": True, "points": [[2, 3], [18, 3], [18, 28], [2, 28]]},
        {"layer": "JM-FLOOR-0", "closed": True, "points": [[2.5, 2.5], [17.5, 2.5], [17.5, 20], [2.5, 20]]},
    ]
    result = {"state": "checked", "notes": [], "failed": [], "plan": plan, "figures": {"plot": 600.0}}
    result |= {"measurable": True, "origin": [0, 0], "metres": 1.0}
    check = DrawingCheck.objects.create(
        attachment=file, state="done", done_at=NOW, asked_at=NOW, result=result,
        rule_set="riyadh_guide_2025", facts=Facts(plot_area=600.0, street_width=15.0).as_json(),
    )  # fmt: skip
    found = {
        "code": "setback-front", "subject": "JM-FLOOR-0", "required": 3.0, "measured": 2.5,
        "rule": "villa.setback_street", "place": [[10, 0], [10, 2.5]], "extra": {"side": 1},
    }  # fmt: skip
    check.findings.create(key="setback-front:JM-FLOOR-0:1:1", code="setback-front", number=1, content=found)
    return check


def words_to_start_from() -> None:
    """Those of one kind of incident; tests whose transactions are real take away what the migrations wrote."""
    IncidentWording.objects.get_or_create(
        code="payments",
        defaults={
            "title_ar": "الدفع متعطل",
            "title_en": "Payments not available",
            "text_ar": "لا يمكن تسجيل الدفعات.",
            "text_en": "Payments cannot be recorded.",
        },
    )
    for wording in IncidentWording.objects.all():
        wording.save()  # with a past: what the migrations wrote has none


def an_incident(now: datetime, by: User) -> IncidentNotice:
    """One that goes on, with a gate and words to start from; its update is not overdue when pages are looked at."""
    words_to_start_from()
    gate = GateSwitch(service="", office="SC09", operation="payments", state="intake", at=now, set_by=by)
    gate.reason_ar, gate.reason_en = "نقل المركز إلى مبنى آخر.", "The centre moves to another building."
    gate.save()
    notice = IncidentNotice(
        text_ar="لا يمكن تسجيل دفعات سداد حاليًا. يكفي الاحتفاظ برقم الفاتورة ورقم العملية، ولا يُحسب التأخير على أحد.",
        text_en="SADAD payments cannot be recorded at the moment. Keep your bill and payment numbers.",
        operations=["payments"],
        offices=["SC09"],
        starts_at=now - timedelta(hours=3),
        next_update_at=timezone.now() + timedelta(hours=3),
        stops_clocks=False,
    )
    facts = {"by": by, "confirmed_by": None, "now": now}
    with transaction.atomic():
        return declaring.announce(notice, None, None, **facts)


def client_of(person: User | None) -> Client:
    """A client that is signed in and lets a failure be answered as a stranger's browser would see it."""
    client = Client(raise_request_exception=False)
    if person is not None:
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


# Sessions, caches, the count of wrong tries, who has a case open and the log of who looked are the portal's own notes,
# not anybody's record.
OWN_NOTES = ("django_session", '"cache"', "transactions_try", "accounts_accessrecord", "casepresence")


CHANGE = re.compile(r"(INSERT INTO|UPDATE|DELETE FROM)\s")


def _changed(cursor: Any, sql: str) -> bool:
    """SQLite counts the rows of a statement that returns some only when they are fetched, which is later."""
    return bool(cursor.rowcount) or (connection.vendor == "sqlite" and " RETURNING " in sql)


@contextlib.contextmanager
def writes() -> Iterator[list[str]]:
    """The statements that changed a row of somebody's record while this is open, and were not taken back."""
    seen: list[str] = []
    before: dict[str, int] = {}

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        done = execute(sql, params, many, context)
        if sql.startswith("SAVEPOINT "):
            before[sql.split()[-1]] = len(seen)
        elif sql.startswith("ROLLBACK TO SAVEPOINT "):
            del seen[before[sql.split()[-1]] :]
        if CHANGE.match(sql) and _changed(context["cursor"], sql) and not any(note in sql for note in OWN_NOTES):
            seen.append(sql)
        return done

    with connection.execute_wrapper(watch):
        yield seen
