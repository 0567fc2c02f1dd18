"""What this floor tells those above it."""

from __future__ import annotations

from django.dispatch import Signal

# Sent inside the transaction that announced something about an incident: notice, before (the notice that was in force,
# or None), now.
announced = Signal()
