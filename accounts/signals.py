"""What this room tells those who want to know; it does not know who they are."""

from __future__ import annotations

from django.dispatch import Signal

# Sent inside the database transaction that gave, answered or revoked an authorisation: authorisation, by, now.
authorisation_changed = Signal()
# Sent inside the one that changed the phone of somebody we know, who is to be warned at the old one: change, now.
phone_changed = Signal()
# Sent inside the transaction that proposed, answered or carried out what needs two administrators: proposal, step, by,
# now. Whoever keeps the book of promises enters it there.
power_used = Signal()
# Sent inside the transaction that made an administrator from the command line: user.
superuser_made = Signal()
# Sent inside the one that put the name of somebody right, who is to be told: change, now.
name_changed = Signal()
# Sent inside the one that wrote down an address somebody typed, whose owner is to be asked about it: asked, now.
email_asked = Signal()
# Sent inside the one that entered that somebody is away: absence, now.
absence_entered = Signal()
# Sent inside the one that erases somebody, before who they are is gone: person, now. Whoever holds a copy forgets it.
person_erased = Signal()
# Sent inside the one that recorded that somebody acts for another, who is to be told: delegation, now.
delegation_recorded = Signal()
