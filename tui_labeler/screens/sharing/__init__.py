"""Projects that several people share: one sync, and what both sides made differently."""
