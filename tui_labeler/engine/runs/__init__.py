"""What a job does in the process that it runs in: labeling, training, measuring."""
