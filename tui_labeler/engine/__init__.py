"""Use cases: what the program does, with no word of how it is shown."""
