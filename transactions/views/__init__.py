"""Pages for citizens and engineering offices. Each makes one domain call."""
