"""What the workbench says is so: constraints in words, what a press did, the last administrator, order, focus."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext

from accounts import four_eyes
from accounts.errors import AccountError
from accounts.models import StaffPost
from municipality.models import Office
from transactions.domain.workflow import BY_NAME, Obstacle
from transactions.models import Attachment, Outbox
from transactions.outbox import queue
from transactions.text.wording import explain_obstacle
from transactions.transitions import moves

from ..conftest import NOW, drive

pytestmark = pytest.mark.django_db
OURS = {"accounts", "journal", "municipality", "permits", "transactions"}
CONSTRAINTS = [
    constraint
    for model in apps.get_models()
    if model.__module__.split(".")[0] in OURS
    for constraint in model._meta.constraints
]


def test_there_are_constraints_to_look_at():
    assert len(CONSTRAINTS) > 40


@pytest.mark.parametrize("constraint", CONSTRAINTS, ids=lambda constraint: constraint.name)
def test_every_constraint_is_a_sentence_in_both_languages(constraint):
    said = {}
    for language in ("en", "ar"):
        with translation.override(language):
            said[language] = str(constraint.get_violation_error_message())
    for words in said.values():
        assert words.endswith(".")
        assert constraint.name not in words
    assert re.search("[\u0621-\u064a]", said["ar"])
    assert not re.search("[A-Za-z]{3}", said["ar"])


def test_a_row_that_breaks_a_rule_is_refused_in_words():
    office = Office(code="X1", kind="service_centre", name_ar="مركز", name_en="Centre", capacity=0)
    with translation.override("ar"), pytest.raises(ValidationError) as refused:
        office.full_clean()
    said = " ".join(refused.value.messages)
    assert "Constraint" not in said
    assert "يتبع مركز الخدمات بلدية فرعية" in said


def test_a_saved_change_is_not_called_an_addition(cast, signed_in):
    office = Office.objects.get(code="SC01")
    page = signed_in(cast.administrator)
    with translation.override("ar"):
        assert "إضافة" not in gettext("The {name} “{obj}” was changed successfully.")
    url = reverse("staff:municipality_office_change", args=[office.pk])
    form = page.get(url).context["adminform"].form
    sent = {name: value for name, value in form.initial.items() if value is not None and name in form.fields}
    sent["capacity"] = office.capacity + 1
    for name, field in form.fields.items():
        if field.widget.is_hidden:
            sent.setdefault(name, form[name].value() or "")
    html = page.post(url, sent, follow=True).content.decode()
    office.refresh_from_db()
    assert office.capacity == int(sent["capacity"])
    assert f'حُفظ تعديل جهة «<a href="{url}">{office}</a>».' in html


def test_lists_of_words_have_the_comma_of_their_language(cast, submitted):
    case = drive(submitted(), cast, "under_study")
    for language, comma, other in (("en", ", ", "،"), ("ar", "، ", ", ")):
        with translation.override(language):
            words = explain_obstacle(case, BY_NAME["refer"], Obstacle.ROLE)
        assert comma in words
        assert other not in words


def test_trying_again_says_what_was_tried_and_what_was_left(cast, submitted, signed_in):
    submitted()
    done = Outbox.objects.filter(state="done").first()
    dead = queue.enqueue("route", 10**9, dedupe="never", now=NOW)
    Outbox.objects.filter(pk=dead.pk).update(state="dead")
    page = signed_in(cast.administrator)
    url = reverse("staff:transactions_outbox_changelist")
    both = {"action": "try_again", "_selected_action": [done.pk, dead.pk]}
    html = page.post(url, both, follow=True).content.decode()
    assert "ستُعاد مهمة واحدة." in html
    assert "تُركت مهمة واحدة كما هي لأنها لم تفشل نهائيًا." in html
    only_done = page.post(url, {"action": "try_again", "_selected_action": [done.pk]}, follow=True).content.decode()
    assert "يعاد" not in only_done.partition("messagelist")[2].partition("</ul>")[0]
    done.refresh_from_db()
    assert done.state == "done"


# -- the last administrator --------------------------------------------------------------------------------------


def test_the_last_administrator_stays(cast, signed_in):
    post, today = cast.administrator.posts.get(), timezone.localdate()
    for last_day in (today, today + timedelta(days=30)):
        with pytest.raises(AccountError) as refused:
            four_eyes.set_end(post, last_day, by=cast.administrator)
        assert refused.value.code == "last_administrator"
    with pytest.raises(AccountError):
        four_eyes.close_account(cast.administrator, by=cast.administrator)
    page = signed_in(cast.administrator)
    url = reverse("staff:accounts_staffpost_change", args=[post.pk])
    form = page.get(url).context["adminform"].form
    sent = {name: form[name].value() or "" for name in form.fields} | {"ends_on": today.isoformat()}
    html = page.post(url, sent).content.decode()
    assert "هذا آخر مدير للنظام" in html
    post.refresh_from_db()
    cast.administrator.refresh_from_db()
    assert (post.ends_on, cast.administrator.is_active) == (None, True)


@pytest.mark.parametrize(("until", "closed", "goes"), [(None, False, True), (3, False, False), (None, True, False)])
def test_another_who_stays_longer_and_can_sign_in_lets_one_go(until, closed, goes, cast):
    today = timezone.localdate()
    ends = today + timedelta(days=until) if until else None
    StaffPost.objects.create(
        user=cast.reviewer, office=Office.objects.get(code="CTR"), role="administrator", starts_on=today, ends_on=ends
    )
    if closed:
        cast.reviewer.is_active = False
        cast.reviewer.save()
    last_day = today + timedelta(days=5)
    if goes:
        assert four_eyes.set_end(cast.administrator.posts.get(), last_day, by=cast.administrator).ends_on == last_day
    else:
        with pytest.raises(AccountError):
            four_eyes.set_end(cast.administrator.posts.get(), last_day, by=cast.administrator)


# -- the case page -----------------------------------------------------------------------------------------------


def test_documents_stand_in_the_order_of_the_catalogue(cast, submitted, signed_in):
    case = drive(submitted("land-subdivision"), cast, "under_study")
    order = [document.code for document in case.service_type.documents]
    files = list(case.attachments.all())
    assert sorted(file.document for file in files) != sorted((f.document for f in files), key=order.index)
    shown = signed_in(cast.reviewer).get(reverse("staff:case", args=[case.reference])).context["files"]
    places = [order.index(file.document) for _label, file in shown]
    assert places == sorted(places)
    assert len(places) == Attachment.objects.filter(transaction=case).count()


def test_a_refusal_takes_the_focus(cast, submitted, signed_in):
    case = drive(submitted(), cast, "under_study")
    page = signed_in(cast.reviewer)
    quiet = page.get(reverse("staff:case", args=[case.reference])).content.decode()
    assert 'role="alert" tabindex="-1" autofocus' not in quiet
    moves.take(case, by=cast.second_reviewer, now=NOW)
    url = reverse("staff:move", args=[case.reference, "recommend"])
    conflict = page.post(url, {"version": case.version})
    assert conflict.status_code == 409
    assert 'role="alert" tabindex="-1" autofocus' in conflict.content.decode()
