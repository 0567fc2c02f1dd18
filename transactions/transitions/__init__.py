"""What moves a request; `mover` is the only writer of a status."""
