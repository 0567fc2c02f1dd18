"""Tokens there were had neither an end nor scopes: each gets half a year from now, and may do what it did, but for
those of people with deciding roles, which end at once."""

from datetime import timedelta

from django.conf import settings
from django.db import migrations
from django.db.models import Q
from django.utils import timezone


def forwards(apps, schema_editor):
    AuthToken = apps.get_model("knox", "AuthToken")
    Program = apps.get_model("accounts", "Program")
    StaffPost = apps.get_model("accounts", "StaffPost")
    posts = StaffPost.objects.exclude(role="centre_clerk")
    today = timezone.localdate()
    deciding = posts.filter(Q(ends_on=None) | Q(ends_on__gte=today), starts_on__lte=today).values("user")
    AuthToken.objects.filter(Q(user__in=deciding) | Q(user__is_superuser=True)).delete()
    AuthToken.objects.filter(expiry=None).update(expiry=timezone.now() + timedelta(days=settings.TOKEN_DAYS))
    known = Program.objects.values("token")
    Program.objects.bulk_create(
        [Program(token_id=pk) for pk in AuthToken.objects.exclude(pk__in=known).values_list("pk", flat=True)],
        batch_size=500,
    )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0015_tokens_of_programs"), ("knox", "0009_extend_authtoken_field")]
    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
