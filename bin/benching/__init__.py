"""What bin/bench measures, one module a question."""
