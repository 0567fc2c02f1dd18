"""Plots as geometry: corners read, measured, compared and drawn. Pure: no rows, no requests."""
