"""Paper booklets: printed, handed out, used up, lost; what each slip is worth now (ADR 58)."""
