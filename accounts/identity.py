"""National ID, iqama and mobile numbers: what is a good one, and how people type it. Pure.

Formats: national ID and iqama `^[12]\\d{9}$` with a Luhn check (1 citizen, 2 resident); mobile `+9665\\d{8}`.
"""

import ipaddress
import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from stdnum import luhn

from municipality.text import compact, one_line


def clean_national_id(text: str) -> str:
    """Return the ten digits of an ID or iqama; raise ValidationError saying which rule it breaks."""
    digits = compact(text)
    if not re.fullmatch(r"[0-9]{10}", digits):
        raise ValidationError(_("The ID number has ten digits."), code="id_length")
    if digits[0] not in "12":
        raise ValidationError(_("The ID number starts with 1 (citizen) or 2 (resident)."), code="id_prefix")
    if not luhn.is_valid(digits):
        raise ValidationError(_("This ID number is not correct. Check each digit."), code="id_checksum")
    return digits


def validate_national_id(text: str) -> None:
    if clean_national_id(text) != text:
        raise ValidationError(_("The ID number has ten digits."), code="id_length")


def clean_mobile(text: str) -> str:
    """Return +9665XXXXXXXX from 05…, 5…, 9665…, 009665…, +9665… or +966(0)5… in the digits of any script."""
    match = re.fullmatch(r"(?:(?:\+|00)?966)?0?(5[0-9]{8})", compact(text))
    if not match:
        raise ValidationError(_("Enter a Saudi mobile number, for example 0512345678."), code="mobile")
    return "+966" + match[1]


def validate_mobile(text: str) -> None:
    if clean_mobile(text) != text:
        raise ValidationError(_("Enter a Saudi mobile number, for example 0512345678."), code="mobile")


def clean_name(text: str) -> str:
    """A name as it is kept: no invisible marks, one space between words. ValidationError when it has no letter."""
    name = one_line(text)
    if not any(char.isalpha() for char in name):
        raise ValidationError(_("Enter the full name, in letters."), code="no_name")
    return name


def caller(address: str) -> str:
    """Whose tries from an address are counted together: whoever has one IPv6 address has the whole /64 around it."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:40]
    if isinstance(found, ipaddress.IPv6Address):
        return str(found.ipv4_mapped or ipaddress.IPv6Network((int(found), 64), strict=False))
    return str(found)
