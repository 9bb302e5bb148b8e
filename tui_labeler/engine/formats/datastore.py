"""Where a document lies, as Azure Machine Learning writes it: a datastore and a path in it.

Source: the reader of ``azureml-automl-dnn-nlp`` for ``AmlDatastore://``, the JSONL schema of AutoML for
``azureml://``. The part behind the datastore is the path of the blob in that datastore's container.
"""

from __future__ import annotations

import re

DEFAULT = "workspaceblobstore"
"""The datastore that every workspace has."""

_STORE = re.compile(r"AmlDatastore://([^/]+)/(.+)", re.DOTALL | re.IGNORECASE)
_LONG = re.compile(r"azureml://(?:.*?/)?datastores/([^/]+)/paths/(.+)", re.DOTALL | re.IGNORECASE)
_HTTPS = re.compile(r"https?://[^/]+/[^/]+/([^?#]+)(?:\?.*)?", re.DOTALL | re.IGNORECASE)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def is_address(url: str) -> bool:
    """Whether it names a datastore: nothing else writes such."""
    return any(form.fullmatch(url) for form in (_STORE, _LONG))


def location_of(url: str) -> str | None:
    """The name in the container; ``None`` for an address of another kind. Nothing is percent-decoded."""
    for form in (_STORE, _LONG):
        if found := form.fullmatch(url):
            return found.group(2).lstrip("/") or None
    if found := _HTTPS.fullmatch(url):
        return found.group(1).lstrip("/") or None
    if _SCHEME.match(url):
        return None
    return url.lstrip("/") or None


def prefix_of(url: str) -> str:
    """What stands before the name; empty for a bare path."""
    location = location_of(url)
    return url.removesuffix(location) if location and url.endswith(location) else ""


def address(datastore: str, location: str) -> str:
    return f"AmlDatastore://{datastore}/{location}"
