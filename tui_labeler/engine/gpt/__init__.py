"""A job for a deployment before it starts: what a person may say of it, its questions, its price."""
