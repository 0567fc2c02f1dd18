"""The site: who may enter, and the pages that are not lists of rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from accounts.access import (
    current_user,
    has_second_factor,
    is_administrator,
    needs_second_factor,
    staff_may_enter,
    staff_posts_of,
)
from accounts.models import NO_CASE_ROLES, Role, StaffPost, User
from core.admin.guarded import AdministeredSite
from municipality.models import Office, OfficeKind
from municipality.services import offices_by_pk

from ..transitions import staff_notices
from ..transitions.suspension import replacement_office
from ..views.form_recovery import typed_before


class StaffSite(AdministeredSite):
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        return request.user.is_authenticated and staff_may_enter(request.user)

    def may_edit(self, request: HttpRequest) -> bool:
        return is_administrator(current_user(request))

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Staff sign in where everyone does; whoever is in without the second factor is asked for it, or sent to
        set it up."""
        if request.user.is_authenticated:
            if request.user.is_staff and needs_second_factor(request.user):
                if has_second_factor(request.user):
                    asked = urlencode({"next": request.GET.get("next") or reverse("staff:index")})
                    return redirect(f"{reverse('mfa_reauthenticate')}?{asked}")
                return redirect("mfa_activate_totp")
            if unsaved_text := _sentences(typed_before(request, urlsplit(request.GET.get("next", "")).path)):
                context = {"title": _("You no longer work here"), "unsaved_text": unsaved_text}
                return render(request, "staff/not_yours.html", context, status=403)
            return redirect("transactions:home")
        return redirect_to_login(request.GET.get("next") or reverse("staff:index"))

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:  # type: ignore[override]
        """Passwords are changed in one place, which ends sessions and API tokens as well."""
        return redirect("account_change_password")

    password_change_done = password_change  # type: ignore[assignment]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        posts = staff_posts_of(request.user) if request.user.is_authenticated else []
        roles = {post.role for post in posts}
        own = {
            "works_on_cases": bool(roles - NO_CASE_ROLES),
            "at_a_counter": Role.CENTRE_CLERK in roles,
            "supervises": Role.SUPERVISOR in roles,
            "handles_money": Role.ACCOUNTANT in roles,
            "administers": Role.ADMINISTRATOR in roles,
            "unread_notices": SimpleLazyObject(lambda: _unread(request)),
            "closed_offices": _closed_offices(posts),
            "exports": _exports(request.get_full_path()),
            "my_posts": " · ".join(_post_in_words(post) for post in posts[:2]),
        }
        return super().each_context(request) | own

    def get_urls(self) -> list[URLPattern | URLResolver]:
        from . import (
            absences,
            asking,
            booklets,
            bulk,
            case,
            checklists,
            collecting,
            correction,
            counter,
            delegations,
            exports,
            imports,
            inspection,
            lending,
            map_page,
            notices,
            objections,
            operations,
            outlines,
            paper,
            pile,
            queue,
            saved_filters,
            slips,
            supervision,
            texts,
            tickets,
            visits,
        )

        own = [
            path("", self.admin_view(queue.queue), name="index"),
            path("take-next/", self.admin_view(queue.take_next), name="take_next"),
            path("bulk/", self.admin_view(bulk.look), name="bulk_look"),
            path("bulk/<uuid:key>/", self.admin_view(bulk.show), name="bulk"),
            path("bulk/<uuid:key>/start/", self.admin_view(bulk.start), name="bulk_start"),
            path("bulk/<uuid:key>/cancel/", self.admin_view(bulk.cancel), name="bulk_cancel"),
            path("bulk/<uuid:key>/file/", self.admin_view(bulk.file), name="bulk_file"),
            path("bulk/<uuid:key>/undo/", self.admin_view(bulk.undo), name="bulk_undo"),
            path("map/", self.admin_view(map_page.show), name="map"),
            path("export/", self.admin_view(exports.export), name="export"),
            path("filters/", self.admin_view(saved_filters.save), name="save_filter"),
            path("filters/<int:pk>/delete/", self.admin_view(saved_filters.delete), name="delete_filter"),
            path("cases/<str:reference>/", self.admin_view(case.case), name="case"),
            path("cases/<str:reference>/checks/", self.admin_view(case.check), name="check"),
            path("cases/<str:reference>/notes/", self.admin_view(case.note), name="note"),
            path("cases/<str:reference>/notes/read/", self.admin_view(case.notes_read), name="notes_read"),
            path("cases/<str:reference>/correct/", self.admin_view(correction.correct), name="correct"),
            path("cases/<str:reference>/inspection/", self.admin_view(inspection.inspect), name="inspection"),
            path("cases/<str:reference>/open/", self.admin_view(case.presence_beat), name="presence"),
            path("cases/<str:reference>/<slug:move>/text/", self.admin_view(case.insert_text), name="insert_text"),
            path("cases/<str:reference>/next/", self.admin_view(case.next_case), name="next_case"),
            path("cases/<str:reference>/previous/", self.admin_view(case.previous_case), name="previous_case"),
            path("cases/<str:reference>/<slug:move>/", self.admin_view(case.move), name="move"),
            path("counter/", self.admin_view(counter.counter), name="counter"),
            path("counter/<uuid:key>/", self.admin_view(counter.intake), name="intake"),
            path("counter/<uuid:key>/who/", self.admin_view(counter.intake_visitor), name="intake_visitor"),
            path("counter/<uuid:key>/check/", self.admin_view(counter.intake_check), name="intake_check"),
            path("counter/collect/", self.admin_view(collecting.begin), name="collect"),
            path("counter/collect/<str:reference>/", self.admin_view(collecting.items), name="collect_items"),
            path("counter/collected/<uuid:key>/", self.admin_view(collecting.collected), name="collected"),
            path("counter/ask/", self.admin_view(asking.begin), name="ask"),
            path("counter/ask/<str:reference>/", self.admin_view(asking.show), name="ask_about"),
            path("counter/reprints/<uuid:key>/", self.admin_view(asking.reprinted), name="reprint"),
            path("counter/numbers/", self.admin_view(tickets.change), name="tickets"),
            path("counter/numbers/<uuid:key>/", self.admin_view(tickets.show), name="ticket"),
            path("counter/day/", self.admin_view(tickets.day), name="counter_day"),
            path("counter/answers/", self.admin_view(visits.visit), name="visit"),
            path("counter/answers/<str:reference>/", self.admin_view(visits.answer), name="visit_answer"),
            path("counter/answers/<str:reference>/<int:pk>/", self.admin_view(visits.add_file), name="visit_file"),
            path(
                "counter/answers/<str:reference>/<int:pk>/photographs/",
                self.admin_view(visits.photographs_page),
                name="visit_photographs",
            ),
            path(
                "counter/answers/<str:reference>/<int:pk>/photographs/add/",
                self.admin_view(visits.add_photograph),
                name="visit_add_photograph",
            ),
            path("counter/visits/<uuid:key>/", self.admin_view(visits.confirmation), name="visit_sent"),
            path("counter/delegations/", self.admin_view(delegations.delegations), name="delegations"),
            path("counter/delegations/<int:pk>/end/", self.admin_view(delegations.end), name="delegation_end"),
            path("paper/", self.admin_view(paper.paper), name="paper"),
            path("paper/<int:pk>/", self.admin_view(paper.second), name="paper_second"),
            path("booklets/", self.admin_view(booklets.booklets), name="booklets"),
            path("booklets/unaccounted/", self.admin_view(slips.slips), name="slips"),
            path("booklets/<int:pk>/", self.admin_view(booklets.booklet), name="booklet"),
            path("booklets/<int:pk>/pdf/", self.admin_view(booklets.booklet_pdf), name="booklet_pdf"),
            path("absences/", self.admin_view(absences.absences_page), name="absences"),
            path("absences/<int:pk>/end/", self.admin_view(absences.end), name="absence_end"),
            path("texts/", self.admin_view(texts.texts), name="texts"),
            path("texts/<int:pk>/", self.admin_view(texts.text), name="text"),
            path("texts/<int:pk>/retire/", self.admin_view(texts.retire), name="text_retire"),
            path("checklists/", self.admin_view(checklists.checklists), name="checklists"),
            path(
                "checklists/<slug:code>/<slug:stage>/new/", self.admin_view(checklists.new_point), name="checklist_new"
            ),
            path(
                "checklists/<slug:code>/<slug:stage>/<slug:point>/",
                self.admin_view(checklists.point),
                name="checklist_point",
            ),
            path("imports/", self.admin_view(imports.imports), name="imports"),
            path("imports/<int:pk>/", self.admin_view(imports.show), name="import"),
            path("imports/<int:pk>/carry-out/", self.admin_view(imports.carry_out), name="import_do"),
            path("imports/outlines/", self.admin_view(outlines.outlines), name="outlines"),
            path("imports/outlines/<int:pk>/", self.admin_view(outlines.show), name="outline_import"),
            path("imports/outlines/<int:pk>/carry-out/", self.admin_view(outlines.carry_out), name="outlines_do"),
            path("imports/outlines/<int:pk>/undo/", self.admin_view(outlines.undo), name="outlines_undo"),
            path("people/new/", self.admin_view(imports.new_person), name="new_person"),
            path("lending/", self.admin_view(lending.lending_page), name="lending"),
            path("notices/", self.admin_view(notices.notices), name="notices"),
            path("notices/read/", self.admin_view(notices.read), name="notices_read"),
            path("notices/mail/", self.admin_view(notices.by_mail), name="notices_mail"),
            path("supervision/", self.admin_view(supervision.supervision), name="supervision"),
            path("pile/", self.admin_view(pile.pile), name="pile"),
            path("objections/", self.admin_view(objections.objections), name="objections"),
            path("operations/", self.admin_view(operations.operations), name="operations"),
            path("reference/", self.admin_view(self.reference), name="reference"),
        ]
        return own + super().get_urls()

    def reference(self, request: HttpRequest) -> HttpResponse:
        """Reference data, people and the books: Django's own index of lists."""
        return self.index(request, {"title": _("Reference data and books")})


def _exports(address: str) -> Iterable[tuple[str, str]]:
    """Ways to take a list along; none at an office box, which has no lists."""
    if settings.OFFICE_BOX:
        return []
    from .exports import addresses

    return addresses(address)


def _sentences(typed: QueryDict | None) -> list[str]:
    """What was written in a form, without what was only chosen."""
    values = [value for _name, values in typed.lists() for value in values] if typed else []
    return [value for value in values if len(value.split()) > 1]


def _unread(request: HttpRequest) -> int:
    """How many notices are new to whoever asks; asked by the page that shows it."""
    user = request.user
    return staff_notices.count_unread(user) if isinstance(user, User) else 0


def _post_in_words(post: StaffPost) -> str:
    return _("%(role)s, %(office)s") % {"role": post.get_role_display(), "office": post.office.name}


def _closed_offices(posts: list[StaffPost]) -> list[tuple[Office, Office | None]]:
    """Suspended offices this person works at, or whose work comes to theirs, and who stands in; no query."""
    mine = {post.office_id for post in posts}
    closed = [office for office in offices_by_pk().values() if office.suspended]
    pairs = [
        (office, None if office.kind == OfficeKind.SERVICE_CENTRE else replacement_office(office)) for office in closed
    ]
    return [(office, to) for office, to in pairs if office.pk in mine or (to is not None and to.pk in mine)]


staff_site = StaffSite(name="staff")
