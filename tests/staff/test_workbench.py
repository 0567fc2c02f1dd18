"""The staff admin: who may enter, what stays read-only, what is recorded, and handing files over in bulk."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts import services as people
from municipality.models import Office
from transactions.admin import staff_site
from transactions.models import Outbox
from transactions.transitions import moves

from ..conftest import NOW, drive, stored, work_off

pytestmark = pytest.mark.django_db


def test_only_staff_enter(cast, signed_in, client):
    for page in (signed_in(cast.citizen), signed_in(cast.engineer), client):
        assert page.get(reverse("staff:index")).status_code == 302
    assert signed_in(cast.registry).get(reverse("staff:index")).status_code == 200


def test_administrators_edit_reference_data_and_others_do_not(cast, signed_in):
    office = Office.objects.get(code="SC02")
    url = reverse("staff:municipality_office_change", args=[office.pk])
    page = signed_in(cast.administrator)
    form = page.get(url).context["adminform"].form
    data = {name: "" if value is None else value for name, value in form.initial.items() if name in form.fields}
    answer = page.post(url, data | {"capacity": "99"})
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    office.refresh_from_db()
    assert office.capacity == 99
    record = office.history.first()
    assert (record.history_user, record.capacity) == (cast.administrator, 99)
    for person in (cast.registry, cast.reviewer, cast.supervisor, cast.clerk):
        answer = signed_in(person).post(url, data | {"capacity": "1"})
        assert answer.status_code in (302, 403, 404)
        office.refresh_from_db()
        assert office.capacity == 99


def test_samples_are_shown_as_samples(cast, signed_in):
    html = signed_in(cast.administrator).get(reverse("staff:municipality_office_changelist")).content.decode()
    assert "عينة تُستبدل لاحقًا" in html


def test_the_books_cannot_be_edited_by_anyone(cast, submitted, signed_in):
    case = drive(submitted(), cast, "under_study")
    page = signed_in(cast.administrator)
    for model in staff_site._registry:
        if model._meta.label in ("transactions.Transaction", "transactions.Movement", "journal.Entry"):
            name = f"staff:{model._meta.app_label}_{model._meta.model_name}"
            row = model._default_manager.first()
            before = stored(case)
            assert page.post(reverse(f"{name}_change", args=[row.pk]), {"x": "1"}).status_code in (302, 403, 404)
            assert page.post(reverse(f"{name}_delete", args=[row.pk]), {"post": "yes"}).status_code in (302, 403, 404)
            assert page.get(reverse(f"{name}_add")).status_code == 403
            assert stored(case) == before


def test_a_case_of_another_office_is_a_404_on_every_staff_address(cast, submitted, signed_in):
    case = drive(submitted(), cast, "under_study")
    page = signed_in(cast.other_reviewer)
    assert page.get(reverse("staff:case", args=[case.reference])).status_code == 404
    for move in ("take", "recommend", "return", "refer"):
        url = reverse("staff:move", args=[case.reference, move])
        assert page.post(url, {"version": case.version, "reason": "x"}).status_code == 404
    html = page.get(reverse("staff:transactions_transaction_changelist")).content.decode()
    assert case.reference not in html
    assert page.get(reverse("staff:index") + f"?q={case.reference}").context["page"].paginator.count == 0


def test_a_register_keeps_the_lines_of_files_that_have_left(cast, submitted, signed_in):
    case = drive(submitted(), cast, "awaiting_supervisor")
    link = f'href="{reverse("staff:case", args=[case.reference])}"'
    url = reverse("staff:transactions_movement_changelist")

    def register(person) -> tuple[list[str], bool]:
        page = signed_in(person).get(url)
        lines = [f"{line.office.code} {line.direction}" for line in page.context["cl"].result_list]
        assert (case.reference in page.content.decode()) == bool(lines)
        return sorted(lines), link in page.content.decode()

    assert register(cast.informal) == (["INF in", "INF out"], False)
    assert register(cast.registry) == (["SHR in", "SHR in", "SHR out"], True)
    for person in (cast.administrator, cast.other_registry, cast.clerk):
        assert register(person) == ([], False)
    line = case.movements.get(office__code="INF", direction="in")
    page = signed_in(cast.informal).get(reverse("staff:transactions_movement_change", args=[line.pk])).content.decode()
    assert case.reference in page
    assert link not in page
    assert reverse("staff:transactions_transaction_change", args=[case.pk]) not in page


def test_the_queue_shows_what_waits_for_this_role_longest_due_first(cast, submitted, signed_in):
    from datetime import timedelta

    late = drive(submitted(now=NOW - timedelta(days=40)), cast, "under_study", NOW - timedelta(days=39))
    fresh = drive(submitted(), cast, "under_study")
    submitted()
    html = signed_in(cast.reviewer).get(reverse("staff:index")).content.decode()
    assert html.index(late.reference) < html.index(fresh.reference)
    assert signed_in(cast.registry).get(reverse("staff:index")).context["page"].paginator.count == 1


def test_take_next_takes_the_free_file_that_is_due_first(cast, submitted, signed_in):
    first, second = drive(submitted(), cast, "under_study"), drive(submitted(), cast, "under_study")
    moves.take(first, by=cast.second_reviewer, now=NOW)
    answer = signed_in(cast.reviewer).post(reverse("staff:take_next"))
    second.refresh_from_db()
    assert second.assignee == cast.reviewer
    assert answer.url == reverse("staff:case", args=[second.reference])
    assert signed_in(cast.reviewer).post(reverse("staff:take_next")).url == reverse("staff:index")


def test_a_supervisor_hands_files_over_after_looking(cast, submitted, signed_in):
    cases = [drive(submitted(), cast, "under_study") for _ in range(2)]
    page = signed_in(cast.supervisor)
    data = {"case": [case.reference for case in cases], "to": cast.reviewer.pk, "move": "reassign"}
    preview = page.post(reverse("staff:bulk_look"), data, follow=True)
    assert preview.status_code == 200
    assert all(case.reference in preview.content.decode() for case in cases)
    cases[0].refresh_from_db()
    assert cases[0].assignee is None
    page.post(reverse("staff:bulk_start", args=[preview.context["job"].key]))
    work_off()
    for case in cases:
        case.refresh_from_db()
        assert case.assignee == cast.reviewer


def test_dead_work_is_seen_and_tried_again(cast, submitted, signed_in):
    row = Outbox.objects.get(kind="route", subject=submitted(routed=False).pk)
    Outbox.objects.filter(pk=row.pk).update(state="dead", attempts=8, last_error="ValueError: x")
    page = signed_in(cast.administrator)
    url = reverse("staff:transactions_outbox_changelist")
    assert "ValueError: x" in page.get(url).content.decode()
    page.post(url, {"action": "try_again", "_selected_action": [row.pk]})
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("owed", 0)


def test_every_admin_page_opens_for_administrators(cast, submitted, signed_in):
    drive(submitted("building-permit"), cast, "issued")
    page = signed_in(cast.administrator)
    assert page.get(reverse("staff:reference")).status_code == 200
    for model in staff_site._registry:
        name = f"staff:{model._meta.app_label}_{model._meta.model_name}"
        assert page.get(reverse(f"{name}_changelist")).status_code == 200, name
        assert page.get(reverse(f"{name}_changelist") + "?q=1").status_code == 200, name
        row = model._default_manager.first()
        if row is not None:
            assert page.get(reverse(f"{name}_change", args=[row.pk])).status_code in (200, 302), name


def test_a_post_given_in_the_admin_lets_its_holder_in(cast, signed_in):
    holder = cast.other_citizen
    assert signed_in(holder).get(reverse("staff:index")).status_code == 302
    post = {
        "user": holder.national_id,
        "office": cast.clerk.posts.get().office_id,
        "role": "centre_clerk",
        "starts_on": "2026-01-01",
    }
    assert signed_in(cast.administrator).post(reverse("staff:accounts_staffpost_add"), post).status_code == 302
    holder.refresh_from_db()
    assert signed_in(holder).get(reverse("staff:index")).status_code == 200


def test_take_next_passes_over_files_nobody_can_take(cast, submitted, signed_in):
    """Whoever registers and reviews has many files to register before the first that is free to be studied."""
    office = cast.reviewer.posts.get().office
    people.create_staff_post(cast.reviewer, office, "registry_clerk", on=date(2026, 1, 1))
    now = timezone.now()
    for _ in range(21):
        submitted(now=now - timedelta(days=30))
    studied = drive(submitted(now=now), cast, "under_study", now)
    answer = signed_in(cast.reviewer).post(reverse("staff:take_next"))
    assert answer.url == reverse("staff:case", args=[studied.reference])
