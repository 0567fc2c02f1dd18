"""Office boxes: a counter that goes on without the centre, and how what it took comes home (ADR 57)."""
