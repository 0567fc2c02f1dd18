"""Papers issued before their contents were kept are frozen from what is known now, and their rows say so. No journal
entry holds their hash. From where it stopped when it is run again.
"""

from django.db import migrations
from django.utils import timezone


def freeze(apps, schema_editor):
    issued = apps.get_model("transactions", "IssuedDocument").objects
    related = ("applicant", "branch", "authorisation__office", "fee")
    waiting = issued.filter(content=None).select_related(*(f"transaction__{name}" for name in related)).order_by("pk")
    if not waiting.exists():
        return
    # Only where there is something to freeze: a new installation does not depend on today's code here.
    from ..papers import paper_content
    from ..domain import service_types
    from ..domain.content import content_hash
    from ..papers.paper_content import Named

    districts = {
        district.code: Named(district.name_ar, district.name_en)
        for district in apps.get_model("municipality", "District").objects.all()
    }
    kept = apps.get_model("transactions", "PaperContent").objects
    for document in waiting.iterator(chunk_size=500):
        case = document.transaction
        files = case.attachments.filter(removed_at=None, replaced_in=None)
        sent = [file for file in files.select_related("deficiency") if not file.deficiency or file.deficiency.answered_at]
        facts = paper_content.facts_of(case, sent, getattr(case, "fee", None), districts.get)
        content = paper_content.document_content(
            service_types.get(case.service),
            facts,
            number=document.number,
            issued_at=document.issued_at,
            valid_until=document.valid_until,
        )
        kept.create(
            transaction=case,
            document=document,
            what=document.kind,
            answers_version=case.answers_version,
            content=content,
            content_hash=content_hash(case.mark_salt, content),
            at=timezone.now(),
            reconstructed=True,
        )


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("transactions", "0016_contents_of_papers")]

    operations = [migrations.RunPython(freeze, migrations.RunPython.noop)]
