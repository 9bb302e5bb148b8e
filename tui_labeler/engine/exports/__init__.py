"""Saved labels on their way out: as one file, or parted for training elsewhere."""
