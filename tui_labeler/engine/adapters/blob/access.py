"""How to authenticate at a container: found when it is needed, kept nowhere."""

from __future__ import annotations

from dataclasses import dataclass, field

from tui_labeler.engine.adapters.blob.addresses import Sas


@dataclass(frozen=True, slots=True)
class Access:
    """A way in. At most one of the secrets is there; with none, Microsoft Entra ID is asked."""

    words: str
    """Where it comes from, for people: ``the key in AZURE_STORAGE_KEY``."""
    sas: Sas | None = field(default=None, repr=False)
    key: str = field(default="", repr=False)
    connection_string: str = field(default="", repr=False)
