"""Model files: a JSON header and plain ``.npy`` arrays in a folder, and nothing that could run.

Whatever stands in a model's folder may come from anywhere. Sizes are checked against the files before
memory is taken, arrays are read without pickle, and the header's hash must fit what was read.
"""

from __future__ import annotations

import hashlib
import math
import re
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from tui_labeler.bounded import NoFileError, TooLargeError, read_file
from tui_labeler.engine.adapters.store.files import replace_file
from tui_labeler.engine.errors import InputError
from tui_labeler.engine.typed import decode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Arrays = Mapping[str, NDArray[Any]]

FORMAT = "tui-labeler-model"
FORMAT_VERSION = 1
HEADER = "model.json"
MAX_HEADER = 256 * 2**20
"""Bytes."""
MAX_ARRAY = 2**31
"""Bytes."""
MAX_WEIGHTS = 2**28
"""Numbers that a table of weights may hold once it is unfolded."""

MOST = 1e6
"""No training gives a larger weight or figure; sums of those stay numbers."""

HINT = "Train the model again."

_DTYPES = {"<f4": np.float32, "<f8": np.float64, "<i8": np.int64, "<u2": np.uint16, "<i4": np.int32}


class EntitiesHeader(msgspec.Struct, frozen=True, tag="entities", tag_field="kind"):
    """What a recogniser of entities has learned, but for its arrays."""

    format: str
    format_version: int
    version: str
    categories: tuple[str, ...]
    grain: int
    unit: int
    anchored: bool
    calibration: tuple[float, float]
    margin: float
    tiers: tuple[tuple[str, ...], ...]
    cluster_words: tuple[str, ...]


class ClassesHeader(msgspec.Struct, frozen=True, tag="classes", tag_field="kind", omit_defaults=True):
    """What a classifier has learned, but for its arrays."""

    format: str
    format_version: int
    version: str
    multi_label: bool
    classes: tuple[str, ...]
    features: tuple[str, ...]
    temperature: float
    calibration: tuple[float, float]
    threshold: float
    embedding: str = ""
    """The network whose embeddings of a text stand behind its words; none where empty."""


Header = EntitiesHeader | ClassesHeader


def signed(header: Header, arrays: Arrays) -> Header:
    """The header with the hash of all that was learned as its version."""
    return msgspec.structs.replace(header, version=_hash(header, arrays))


def _hash(header: Header, arrays: Arrays) -> str:
    digest = hashlib.sha256(msgspec.json.encode(msgspec.structs.replace(header, version="")))
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"\0{name}\0{array.dtype.str}\0{array.shape}\0".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()[:16]


def write(folder: str, header: Header, arrays: Arrays) -> None:
    """Writes a signed header and its arrays into an existing folder. Raises ``StorageError``.

    The arrays are put into bytes first: numpy's own writing to a file does not tell a full disk.
    """
    for name, array in arrays.items():
        buffer = BytesIO()
        np.save(buffer, np.ascontiguousarray(array), allow_pickle=False)
        replace_file(Path(folder) / f"{name}.npy", buffer.getvalue())
    replace_file(Path(folder) / HEADER, msgspec.json.encode(header))


def read_header(folder: str) -> Header:
    """Raises ``InputError`` for anything that is no header of this format and version."""
    data = _contents(Path(folder) / HEADER, MAX_HEADER)
    try:
        known = decode(data, _Format)
        if known.format != FORMAT:
            raise _refused(folder, f"its format is {known.format[:40]!r}")
        if known.format_version != FORMAT_VERSION:
            raise _refused(
                folder,
                f"its format has the version {known.format_version}, this program reads {FORMAT_VERSION}",
            )
        header: Header = decode(data, Header)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _refused(folder, f"{HEADER} is not what it should be ({error})") from error
    return header


class _Format(msgspec.Struct):
    format: str
    format_version: int


def read_arrays(folder: str, shapes: Mapping[str, tuple[str, int]]) -> dict[str, NDArray[Any]]:
    """Reads arrays given by name with their data type (``<f4``) and number of dimensions.

    Raises ``InputError`` where one is missing, or is something else, or holds what is no number.
    """
    return {name: _read_array(folder, name, *expected) for name, expected in shapes.items()}


def _read_array(folder: str, name: str, dtype: str, dimensions: int) -> NDArray[Any]:
    path = Path(folder) / f"{name}.npy"
    data = _contents(path, MAX_ARRAY)
    found = _shape(data)
    if found is None:
        raise _refused(folder, f"{path.name} is no array")
    kind, shape, start = found
    if kind != dtype or len(shape) != dimensions:
        raise _refused(folder, f"{path.name} holds {kind} in {len(shape)} dimensions")
    if len(data) - start != math.prod(shape) * np.dtype(_DTYPES[dtype]).itemsize:
        raise _refused(folder, f"{path.name} is not as long as it says")
    array = np.frombuffer(data, dtype=_DTYPES[dtype], offset=start).reshape(shape)
    # What is no number fails every comparison.
    if array.dtype.kind == "f" and array.size and not (array.min() >= -MOST and array.max() <= MOST):
        raise _refused(folder, f"{path.name} holds values that no training gives")
    return array


_ARRAY_HEADER = re.compile(
    rb"\{'descr': '([<>|=][a-zA-Z][0-9]{1,3})', 'fortran_order': False, "
    rb"'shape': \(((?:[0-9]{1,10},(?: [0-9]{1,10},?){0,3})?)\), \} *\n"
)


def _shape(data: bytes) -> tuple[str, tuple[int, ...], int] | None:
    """Data type and lengths that a ``.npy`` file says, and where its numbers begin.

    ``None`` for what :func:`write` never writes, with numbers that are aligned. numpy's own reader evaluates
    the header as Python's literals, and fails in many ways on what is none.
    """
    start = 10 + int.from_bytes(data[8:10], "little")
    found = _ARRAY_HEADER.fullmatch(data, 10, start)
    if data[:8] != b"\x93NUMPY\x01\x00" or found is None or found.end() != start or start % 16:
        return None
    lengths = tuple(int(part) for part in found[2].split(b",") if part.strip())
    return found[1].decode(), lengths, start


def check(folder: str, header: Header, arrays: Arrays, conditions: Mapping[str, bool]) -> None:
    """Raises ``InputError`` for the first condition that does not hold, or when the hash does not fit."""
    if not all(abs(figure) <= MOST for figure in _figures(header)):
        raise _refused(folder, "it has figures that no training gives")
    for words, holds in conditions.items():
        if not holds:
            raise _refused(folder, words)
    if _hash(header, arrays) != header.version:
        raise _refused(folder, "its files do not belong together")


def _figures(header: Header) -> tuple[float, ...]:
    if isinstance(header, EntitiesHeader):
        return (*header.calibration, header.margin)
    return (*header.calibration, header.temperature, header.threshold)


def sparse_arrays(name: str, weights: NDArray[np.float32]) -> dict[str, NDArray[Any]]:
    """Only the weights that are not zero: their values, places in the row, and how many each row has."""
    rows, columns = np.nonzero(weights)
    return {
        f"{name}_values": weights[rows, columns],
        f"{name}_columns": columns.astype(np.int32),
        f"{name}_counts": np.bincount(rows, minlength=len(weights)).astype(np.int32),
    }


def sparse_shapes(name: str) -> dict[str, tuple[str, int]]:
    return {f"{name}_values": ("<f4", 1), f"{name}_columns": ("<i4", 1), f"{name}_counts": ("<i4", 1)}


def dense(folder: str, name: str, arrays: Arrays, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Undoes :func:`sparse_arrays`. Raises ``InputError`` where the arrays do not give ``shape``."""
    values, columns, counts = (arrays[f"{name}_{part}"] for part in ("values", "columns", "counts"))
    fits = (
        len(counts) == shape[0]
        and shape[0] * shape[1] <= MAX_WEIGHTS
        and len(values) == len(columns) == counts.sum(dtype=np.int64)
        and (counts >= 0).all()
        and (columns >= 0).all()
        and (columns < shape[1]).all()
    )
    if not fits:
        raise _refused(folder, f"the {name} do not have the shape {shape[0]} by {shape[1]}")
    weights = np.zeros(shape, dtype=np.float32)
    weights[np.repeat(np.arange(shape[0]), counts), columns] = values
    return weights


def _contents(path: Path, limit: int) -> bytes:
    """Of a regular file: a pipe or a device could keep the program waiting for ever."""
    try:
        return read_file(path, limit)
    except NoFileError:
        raise _refused(str(path.parent), f"{path.name} is no file") from None
    except TooLargeError as error:
        words = f"{path.name} has {error.size:,} bytes, more than {limit:,}"
        raise _refused(str(path.parent), words) from None
    except OSError as error:
        raise _refused(str(path.parent), f"{path.name} can't be read ({error.strerror})") from error


def _refused(folder: str, words: str) -> InputError:
    return InputError(f"{folder} holds no model that can be used: {words}", hint=HINT)
