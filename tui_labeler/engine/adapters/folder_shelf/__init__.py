"""Small files in a folder, beside its documents, for people who share it."""
