"""Documents: found in a container, read, kept, searched, and followed when their text changes."""
