"""What is done every day, and what is wrong without anybody being told."""
