"""The looks a reader may ask for: what page.emulate_media is told."""

from __future__ import annotations

from typing import Any

LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "forced_colors": "none"},
    "dark": {"color_scheme": "dark", "forced_colors": "none"},
    # Windows' contrast themes: the reader's own few colours in place of ours.
    "forced": {"color_scheme": "dark", "forced_colors": "active"},
}
