"""Handing a project over to Azure Machine Learning, and taking it back."""
