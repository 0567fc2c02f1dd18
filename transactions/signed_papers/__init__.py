"""Papers as files: drawn once from their frozen content, signed, kept under their hash, checked when they come back."""
