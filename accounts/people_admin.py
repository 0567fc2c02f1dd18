"""Lists of people in the staff admin, and how a person is typed there."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from core.admin.guarded import Administered, GuardedAdmin
from core.forms.fields import CompactField
from core.forms.versioned import VersionedForm
from core.text import compact, one_line

from . import access_log
from .access import current_user
from .errors import AccountError
from .models import Act, User
from .search import people_condition


class PersonField(CompactField):
    """A person by ID number: exact, quick to type, and no list of everyone's names to look through."""

    widget = forms.TextInput(attrs={"inputmode": "numeric", "dir": "ltr", "autocomplete": "off", "size": 12})

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, int):
            return User.objects.filter(pk=value).values_list("national_id", flat=True).first()
        return value

    def clean(self, value: Any) -> User | None:
        number = super().clean(value)
        if not number:
            return None
        person = User.objects.filter(national_id=number).first()
        if person is None:
            raise ValidationError(_("No account has this ID number."), code="unknown_person")
        return person

    def has_changed(self, initial: Any, data: Any) -> bool:
        """An empty box of an empty row is as it was: a browser sends "" for what has no value."""
        return bool((self.prepare_value(initial) or "") != compact(data or ""))


class PersonForm(VersionedForm):
    user = PersonField(label=_("ID number of the person"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if field.label and not field.widget.is_hidden:
                field.widget.attrs.setdefault("aria-label", field.label)


class Watched(GuardedAdmin):
    """Who looks through a list, and what is searched for in it, is kept in the access log."""

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if self.has_view_permission(request):
            self.keep(current_user(request), request.GET.get("q", "").strip())
        return super().changelist_view(request, extra_context)

    def keep(self, user: User, sought: str) -> None:
        """Write down what was searched for; of a list that is only leafed through, that it was, without a question
        more."""
        if sought:
            access_log.record(Act.SEARCH, by=user, subject=sought, why=self.opts.label_lower)
        else:
            access_log.record_later(Act.READ_LIST, by=user, why=self.opts.label_lower)


class PeopleAdmin(Watched, Administered):
    """Lists of other people: a browser offers its own person's name, number and mail nowhere here.

    `find` is the condition for what is typed into the box of a list; search_fields only makes the box appear.
    """

    list_per_page = 50
    show_full_result_count = False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return queryset.filter(self.find(search_term)) if one_line(search_term) else queryset, False

    # The field that names whom a row is about: none where it is about nobody, empty where it is the person.
    about: str | None = None

    def look(self, request: HttpRequest, object_id: str) -> None:
        """Keep in the access log who looks at whom."""
        if self.about is None or not self.has_view_permission(request):
            return
        if row := self.get_object(request, object_id):
            person = getattr(row, self.about) if self.about else row
            access_log.record(Act.READ_PERSON, by=current_user(request), person=person, why=self.opts.label_lower)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        self.look(request, object_id)
        return super().history_view(request, object_id, extra_context)

    @staticmethod
    def find(sought: str) -> Q:
        return people_condition(sought)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest | None, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field:
            field.widget.attrs.setdefault("autocomplete", "off")
        return field

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if object_id is not None and request.method == "GET":
            self.look(request, object_id)
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except AccountError as error:
            messages.error(request, error.message)
            return redirect(request.get_full_path())
