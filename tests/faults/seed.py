"""Run as `python -m tests.faults.seed FILE` in the stack's environment: tables, offices, people; tokens go to FILE."""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path

import django

CITIZENS = 4


def main() -> None:
    django.setup()
    from django.core.management import call_command
    from django.test import Client
    from knox.models import AuthToken
    from stdnum import luhn

    from accounts import services as people
    from accounts.models import User
    from journal import keys
    from municipality.models import Office
    from municipality.services import load_reference_data
    from permits.services import load_tariffs

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    load_reference_data()
    load_tariffs()
    keys.public_bytes()
    tokens: dict[str, str] = {}

    def person(name: str, number: int) -> User:
        body = f"1{number:08d}"
        user = User.objects.create_user(
            body + str(luhn.calc_check_digit(body)),
            "a long enough password",
            full_name=name,
            phone=f"+9665{number:08d}",
        )
        tokens[name] = AuthToken.objects.create(user)[1]
        return user

    for number in range(CITIZENS):
        person(f"citizen{number}", number + 1)
    for number, (office, role) in enumerate(
        [
            ("SHR", "registry_clerk"),
            ("SHR", "reviewer"),
            ("SHR", "supervisor"),
            ("INF", "informal_areas"),
            ("CTR", "administrator"),
        ]
    ):
        user = person(role, 50 + number)
        people.create_staff_post(user, Office.objects.get(code=office), role, on=date(2020, 1, 1))
        browser = Client()
        browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        tokens[role] = f"session {browser.cookies['sessionid'].value}"
    Path(sys.argv[1]).write_text(json.dumps(tokens))


if __name__ == "__main__":
    main()
