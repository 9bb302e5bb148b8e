"""What a language model is asked, and what its answer says: no transport, no placing in the text."""
