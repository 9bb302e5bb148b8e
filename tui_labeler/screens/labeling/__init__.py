"""Labeling and review: the screen most time is spent on, what is asked over it, and what it says."""
