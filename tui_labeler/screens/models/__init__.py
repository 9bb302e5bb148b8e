"""Trained models: training one, and their list."""
