"""Who has which document open, in a home and in a container."""
