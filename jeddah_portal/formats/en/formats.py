"""Dates in English as they are written in Britain: the day first, no points."""

DATE_FORMAT = "j F Y"
DATETIME_FORMAT = "j F Y, g:i A"
TIME_FORMAT = "g:i A"
SHORT_DATE_FORMAT = "j M Y"
