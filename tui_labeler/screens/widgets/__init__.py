"""Widgets that more than one screen, or a test, needs by itself."""
