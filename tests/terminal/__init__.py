"""The real program in a real pseudo-terminal, driven by keys alone."""
