"""What does not work, who said so, and what is closed meanwhile."""
