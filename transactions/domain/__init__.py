"""What needs no rows: the table of moves, services as data, references, routing, deadlines."""
