"""Jobs: asked for, followed, run to their end, and what became of what they answered."""
