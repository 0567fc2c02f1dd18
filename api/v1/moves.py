"""Moves of the lifecycle, and the staff's own tools around them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import current_user
from accounts.models import Scope, User
from municipality.models import Office
from transactions import access
from transactions.domain.errors import Invalid, NotVisible, Problem
from transactions.models import Transaction
from transactions.queues import queue_of
from transactions.transitions import moves, notes
from transactions.transitions.forms import (
    ANSWERS,
    COLLEAGUE,
    DEFICIENCIES,
    FILES,
    FORMS,
    OFFICE,
    PHOTOGRAPHS,
    VISITED,
    Form,
    Input,
)
from transactions.turns import in_their_turn

from ..strict import Strict, View, read
from . import bodies, people_shapes, serializers

Acting = Callable[[Transaction, dict[str, Any], User], Transaction]


def _office(data: dict[str, Any]) -> Office:
    office = Office.objects.filter(code=data.get("to_office", "")).first()
    if office is None:
        raise exceptions.ValidationError({"to_office": [_("There is no such office.")]})
    return office


def _person(pk: int, path: str) -> User:
    person = User.objects.filter(pk=pk, is_staff=True).first()
    if person is None:
        raise exceptions.ValidationError({path: [_("There is no such colleague.")]})
    return person


def _asked(data: dict[str, Any]) -> list[moves.RequestedCompletion]:
    return [
        moves.RequestedCompletion(**item | {"opens": tuple(item.get("opens", ()))})
        for item in data.get("deficiencies", [])
    ]


READ: dict[Input, Callable[[dict[str, Any]], Any]] = {
    OFFICE: _office,
    COLLEAGUE: lambda data: _person(data.get("to_person", 0), "to_person"),
    DEFICIENCIES: _asked,
    ANSWERS: lambda data: data.get("answers", {}),
    VISITED: lambda data: data.get("visited_on"),
    PHOTOGRAPHS: lambda data: data.get("photographs", ()),
    FILES: lambda data: data.get("files", ()),
}


def _words(case: Transaction, data: dict[str, Any], given: Input) -> dict[str, str]:
    """Words for the applicant by language; those without one are in that of the request."""
    texts = {language: data.get(f"{given.name}_{language}", "") for language, _name in settings.LANGUAGES}
    plain = data.get(given.name, "")
    if plain and texts[case.language] not in ("", plain):
        words = _("The sentence is given twice, and differently.")
        raise Invalid([Problem(given.name, words, "given_twice")])
    return texts | ({case.language: plain} if plain else {})


def _act(form: Form) -> Acting:
    def act(case: Transaction, data: dict[str, Any], by: User) -> Transaction:
        def read(given: Input) -> Any:
            if given.for_applicant:
                return _words(case, data, given)
            return READ[given](data) if given in READ else data.get(given.name, "")

        return form.make(case, read, by=by, version=data["version"])

    return act


ACTIONS: dict[str, Acting] = {name: _act(form) for name, form in FORMS.items()}


class Moves(View):
    scope = Scope.MOVE

    @extend_schema(
        request=bodies.MoveSerializer,
        responses={200: serializers.CaseSummary},
        operation_id="transactions_move",
    )
    def post(self, request: Request, reference: str) -> Response:
        """Make one move that the lifecycle allows this person now."""
        by = current_user(request)
        case = access.get_transaction(by, reference)
        data = read(bodies.MoveSerializer, request)
        done = ACTIONS[data["move"]](case, data, by)
        return Response(serializers.CaseSummary(done, context={"reader": by}).data)


class TakeNext(View):
    scope = Scope.MOVE

    @extend_schema(
        request=None, responses={200: serializers.CaseSummary, 204: None}, operation_id="transactions_take_next"
    )
    def post(self, request: Request) -> Response:
        """The first free file of my queue becomes mine; 204 when none waits. Two who ask at once get two files."""
        read(Strict, request)
        by = current_user(request)
        case = moves.take_next(in_their_turn(queue_of(by), by, timezone.now()), by=by)
        if case is None:
            return Response(status=status.HTTP_204_NO_CONTENT)
        return Response(serializers.CaseSummary(case, context={"reader": by}).data)


def worked_on(request: Request, reference: str) -> Transaction:
    """A transaction this person works on and is not the applicant of; NotVisible otherwise."""
    case = access.get_transaction(current_user(request), reference)
    if not access.may_read_notes(current_user(request), case):
        raise NotVisible
    return case


class Colleagues(View):
    @extend_schema(responses=people_shapes.ColleagueSerializer(many=True), operation_id="transactions_colleagues")
    def get(self, request: Request, reference: str) -> Response:
        """Who else works on this transaction, and to whom it may be handed."""
        case = worked_on(request, reference)
        posts = access.posts_working_on(case)
        takes = {person.pk for person in access.assignable_colleagues(case, posts)}
        rows = [
            {
                "id": post.user_id,
                "name": post.user.full_name,
                "office": post.office.code,
                "role": post.role,
                "may_be_given": post.user_id in takes,
            }
            for post in posts
            if post.user_id != current_user(request).pk
        ]
        return Response(people_shapes.ColleagueSerializer(rows, many=True).data)


class Notes(View):
    scope = Scope.MOVE

    @extend_schema(responses=people_shapes.NoteRow(many=True), operation_id="notes_list")
    def get(self, request: Request, reference: str) -> Response:
        """What colleagues wrote to each other about this transaction, the newest first."""
        rows = worked_on(request, reference).notes.select_related("author", "office")
        return Response(people_shapes.NoteRow(rows, many=True).data)

    @extend_schema(request=bodies.NoteSerializer, responses={201: people_shapes.NoteRow}, operation_id="notes_create")
    def post(self, request: Request, reference: str) -> Response:
        """Write a note for everybody who works on it, or `to` one of them. It is never changed."""
        case, data = worked_on(request, reference), read(bodies.NoteSerializer, request)
        to = _person(data["to"], "to") if "to" in data else None
        row = notes.write_note(case, text=data["text"], by=current_user(request), to=to)
        return Response(people_shapes.NoteRow(row).data, status=status.HTTP_201_CREATED)


class NotesRead(View):
    scope = Scope.MOVE

    @extend_schema(request=None, responses={200: people_shapes.MarkedSerializer}, operation_id="notes_read")
    def post(self, request: Request, reference: str) -> Response:
        """Say that I have read the notes meant for me."""
        read(Strict, request)
        marked = notes.mark_read(worked_on(request, reference), by=current_user(request))
        return Response({"marked": marked})
