"""A service that takes no new requests for a while."""

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from transactions.domain.errors import DomainError
from transactions.intake import drafts
from transactions.intake.closures import save_closure
from transactions.models import Closure, Draft, Transaction

from ..conftest import NOW

CODE = "land-subdivision"


@pytest.fixture
def closure(city):
    return save_closure(
        Closure(service=CODE, since=NOW, reason_ar="نراجع حدود المخططات.", reason_en="The plans are being checked.")
    )


def test_nobody_can_begin_or_submit_while_it_is_closed(cast, submitted, closure):
    with pytest.raises(DomainError) as refused:
        submitted(CODE)
    assert refused.value.code == "service_closed"
    assert "نراجع حدود المخططات." in str(refused.value)
    assert not Transaction.objects.exists()


def test_other_services_go_on(cast, submitted, closure):
    assert submitted("electricity-connection").pk


def test_a_draft_begun_before_is_kept_and_goes_on_when_it_opens_again(cast, signed_in, city):
    from transactions.domain import service_types

    draft = drafts.start_draft(service_types.get(CODE), by=cast.citizen)
    closure = save_closure(Closure(service=CODE, since=NOW, reason_ar="نراجع.", reason_en="Checking."))
    page = signed_in(cast.citizen)
    begun = reverse("transactions:draft", args=[draft.key])
    assert page.post(reverse("transactions:start", args=[CODE])).url != begun
    assert list(Draft.objects.all()) == [draft]
    for name in ("draft", "check"):
        assert "نراجع." in page.get(reverse(f"transactions:{name}", args=[draft.key])).content.decode()
    closure.in_force = False
    save_closure(closure)
    assert page.post(reverse("transactions:start", args=[CODE])).url == begun
    assert "نراجع." not in page.get(begun).content.decode()


def test_its_page_and_its_card_say_so_and_offer_no_start(client, closure):
    start = f'action="{reverse("transactions:start", args=[CODE])}"'
    html = client.get(reverse("transactions:service", args=[CODE])).content.decode()
    assert "نراجع حدود المخططات." in html
    assert start not in html
    assert client.get("/").content.decode().count("لا تستقبل طلبات جديدة") == 1
    closure.in_force = False
    save_closure(closure)
    assert start in client.get(reverse("transactions:service", args=[CODE])).content.decode()


def test_the_home_page_names_closed_services_and_claims_nothing_of_them(client, closure):
    from transactions.domain import service_types

    taken = "تُستقبل الطلبات"
    page = client.get(reverse("transactions:home")).content.decode()
    state = page.split('class="stats"')[0].rsplit("<h2>", 1)[1]
    assert "بعض الخدمات مغلقة حاليًا أمام الطلبات الجديدة" in state
    assert str(service_types.get(CODE).title) in state
    assert "tag--success" not in state
    assert taken not in state
    for service in service_types.offered_services():
        if service.code != CODE:
            save_closure(Closure(service=service.code, since=NOW, reason_ar="نراجع.", reason_en="Checking."))
    page = client.get(reverse("transactions:home")).content.decode()
    assert "كل الخدمات مغلقة حاليًا أمام الطلبات الجديدة" in page
    assert "tag--success" not in page.split('class="stats"')[0].rsplit("<h2>", 1)[1]


def test_the_api_refuses_with_the_reason(cast, signed_in, closure):
    from ..conftest import ANSWERS

    body = {"service": CODE, "answers": ANSWERS[CODE]}
    answer = signed_in(cast.citizen).post(
        "/api/v1/transactions/",
        body,
        content_type="application/json",
        headers={"Idempotency-Key": "while-closed-1", "Accept-Language": "en"},
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "service_closed")
    assert "The plans are being checked." in answer.json()["detail"]


def test_an_administrator_closes_a_service_and_nobody_else_does(cast, signed_in, city):
    add = reverse("staff:transactions_closure_add")
    typed = {
        "service": CODE, "in_force": "on", "since_0": "2026-11-24", "since_1": "10:00",
        "reason_ar": "نراجع.", "reason_en": "Checking.", "reopens_on": "",
    }  # fmt: skip
    assert signed_in(cast.reviewer).post(add, typed).status_code in (302, 403, 404)
    assert not Closure.objects.exists()
    signed_in(cast.administrator).post(add, typed)
    assert Closure.objects.get().in_force
    assert Closure.history.count() == 1


def test_a_closure_says_why(city):
    with pytest.raises(ValidationError):
        save_closure(Closure(service=CODE, since=NOW))
