"""Numbers in Arabic as Saudi offices write them: Western digits, a point for decimals."""

DECIMAL_SEPARATOR = "."
THOUSAND_SEPARATOR = ","
