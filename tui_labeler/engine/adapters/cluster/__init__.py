"""Labeling on other machines: what a job's process does, and what its workers do."""
