"""A category that a home has merely lost is no deletion to others, and comes back from the container."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.engine.sharing.homes import ID, Pair
from tests.fakes import category
from tui_labeler.engine.adapters.store.files import PROJECT_FILE
from tui_labeler.engine.adapters.store.project_store import TinyProjectStore
from tui_labeler.engine.sharing.project_form import project_file

if TYPE_CHECKING:
    from pathlib import Path

    from tests.engine.sharing.homes import Home


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    return Pair(tmp_path)


async def having_lost(pair: Pair, home: Home, name: str) -> Home:
    """The home, opened anew once somebody has taken a category out of its ``project.json``."""
    assert isinstance(home.session.store, TinyProjectStore)
    await home.session.store.checkpoint()
    path = home.session.store.folder / PROJECT_FILE
    tables = json.loads(path.read_text())
    rows = tables["categories"]
    tables["categories"] = {key: row for key, row in rows.items() if row["name"] != name}
    path.write_text(json.dumps(tables))
    return await pair.reopened(home)


@pytest.mark.parametrize("pull", [True, False])
async def test_a_category_that_a_home_has_lost_is_not_deleted_for_everybody(pair: Pair, pull: bool) -> None:
    ana, bo = await pair.homes()
    await ana.label("Person", 0, 3)
    await ana.sync()
    await bo.sync()
    ana = await having_lost(pair, ana, "Town")
    assert ana.categories() == ["Person"]
    done = [await ana.sync(pull=pull), await bo.sync(), await ana.sync()]
    assert [one.notes for one in done] == [(), (), ()]
    assert sorted(ana.categories()) == sorted(bo.categories()) == ["Person", "Town"]
    content, _ = pair.stored.files[project_file(ID)]
    assert "deleted" not in json.loads(content)


async def test_a_category_that_a_transaction_has_removed_is_deleted_for_everybody(pair: Pair) -> None:
    ana, bo = await pair.homes()
    await ana.session.categories.delete(category(ana.session, "Town"))
    await ana.sync()
    await bo.sync()
    assert ana.categories() == bo.categories() == ["Person"]
