"""A DXF becomes a sheet: outlines and labels by layer, in metres. Runs in the cage alone."""
