"""Deciding on suggestions, and on words that have no place yet."""
