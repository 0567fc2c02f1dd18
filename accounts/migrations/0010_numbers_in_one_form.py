"""Plan, parcel and licence numbers written in other digits, with marks or spaces, are kept in the one form of today.

Where the one form is taken already (the same plot authorised twice in two writings), the row stays as it is.
"""

from django.db import IntegrityError, migrations, transaction

from core.text import written_code


def tidy(apps, schema_editor):
    for model, names, form in (
        ("Authorisation", ("plan_number", "parcel_number"), written_code),
        ("EngineeringOffice", ("licence_number",), lambda text: written_code(text).upper()),
    ):
        rows = apps.get_model("accounts", model).objects
        for pk, *texts in list(rows.order_by("pk").values_list("pk", *names)):
            changed = {name: form(text) for name, text in zip(names, texts, strict=True) if form(text) != text}
            if changed and all(changed.values()):
                try:
                    with transaction.atomic(using=schema_editor.connection.alias):
                        rows.filter(pk=pk).update(**changed)
                except IntegrityError:
                    continue


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("accounts", "0009_levels_of_those_seen")]

    operations = [migrations.RunPython(tidy, migrations.RunPython.noop)]
