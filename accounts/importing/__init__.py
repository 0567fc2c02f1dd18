"""Lists brought as CSV: read, checked row by row, looked at, carried out whole or not at all."""
