"""A file stays where it lies: the database refuses to move it, whoever asks."""

from django.db import migrations

from ..attachments.files_stay import backwards, forwards


class Migration(migrations.Migration):
    dependencies = [("transactions", "0008_first_versions")]
    operations = [migrations.RunPython(forwards, backwards)]
