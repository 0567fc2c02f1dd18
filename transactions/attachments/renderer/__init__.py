"""A program of its own (main.py): it opens strangers' files in a cage. The portal imports nothing of it."""
