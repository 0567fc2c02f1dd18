"""An engineering office is several people, and is spoken to as several; a citizen is one."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.test import Client
from django.utils import translation
from django.utils.translation import gettext, ngettext

from core.several import address_several
from transactions.domain import service_types
from transactions.models import Draft, Transaction

from ..architecture.test_words import ARABIC, HOLES
from ..journeys.world import build

FOLDER = Path(settings.LOCALE_PATHS[0]) / "ar/LC_MESSAGES"
TO_ONE, TO_SEVERAL = polib.pofile(str(FOLDER / "django.po")), polib.pofile(str(FOLDER / "office.po"))
POINTED = "[\u064b-\u0652]"
# “your” and “you” of one person, and what one person is asked to do.
YOURS = re.compile(
    r"\b(?:طلب|إجابات|إجابت|حساب|هويت|جوال|مكتب|وثيقت|طلبات|معاملت|بريد|متصفح|جلست|إيصال|حاسوب)ك\b"
    r"|\b[وف]?(?:لديك|إليك|عليك|منك|يمكنك|بانتظارك|معك)\b"
)
DO = re.compile(
    r"\b[وف]?(?:اكتب|اختر|أرفق|راجع|أدخل|افتح|اضغط|حاول|عدل|احذف|انتظر|نزل|حدد|أجب|استكمل|أرسل|تحقق|صحح|انقل"
    r"|املأ|ألغ|اطلع|قدم|توقف|احتفظ|سدد|استعلم|انظر)(?:ه|ها)?\b"
)


def to_one(text: str) -> list[str]:
    """Where a text speaks to one person: “your”, or an order at the beginning of a sentence."""
    passive = r"\b[وف]?\w\u064f\w+"  # “was attached” is written like “attach”
    plain = re.sub(POINTED, "", re.sub(passive, "–", text))
    orders = [said for sentence in re.split(r"[.:،؛؟\n]\s*", plain) if (said := DO.match(sentence.strip()))]
    return [*YOURS.findall(plain), *(said[0] for said in orders)]


def test_what_is_said_to_several_is_what_is_said_to_one_and_nothing_of_it_is_left_over():
    known = {(entry.msgctxt, entry.msgid): entry for entry in TO_ONE}
    assert len(TO_SEVERAL) > 200
    for entry in TO_SEVERAL:
        one = known[entry.msgctxt, entry.msgid]
        for said, said_to_one in zip(
            [entry.msgstr, *entry.msgstr_plural.values()], [one.msgstr, *one.msgstr_plural.values()], strict=True
        ):
            assert sorted(HOLES.findall(said)) == sorted(HOLES.findall(said_to_one)), entry.msgid
            assert to_one(said) == [], entry.msgid
            assert not said or ARABIC.search(said)
        assert (entry.msgstr, entry.msgstr_plural) != (one.msgstr, one.msgstr_plural), entry.msgid


def test_the_language_goes_by_whom_a_request_speaks_to_and_by_nothing_else():
    texts = ("Choose a file", "There is %(count)d point to complete. The clock is stopped until you answer.")
    with translation.override("ar"):
        one = gettext(texts[0]), ngettext(texts[1], "", 3)
        address_several(True)
        try:
            several = gettext(texts[0]), ngettext(texts[1], "", 3)
            with translation.override("en"):
                assert gettext(texts[0]) == texts[0]
            assert gettext(texts[0]) == several[0]  # also after another language was spoken meanwhile
        finally:
            address_several(False)
        assert (gettext(texts[0]), one[0], several[0]) == ("اختر ملفًا", "اختر ملفًا", "اختاروا ملفًا")
        assert one[1] != several[1]


def read(client: Client, address: str, **typed: str) -> str:
    """What an Arabic page says, without what people and machines wrote."""
    answer = client.post(address, typed) if typed else client.get(address)
    assert answer.status_code in (200, 422), address
    page = answer.content.decode()
    page = page[page.index("<main") :]
    # What has to be completed is as the reviewer wrote it.
    page = re.sub(r'<h2 class="asked__sentence".*?</h2>', " ", page, flags=re.DOTALL)
    for theirs in ("bdi", "code", "script", "style", "textarea", "template"):
        page = re.sub(rf"<{theirs}\b.*?</{theirs}>", " ", page, flags=re.DOTALL)
    return re.sub(r"<[^>]+>", "\n", page)


@pytest.mark.django_db
def test_every_page_of_an_office_speaks_to_several_and_a_citizen_s_to_one(cast, submitted):
    build(cast, submitted)
    client = Client()
    client.cookies["language"] = "ar"
    client.force_login(cast.engineer, backend="django.contrib.auth.backends.ModelBackend")
    mine = Draft.objects.filter(authorisation__office=cast.office)
    cases = list(Transaction.objects.filter(authorisation__office=cast.office))
    assert mine.exists()
    assert cases
    addresses = ["/office/", "/office/changes/", "/office/authorisations/", "/office/?q=zz", "/drafts/?of=office"]
    addresses += ["/notices/", "/requests/", "/profile/"]
    for draft in mine:
        addresses += [f"/drafts/{draft.key}/", f"/drafts/{draft.key}/check/", f"/drafts/{draft.key}/documents/"]
        addresses += [f"/drafts/{draft.key}/{step.code}/" for step in service_types.get("building-permit").steps]
    for case in cases:
        addresses += [f"/requests/{case.reference}/", f"/requests/{case.reference}/receipt/"]
        if case.status == "returned":
            addresses.append(f"/requests/{case.reference}/answer/")
    found = {}
    for address in addresses:
        if client.get(address).status_code == 302:  # the file is with its owner
            continue
        if said := to_one(read(client, address)):
            found[address] = said
    assert found == {}

    client.force_login(cast.citizen, backend="django.contrib.auth.backends.ModelBackend")
    assert "طلبات" in read(client, "/requests/")
    assert "راجعوا" not in read(client, "/requests/")


@pytest.mark.django_db
def test_words_to_start_an_announcement_from_address_neither_one_nor_several():
    """As the migration seeds them; the table is empty after a test whose transactions were real."""
    seeded = import_module("transactions.migrations.0037_incidents_append_only").WORDINGS
    texts = [text_ar for _code, _title_ar, _title_en, text_ar, _text_en in seeded]
    assert len(texts) >= 8
    for text in texts:
        assert to_one(text) == [], text
        assert not re.search(r"\b[وف]?(?:لديكم|عليكم|منكم|يمكنكم|طلباتكم|احتفظوا)\b", re.sub(POINTED, "", text)), text
