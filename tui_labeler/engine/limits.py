"""The service's limits, as warnings with the number in them.

Source: "Service limits" of custom named entity recognition and custom text classification, Azure AI
Language. None of them stops anybody here: Microsoft's own samples break some.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_labeler.domain.text import safe
from tui_labeler.engine.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

DOCUMENTS_AT_LEAST = 10
DOCUMENTS_AT_MOST = 100_000
CHARACTERS_AT_MOST = 128_000
CATEGORIES_AT_MOST = 200
ENTITY_CHARACTERS_AT_MOST = 500
NAME_CHARACTERS_AT_MOST = 50

READABLE_CHARACTERS = 4_000_000
"""Of a document, and no limit of the service: more would take minutes and gigabytes to lay out where somebody
opens it."""

NAMED = 5
"""Documents that one warning names."""

_REPEATED = 80
"""Characters of a name that a warning repeats."""

_CATEGORY_FORBIDDEN = frozenset(":$&%*()+~#/?")
_PROJECT_ALLOWED = frozenset("_.-")


def documents(count: int) -> tuple[str, ...]:
    """Documents in one project."""
    if count < DOCUMENTS_AT_LEAST:
        return (
            f"{counted(count, 'document')}; the service asks for at least {DOCUMENTS_AT_LEAST} a project",
        )
    if count > DOCUMENTS_AT_MOST:
        return (f"{count:,} documents; the service takes at most {DOCUMENTS_AT_MOST:,} a project",)
    return ()


def long_documents(found: Sequence[tuple[str, int]]) -> tuple[str, ...]:
    """One warning over all of ``found`` (location, and code points) that are too long for the service."""
    long = [(name, count) for name, count in found if count > CHARACTERS_AT_MOST]
    shown = [f"{safe(name)} ({count:,} characters)" for name, count in long]
    what = f"longer than the {CHARACTERS_AT_MOST:,} characters that the service takes"
    return _counted(shown, what)


def document_names(names: Sequence[str]) -> tuple[str, ...]:
    """One warning over all names that break :func:`document_name`."""
    odd = [safe(name) for name in names if document_name(name)]
    return _counted(odd, "named with more than the letters and digits that the service takes")


def _counted(shown: Sequence[str], what: str) -> tuple[str, ...]:
    if not shown:
        return ()
    more = f" and {len(shown) - NAMED:,} more" if len(shown) > NAMED else ""
    noun = counted(len(shown), "document is", "documents are")
    return (f"{noun} {what}: {', '.join(shown[:NAMED])}{more}",)


def categories(count: int) -> tuple[str, ...]:
    """Entities or classes in one project."""
    if count > CATEGORIES_AT_MOST:
        return (f"{count} categories; the service takes at most {CATEGORIES_AT_MOST} a project",)
    return ()


def labeled_entity(length: int) -> tuple[str, ...]:
    """Characters (code points) in one labeled entity."""
    if length > ENTITY_CHARACTERS_AT_MOST:
        return (f"{length:,} characters in one label; the service takes at most {ENTITY_CHARACTERS_AT_MOST}",)
    return ()


def category_name(name: str) -> tuple[str, ...]:
    """Letters, digits and every symbol but ``: $ & % * ( ) + ~ # / ?``, at most 50 characters.

    What is no symbol, control characters and such, is warned of too.
    """
    others = {
        character for character in name if character in _CATEGORY_FORBIDDEN or safe(character) != character
    }
    return (*_too_long("category", name), *_forbidden("category", name, others))


def project_name(name: str) -> tuple[str, ...]:
    """Letters, digits, ``_``, ``.`` and ``-``, at most 50 characters."""
    return _plain_name("project", name)


def model_name(name: str) -> tuple[str, ...]:
    """As :func:`project_name`."""
    return _plain_name("model", name)


def _plain_name(what: str, name: str) -> tuple[str, ...]:
    others = {character for character in name if not (character.isalnum() or character in _PROJECT_ALLOWED)}
    return (*_too_long(what, name), *_forbidden(what, name, others))


def document_name(name: str) -> tuple[str, ...]:
    """Letters and digits before ``.txt``."""
    stem = name[:-4] if name.lower().endswith(".txt") else name
    return _forbidden("document", name, {character for character in stem if not character.isalnum()})


def _shown(name: str) -> str:
    """A name as warnings repeat it: one that is very long would fill the screen."""
    return safe(name if len(name) <= _REPEATED else f"{name[:_REPEATED]}…")


def _too_long(what: str, name: str) -> tuple[str, ...]:
    if len(name) <= NAME_CHARACTERS_AT_MOST:
        return ()
    return (
        f"the {what} name {_shown(name)} has {len(name):,} characters; "
        f"the service takes at most {NAME_CHARACTERS_AT_MOST}",
    )


def _forbidden(what: str, name: str, found: set[str]) -> tuple[str, ...]:
    if not found:
        return ()
    shown = " ".join("space" if character == " " else safe(character) for character in sorted(found))
    return (f"the {what} name {_shown(name)} holds what the service does not take in names: {shown}",)
