"""What a promise is worth when this place is lost: the vault, the classes of receipts, and the way back."""
