"""Label files coming in and going out."""
