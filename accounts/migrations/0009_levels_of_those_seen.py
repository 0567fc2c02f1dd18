"""Whose original ID was seen at a counter before there were levels."""

from django.db import migrations


def forwards(apps, schema_editor):
    people = apps.get_model("accounts", "User").objects.using(schema_editor.connection.alias)
    people.filter(identity_verified_at__isnull=False, assurance=1).update(assurance=2)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_identity_levels")]
    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
