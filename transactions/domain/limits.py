"""The limits of what people send, in one place. `deploy/nginx.conf` repeats MAX_BODY_BYTES; a test compares them."""

from core.units import MIB

MAX_FILE_BYTES = 50 * MIB
# A whole request: one file of the greatest size, and the form around it.
MAX_BODY_BYTES = MAX_FILE_BYTES + 14 * MIB
