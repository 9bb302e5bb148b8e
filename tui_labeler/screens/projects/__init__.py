"""The list of projects, a new one, and what its people may choose."""
