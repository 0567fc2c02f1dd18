"""Payments are compared as numbers, not as they are written: “SADAD-7”, “sadad 7” and one with an invisible mark.

A number that had already paid two fees in two writings stays with the earlier one; the others keep what was written
and are named in the log, since whether somebody owes is for a person to say.
"""

import logging

from django.db import migrations, models

from core.text import compact

TABLE, NAME = "transactions_feedue", "a_payment_pays_once"
logger = logging.getLogger(__name__)


def fill(apps, schema_editor):
    FeeDue = apps.get_model("transactions", "FeeDue")
    taken = set(FeeDue.objects.exclude(payment_key="").values_list("payment_key", flat=True))
    rows = FeeDue.objects.filter(payment_key="").exclude(payment_reference="").order_by("paid_at", "pk")
    for pk, reference, case in rows.values_list("pk", "payment_reference", "transaction__reference"):
        key = "".join(char for char in compact(reference).upper() if char.isalnum())[:40]
        if key in taken:
            logger.warning("the payment of %s was recorded for an earlier fee too: look at both", case)
        elif key:
            FeeDue.objects.filter(pk=pk).update(payment_key=key)
            taken.add(key)


def build(apps, schema_editor):
    """Without a lock on PostgreSQL; begun anew when it was broken off."""
    concurrently = " CONCURRENTLY" if schema_editor.connection.vendor == "postgresql" else ""
    schema_editor.execute(f"DROP INDEX{concurrently} IF EXISTS {NAME}")
    schema_editor.execute(
        f"CREATE UNIQUE INDEX{concurrently} {NAME} ON {TABLE} (payment_key) WHERE NOT (payment_key = '')"
    )


def take_down(apps, schema_editor):
    schema_editor.execute(f"DROP INDEX {NAME}")


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("transactions", "0012_figures_from_events")]

    operations = [
        migrations.AddField(
            model_name="feedue",
            name="payment_key",
            field=models.CharField(blank=True, db_default="", default="", editable=False, max_length=40),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(build, take_down)],
            state_operations=[
                migrations.AddConstraint(
                    model_name="feedue",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("payment_key", ""), _negated=True), fields=("payment_key",), name=NAME
                    ),
                )
            ],
        ),
    ]
