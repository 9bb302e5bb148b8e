from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from tui_labeler.engine.adapters.store.files import replace_file

if TYPE_CHECKING:
    from pathlib import Path


def test_threads_that_replace_one_file_at_once_do_not_take_each_others_away(tmp_path: Path) -> None:
    path = tmp_path / "index.json"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: replace_file(path, b"%d" % (number % 10) * 1000), range(200)))
    assert len(set(path.read_bytes())) == 1
    assert [item.name for item in tmp_path.iterdir()] == ["index.json"]
