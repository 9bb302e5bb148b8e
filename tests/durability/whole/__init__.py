"""The real program, in a real terminal and by its command line, killed at random moments."""
