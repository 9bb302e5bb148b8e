"""Label files on their way in: checked whole, matched to documents, laid over what is there."""
