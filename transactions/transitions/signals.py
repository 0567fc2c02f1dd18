"""What rooms above this one listen to."""

from django.dispatch import Signal

# Sent inside the transaction that moved a request, before its journal entry: case (as it is now), event.
moved = Signal()
