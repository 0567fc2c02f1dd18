"""An e-mail address is used for nothing before its owner has confirmed it, whoever typed it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import emails, restored, services
from accounts.errors import AccountError
from accounts.models import EmailChange, User
from transactions.maintenance import personal_data
from transactions.notifications import notices

from ..conftest import NOW, work_off

pytestmark = pytest.mark.django_db
LINK = re.compile(r"https?://[^/\s]+(/email/\S+)")
TYPED = {"language": "en", "email_notices": "on", "sms_notices": "on"}


def link_in(mailoutbox, at=-1):
    return LINK.search(mailoutbox[at].body)[1]


def save(client, email):
    return client.post(reverse("accounts:profile"), TYPED | {"email": email})


def channels(person):
    return notices.channels_of(User.objects.get(pk=person.pk))


def test_what_is_typed_in_the_profile_waits_for_the_link_and_the_old_address_stays(cast, signed_in, mailoutbox):
    page = signed_in(cast.citizen)
    assert save(page, "first@example.org").status_code == 302
    assert User.objects.get(pk=cast.citizen.pk).email == ""
    assert channels(cast.citizen) == ["sms"]
    work_off(timezone.now())
    (mail,) = mailoutbox
    assert mail.to == ["first@example.org"]
    shown = page.get(reverse("accounts:profile")).content.decode()
    assert "لم يُؤكَّد بريدك الإلكتروني بعد" in shown
    assert 'value="first@example.org"' in shown
    stranger = Client()
    asked = stranger.get(link_in(mailoutbox))
    assert asked.status_code == 200
    assert "first@example.org" in asked.content.decode()
    assert channels(cast.citizen) == ["sms"]  # looking confirms nothing: programs open links, too
    assert stranger.post(link_in(mailoutbox)).status_code == 200
    assert "_auth_user_id" not in stranger.session
    assert channels(cast.citizen) == ["sms", "email"]
    assert "لم يُؤكَّد بريدك الإلكتروني بعد" not in page.get(reverse("accounts:profile")).content.decode()

    save(page, "second@example.org")
    assert User.objects.get(pk=cast.citizen.pk).email == "first@example.org"
    shown = page.get(reverse("accounts:profile")).content.decode()
    assert "first@example.org" in shown
    assert "second@example.org" in shown
    # Back to the one in use: the other waits no more, and its link ends.
    work_off(timezone.now())
    save(page, "first@example.org")
    assert stranger.post(link_in(mailoutbox)).status_code == 410
    assert User.objects.get(pk=cast.citizen.pk).email == "first@example.org"


def test_a_link_counts_once_for_the_newest_asking_and_for_some_days(cast, settings):
    emails.request_change(cast.citizen, "a@example.org", now=NOW)
    first = EmailChange.objects.get()
    emails.resend_link(cast.citizen, now=NOW + timedelta(minutes=1))
    second = EmailChange.objects.get(closed_at=None)
    with pytest.raises(AccountError) as ended:
        emails.confirm_address(emails.make_token(first))
    assert ended.value.code == "link_ended"
    assert emails.confirm_address(emails.make_token(second)) == "a@example.org"
    emails.request_change(cast.citizen, "b@example.org", now=NOW + timedelta(minutes=2))
    emails.confirm_address(emails.make_token(EmailChange.objects.get(closed_at=None)))
    for old in (first, second):
        with pytest.raises(AccountError):
            emails.confirm_address(emails.make_token(old))
    assert User.objects.get(pk=cast.citizen.pk).email == "b@example.org"
    emails.request_change(cast.citizen, "c@example.org", now=NOW + timedelta(minutes=3))
    late = emails.make_token(EmailChange.objects.get(closed_at=None))
    settings.EMAIL_LINK_DAYS = -1
    with pytest.raises(AccountError):
        emails.confirm_address(late)


@pytest.mark.parametrize("token", ["x", "1", "1~x", "~~", "1:x:y", "٣~a~b", "a" * 500])
def test_no_link_of_ours_confirms_nothing(cast, token):
    emails.request_change(cast.citizen, "a@example.org", now=NOW)
    for answer in (Client().get(f"/email/{token}/"), Client().post(f"/email/{token}/")):
        assert answer.status_code == 410
    assert EmailChange.objects.get().closed_at is None


def test_a_link_of_somebody_elses_signature_is_none(cast, settings):
    emails.request_change(cast.citizen, "a@example.org", now=NOW)
    token = emails.make_token(EmailChange.objects.get())
    settings.SECRET_KEY = "another" * 8
    assert emails.find_by_token(token) is None


def test_a_page_of_a_used_link_says_so_again_but_changes_nothing(cast):
    emails.request_change(cast.citizen, "a@example.org", now=NOW)
    path = reverse("accounts:email", args=[emails.make_token(EmailChange.objects.get())])
    assert [Client().post(path).status_code for _press in range(2)] == [200, 200]
    User.objects.filter(pk=cast.citizen.pk).update(email="")
    assert Client().post(path).status_code == 410
    assert User.objects.get(pk=cast.citizen.pk).email == ""


def test_one_is_asked_five_times_an_hour_and_told_so(cast, signed_in):
    page = signed_in(cast.citizen)
    save(page, "a@example.org")
    for _again in range(4):
        page.post(reverse("accounts:email_again"))
    assert EmailChange.objects.count() == 5
    newest = EmailChange.objects.get(closed_at=None)
    page.post(reverse("accounts:email_again"))
    assert EmailChange.objects.get(closed_at=None) == newest
    answer = save(page, "b@example.org")
    assert answer.status_code == 200
    assert answer.context["form"].errors["email"]
    assert emails.pending_address_of(cast.citizen) == "a@example.org"


def test_an_address_is_asked_by_everybody_together_so_often(cast):
    most = emails.MAX_REQUESTS_OF_ADDRESS[emails.HOUR]
    people = [cast.citizen, cast.other_citizen, cast.engineer]
    for number in range(most):
        emails.request_change(people[number % 3], "", now=NOW)
        emails.request_change(people[number % 3], "Victim@example.org" if number % 2 else "victim@example.org", now=NOW)
    with pytest.raises(AccountError) as many:
        emails.resend_link(people[most % 3], now=NOW)
    assert many.value.code == "too_many_emails"


def test_what_an_administrator_types_waits_as_well(cast, signed_in, mailoutbox):
    address = reverse("staff:accounts_user_change", args=[cast.citizen.pk])
    form = signed_in(cast.administrator).get(address).context["adminform"].form
    typed = {name: form[name].value() or "" for name in form.fields} | {"is_active": "on", "email": "typo@example.org"}
    assert signed_in(cast.administrator).post(address, typed).status_code == 302
    assert channels(cast.citizen) == ["sms"]
    assert "typo@example.org" in signed_in(cast.administrator).get(address).content.decode()
    work_off(timezone.now())
    assert [mail.to for mail in mailoutbox] == [["typo@example.org"]]


def test_what_a_clerk_puts_on_file_waits_as_well(cast):
    changes = {"email": {"from": "", "to": "typo@example.org"}}
    services.confirm_identity(cast.citizen, changes, by=cast.clerk, now=NOW)
    assert (User.objects.get(pk=cast.citizen.pk).email, channels(cast.citizen)) == ("", ["sms"])
    assert emails.pending_address_of(cast.citizen) == "typo@example.org"


def test_nothing_waits_of_whoever_lost_the_account_was_erased_or_came_out_of_a_backup(cast):
    emails.request_change(cast.citizen, "a@example.org", now=NOW)
    assert personal_data.export_personal_data(cast.citizen, now=NOW)["emails_asked"][0]["email"] == "a@example.org"
    assert restored.revoke_restored_access(NOW)["email_links"] == 1
    assert emails.pending_address_of(cast.citizen) == ""
    User.objects.filter(pk=cast.citizen.pk).update(assurance=0)
    emails.request_change(cast.citizen, "b@example.org", now=NOW)
    services.change_phone(cast.citizen, "+966577777777", by=cast.administrator, now=NOW)
    assert emails.pending_address_of(cast.citizen) == ""
    emails.request_change(cast.other_citizen, "c@example.org", now=NOW)
    personal_data.erase_person(cast.other_citizen, by=cast.other_citizen, now=NOW)
    assert not EmailChange.objects.filter(email="c@example.org").exists()


def test_one_address_waits_and_old_askings_are_forgotten(cast):
    emails.request_change(cast.citizen, "a@example.org", now=NOW)
    emails.request_change(cast.citizen, "b@example.org", now=NOW)
    assert emails.delete_expired(NOW + timedelta(days=2), 50) == 1
    assert emails.pending_address_of(cast.citizen) == "b@example.org"
    with pytest.raises(IntegrityError):
        EmailChange.objects.create(user=cast.citizen, email="c@example.org", asked_at=NOW)


def test_another_window_of_the_profile_does_not_take_a_waiting_address_away(cast, signed_in):
    page, address = signed_in(cast.citizen), reverse("accounts:profile")
    opened = page.get(address).context["form"]["version_seen"].value()
    save(page, "a@example.org")
    answer = page.post(address, TYPED | {"email": "", "version_seen": opened})
    assert answer.status_code == 200
    assert "a@example.org" in str(answer.context["form"].errors["email"])
    assert emails.pending_address_of(cast.citizen) == "a@example.org"


@pytest.fixture
def abroad(cast):
    """A person to whom no SMS is sent: their codes go to their e-mail, which they confirmed."""
    User.objects.filter(pk=cast.citizen.pk).update(phone="+447400123456", email="own@example.org")
    return User.objects.get(pk=cast.citizen.pk)


def code_to(user, email, now, mailoutbox):
    row = services.send_code(
        national_id=user.national_id, full_name="x", phone=user.phone, email=email, language="en", address="1", now=now
    )
    return row, re.search(r"\b[0-9]{6}\b", mailoutbox[-1].body)[0]


def opens(user, email, now, mailoutbox):
    row, code = code_to(user, email, now, mailoutbox)
    try:
        services.open_account(row.pk, code, "a long enough password", now=now)
    except AccountError as error:
        return error.code
    return "opened"


@pytest.mark.parametrize("way", ["one step", "taken away first", "confirmed"])
def test_an_address_that_opens_the_account_is_held_when_others_type_it(cast, abroad, mailoutbox, settings, way):
    now = timezone.now()
    if way == "taken away first":
        emails.request_change(abroad, "", by=cast.administrator, now=now)
    emails.request_change(abroad, "other@example.org", by=cast.administrator, now=now)
    if way == "confirmed":
        emails.confirm_address(emails.make_token(EmailChange.objects.get(closed_at=None)), now=now)
    work_off(now)
    assert [sent.to for sent in mailoutbox if "is being changed" in sent.body or "يجري تغيير" in sent.body] == [
        ["own@example.org"]
    ]
    assert opens(abroad, "other@example.org", now, mailoutbox) in {"mobile_is_new", "another_mobile"}
    soon = now + timedelta(hours=settings.NEW_MOBILE_HOLD_HOURS - 1)
    emails.delete_expired(soon, 100)
    assert opens(abroad, "other@example.org", soon, mailoutbox) in {"mobile_is_new", "another_mobile"}
    if way != "one step":
        later = soon + timedelta(hours=2)
        assert opens(abroad, "other@example.org", later, mailoutbox) == "opened"


def test_ones_own_address_and_a_first_one_are_not_held(cast, abroad, mailoutbox):
    now = timezone.now()
    emails.request_change(abroad, "new@example.org", now=now)
    emails.confirm_address(emails.make_token(EmailChange.objects.get(closed_at=None)), now=now)
    assert opens(abroad, "new@example.org", now, mailoutbox) == "opened"
    User.objects.filter(pk=cast.other_citizen.pk).update(phone="+447400123457")
    first = User.objects.get(pk=cast.other_citizen.pk)
    emails.request_change(first, "first@example.org", by=cast.clerk, now=now)
    assert opens(first, "first@example.org", now, mailoutbox) == "opened"


def test_nobody_else_changes_the_address_that_opens_the_account_of_staff(cast, mailoutbox):
    User.objects.filter(pk=cast.supervisor.pk).update(phone="+447400123456", email="own@example.org")
    staff = User.objects.get(pk=cast.supervisor.pk)
    for typed in ("other@example.org", ""):
        for by in (cast.clerk, cast.administrator):
            with pytest.raises(AccountError) as refused:
                emails.request_change(staff, typed, by=by, now=NOW)
            assert refused.value.code == "email_of_staff"
    emails.request_change(staff, "mine@example.org", by=staff, now=NOW)
    assert (emails.pending_address_of(staff), User.objects.get(pk=staff.pk).email) == (
        "mine@example.org",
        "own@example.org",
    )
