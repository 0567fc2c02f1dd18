"""National ID, iqama and mobile numbers: what is a good one, and how people type it. Pure.

Kinds of ID are data (id_kinds). Mobiles are kept in E.164: `+9665\\d{8}`, or one of any other country.
"""

import ipaddress
import re

import phonenumbers
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from stdnum import luhn

from core.text import compact, one_line

from .id_kinds import read_id

# Some countries number mobiles and others alike.
MOBILES = frozenset([phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE])


def clean_national_id(text: str) -> str:
    """Return the ten digits of an ID or iqama; raise ValidationError saying which rule it breaks."""
    digits = compact(text)
    if not re.fullmatch(r"[0-9]{10}", digits):
        raise ValidationError(_("The ID number has ten digits."), code="id_length")
    if digits[0] not in "12":
        raise ValidationError(_("The ID number starts with 1 (citizen) or 2 (resident)."), code="id_prefix")
    if not luhn.is_valid(digits):
        raise ValidationError(_("This ID number is incorrect. Check each digit."), code="id_checksum")
    return digits


def clean_id(text: str, *, at_counter: bool = True) -> str:
    """An ID of any kind (id_kinds) in canonical form; ValidationError saying which rule it breaks.

    `at_counter` is false where no clerk has the original: what begins at a counter only is refused there.
    """
    plain = compact(text).upper()
    parsed = read_id(plain)
    if parsed is None:
        if plain.isdecimal() or not plain:
            return clean_national_id(plain)
        message = _(
            "We do not recognise this ID. Enter a GCC ID with its two-letter country code (KW289010112345), or a "
            "passport with its three-letter country code (PAKAB1234567)."
        )
        raise ValidationError(message, code="id_shape")
    kind, number = parsed
    if not kind.sound(number):
        raise ValidationError(_("This ID number is incorrect. Check each digit."), code="id_checksum")
    if not (at_counter or kind.online):
        raise ValidationError(_("Passport holders start in person at a service centre."), code="id_at_counter")
    return number


def validate_national_id(text: str) -> None:
    """Of a number that is kept: canonical, of a kind we know."""
    if clean_id(text) != text:
        raise ValidationError(_("This ID number is incorrect. Check each digit."), code="id_form")


def clean_mobile(text: str) -> str:
    """Return +9665XXXXXXXX from 05…, 5…, 9665…, 009665…, +9665… or +966(0)5… in the digits of any script."""
    match = re.fullmatch(r"(?:(?:\+|00)?966)?0?(5[0-9]{8})", compact(text))
    if not match:
        raise ValidationError(_("Enter a Saudi mobile number, for example 0512345678."), code="mobile")
    return "+966" + match[1]


def clean_any_mobile(text: str) -> str:
    """A Saudi mobile as clean_mobile, or one of any other country in E.164 (+…), which + or 00 begins."""
    plain = re.sub(r"^00", "+", compact(text))
    if not plain.startswith("+") or plain.startswith("+966"):
        return clean_mobile(text)
    wrong = ValidationError(_("This is not a valid mobile number. Start with + and the country code."), code="mobile")
    try:
        number = phonenumbers.parse(plain)
    except phonenumbers.NumberParseException as error:
        raise wrong from error
    if not phonenumbers.is_valid_number(number) or phonenumbers.number_type(number) not in MOBILES:
        raise wrong
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def validate_mobile(text: str) -> None:
    if clean_any_mobile(text) != text:
        raise ValidationError(_("Enter a Saudi mobile number, for example 0512345678."), code="mobile")


def clean_name(text: str) -> str:
    """A name as it is kept: no invisible marks, one space between words. ValidationError when it has no letter."""
    name = one_line(text)
    if not any(char.isalpha() for char in name):
        raise ValidationError(_("Enter the full name, in letters."), code="no_name")
    return name


def rate_limit_network(address: str) -> str:
    """Whose tries from an address are counted together: whoever has one IPv6 address has the whole /64 around it."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:40]
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(parsed.ipv4_mapped or ipaddress.IPv6Network((int(parsed), 64), strict=False))
    return str(parsed)
