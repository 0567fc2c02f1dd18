"""Fees that were paid before there was a ledger get their entries: received, and applied. In batches, begun anew when it
was broken off. What is paid meanwhile through the old version, `manage.py enter_earlier_payments` writes afterwards.
"""

from django.db import migrations

from billing.earlier import enter_earlier_payments


def enter(apps, schema_editor):
    enter_earlier_payments(apps.get_model("transactions", "FeeDue"), apps.get_model("billing", "LedgerEntry"))


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("billing", "0002_append_only"), ("transactions", "0039_words_of_wordings")]
    operations = [migrations.RunPython(enter, migrations.RunPython.noop)]
