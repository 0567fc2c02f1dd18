"""A person's name folded, for looking it up; and an index on mobiles, by which people are looked up too.

In pieces, each committed by itself, and from where it stopped when it is run again. The old version writes no folded
name: whoever it takes in meanwhile is found by name after their next change, and by number at once.
"""

from django.db import migrations, models

from core.text import name_key

PIECE = 2000
INDEX = models.Index(fields=["phone"], name="people_by_phone")


def fill(apps, schema_editor):
    User = apps.get_model("accounts", "User")
    last = 0
    while True:
        people = list(User.objects.filter(pk__gt=last, name_key="").order_by("pk").only("full_name")[:PIECE])
        if not people:
            return
        for person in people:
            person.name_key = name_key(person.full_name)[:300]
        User.objects.bulk_update(people, ["name_key"])
        last = people[-1].pk


def build(apps, schema_editor):
    """Without a lock on PostgreSQL; begun anew when it was broken off."""
    live = {"concurrently": True} if schema_editor.connection.vendor == "postgresql" else {}
    schema_editor.execute(f"DROP INDEX{' CONCURRENTLY' if live else ''} IF EXISTS {INDEX.name}")
    schema_editor.add_index(apps.get_model("accounts", "User"), INDEX, **live)


def take_down(apps, schema_editor):
    schema_editor.execute(f"DROP INDEX {INDEX.name}")


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("accounts", "0011_ended_at_once")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="name_key",
            field=models.CharField(db_default="", default="", editable=False, max_length=300),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(build, take_down)],
            state_operations=[migrations.AddIndex(model_name="user", index=INDEX)],
        ),
    ]
