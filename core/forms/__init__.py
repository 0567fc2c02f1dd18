"""Fields, forms and what keeps what was typed."""
