"""The checklist of an electricity connection: of a home with a deed or permit, and of one without."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from transactions.domain.service_types import CheckPoint, Greater, OneOf

STUDY, INFORMAL, APPROVAL = ("study",), ("informal",), ("approval",)
WITHOUT_DEED = OneOf("ownership", ("none",))
WITH_DEED = OneOf("ownership", ("deed", "permit"))

CHECKLIST = (
    CheckPoint(
        "identity",
        _("Copy of the ID: in date, every digit readable, that of the applicant"),
        STUDY,
        ("id_copy",),
        deficiency="id-unreadable",
    ),
    CheckPoint("lived-in", _("Lived in"), STUDY, ("facade_photo", "lived_in"), WITHOUT_DEED),
    CheckPoint(
        "not-in-wadi",
        _("Not in a wadi, not on state land"),
        STUDY,
        ("croquis", "not_in_wadi", "not_state_land", "district"),
        WITHOUT_DEED,
    ),
    CheckPoint(
        "not-disputed",
        _("Not disputed, not in breach"),
        STUDY,
        ("ownership_doc", "not_disputed", "not_in_breach"),
        WITHOUT_DEED,
    ),
    CheckPoint(
        "attestation",
        _("Ownership document: attested by the sheikh or the umda, for this home"),
        STUDY,
        ("ownership_doc",),
        WITHOUT_DEED,
        deficiency="ownership-attestation",
    ),
    CheckPoint(
        "photos",
        _("Photos: two façades in daylight"),
        STUDY,
        ("facade_photo",),
        WITHOUT_DEED,
        deficiency="photo-second-facade",
    ),
    CheckPoint(
        "sketch",
        _("Survey sketch: stamped by an accredited office, with coordinates"),
        STUDY,
        ("croquis",),
        WITHOUT_DEED,
        deficiency="croquis-stamp",
    ),
    CheckPoint(
        "deed",
        _("Deed or permit: every page can be read; its plot is the one in the form"),
        STUDY,
        ("deed_or_permit", "deed_number", "deed_date", "plan_number", "parcel_number"),
        WITH_DEED,
        deficiency="deed-unreadable",
    ),
    CheckPoint(
        "coordination",
        _("Coordination certificate: in date, for the same plot and load"),
        STUDY,
        ("coordination", "load_kva"),
        WITH_DEED,
        deficiency="coordination-old",
    ),
    CheckPoint(
        "load",
        _("More than 69 kVA: the load is explained"),
        STUDY,
        ("load_kva", "meters"),
        Greater("load_kva", 69),
        deficiency="load-reason",
    ),
    CheckPoint(
        "same-building",
        _("Photos and sketch show the same building"),
        INFORMAL,
        ("facade_photo", "croquis"),
        WITHOUT_DEED,
        deficiency="photo-dark",
    ),
    CheckPoint(
        "form",
        _("Proof-of-building form: stamped, for this building"),
        INFORMAL,
        ("building_proof",),
        WITHOUT_DEED,
        deficiency="building-proof",
    ),
    CheckPoint(
        "area-audit",
        _("The area is one where homes without a deed may be connected"),
        INFORMAL,
        ("district", "croquis"),
        WITHOUT_DEED,
    ),
    CheckPoint("study", _("Notes of the study and advisory flags were read"), APPROVAL),
    CheckPoint(
        "letter", _("Kind of request, load and meters are as the letter shall say"), APPROVAL, ("load_kva", "meters")
    ),
)
