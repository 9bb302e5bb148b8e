"""Signing in with Microsoft Entra ID, with the extra ``entra``."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Awaitable, Callable
from typing import Any

from tui_labeler.engine.deployments.chat import ResourceError

SCOPE = "https://cognitiveservices.azure.com/.default"
"""What a token is asked for. Source: Microsoft's how-to for Azure OpenAI with managed identity."""

TokenProvider = Callable[[], Awaitable[str]]


def token_provider() -> TokenProvider:
    """Gives a token that is good at the moment; the credential keeps it until shortly before its end.

    Raises ``ResourceError`` where azure-identity is not installed; the provider does when signing in fails.
    """
    try:
        # Loaded by name: the extra need not be installed where types are checked.
        identity: Any = importlib.import_module("azure.identity")
        core: Any = importlib.import_module("azure.core.exceptions")
    except ModuleNotFoundError:
        raise ResourceError(
            "azure-identity is not installed.", hint="Install tui-labeler with the extra entra."
        ) from None
    credential = identity.DefaultAzureCredential()

    async def provide() -> str:
        try:
            token = await asyncio.to_thread(credential.get_token, SCOPE)
        except core.AzureError as error:
            # Its own words list every way that was tried, with paths and account names.
            raise ResourceError(
                f"Signing in with Microsoft Entra ID failed ({type(error).__name__}).",
                hint="Sign in with `az login`, or set up a managed identity; then try again.",
            ) from None
        return str(token.token)

    return provide
