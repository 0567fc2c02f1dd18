"""What was announced, and what was set, is never changed: the database refuses it, whoever asks. What is deleted is
seen by the daily check of the journal. And words to start from: citizens and offices read the same, so in Arabic they
address neither one nor several.
"""

from django.db import migrations

TABLES = ("transactions_incidentnotice", "transactions_gateswitch")
WORDINGS = [
    (
        "network", "الشبكة المركزية متوقفة", "Central network down",
        "الشبكة المركزية متوقفة. تتأخر الخدمات الإلكترونية وخدمات المكاتب، ولم تضِع أي معاملة لها إيصال.",
        "The central network is down. Online services and offices are delayed. No request that has a receipt is lost.",
    ),
    (
        "payments", "الدفع متعطل", "Payments not available",
        "لا يمكن تسجيل دفعات سداد حاليًا. يكفي الاحتفاظ برقم الفاتورة ورقم العملية، ولا يُحسب التأخير على أحد.",
        "SADAD payments cannot be recorded at the moment. Keep your bill and payment numbers; the delay does not count against you.",
    ),
    (
        "messages", "الرسائل متأخرة", "Messages delayed",
        "تتأخر رسائل الجوال والبريد. كل ما جاء فيها موجود في البوابة عند الاستعلام عن المعاملة.",
        "SMS and email are delayed. Everything they say is on the portal when you ask after your request.",
    ),
    (
        "sign-in", "تسجيل الدخول متعطل", "Sign-in not available",
        "تسجيل الدخول متعطل. يبقى الاستعلام برقم المعاملة والرمز السري متاحًا دون تسجيل دخول.",
        "Sign-in is not available. You can ask after a request by its number and PIN without signing in.",
    ),
    (
        "office", "مكتب مغلق", "Office closed",
        "المكتب مغلق. تبقى أرقام الطلبات لديه كما هي وتُمدَّد مواعيدها، وتستقبل مراكز الخدمات الأخرى المراجعين.",
        "The office is closed. Your requests there keep their numbers and their due dates are moved. Any other service centre can help you.",
    ),
    (
        "maintenance", "صيانة مقررة", "Planned maintenance",
        "صيانة مقررة. تتوقف الخدمات المذكورة أثناءها، وما سبق إدخاله محفوظ.",
        "Planned maintenance. The services named stop while it lasts. What you have entered is kept.",
    ),
    (
        "restored", "استعادة من نسخة سابقة", "Restored from a copy",
        "استُعيدت البوابة من نسخة احتياطية. ينبغي الاحتفاظ بكل إيصال، فتوقيعه يثبت الطلب حتى إن لم يظهر هنا بعد.",
        "The portal was restored from a backup. Keep every receipt: its signature proves your request even if it is not shown here yet.",
    ),
    (
        "over", "عادت الخدمة", "Service restored",
        "عادت الخدمة. مُدِّدت مواعيد المعاملات المتأثرة بعدد أيام العمل التي توقفت فيها.",
        "The service works again. The due dates of the requests affected are moved by the working days lost.",
    ),
]  # fmt: skip


def refuse(apps, schema_editor):
    for table in TABLES:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(
                """CREATE OR REPLACE FUNCTION transactions_announced_stays() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN RAISE EXCEPTION 'what was announced is not changed'; END $$"""
            )
            schema_editor.execute(
                f"CREATE TRIGGER {table}_stays BEFORE UPDATE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION transactions_announced_stays()"
            )
        else:
            schema_editor.execute(
                f"CREATE TRIGGER {table}_stays BEFORE UPDATE ON {table} "
                "BEGIN SELECT RAISE(ABORT, 'what was announced is not changed'); END"
            )


def allow(apps, schema_editor):
    for table in TABLES:
        on = f" ON {table}" if schema_editor.connection.vendor == "postgresql" else ""
        schema_editor.execute(f"DROP TRIGGER {table}_stays{on}")


def seed(apps, schema_editor):
    IncidentWording = apps.get_model("transactions", "IncidentWording")
    for code, title_ar, title_en, text_ar, text_en in WORDINGS:
        said = {"title_ar": title_ar, "title_en": title_en, "text_ar": text_ar, "text_en": text_en}
        IncidentWording.objects.get_or_create(code=code, defaults=said)


class Migration(migrations.Migration):
    dependencies = [("transactions", "0036_incidents")]
    operations = [migrations.RunPython(refuse, allow), migrations.RunPython(seed, migrations.RunPython.noop)]
