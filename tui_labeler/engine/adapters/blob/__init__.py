"""Containers in Azure Blob storage.

Loading this package loads nothing of Azure's; :mod:`.connecting` does, when a container is first asked.
"""
