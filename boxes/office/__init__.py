"""The box's side: what it took is written down twice, delivered, and confirmed by the centre's signed word."""
