"""Events, deadlines and progress in words."""
