"""A city to try the portal with: invented people, believable files, made through the services only."""
