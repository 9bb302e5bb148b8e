"""Label file formats, one module each."""
