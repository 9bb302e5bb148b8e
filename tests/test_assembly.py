"""Folders that people name, as projects keep them."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import pytest

from tui_labeler.assembly import container, container_address, new_id, ways
from tui_labeler.settings import Settings

INTO = ways(Settings())


@pytest.mark.parametrize("given", ["src/../texts", "./texts/", "src/..//./texts", "{root}/src/../texts"])
def test_a_folder_is_kept_without_detours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "texts").mkdir()
    monkeypatch.chdir(tmp_path)
    assert container_address(given.format(root=tmp_path), INTO) == str(tmp_path / "texts")


def test_a_folder_that_is_not_there_is_kept_without_detours_as_well(tmp_path: Path) -> None:
    assert container_address(f"{tmp_path}/a/../b", INTO) == str(tmp_path / "b")


def test_a_link_to_a_folder_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "texts").mkdir()
    (tmp_path / "today").symlink_to(tmp_path / "texts")
    assert container_address(f"{tmp_path}/./today", INTO) == str(tmp_path / "today")


def test_two_points_behind_a_link_lead_where_the_system_goes(tmp_path: Path) -> None:
    (tmp_path / "disk" / "inner").mkdir(parents=True)
    (tmp_path / "disk" / "texts").mkdir()
    (tmp_path / "texts").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "disk" / "inner")
    kept = Path(container_address(f"{tmp_path}/link/../texts", INTO))
    assert kept.resolve() == tmp_path / "disk" / "texts"


def test_what_no_folder_can_be_called_is_left_for_reading_to_refuse(tmp_path: Path) -> None:
    assert container_address(f"{tmp_path}/a\0b", INTO) == f"{tmp_path}/a\0b"


async def test_a_detour_that_was_kept_is_read_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "a.txt").write_text("a", encoding="utf-8")
    found = container(f"{tmp_path}/src/..", INTO, _none)
    assert [blob.name async for blob in found.blobs() if blob.is_document] == ["a.txt"]


def _none(container: object) -> NoReturn:
    raise AssertionError("a folder needs no cache")


def test_ids_are_ten_letters_and_digits_and_no_two_are_the_same() -> None:
    made = {new_id() for _ in range(10_000)}
    assert len(made) == 10_000
    assert {len(each) for each in made} == {10}
    assert set("".join(made)) == set("abcdefghijkmnpqrstuvwxyz23456789")
