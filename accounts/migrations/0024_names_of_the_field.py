"""A model gets the name the code uses. Its table keeps its own: nothing is written but the state."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0023_inspectors")]

    operations = [
        migrations.AlterModelTable("EmailAsked", "accounts_emailasked"),
        migrations.RenameModel("EmailAsked", "EmailChange"),
    ]
