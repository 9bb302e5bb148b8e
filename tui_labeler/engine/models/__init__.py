"""Models of a project's own labels: what they learn from, their cards, and how good they are."""
