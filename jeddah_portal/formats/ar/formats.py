"""Numbers and dates in Arabic as Saudi offices write them: Western digits, a point for decimals, the day first."""

DECIMAL_SEPARATOR = "."
THOUSAND_SEPARATOR = ","
DATE_FORMAT = "j F Y"
DATETIME_FORMAT = "j F Y، g:i A"
