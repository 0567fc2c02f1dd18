"""Work after the answer: rows, the worker's wake-up, its heartbeat."""
