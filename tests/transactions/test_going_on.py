"""Whoever has to sign in first reads what they go on to; an address says no more than stands in it."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import translation

from transactions.text.going_on import describe_destination

DRAFT = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/apply/electricity-connection/", "Electricity connection request"),
        (f"/drafts/{DRAFT}/", "the request you are writing"),
        (f"/drafts/{DRAFT}/documents/?x=1", "the request you are writing"),
        ("/requests/", "My requests"),
        ("/notices/?page=2", "Notices"),
        ("/office/", "Engineering office"),
        ("/staff/", "Staff workbench"),
        ("/apply/nothing/", ""),
        ("/nowhere/", ""),
        ("", ""),
        ("https://[", ""),
        ("//evil.example/requests/", ""),
        ("javascript:alert(1)", ""),
    ],
)
def test_an_address_is_said_in_words(path, words):
    with translation.override("en"):
        assert str(describe_destination(path)) == words


@pytest.mark.django_db
@pytest.mark.parametrize("written", ["C1A-1448-000123-X", "<b>x", "%3Cscript%3E"])
def test_the_page_of_sign_in_says_it_and_nothing_is_run(written, client, city):
    page = client.get(reverse("account_login"), {"next": f"/requests/{written}/"}).content.decode()
    assert "going-on" in page
    assert "<b>x" not in page
    assert "<script>" not in page.replace('<script type="module"', "")


@pytest.mark.django_db
def test_who_pressed_start_reads_which_service_they_go_on_to(client, city):
    led = client.post(reverse("transactions:start", args=["electricity-connection"]))
    assert "طلب إيصال التيار الكهربائي" in client.get(led.url).content.decode()
