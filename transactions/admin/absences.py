"""Who is away, and who stands in: one's own absences, and those of the people one supervises."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import absences
from accounts.access import current_user
from accounts.errors import AccountError
from accounts.models import NO_CASE_ROLES, Absence, Role, StaffPost, User
from core.forms.fields import DateField
from core.forms.named_errors import NamedErrors
from core.http import post_only, require_GET_or_POST
from core.text import parse_int
from municipality.models import OfficeKind

from .. import access
from ..views.common import page_of
from .site import staff_site

ROWS = 50


class AbsenceForm(NamedErrors, forms.Form):
    """The days, and for each post of the person who stands in."""

    starts_on = DateField(label=gettext_lazy("First day away"))
    ends_on = DateField(
        label=gettext_lazy("Last day away"),
        help_text=gettext_lazy("Hijri or Gregorian. On the day after, everything is as before."),
    )

    def __init__(self, *args: Any, posts: list[StaffPost], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.posts = {f"post-{post.pk}": post for post in posts}
        self.colleagues = _colleagues(posts)
        for name, post in self.posts.items():
            people = [(str(user.pk), user.full_name) for user in self.colleagues[post.pk].values()]
            label = _("Substitute: %(role)s, %(office)s") % {
                "role": post.get_role_display(),
                "office": post.office.name,
            }
            nobody = _("Nobody: the supervisor hands out the cases")
            self.fields[name] = forms.ChoiceField(choices=[("", nobody), *people], label=label, required=False)

    def substitutes(self) -> dict[StaffPost, User | None]:
        """Of a valid form: who stands in for each post."""
        chosen = {post: parse_int(self.cleaned_data[name] or "") for name, post in self.posts.items()}
        return {post: self.colleagues[post.pk].get(pk) if pk else None for post, pk in chosen.items()}


def _colleagues(posts: Iterable[StaffPost]) -> dict[int, dict[int, User]]:
    """Who holds the same role in the same office today, by post; one query."""
    wanted = Q(pk__in=[])
    for post in posts:
        wanted |= Q(office=post.office_id, role=post.role)
    held = StaffPost.objects.current(timezone.localdate()).filter(wanted, user__is_active=True)
    others = list(held.select_related("user").order_by("user__full_name", "pk"))
    return {
        post.pk: {
            other.user_id: other.user
            for other in others
            if (other.office_id, other.role) == (post.office_id, post.role) and other.user_id != post.user_id
        }
        for post in posts
    }


def posts_to_enter(user: User) -> list[StaffPost]:
    """The posts whose absences this person may enter: their own first, then by name; one query."""
    own = access.case_posts(user)
    supervised = [post.office for post in own if post.role == Role.SUPERVISOR]
    wanted = Q(user=user) | Q(office__in=[office.pk for office in supervised])
    if any(office.kind == OfficeKind.CENTRAL for office in supervised):
        wanted |= Q(role=Role.SUPERVISOR)
    held = StaffPost.objects.current(timezone.localdate()).filter(wanted, user__is_active=True)
    rows = held.exclude(role__in=NO_CASE_ROLES).select_related("user", "office").order_by("user__full_name", "pk")
    return sorted(rows, key=lambda post: post.user_id != user.pk)


@require_GET_or_POST
def absences_page(request: HttpRequest) -> HttpResponse:
    """The form for one person, and who is away now or will be."""
    user, today = current_user(request), timezone.localdate()
    if not access.case_posts(user):
        raise Http404
    posts = posts_to_enter(user)
    people = {post.user_id: post.user for post in posts}
    asked = request.GET.get("person", "")
    person = people.get((parse_int(asked) or 0) if asked else user.pk)
    if person is None:
        raise Http404
    form = AbsenceForm(request.POST or None, posts=[post for post in posts if post.user_id == person.pk])
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid() and _enter(request, form, person):
            return redirect("staff:absences")
    live = Absence.objects.live().filter(ends_on__gte=today)
    shown = live.filter(Q(post__in=[post.pk for post in posts]) | Q(substitute=user))
    page = page_of(request, shown.select_related("post__user", "post__office", "substitute"), ROWS)
    mine = {post.pk for post in posts}
    context = staff_site.each_context(request) | {
        "title": _("Absences"),
        "form": form,
        "person": person,
        "people": list(people.values()),
        "own": person.pk == user.pk,
        "page": page,
        "rows": [(row, row.post_id in mine, row.starts_on <= today) for row in page],
    }
    return render(request, "staff/absences.html", context, status=status)


def _enter(request: HttpRequest, form: AbsenceForm, person: User) -> bool:
    typed = form.cleaned_data
    try:
        entered = absences.enter_absence(
            person,
            form.substitutes(),
            starts_on=typed["starts_on"],
            ends_on=typed["ends_on"],
            by=current_user(request),
        )
    except AccountError as error:
        form.add_error(None, str(error.message))
        return False
    messages.success(request, _("The absence is entered."))
    if absences.days_without_substitute(entered):
        words = _("On some of these days nobody stands in. New and open cases then wait on the supervisor's list.")
        messages.warning(request, words)
    return True


@post_only("staff:absences")
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """They are back sooner, or never go."""
    user = current_user(request)
    mine = [post.pk for post in posts_to_enter(user)]
    row = Absence.objects.filter(pk=pk, post__in=mine).first()
    if row is None:
        raise Http404
    try:
        absences.end_absence(row, by=user)
    except AccountError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("The absence is over. New work goes to the person again."))
    return redirect("staff:absences")
