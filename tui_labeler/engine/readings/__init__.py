"""Two people on one document on purpose, and how far they agree."""
