"""The autolabel wizard: method, model, categories, documents, review and start."""
