"""Deployments of language models: their addresses, prices and tokens, and what is needed of their servers."""
