"""A job for a deployment before it starts: its questions, its price, what a person is to agree to."""
