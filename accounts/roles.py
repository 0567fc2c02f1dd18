"""What a staff post allows, and where each role is held."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from municipality.models import OfficeKind


class Role(models.TextChoices):
    """What a staff post allows. The lifecycle table (transactions/domain/workflow.py) speaks in these words."""

    CENTRE_CLERK = "centre_clerk", _("Service-centre clerk")
    REGISTRY_CLERK = "registry_clerk", _("Registry clerk")
    REVIEWER = "reviewer", _("Reviewing engineer")
    INFORMAL_AREAS = "informal_areas", _("Informal-areas auditor")
    INSPECTOR = "inspector", _("Technical inspector")
    SUPERVISOR = "supervisor", _("Supervisor")
    ACCOUNTANT = "accountant", _("Accountant")
    ADMINISTRATOR = "administrator", _("Administrator")


# They work on no case: administrators on people and reference data, accountants on money.
NO_CASE_ROLES = frozenset({Role.ADMINISTRATOR, Role.ACCOUNTANT})
# Who holds one of these takes part in deciding or gives power to others: two administrators give such a post.
DECIDING_ROLES = frozenset(Role) - {Role.CENTRE_CLERK}


_DECIDE = frozenset({OfficeKind.CENTRAL, OfficeKind.SUB_MUNICIPALITY})
# The kinds of office each role is held in: elsewhere there is nothing for it to do, and much it could see.
HELD_IN: dict[Role, frozenset[OfficeKind]] = {
    Role.CENTRE_CLERK: frozenset({OfficeKind.SERVICE_CENTRE}),
    Role.REGISTRY_CLERK: _DECIDE | {OfficeKind.DEPARTMENT},
    Role.REVIEWER: _DECIDE,
    Role.INSPECTOR: _DECIDE,
    Role.INFORMAL_AREAS: frozenset({OfficeKind.DEPARTMENT}),
    Role.SUPERVISOR: _DECIDE | {OfficeKind.DEPARTMENT},
    Role.ACCOUNTANT: frozenset({OfficeKind.CENTRAL}),
    Role.ADMINISTRATOR: _DECIDE | {OfficeKind.DEPARTMENT},
}
