"""Bases of admin pages: previews, versions, guarded deletion."""
