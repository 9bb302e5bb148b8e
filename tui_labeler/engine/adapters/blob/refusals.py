"""Why a blob server did not do what was asked, as an error of the engine.

What a server says in its own words is never shown: it may repeat what was sent. Its codes are.
"""

from __future__ import annotations

import re
import ssl
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import aiohttp
from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError

from tui_labeler.engine.adapters.blob.connecting import proxy_between
from tui_labeler.engine.errors import (
    ContainerError,
    InputError,
    LockedError,
    NotFoundError,
    OutdatedError,
    UnreachableError,
)

if TYPE_CHECKING:
    from tui_labeler.engine.adapters.blob.access import Access
    from tui_labeler.engine.adapters.blob.addresses import BlobAddress
    from tui_labeler.engine.errors import LabelerError

_CODE = re.compile(r"[A-Za-z][A-Za-z0-9]{2,59}")
_BUSY = frozenset({408, 429, 500, 502, 503, 504})

_OF_PROXIES = frozenset({401, 403, 407, 502, 503, 504})
"""What a proxy says of its own, rather than a storage server that lacks its usual headers."""

A_DAY = 86_400.0
"""Seconds."""

_MEANWHILE = "What was read before can be labeled meanwhile."

_NO_CONTAINER = frozenset({"ContainerNotFound", "ContainerBeingDeleted", "ContainerDisabled"})
_RIGHTS = {"list": "l (list)", "read": "r (read)", "write": "c and w (create, write)", "remove": "d (delete)"}


def code_of(error: AzureError) -> str:
    """The server's code, such as ``BlobNotFound``; empty where there is none."""
    code = getattr(error, "error_code", None)
    text = str(getattr(code, "value", code) or "")
    return text if _CODE.fullmatch(text) else ""


def status_of(error: AzureError) -> int:
    """The HTTP status; 0 where no answer came."""
    return (error.status_code or 0) if isinstance(error, HttpResponseError) else 0


def is_busy(error: AzureError) -> bool:
    """Waiting may help."""
    return status_of(error) in _BUSY


def retry_after(error: AzureError) -> float:
    """Seconds that the server asks to be left alone for, :data:`A_DAY` at most; 0 where it does not say."""
    headers = getattr(error.response, "headers", {}) if isinstance(error, HttpResponseError) else {}
    said = str(headers.get("Retry-After", ""))
    return min(A_DAY, float(said)) if said.isascii() and said.isdigit() else 0.0


def gone(address: BlobAddress) -> UnreachableError:
    """For a server that does not answer, or a proxy on the way to it."""
    variable = proxy_between(address)
    if variable:
        return UnreachableError(
            f"{address.host} can't be reached through the proxy that {variable} names, and so not the "
            f"container {address.url}",
            hint=f"Check {variable}, whether that proxy runs, and the address; NO_PROXY does without. "
            f"{_MEANWHILE}",
        )
    return UnreachableError(
        f"{address.host} can't be reached, and so not the container {address.url}",
        hint=f"Check the address and the network. {_MEANWHILE}",
    )


def misunderstood(address: BlobAddress, name: str) -> ContainerError:
    """For an answer that is none of a storage server; ``name`` is the blob's, empty for the container."""
    variable = proxy_between(address)
    between = f"the proxy that {variable} names" if variable else "a proxy or a network's login page"
    about = f"{name} in {address.url}" if name else f"the container {address.url}"
    # Another blob may well be read.
    return (ContainerError if name else UnreachableError)(
        f"what {address.host} answers about {about} can't be understood: it is no Blob storage's answer",
        hint=f"Check the address, and whether {between} answers in its place. {_MEANWHILE}",
    )


def endless(address: BlobAddress, seconds: float) -> UnreachableError:
    """For a server that answers and does not come to an end."""
    return UnreachableError(
        f"{address.host} did not come to the end of an answer within {seconds:,.0f} seconds, and so not the "
        f"container {address.url}",
        hint=f"Check the network, and the proxy if there is one; then try again. {_MEANWHILE}",
    )


def refusal(error: AzureError, address: BlobAddress, access: Access, doing: str, name: str) -> LabelerError:
    """An exception of the storage package as an error of the engine.

    ``doing`` is ``list``, ``read``, ``write`` or ``remove``; ``name`` the blob's, empty for the container.
    """
    status, code = status_of(error), code_of(error)
    is_changing = doing in ("write", "remove")
    if is_changing and code in ("ConditionNotMet", "BlobAlreadyExists"):
        return OutdatedError(f"{name} in {address.url} has changed meanwhile")
    if isinstance(error, ClientAuthenticationError) and not status:
        return UnreachableError(
            f"{access.words} is not what it should be: nothing can be signed with it",
            hint="Copy it again, whole.",
        )
    if not status:
        return _unanswered(error, address)
    if status in _OF_PROXIES and not _is_the_storages(error) and (variable := proxy_between(address)):
        return _stopped(variable, address, status)
    if code in _NO_CONTAINER or (status == 404 and not name):
        return UnreachableError(
            f"there is no container {address.url}",
            hint="Check the name of the account and of the container, or make the container.",
        )
    if status in (401, 403):
        return _unauthorised(address, access, doing, code)
    if status == 404:
        return NotFoundError(f"there is no {name} in {address.url}")
    if status in _BUSY:
        pause = retry_after(error)
        when = f"in {pause:,.0f} seconds, as it asks" if pause else "in a few minutes"
        when = "tomorrow at the earliest, as it asks" if pause == A_DAY else when
        return UnreachableError(
            f"{address.host} is too busy to answer ({_said(status, code)})",
            hint=f"Try again {when}; what was done until now stays.",
        )
    what = f"{name} in {address.url}" if name else address.url
    # Nobody's lease keeps anybody from reading.
    if is_changing and code in ("LeaseIdMissing", "LeaseIdMismatchWithBlobOperation"):
        return LockedError(
            f"{what} is under somebody's lease", hint="Wait until the lease ends, or break it in the account."
        )
    if code == "BlobArchived":
        return ContainerError(
            f"{what} is in the archive tier",
            hint="Move it to another tier, which takes hours; then read the container again.",
        )
    if status == 400 and name:
        return InputError(f"{name!r} can't be the name of a blob ({_said(status, code)})")
    return ContainerError(
        f"{address.host} refused {what} ({_said(status, code)})", hint="Check the address of the container."
    )


def _said(status: int, code: str) -> str:
    return f"{status} {code}".strip()


def _unanswered(error: AzureError, address: BlobAddress) -> LabelerError:
    variable = proxy_between(address)
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLCertVerificationError):
            return UnreachableError(
                f"the certificate of {address.host} is not to be trusted ({seen.verify_message})",
                hint="Check the address; for an authority of your own set SSL_CERT_FILE.",
            )
        if isinstance(seen, aiohttp.ClientHttpProxyError) and variable:
            return _stopped(variable, address, seen.status)
        seen = seen.__cause__ or seen.__context__
    return gone(address)


def _is_the_storages(error: AzureError) -> bool:
    """Whether an answer has a header that storage servers put into each; what stands before them does not."""
    headers = getattr(error.response, "headers", {}) if isinstance(error, HttpResponseError) else {}
    return any(str(name).lower().startswith("x-ms-") for name in headers)


def _stopped(variable: str, address: BlobAddress, status: int) -> UnreachableError:
    return UnreachableError(
        f"the proxy that {variable} names does not let {address.host} be asked (status {status})",
        hint=f"Check {variable}, and whether that proxy wants a name and a password; NO_PROXY does without. "
        f"{_MEANWHILE}",
    )


def _unauthorised(address: BlobAddress, access: Access, doing: str, code: str) -> LabelerError:
    """The whole container is closed to this key or token, or to writing with it."""
    said = f" ({code})" if code else ""
    sas = access.sas
    if sas is not None and _is_over(sas.expiry):
        return UnreachableError(
            f"the SAS token for {address.url} expired on {sas.expiry}",
            hint=f"Get a new one, and put it where this one was: {access.words}.",
        )
    if code == "AuthorizationPermissionMismatch" or (sas is not None and _lacks(sas.rights, doing)):
        rights = f"; the token's rights are {sas.rights}" if sas is not None and sas.rights else ""
        is_reading = doing in ("list", "read")
        return (UnreachableError if is_reading else ContainerError)(
            f"{access.words} does not give the right to {doing} in {address.url}{rights}",
            hint=f"A SAS token needs {_RIGHTS[doing]} for that; whoever signs in, the role Storage Blob Data "
            f"{'Reader' if is_reading else 'Contributor'}.",
        )
    return UnreachableError(
        f"{address.url} refuses {access.words}{said}",
        hint="Check that it belongs to this account, is whole and has not been replaced there, and that this "
        "machine's clock is right.",
    )


def _is_over(expiry: str) -> bool:
    try:
        end = datetime.fromisoformat(expiry)
    except ValueError:
        return False
    return (end if end.tzinfo else end.replace(tzinfo=UTC)) < datetime.now(UTC)


def _lacks(rights: str, doing: str) -> bool:
    """Empty rights are those of a policy kept in the container: unknown."""
    return bool(rights) and not set(_LETTERS[doing]) & set(rights)


_LETTERS = {"list": "l", "read": "r", "write": "cw", "remove": "d"}
