"""Archives that lead out, lie, are packed oddly, or unpack to more than a machine holds."""

from __future__ import annotations

import io
import random
import zipfile
from contextlib import suppress

import pytest

from tui_labeler.engine.errors import FormatError
from tui_labeler.engine.formats import archive
from tui_labeler.engine.formats.archive import packed, unpacked


def zipped(files: dict[str, str], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", packing) as made:
        for name, text in files.items():
            made.writestr(name, text)
    return stream.getvalue()


@pytest.mark.parametrize(
    "name",
    ["../x.ann", "/etc/passwd", "a/../../x.ann", "C:\\x.ann", "c:x.ann", "a//x.ann", "./x.ann", "a\\x"],
)
def test_names_that_lead_out_are_refused(name: str) -> None:
    with pytest.raises(FormatError, match="leads out"):
        unpacked(zipped({name: "x"}))


@pytest.mark.parametrize(
    "packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_broken_archives_of_every_packing_end_in_files_or_a_refusal(packing: int) -> None:
    good, rng = (
        zipped({"a.txt": "Ann met Bob. " * 20, "a.ann": "T1\tP 0 3\tAnn\n"}, packing),
        random.Random(1),
    )
    for _ in range(300):
        data = bytearray(good)
        for _ in range(rng.randint(1, 4)):
            data[rng.randrange(2, len(data))] = rng.randrange(256)
        with suppress(FormatError):
            unpacked(bytes(data))


def test_a_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    data = zipped({"a.txt": "x" * 100_000})
    assert len(data) < 1000
    monkeypatch.setattr(archive, "MOST_BYTES", 99_999)
    with pytest.raises(FormatError, match="99,999 bytes"):
        unpacked(data)


def test_what_was_packed_is_unpacked() -> None:
    assert unpacked(packed({"a.txt": b"Ann", "b/c.txt": b""})) == {"a.txt": b"Ann", "b/c.txt": b""}
