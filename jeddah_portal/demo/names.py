"""Invented people. Common given and family names, put together by chance."""

from __future__ import annotations

from random import Random

from stdnum import luhn

GIVEN_MEN = (
    "محمد",
    "عبدالله",
    "أحمد",
    "خالد",
    "سعد",
    "فهد",
    "سلطان",
    "عبدالرحمن",
    "ماجد",
    "تركي",
    "ياسر",
    "بندر",
    "سامي",
    "عمر",
    "علي",
    "حسن",
    "وليد",
    "نايف",
    "طلال",
    "هاني",
)
GIVEN_WOMEN = (
    "نورة",
    "سارة",
    "فاطمة",
    "عائشة",
    "ريم",
    "هند",
    "أمل",
    "منى",
    "لطيفة",
    "مها",
    "دانة",
    "جواهر",
    "العنود",
    "بدرية",
    "سميرة",
)
FAMILY = (
    "الغامدي",
    "الزهراني",
    "الحربي",
    "القحطاني",
    "العتيبي",
    "الشهري",
    "المالكي",
    "الجهني",
    "السلمي",
    "البلوي",
    "العمري",
    "الشمراني",
    "باعشن",
    "بانعمة",
    "الحازمي",
    "المطيري",
    "الدوسري",
    "الثقفي",
    "الصبحي",
    "العسيري",
    "باوزير",
    "الشريف",
    "الأحمدي",
    "المولد",
)
SHOPS = ("مخبز", "بقالة", "مغسلة", "صيدلية", "مكتبة", "حلاقة", "مطعم", "محل خياطة", "ورشة", "مؤسسة")


def national_id(number: int, *, resident: bool = False, establishment: bool = False) -> str:
    """A synthetic ID or iqama with a good check digit, or a unified number; `number` up to 99,999,999."""
    if establishment:
        return f"7{number:09d}"
    body = f"{'2' if resident else '1'}{number:08d}"
    return body + str(luhn.calc_check_digit(body))


def shop_name(chance: Random) -> str:
    return f"{chance.choice(SHOPS)} {chance.choice(FAMILY)}"


def full_name(chance: Random) -> str:
    given = chance.choice(GIVEN_MEN if chance.random() < 0.7 else GIVEN_WOMEN)
    return f"{given} {chance.choice(GIVEN_MEN)} {chance.choice(FAMILY)}"
