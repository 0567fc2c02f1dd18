"""Questions and stages that several services share."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core.relative_days import TODAY
from transactions.domain.service_types import Field, Kind, PlotQuestions, Stage, Step
from transactions.domain.workflow import Actor, MoveName, Status

REGISTRATION = Stage("registration", _("Registration"), Status.INCOMING, Actor.REGISTRY_CLERK, 1, MoveName.REGISTER)

DISTRICT = Field(
    "district",
    _("District"),
    Kind.DISTRICT,
    hint=_("Write the first letters, in Arabic or English, and choose from the list."),
    help=_(
        "Choose the district the plot is in today; an old deed may use another name. Your national address shows "
        "it. If it is not listed, say so below: the central office then finds the right sub-municipality. The due "
        "date stays the same."
    ),
    empty=_("Choose the district, or say that yours is not on the list."),
)
DEED_NUMBER = Field(
    "deed_number",
    _("Deed number"),
    pattern=r"^[0-9]{6,16}$",
    pattern_message=_("A deed number has 6 to 16 digits."),
    empty=_("Enter the deed number."),
    hint=_("At the top of the deed, 6 to 16 digits. It is not the notary's request number."),
    help=_(
        "Use the number next to the words “deed number” at the top of the first page, beside the date. Numbers "
        "further down belong to the plan, the parcel or an earlier deed. Arabic and Western digits are both "
        "accepted."
    ),
    sample=_("Deed number: [320211004455]   Date: 1440/03/15"),
    max_length=20,
)
DEED_DATE = Field(
    "deed_date",
    _("Deed date"),
    Kind.DATE,
    latest=TODAY,
    hint=_("Hijri or Gregorian, for example 1440/03/15 or 15 Rabi al-Awwal 1440."),
    empty=_("Enter the date of the deed."),
)
PLAN = Field(
    "plan_number",
    _("Plan number"),
    empty=_("Enter the plan number."),
    hint=_("As written in the deed after “plan no.”, letters too."),
    help=_(
        "The plan is the map of the whole area; the parcel is your plot on it. Copy each exactly as written, with "
        "letters and slashes. If the deed names an amended plan, enter the amended one."
    ),
    sample=_("… parcel no. 27 of block no. 12 of plan no. [415/C/S] in the district of Ash-Sharafiyah …"),
    max_length=30,
    code=True,
)
BLOCK = Field(
    "block_number",
    _("Block number"),
    hint=_("Leave empty if the deed does not give one."),
    required=False,
    max_length=30,
    code=True,
)
PARCEL = Field(
    "parcel_number",
    _("Parcel number"),
    empty=_("Enter the parcel number."),
    hint=_("As written in the deed after “parcel no.”."),
    help=_("Several parcels in one deed: write them all, with a dash between, for example 27-28."),
    sample=_("… parcel no. [27] of block no. 12 of plan no. 415/C/S in the district of Ash-Sharafiyah …"),
    max_length=30,
    code=True,
)
_CORNERS_HINT = _(
    "One corner on each line, in the order in which they follow one another: easting, then northing. You can paste the "
    "table of the survey, or choose a file."
)
CORNERS = Field(
    "corners",
    _("Corners of the plot"),
    Kind.CORNERS,
    required=False,
    hint=_CORNERS_HINT,
    help=_(
        "The survey decision lists them as coordinates: metres of UTM zone 37 north, or degrees. With them you see the "
        "plot as a drawing, and whether its area is that of the deed, before a reviewer does. CSV and GeoJSON can be "
        "read too, and it does not matter if each corner is numbered."
    ),
    # Two numbers beside each other stand the other way round in a line of Arabic, unless it is told.
    sample="\u20661   [520000.12   2380000.50]\u2069",
)
PERMIT_PLOT = PlotQuestions(corners="corners", area="plot_area_m2", frontage="frontage_m")
PART_CORNERS = Field("corners", _("Corners of this part"), Kind.CORNERS, required=False, hint=_CORNERS_HINT)

DEED_AND_PLOT = Step(
    "deed",
    _("Deed and place"),
    (DEED_NUMBER, DEED_DATE, PLAN, BLOCK, PARCEL, DISTRICT),
    intro=_("Have the title deed with you: it shows everything asked here."),
)
