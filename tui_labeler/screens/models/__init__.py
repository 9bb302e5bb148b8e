"""Trained models: training one, their list, how one performs."""
