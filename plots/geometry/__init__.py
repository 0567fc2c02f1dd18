"""Corners, outlines and divisions of plots, in metres on the plane of UTM zone 37 north (EPSG:32637). Pure.

shapely and pyproj are loaded by the functions that need them: a process that measures no plot keeps its memory.
"""

from .division import Division as Division
from .division import Frontage as Frontage
from .division import Patch as Patch
from .division import compare_division as compare_division
from .division import gap_patches as gap_patches
from .division import outside_patches as outside_patches
from .division import overlap_patches as overlap_patches
from .division import shared_area as shared_area
from .division import straight_lines as straight_lines
from .findings import Finding as Finding
from .findings import findings_of as findings_of
from .geojson import feature_of as feature_of
from .outlines import Outline as Outline
from .outlines import Point as Point
from .outlines import Side as Side
from .outlines import outline_of as outline_of
from .projection import is_here as is_here
from .projection import lies_here as lies_here
from .reading import MAX_CORNERS as MAX_CORNERS
from .reading import Slip as Slip
from .reading import Unreadable as Unreadable
from .reading import read_corners as read_corners
from .reading import read_point as read_point
from .reading import written as written
