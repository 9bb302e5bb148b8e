"""Resources and their deployments: listed, tried, chosen, added."""
