"""A visitor at a counter, for whom a clerk answers a return."""
