"""Versions of what was answered: the only writer of their table."""

from __future__ import annotations

from ..models import AnswersVersion
from ..prepared import PreparedInsert

insert_version = PreparedInsert(AnswersVersion)
