"""The workbench of an office box: the counter, and what became of what was taken there."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from transactions.admin import counter
from transactions.admin.site import StaffSite


class OfficeSite(StaffSite):
    def get_urls(self) -> list[URLPattern | URLResolver]:
        """The names are those of the whole workbench, so that the pages of the counter find each other."""
        from . import pages

        return [
            path("", self.admin_view(pages.box), name="index"),
            path("login/", self.login, name="login"),
            path("logout/", self.logout, name="logout"),
            path("counter/", self.admin_view(counter.counter), name="counter"),
            path("counter/<uuid:key>/", self.admin_view(counter.intake), name="intake"),
            path("counter/<uuid:key>/who/", self.admin_view(counter.intake_visitor), name="intake_visitor"),
            path("counter/<uuid:key>/check/", self.admin_view(counter.intake_check), name="intake_check"),
            path("cases/<str:reference>/", self.admin_view(pages.case), name="case"),
            path("lookup/", self.admin_view(pages.lookup), name="box_lookup"),
            path("stick/", self.admin_view(pages.stick), name="box_stick"),
            path("stick/<int:part>/", self.admin_view(pages.stick_part), name="box_stick_part"),
            path("news/", self.admin_view(pages.take), name="box_news"),
        ]


office_site = OfficeSite(name="staff")
