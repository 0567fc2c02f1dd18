"""Two models and a field get the names the code uses. Tables and columns keep theirs: nothing is written but the state."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("transactions", "0032_inspections"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelTable("Dealing", "transactions_dealing"),
        migrations.RenameModel("Dealing", "AuthorisationEvent"),
        migrations.AlterField(
            "AuthorisationEvent",
            "authorisation",
            models.ForeignKey(
                on_delete=models.deletion.PROTECT,
                related_name="events",
                to="accounts.authorisation",
                verbose_name="authorisation",
            ),
        ),
        migrations.AlterField(
            "Notification",
            "dealing",
            models.ForeignKey(
                db_column="dealing_id",
                db_index=False,
                null=True,
                on_delete=models.deletion.PROTECT,
                related_name="notifications",
                to="transactions.authorisationevent",
            ),
        ),
        migrations.RenameField("Notification", "dealing", "authorisation_event"),
        migrations.AlterModelTable("Try", "transactions_try"),
        migrations.RenameModel("Try", "FailedAttempt"),
    ]
