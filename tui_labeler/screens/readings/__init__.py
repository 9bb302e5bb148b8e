"""Two readers of a document: how far they agree, and settling where they differ."""
