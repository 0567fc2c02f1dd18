"""Lending people for some days, and deputies: proposed here by a supervisor, confirmed by an administrator."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import lending
from accounts.access import current_user
from accounts.errors import AccountError
from accounts.models import Proposal, Role, StaffPost
from accounts.power_admin import reason_field
from core.forms.fields import DateField
from core.forms.named_errors import NamedErrors
from core.http import require_GET_or_POST
from municipality.services import offices_by_pk

from .. import access
from ..views.common import page_of
from .site import staff_site

DEPUTY = "deputy"


class LendingForm(NamedErrors, forms.Form):
    """Who, where to or as whose deputy, and for how long."""

    post = forms.ChoiceField(label=gettext_lazy("Person"))
    to = forms.ChoiceField(label=gettext_lazy("Place and role"))
    starts_on = DateField(label=gettext_lazy("First day"))
    ends_on = DateField(
        label=gettext_lazy("Last day"), help_text=gettext_lazy("After it the rights end by themselves.")
    )
    reason = reason_field(gettext_lazy("Give the reason: an administrator will decide."))

    def __init__(self, *args: Any, posts: list[StaffPost], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.posts = {str(post.pk): post for post in posts}
        self.offices = {str(office.pk): office for office in offices_by_pk().values()}
        words = _("%(name)s: %(role)s, %(office)s")
        people = [
            (key, words % {"name": post.user.full_name, "role": post.get_role_display(), "office": post.office.name})
            for key, post in self.posts.items()
        ]
        self.fields["post"] = forms.ChoiceField(label=gettext_lazy("Person"), choices=[("", _("Choose")), *people])
        places = sorted((office.name, key) for key, office in self.offices.items())
        choices = [
            ("", _("Choose")),
            (DEPUTY, _("In the same office, as deputy of a supervisor")),
            (_("In another office, in the same role"), [(key, name) for name, key in places]),
        ]
        self.fields["to"] = forms.ChoiceField(label=self.fields["to"].label, choices=choices)


@require_GET_or_POST
def lending_page(request: HttpRequest) -> HttpResponse:
    """The form, and what was proposed for one's own people."""
    user = current_user(request)
    posts = lending.posts_to_lend(user, timezone.localdate())
    if not any(post.role == Role.SUPERVISOR for post in access.case_posts(user)):
        raise Http404
    form = LendingForm(request.POST or None, posts=posts)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid() and _propose(request, form):
            messages.warning(request, _("Proposed. Nothing has changed yet: an administrator has to confirm it."))
            return redirect("staff:lending")
    proposed = Proposal.objects.filter(kind=Proposal.Kind.LEND, proposed_by=user).select_related("person", "office")
    context = staff_site.each_context(request) | {
        "title": _("Lending and deputies"),
        "form": form,
        "page": page_of(request, proposed),
    }
    return render(request, "staff/lending.html", context, status=status)


def _propose(request: HttpRequest, form: LendingForm) -> bool:
    typed = form.cleaned_data
    post, as_deputy = form.posts[typed["post"]], typed["to"] == DEPUTY
    try:
        lending.lend(
            post,
            post.office if as_deputy else form.offices[typed["to"]],
            as_deputy=as_deputy,
            starts_on=typed["starts_on"],
            ends_on=typed["ends_on"],
            reason=typed["reason"],
            by=current_user(request),
        )
    except AccountError as error:
        form.add_error(None, str(error.message))
    except ValidationError as error:
        form.add_error("to", error.messages)
    return form.is_valid()
