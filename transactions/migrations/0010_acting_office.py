"""Events name the office that acted; until now they named the one that held the file afterwards.

Known of old events: who sent a file on is among its facts (`sent_by`); a clerk of a centre acted at the file's centre;
no office acted where the applicant or the system did. In every other event the file stayed where it was. Where a file
went stays known: by its facts (`to`, or `branch` of the routing).
Events are read by ranges of their keys and each range is written on its own, so nobody waits for long, and a run that
was broken off is simply run again. The other way nothing is done: the previous version reads both.
"""

from django.db import migrations
from django.db.models import F, Max, OuterRef, Subquery

RANGE = 5000


def name_who_acted(apps, schema_editor):
    alias = schema_editor.connection.alias
    Event = apps.get_model("transactions", "Event")
    Transaction = apps.get_model("transactions", "Transaction")
    offices = dict(apps.get_model("municipality", "Office").objects.using(alias).values_list("code", "pk"))
    centre = Subquery(Transaction.objects.filter(pk=OuterRef("transaction")).values("centre")[:1])
    events = Event.objects.using(alias)
    last = events.aggregate(last=Max("pk"))["last"] or 0
    for first in range(1, last + 1, RANGE):
        here = events.filter(pk__gte=first, pk__lt=first + RANGE)
        nobody = here.filter(actor_role__in=["applicant", "system"]).exclude(move="submit")
        nobody.filter(office__isnull=False).update(office=None)
        clerks = here.filter(actor_role="centre_clerk").exclude(move="submit")
        clerks.filter(transaction__centre__isnull=False).exclude(office=F("transaction__centre")).update(office=centre)
        sent = list(here.filter(facts__has_key="sent_by").select_related("office"))
        for event in sent:
            if event.office and event.facts["sent_by"] in offices:
                event.facts = {"to": event.office.code} | event.facts
                event.office_id = offices[event.facts["sent_by"]]
        events.bulk_update(sent, ["office", "facts"], batch_size=200)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("transactions", "0009_files_stay"),
        ("municipality", "0002_opening_hours_are_for_visitors"),
    ]

    operations = [migrations.RunPython(name_who_acted, migrations.RunPython.noop)]
