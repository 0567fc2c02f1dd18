"""The only writers of this room, one module per noun. Every public function is one intent of a user."""
