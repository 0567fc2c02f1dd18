"""What the rooms above are asked by this one, which does not know them."""

from django.dispatch import Signal

# Sent with the model as sender, `row` (as it would be saved) and `deleted`. A receiver returns sentences on what else
# would change; whoever saves the row sees them first.
consequences_wanted = Signal()
# Sent with Office as sender, in the transaction that suspended it: office, hand_over (what lies there goes as well).
office_suspended = Signal()
