"""Several people on one project: what they share through its container, and how it is merged."""
