"""From a draft to a receipt."""
