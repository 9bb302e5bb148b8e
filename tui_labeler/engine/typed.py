"""Builtin values and JSON made into typed ones, from any thread.

msgspec finds out once how a class is made up, and shows what it has found so far to other threads while it
does: two that begin with one class at once end the process (msgspec 0.22, ``get_dataclass_info``). Here the
first use of a class is one thread's alone.

Whatever is wrong with the input is a ``DecodeError``: bytes that are no UTF-8 and lists nested beyond the
interpreter's depth too, for which msgspec has other exceptions.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

import msgspec

if TYPE_CHECKING:
    from types import UnionType

T = TypeVar("T")

TOO_DEEP = "lists and objects are nested too deeply"


class Decoder(Generic[T]):
    """Reads JSON as one kind of value."""

    __slots__ = ("_decode",)

    def __init__(self, kind: type[T]) -> None:
        self._decode = msgspec.json.Decoder(kind).decode

    def decode(self, data: bytes | str) -> T:
        """Raises ``msgspec.DecodeError``, and ``ValidationError`` where JSON is something else."""
        try:
            return self._decode(data)
        except RecursionError:
            raise msgspec.DecodeError(TOO_DEEP) from None
        except UnicodeError as error:
            raise msgspec.DecodeError(str(error)) from None


_looking = threading.Lock()
_decoders: dict[object, Decoder[Any]] = {}


def decoder(kind: type[T]) -> Decoder[T]:
    """What reads JSON as ``kind``."""
    known = _decoders.get(kind)
    if known is None:
        with _looking:
            known = _decoders[kind] = Decoder(kind)
    return known


def convert(value: Any, kind: type[T]) -> T:
    """Builtin types as ``kind``. Raises ``msgspec.ValidationError``."""
    decoder(kind)
    try:
        return msgspec.convert(value, kind)
    except RecursionError:
        raise msgspec.ValidationError(TOO_DEEP) from None


@overload
def decode(data: bytes | str, kind: type[T]) -> T: ...


@overload
def decode(data: bytes | str, kind: UnionType) -> Any: ...


def decode(data: bytes | str, kind: Any) -> Any:
    """JSON as ``kind``. Raises as :meth:`Decoder.decode`."""
    return decoder(kind).decode(data)
