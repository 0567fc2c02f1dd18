"""Ground: knows no municipality and has no tables."""
