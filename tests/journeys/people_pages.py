"""The pages about the people of the desk, for pages.py: name, address, who looks, what is done once it is open."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import FilePayload, Page

from .counter_pages import COUNTER

Done = Callable[[Page, dict[str, str]], None]


def enter_an_absence(page: Page, world: dict[str, str]) -> None:
    tomorrow = timezone.localdate() + timedelta(days=1)
    page.fill("[name=starts_on]", tomorrow.isoformat())
    page.fill("[name=ends_on]", (tomorrow + timedelta(days=3)).isoformat())
    page.locator(".counter__form button").click()
    page.locator(".messagelist, .notice--error").first.wait_for()


def bring_a_list(page: Page, world: dict[str, str]) -> None:
    text = "code,name_ar,name_en,sub_municipality\nNEW-1,حي جديد,New quarter,SHR\nNEW-2,حي,Quarter,NOWHERE\n"
    page.select_option("[name=kind]", "districts")
    page.set_input_files("[name=file]", {"name": "list.csv", "mimeType": "text/csv", "buffer": text.encode()})
    page.locator(".counter__form button").click()
    page.locator(".tag--error").first.wait_for()


def bring_outlines(page: Page, world: dict[str, str]) -> None:
    squares = ((520000, "SHR-01"), (522000, "SHR-02"), (524000, "NOWHERE"), (521900, "SHR-03"))
    features = [
        {
            "type": "Feature",
            "properties": {"code": code},
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[x, 2380000], [x + 2000, 2380000], [x + 1700, 2381500], [x, 2381900], [x, 2380000]]],
            },
        }
        for x, code in squares
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features})
    page.select_option("[name=kind]", "districts")
    file: FilePayload = {"name": "districts.geojson", "mimeType": "application/geo+json", "buffer": text.encode()}
    page.set_input_files("[name=file]", file)
    page.fill("[name=source]", "المرصد الحضري لجدة")
    page.fill("[name=as_of]", "2026-05-01")
    page.fill("[name=licence]", "رخصة البيانات المفتوحة: الاستخدام مع ذكر المصدر")
    page.locator(".counter__form button").click()
    page.locator(".plotted__sheet").first.wait_for()


def open_the_location(page: Page, world: dict[str, str]) -> None:
    # By a press: what moves because somebody opened it has not jumped.
    page.locator("details:has(#location-at) > summary").click()


def write_a_text(page: Page, world: dict[str, str]) -> None:
    page.fill("[name=name]", "الصك غير مقروء")
    page.fill("[name=text_ar]", "{المستند}: الصورة غير واضحة في الطلب {رقم الطلب}. أرفق صورة واضحة.")
    page.fill("[name=text_en]", "{document}: the picture in request {number} is not clear. Attach a clear one.")
    page.locator(".counter__form button").click()
    page.locator(".rows a").first.wait_for()


def open_a_text(page: Page, world: dict[str, str]) -> None:
    write_a_text(page, world)
    page.locator(".rows a").first.click()
    page.locator(".kept").first.wait_for()


def open_all_stages(page: Page, world: dict[str, str]) -> None:
    for stage in page.locator("details.points > summary").all():
        stage.click()


def add_nothing(page: Page, world: dict[str, str]) -> None:
    page.locator(".counter__form button").click()
    page.locator(".notice--error").first.wait_for()


PEOPLE: tuple[tuple[str, str, str, Done | None], ...] = (
    *COUNTER,
    ("staff-absences", "/staff/absences/", "supervisor", None),
    ("staff-absences-entered", "/staff/absences/", "reviewer", enter_an_absence),
    ("staff-texts", "/staff/texts/", "reviewer", write_a_text),
    ("staff-text", "/staff/texts/", "reviewer", open_a_text),
    ("staff-checklists", "/staff/checklists/", "administrator", open_all_stages),
    ("staff-checklist-new", "/staff/checklists/land-subdivision/survey/new/", "administrator", add_nothing),
    ("staff-checklist-point", "/staff/checklists/land-subdivision/survey/area/", "administrator", None),
    ("staff-lending", "/staff/lending/", "supervisor", None),
    ("staff-map", "/staff/map/?list=cases", "reviewer", open_the_location),
    ("staff-pile", "/staff/pile/", "supervisor", None),
    ("staff-notices", "/staff/notices/", "reviewer", None),
    ("staff-imports", "/staff/imports/", "administrator", None),
    ("staff-import", "/staff/imports/", "administrator", bring_a_list),
    ("staff-outlines", "/staff/imports/outlines/", "administrator", None),
    ("staff-outline-import", "/staff/imports/outlines/", "administrator", bring_outlines),
    ("staff-new-person", "/staff/people/new/", "administrator", None),
)
