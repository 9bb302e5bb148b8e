"""The journal: what was appended is there, whatever was cut off behind it."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tui_labeler.engine.adapters.store import journal
from tui_labeler.engine.adapters.store.journal import START, Journal, Position
from tui_labeler.engine.adapters.store.survey import backwards
from tui_labeler.engine.errors import InputError, StorageError
from tui_labeler.engine.ports import Change, Transaction

if TYPE_CHECKING:
    from pathlib import Path


def transaction(seq: int, text: str = "x") -> Transaction:
    made = {"actor": "ana", "time": "2026-11-21T09:00:00.000Z"}
    label = {
        "id": f"l{seq}",
        "category": "c",
        "span": None,
        "origin": "person",
        "made": made,
        "text_hash": text,
    }
    change = Change("label", f"1/l{seq}", None, label)
    return Transaction(seq, f"g{seq}", "2026-11-21T09:00:00.000Z", "ana", "label.add", (change,))


def filled(folder: Path, count: int, text: str = "x") -> tuple[Journal, Position]:
    written = Journal(folder)
    position = START
    for seq in range(1, count + 1):
        position = written.append(position, transaction(seq, text))
    return written, position


def seqs(folder: Path, position: Position = START) -> list[int]:
    return [found.seq for found, _ in Journal(folder).read(position)]


def test_transactions_are_read_as_they_were_appended(tmp_path: Path) -> None:
    written, end = filled(tmp_path / "j", 3)
    found = list(Journal(tmp_path / "j").read(START))
    assert [item for item, _ in found] == [transaction(seq) for seq in (1, 2, 3)]
    assert found[-1][1] == end
    assert not written.changed_since(end)


def test_a_reader_follows_from_where_it_stopped(tmp_path: Path) -> None:
    written, position = filled(tmp_path / "j", 2)
    reader = Journal(tmp_path / "j")
    assert not reader.changed_since(position)
    behind = written.append(position, transaction(3))
    assert reader.changed_since(position)
    assert list(reader.read(position)) == [(transaction(3), behind)]


def test_a_last_line_cut_at_any_byte_is_ignored_and_cut_off_by_the_next_writer(tmp_path: Path) -> None:
    _, _ = filled(tmp_path / "whole", 3)
    data = (tmp_path / "whole" / "000000000001.jsonl").read_bytes()
    last = data.rindex(b"\n", 0, len(data) - 1) + 1
    for cut in range(last, len(data)):
        folder = tmp_path / f"cut{cut}"
        folder.mkdir()
        path = folder / "000000000001.jsonl"
        path.write_bytes(data[:cut])
        found = list(Journal(folder).read(START))
        assert [item.seq for item, _ in found] == [1, 2]
        assert [item.seq for item in backwards(Journal(folder))] == [2, 1]
        Journal(folder).append(found[-1][1], transaction(3, "again"))
        assert seqs(folder) == [1, 2, 3]
        assert path.read_bytes().startswith(data[:last])


def test_a_tail_of_zeros_is_cut_off_too(tmp_path: Path) -> None:
    written, position = filled(tmp_path / "j", 1)
    with (tmp_path / "j" / "000000000001.jsonl").open("ab") as file:
        file.write(bytes(5000))
    assert seqs(tmp_path / "j") == [1]
    written.append(position, transaction(2))
    assert seqs(tmp_path / "j") == [1, 2]


def test_segments_roll_over_and_are_read_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "SEGMENT_SIZE", 500)
    written, end = filled(tmp_path / "j", 40)
    assert len(written.segments()) > 5
    assert seqs(tmp_path / "j") == list(range(1, 41))
    assert [item.seq for item in backwards(written)] == list(range(40, 0, -1))
    assert not written.changed_since(end)


def test_a_reader_at_the_end_of_a_segment_sees_the_next_one_begin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "SEGMENT_SIZE", 10)
    written, position = filled(tmp_path / "j", 1)
    assert not written.changed_since(position)
    written.append(position, transaction(2))
    assert written.changed_since(position)
    assert seqs(tmp_path / "j", position) == [2]


def test_a_missing_transaction_is_told(tmp_path: Path) -> None:
    filled(tmp_path / "j", 3)
    path = tmp_path / "j" / "000000000001.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[2])
    with pytest.raises(StorageError, match="transaction 2 is missing"):
        seqs(tmp_path / "j")


def test_a_missing_segment_between_others_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "SEGMENT_SIZE", 500)
    written, _ = filled(tmp_path / "j", 40)
    _, two, three = written.segments()[:3]
    (tmp_path / "j" / f"{two:012d}.jsonl").unlink()
    with pytest.raises(StorageError, match=f"transactions {two} to {three - 1} are missing"):
        seqs(tmp_path / "j")


def test_a_missing_first_segment_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "SEGMENT_SIZE", 10)
    filled(tmp_path / "j", 3)
    (tmp_path / "j" / "000000000001.jsonl").unlink()
    with pytest.raises(StorageError, match="beginning is missing"):
        seqs(tmp_path / "j")


def test_a_journal_that_lost_its_end_is_not_written_behind_the_hole(tmp_path: Path) -> None:
    written, position = filled(tmp_path / "j", 3)
    path = tmp_path / "j" / "000000000001.jsonl"
    shorter = path.read_bytes()[:10]
    path.write_bytes(shorter)
    with pytest.raises(StorageError, match="transaction 3 was there"):
        written.append(position, transaction(4))
    with pytest.raises(StorageError, match="transaction 3 was there"):
        written.changed_since(position)
    assert path.read_bytes() == shorter
    path.unlink()
    with pytest.raises(StorageError, match="transaction 3 was there"):
        list(written.read(position))


@pytest.mark.parametrize("damage", [b"{", b"\xff\xfe", b'{"seq": "one"}'])
def test_a_damaged_line_is_told_with_its_place(tmp_path: Path, damage: bytes) -> None:
    filled(tmp_path / "j", 2)
    path = tmp_path / "j" / "000000000001.jsonl"
    first, _ = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + damage + b"\n")
    with pytest.raises(StorageError, match=f"line 2: the line at byte {len(first)}"):
        seqs(tmp_path / "j")


@pytest.mark.parametrize("room", [0, 1, 7, 60])
def test_a_full_disk_in_the_middle_of_a_line_leaves_the_earlier_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    written, position = filled(tmp_path / "j", 2)
    path = tmp_path / "j" / "000000000001.jsonl"
    before = path.read_bytes()
    real = os.write
    left = [room]

    def full(descriptor: int, data: memoryview) -> int:
        if not left[0]:
            raise OSError(errno.ENOSPC, "no space")
        size = min(left[0], len(data))
        left[0] -= size
        return real(descriptor, data[:size])

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(StorageError, match="No space left") as caught:
        written.append(position, transaction(3))
    assert "Free some space" in caught.value.hint
    assert path.read_bytes() == before
    monkeypatch.setattr(os, "write", real)
    written.append(position, transaction(3))
    assert seqs(tmp_path / "j") == [1, 2, 3]


def test_a_failing_sync_counts_as_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written, position = filled(tmp_path / "j", 1)

    def broken(descriptor: int) -> None:
        raise OSError(errno.EIO, "broken")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", broken)
        with pytest.raises(StorageError):
            written.append(position, transaction(2))
    assert seqs(tmp_path / "j") == [1]


_LIMITED = """
import resource, signal, sys
from pathlib import Path
from tests.adapters.store.test_journal import transaction
from tui_labeler.engine.adapters.store.journal import Journal, START
from tui_labeler.engine.errors import StorageError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
journal, position, count = Journal(Path(sys.argv[1])), START, 0
try:
    while True:
        position = journal.append(position, transaction(count + 1, "y" * 300))
        count += 1
except StorageError as error:
    print(count, error.hint)
"""


def test_a_real_limit_on_the_file_is_told_and_what_was_said_to_be_there_is(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _LIMITED, str(tmp_path / "j")], capture_output=True, text=True, check=True
    )
    count, hint = done.stdout.split(" ", 1)
    assert int(count) >= 2
    assert "Free some space" in hint
    assert seqs(tmp_path / "j") == list(range(1, int(count) + 1))


def test_a_text_that_is_none_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    written, position = filled(tmp_path / "j", 1)
    with pytest.raises(InputError, match="no character"):
        written.append(position, transaction(2, "a\udcffb"))
    assert seqs(tmp_path / "j") == [1]


def test_files_and_folders_are_their_owners_alone(tmp_path: Path) -> None:
    old = os.umask(0o022)
    try:
        filled(tmp_path / "home" / "projects" / "p1" / "journal", 1)
    finally:
        os.umask(old)
    made = sorted((tmp_path / "home").rglob("*"))
    modes = {path.name: path.stat().st_mode & 0o777 for path in [tmp_path / "home", *made]}
    assert modes == {
        "home": 0o700,
        "projects": 0o700,
        "p1": 0o700,
        "journal": 0o700,
        "000000000001.jsonl": 0o600,
    }
