"""Items that a home has stored of what it shares: whether they can be what this program wrote."""

from __future__ import annotations

from typing import Any

from tui_labeler.domain.items import FIELD, Key
from tui_labeler.engine.errors import FormatError
from tui_labeler.engine.sharing.project_form import CATEGORY, SETTING, to_category
from tui_labeler.engine.sharing.shared_form import PARTS, to_field, to_item


def check_document_item(key: Key, value: Any) -> None:
    """Raises ``FormatError`` for a value that can't be an item of a document."""
    if key.table in PARTS:
        _check_object(key, value)
        to_item(key, value)
    elif key.table == FIELD:
        try:
            to_field(key.id, value)
        except KeyError as error:
            raise FormatError("there is no such field", field=key.id) from error


def check_project_item(key: Key, value: Any) -> None:
    """Raises ``FormatError`` for a value that can't be an item of a project."""
    if key.table == CATEGORY:
        _check_object(key, value)
        to_category(key.id, value)
    elif key.table in (FIELD, SETTING) and not isinstance(value, (str, bool)):
        raise FormatError("it is neither a text nor true or false", field=f"{key.table}, {key.id}")


def _check_object(key: Key, value: Any) -> None:
    if not isinstance(value, dict):
        raise FormatError("it is no object", field=f"{key.table}, {key.id}")
