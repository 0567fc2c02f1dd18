"""After `prepare`: take in the news that the enrolment brought. Harmless the second time."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from municipality.models import Office

from ... import enrolment
from ...office import state, taking_news


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        code = state.enrolled()["office"]
        if not Office.objects.filter(code=code).exists():
            raise CommandError(f"this version of the portal knows no office {code}; install that of the centre")
        news = settings.OFFICE_FILE.parent / enrolment.NEWS
        if news.exists():
            taking_news.apply(news.read_text(encoding="utf-8"), timezone.now())
