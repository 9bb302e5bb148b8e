"""Archives that lead out, lie, are packed oddly, or unpack to more than a machine holds."""

from __future__ import annotations

import io
import random
import zipfile
from contextlib import suppress

import pytest

from tui_labeler.engine.errors import FormatError
from tui_labeler.engine.formats import archive
from tui_labeler.engine.formats.archive import Unpacked, packed


def zipped(files: dict[str, str], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", packing) as made:
        for name, text in files.items():
            made.writestr(name, text)
    return stream.getvalue()


def unpacked(data: bytes, most: int = archive.MOST_BYTES) -> Unpacked:
    return archive.unpacked(data, lambda name: None if name.endswith(".png") else most)


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
        unpacked(data, 100_000)


def test_many_files_that_are_small_by_themselves_may_not_unpack_to_more_than_text_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(archive, "ALWAYS", 100_000)
    data = zipped({f"{number}.txt": "x" * 50_000 for number in range(20)})
    assert 50_000 < archive.RATIO * len(data) < 1_000_000
    with pytest.raises(FormatError, match="unpacks to more than"):
        unpacked(data)


def test_logs_and_thousands_of_small_files_are_what_text_deflates_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "ALWAYS", 0)
    log = "".join(f"2026-11-{day % 28 + 1:02} 12:00:{day % 60:02} INFO started\n" for day in range(40_000))
    files = {"log.txt": log} | {f"{number}.txt": f"Ann met Bob, {number}.\n" for number in range(5000)}
    data = zipped(files)
    assert len(log) > 20 * len(zipped({"log.txt": log}))
    assert unpacked(data).files.keys() == files.keys()


def test_a_file_that_is_too_large_is_named_and_not_unpacked_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    read = zipfile.ZipExtFile.read

    def counting(self: zipfile.ZipExtFile, n: int | None = -1) -> bytes:
        asked.append(-1 if n is None else n)
        return read(self, n)

    monkeypatch.setattr(zipfile.ZipExtFile, "read", counting)
    data = zipped({"a.txt": "x" * 100_000, "b.txt": "Ann", "c.png": "x" * 100_000})
    found = unpacked(data, 1000)
    assert (found.files, found.too_large, asked) == ({"b.txt": b"Ann"}, {"a.txt": 1000}, [1001])


def test_what_an_archive_says_of_a_size_is_not_believed() -> None:
    data = zipped({"a.txt": "x" * 100_000})
    for said in (10, 1000):
        lie = data.replace((100_000).to_bytes(4, "little"), said.to_bytes(4, "little"))
        assert lie != data
        with pytest.raises(FormatError, match="can't be read"):
            unpacked(lie, 1000)


def test_what_was_packed_is_unpacked() -> None:
    assert unpacked(packed({"a.txt": b"Ann", "b/c.txt": b""})).files == {"a.txt": b"Ann", "b/c.txt": b""}
