"""Issued papers: frozen content, journal entries, verification."""
