"""The checklist of a shop licence. What the inspector looks at on site is in the stage itself."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from transactions.domain.service_types import CheckPoint, Condition, Greater, OneOf

STUDY, APPROVAL = ("study",), ("approval",)
LEASED = OneOf("holding", ("lease",))
OWNED = OneOf("holding", ("own",))


def checklist(kitchens: Condition, civil_defence: Condition) -> tuple[CheckPoint, ...]:
    """For the conditions under which the service asks for the papers of a kitchen and of Civil Defence."""
    return (
        CheckPoint(
            "register",
            _("Commercial register: in force, with every activity of the request"),
            STUDY,
            ("commercial_register", "register_number", "register_ends", "activities"),
            deficiency="register-activity",
        ),
        CheckPoint(
            "same-shop",
            _("Register, lease and request name the same establishment and shop"),
            STUDY,
            ("commercial_register", "lease", "deed", "trade_name", "street"),
        ),
        CheckPoint(
            "lease",
            _("Lease: registered, every page, in force as long as the licence"),
            STUDY,
            ("lease", "lease_number", "lease_ends", "years"),
            LEASED,
            deficiency="lease-unreadable",
        ),
        CheckPoint("deed", _("Title deed: the establishment owns the shop"), STUDY, ("deed", "deed_number"), OWNED),
        CheckPoint(
            "area",
            _("Same area in lease or deed and in the request"),
            STUDY,
            ("area_m2", "lease", "deed"),
            deficiency="area-differs",
        ),
        CheckPoint(
            "activities", _("Every activity is allowed in this street"), STUDY, ("activities", "street", "district")
        ),
        CheckPoint(
            "front",
            _("Photo of the front: door and sign can be seen"),
            STUDY,
            ("shop_front",),
            deficiency="front-photo",
        ),
        CheckPoint(
            "safety",
            _("Civil-Defence certificate: in date, for this shop and these activities"),
            STUDY,
            ("fire_safety", "activities"),
            civil_defence,
            deficiency="fire-safety",
        ),
        CheckPoint(
            "kitchen",
            _("Kitchen: cylinders, ventilation and exits are as Civil Defence asks"),
            STUDY,
            ("cylinders", "area_m2", "fire_safety"),
            kitchens,
            flags=("kitchen-area",),
        ),
        CheckPoint("study", _("Notes of the study and advisory flags were read"), APPROVAL),
        CheckPoint(
            "inspected", _("The inspector found the place as it must be, and the photographs show it"), APPROVAL
        ),
        CheckPoint(
            "large",
            _("More than 1,000 m²: the traffic study agrees"),
            APPROVAL,
            ("area_m2",),
            Greater("area_m2", 1000),
        ),
        CheckPoint("fee", _("The fee is worked out from area, years and activities"), APPROVAL, ("area_m2", "years")),
    )
