"""Handing labeling over to Azure Machine Learning."""
