"""The staff workbench: a site of its own at /staff/, a skin over the services."""

from . import access_log, closures, ledger, registrations
from .site import staff_site

closures.register(staff_site)
ledger.register(staff_site)
registrations.register(staff_site)
access_log.register(staff_site)

__all__ = ["staff_site"]
