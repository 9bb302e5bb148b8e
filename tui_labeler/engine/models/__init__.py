"""Models of a project's own labels: what they learn from, training, and how good they are."""
