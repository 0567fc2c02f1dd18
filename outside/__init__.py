"""Bodies outside: what they are asked, what they answer, how each stands (ADR 47)."""
