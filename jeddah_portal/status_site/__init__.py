"""The status site: static files that tell how things stand when nothing else does."""
