"""The staff workbench: a site of its own at /staff/, a skin over the services. At an office box it is the counter alone
(boxes/office/site.py), and the rest of this package is not loaded there (jeddah_portal/office_role.py).
"""

from django.conf import settings

from .site import staff_site

if not settings.OFFICE_BOX:
    from . import lists

    lists.register(staff_site)

__all__ = ["staff_site"]
