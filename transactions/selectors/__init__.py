"""Read models: statistics, search, duplicates."""
