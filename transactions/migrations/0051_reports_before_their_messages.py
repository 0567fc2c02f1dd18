"""A report keeps which message it is of, and finds its delivery when that is on record."""

from importlib import import_module

from django.db import migrations, models

AddIndexLive = import_module("transactions.migrations.0012_figures_from_events").AddIndexLive


class Migration(migrations.Migration):
    atomic = False  # the index is built without a lock

    dependencies = [("transactions", "0050_collecting")]

    operations = [
        migrations.AddField(
            model_name="deliveryreport",
            name="message",
            field=models.CharField(db_default="", default="", max_length=80),
        ),
        AddIndexLive(
            model_name="deliveryreport",
            index=models.Index(
                condition=models.Q(("handover__isnull", True)), fields=["message"], name="reports_not_placed"
            ),
        ),
    ]
