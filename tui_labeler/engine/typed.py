"""Builtin values and JSON made into typed ones, from any thread.

msgspec finds out once how a class is made up, and shows what it has found so far to other threads while it
does: two that begin with one class at once end the process (msgspec 0.22, ``get_dataclass_info``). Here the
first use of a class is one thread's alone.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, TypeVar, overload

import msgspec

if TYPE_CHECKING:
    from types import UnionType

T = TypeVar("T")

_looking = threading.Lock()
_decoders: dict[object, msgspec.json.Decoder[Any]] = {}


def decoder(kind: type[T]) -> msgspec.json.Decoder[T]:
    """Reads JSON as ``kind``.

    Its ``decode`` raises ``msgspec.DecodeError``, and ``ValidationError`` where JSON is something else.
    """
    known = _decoders.get(kind)
    if known is None:
        with _looking:
            known = _decoders[kind] = msgspec.json.Decoder(kind)
    return known


def convert(value: Any, kind: type[T]) -> T:
    """Builtin types as ``kind``. Raises ``msgspec.ValidationError``."""
    decoder(kind)
    return msgspec.convert(value, kind)


@overload
def decode(data: bytes | str, kind: type[T]) -> T: ...


@overload
def decode(data: bytes | str, kind: UnionType) -> Any: ...


def decode(data: bytes | str, kind: Any) -> Any:
    """JSON as ``kind``. Raises as :func:`decoder`."""
    return decoder(kind).decode(data)
