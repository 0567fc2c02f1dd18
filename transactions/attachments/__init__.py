"""Uploaded files: taken, stored, looked into, drawn."""
