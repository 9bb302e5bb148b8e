"""Resources and their deployments: kept, looked at, tried."""
