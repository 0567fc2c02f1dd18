"""The centre's side: boxes enrolled and ended, what they deliver taken in, what cannot be taken kept in quarantine."""
