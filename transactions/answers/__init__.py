"""Answers: cleaned, compared, revised, shown."""
