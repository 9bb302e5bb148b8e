"""What a person types for a container in Blob storage, as an address that may be stored and shown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

from tui_labeler.engine.errors import InputError
from tui_labeler.this_machine import is_this_machine

_URL = re.compile(r"https?://", re.I)
_CONTAINER = re.compile(r"\$root|\$web|[a-z0-9](?:-?[a-z0-9]){2,62}")
"""3 to 63 small letters, digits and single hyphens. Source: the service's rules for container names."""
_LONGEST = 63
_ACCOUNT = re.compile(r"[A-Za-z0-9._~-]+")
"""What may name an account in a path."""
_NAME = re.compile(r"[a-z0-9]{3,24}")
"""Of an account. Source: the service's rules for storage accounts."""
_BEHIND = re.compile(r"[?#&;=%]")
"""Where the part of a path ends that may be shown: a signature may stand behind it, escaped or not."""

LONGEST_NAME = 1024
"""Characters of a blob's name. Source: the service's rules for blob names."""

DEVELOPMENT = "http://127.0.0.1:10000/devstoreaccount1"
"""Where the emulator listens that ``UseDevelopmentStorage=true`` means."""

_AZURE = ("core.windows.net", "core.chinacloudapi.cn", "core.usgovcloudapi.net", "storage.azure.net")
"""What the hosts of storage accounts end in, whichever of their services they are."""

_EXAMPLE = "An address looks like https://ACCOUNT.blob.core.windows.net/CONTAINER."


@dataclass(frozen=True, slots=True)
class BlobAddress:
    """A container in an account, without any secret."""

    endpoint: str
    """Of the account: scheme and host, and the account's name where it is part of the path; no last slash."""
    container: str

    @property
    def url(self) -> str:
        return f"{self.endpoint}/{self.container}"

    @property
    def host(self) -> str:
        return urlsplit(self.endpoint).netloc

    @property
    def account(self) -> str:
        """The account's name: the first part of the host, or the path of an emulator."""
        parts = urlsplit(self.endpoint)
        return parts.path.strip("/") or (parts.hostname or "").partition(".")[0]

    @property
    def is_local(self) -> bool:
        """On this machine."""
        return is_this_machine(urlsplit(self.endpoint).hostname or "")


@dataclass(frozen=True, slots=True)
class Sas:
    """A shared access signature: a token that lends some rights for some time."""

    token: str = field(repr=False)
    """The query of a URL, without the question mark."""

    @classmethod
    def of(cls, given: str) -> Sas:
        """Of a token as people copy it. Raises ``InputError`` for what is none."""
        token = given.strip().lstrip("?")
        if not re.fullmatch(r"[\x21-\x7e]+", token) or "sig" not in parse_qs(token):
            raise InputError(
                "What should be a SAS token is none: it has no `sig=`.",
                hint="Copy the whole token, from `sv=` to the end of `sig=…`; in a shell, put it in quotes.",
            )
        return cls(token)

    def _field(self, name: str) -> str:
        return parse_qs(self.token).get(name, [""])[0]

    @property
    def expiry(self) -> str:
        """ISO 8601 in UTC; empty where a policy kept in the container says it."""
        return self._field("se")

    @property
    def rights(self) -> str:
        """A letter each: r(ead), a(dd), c(reate), w(rite), d(elete), l(ist) …; empty as for ``expiry``."""
        return self._field("sp")


def is_azures(host: str) -> bool:
    """Whether a host is one of Azure Storage, for blobs or another service of an account."""
    return host.lower().rstrip(".").endswith(tuple(f".{end}" for end in _AZURE))


def is_url(given: str) -> bool:
    return bool(_URL.match(given))


def parse_url(given: str) -> tuple[BlobAddress, Sas | None]:
    """The container at a URL, and the SAS token that came with it.

    Raises ``InputError``, whose words never repeat the URL's query.
    """
    try:
        parts = urlsplit(given.strip())
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise InputError("The container's address is no URL.", hint=_EXAMPLE) from error
    shown = f"{parts.scheme}://{host}{_shown(parts.path)}"
    if not host or parts.username is not None or parts.fragment:
        raise InputError(f"{shown} is no address of a container.", hint=_EXAMPLE)
    segments = [unquote(segment) for segment in parts.path.split("/") if segment]
    is_service = ".blob." in host or is_azures(host)
    if not segments or len(segments) > (1 if is_service else 2):
        raise InputError(
            f"{shown} does not name a container.",
            hint="Name the container alone: its documents are the .txt at its root. " + _EXAMPLE,
        )
    if is_service and parts.scheme == "http":
        raise _in_the_clear(shown)
    for segment in segments[:-1]:
        _check_account(segment)
    where = f"[{host}]" if ":" in host else host
    endpoint = "/".join([f"{parts.scheme.lower()}://{where}{f':{port}' if port else ''}", *segments[:-1]])
    address = BlobAddress(endpoint, checked_container(segments[-1]))
    return address, Sas.of(parts.query) if parts.query else None


def _in_the_clear(what: str, hint: str = "Write https:// in place of http://.") -> InputError:
    return InputError(f"{what} would send texts in the clear.", hint=hint)


def _shown(path: str) -> str:
    """As much of it as holds no signature."""
    kept = _BEHIND.split(path, maxsplit=1)[0]
    return kept if kept == path else f"{kept}…"


def _check_account(segment: str) -> None:
    """Raises ``InputError`` for what names no account in a path, and may be a signature."""
    if not _ACCOUNT.fullmatch(segment):
        raise InputError(
            "The path of the account's address has a sign that no account's name has.",
            hint="It is the name alone, as in http://127.0.0.1:10000/devstoreaccount1, without a token.",
        )


def checked_container(name: str) -> str:
    """The name of a container. Raises ``InputError`` for one that no container can have."""
    if not _CONTAINER.fullmatch(name) or len(name) > _LONGEST:
        # What was meant for behind it may have come along, a token for instance.
        raise InputError(
            f"{_shown(name)!r} can't be the name of a container.",
            hint="Names of containers have 3 to 63 small letters, digits and single hyphens.",
        )
    return name


def connection_fields(connection_string: str) -> dict[str, str]:
    """The fields of a storage account's connection string, names in small letters.

    Raises ``InputError``, whose words hold nothing of it.
    """
    fields: dict[str, str] = {}
    for part in connection_string.strip().rstrip(";").split(";"):
        name, equals, value = part.partition("=")
        if not equals:
            raise InputError(
                "The connection string is not one: a part of it has no `=`.",
                hint="Copy it whole from the storage account's page; in a shell, put it in quotes.",
            )
        fields[name.strip().lower()] = value.strip()
    return fields


def plain_string(connection_string: str) -> str:
    """The same as the storage package takes it, which is particular about blanks, ends and spelling.

    Raises ``InputError``, whose words hold nothing of it.
    """
    fields = connection_fields(connection_string)
    if _is_development(fields):
        return "UseDevelopmentStorage=true"
    return ";".join(f"{name}={value}" for name, value in fields.items())


def _is_development(fields: Mapping[str, str]) -> bool:
    return fields.get("usedevelopmentstorage", "").lower() == "true"


def endpoint_of(connection_string: str) -> str:
    """The address of the account that a connection string leads to. Raises ``InputError``."""
    fields = connection_fields(connection_string)
    if _is_development(fields):
        return DEVELOPMENT
    if "blobendpoint" in fields:
        return _checked_endpoint(fields["blobendpoint"].partition("?")[0].rstrip("/"))
    if not fields.get("accountname"):
        raise InputError(
            "The connection string names no account.",
            hint="Copy it whole from the storage account's page; in a shell, put it in quotes.",
        )
    if not _NAME.fullmatch(fields["accountname"].lower()):
        # A key may have been put there.
        raise InputError(
            "The connection string's AccountName is no name of an account.",
            hint="Names of accounts have 3 to 24 letters and digits; the key belongs in AccountKey.",
        )
    scheme = fields.get("defaultendpointsprotocol", "https").lower()
    if scheme != "https":
        raise _in_the_clear("The connection string", "It needs DefaultEndpointsProtocol=https.")
    suffix = fields.get("endpointsuffix", "core.windows.net")
    return f"{scheme}://{fields['accountname'].lower()}.blob.{suffix}"


def _checked_endpoint(given: str) -> str:
    """The ``BlobEndpoint`` of a connection string. Raises ``InputError``, whose words hold nothing of it."""
    try:
        parts = urlsplit(given)
    except ValueError:
        parts = urlsplit("")
    if not is_url(given) or not parts.hostname or parts.username is not None or "#" in given:
        raise InputError(
            "The connection string's BlobEndpoint is no address.",
            hint="It looks like https://ACCOUNT.blob.core.windows.net.",
        )
    if parts.scheme == "http" and (".blob." in parts.hostname or is_azures(parts.hostname)):
        raise _in_the_clear("The connection string")
    for segment in parts.path.split("/"):
        if segment:
            _check_account(segment)
    return given
