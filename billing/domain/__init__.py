"""What is true of bills and money without a database."""
