"""What is told by number and PIN."""
