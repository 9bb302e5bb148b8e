"""Jobs: asked for, listed, followed, canceled; what they need for it is checked here."""
