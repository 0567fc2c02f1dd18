"""Twenty-one days without the centre, replayed on the real code (bin/outage, ADR 64)."""
