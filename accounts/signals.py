"""What this room tells those who want to know; it does not know who they are."""

from __future__ import annotations

from django.dispatch import Signal

# Sent inside the database transaction that gave, answered or revoked an authorisation: authorisation, by, now.
authorisation_changed = Signal()
# Sent inside the one that changed the phone of somebody we know, who is to be warned at the old one: change, now.
phone_changed = Signal()
