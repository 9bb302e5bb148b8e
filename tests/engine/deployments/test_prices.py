"""Prices: the name that a server gives its model finds the right one, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tui_labeler.domain.resources import Capabilities, Deployment, Prices, Structured
from tui_labeler.engine.deployments.prices import PriceTable, batch_prices, deployment_prices, read_prices
from tui_labeler.engine.doctor.resources import check_prices
from tui_labeler.engine.errors import InputError, StorageError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def table(tmp_path: Path) -> PriceTable:
    return read_prices(tmp_path)


@pytest.mark.parametrize(
    ("model", "of"),
    [
        ("gpt-4o", "gpt-4o"),
        ("gpt-4o-2024-08-06", "gpt-4o"),
        ("GPT-4o-mini-2024-07-18", "gpt-4o-mini"),
        ("gpt-35-turbo", "gpt-3.5-turbo"),
        ("gpt-35-turbo-0125", "gpt-3.5-turbo"),
        ("gpt-4-0613", "gpt-4"),
        ("openai/gpt-5.4-nano", "gpt-5.4-nano"),
        ("o3-mini-2025-01-31", "o3-mini"),
    ],
)
def test_the_name_that_a_server_gives_finds_the_price(table: PriceTable, model: str, of: str) -> None:
    assert table.find(model) == table.models[of]


@pytest.mark.parametrize(
    "model",
    ["", "gpt-4o-audio-preview", "gpt-4o-mini-tts", "gpt-5-pro", "local", "my-gpt-4o", "gpt", "gpt-oss"],
)
def test_a_model_that_only_sounds_like_one_has_no_price(table: PriceTable, model: str) -> None:
    assert table.find(model) is None


def test_every_price_of_the_table_is_dated_and_makes_sense(table: PriceTable) -> None:
    assert len(table.models) > 20
    for model, prices in table.models.items():
        assert prices.as_of == table.as_of == "2026-11-21", model
        assert 0 < (prices.cached or prices.input) <= prices.input < prices.output < 100, model


def test_a_table_of_ones_own_wins_and_the_others_stay(tmp_path: Path) -> None:
    (tmp_path / "prices.toml").write_text(
        "as_of = 2026-12-01\n[models]\n"
        '"GPT-4o" = {input = 2.75, output = 11}\n"mine" = {input = 0, output = 0}\n'
    )
    table = read_prices(tmp_path)
    assert table.find("gpt-4o-2024-11-20") == Prices(2.75, 11.0, None, "2026-12-01")
    assert table.find("mine") == Prices(0.0, 0.0, None, "2026-12-01")
    assert table.find("gpt-4o-mini") == Prices(0.15, 0.60, 0.075, "2026-11-21")
    assert table.own == {"gpt-4o", "mine"}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('[models]\n"a" = {input = -1, output = 1}', "input of 'a'"),
        ('[models]\n"a" = {input = 1, output = nan}', "output of 'a'"),
        ('[models]\n"a" = {input = 1}', "output"),
        ('[models]\n"a" = {input = 1, output = 1, cache = 1}', "cache"),
        ('[models]\n"a" = {input = "1", output = 1}', "input"),
        ("as_of = 2026-01-01", "models"),
        ("models = [", "prices.toml"),
    ],
)
def test_a_wrong_table_is_refused_with_the_fields_name(tmp_path: Path, text: str, names: str) -> None:
    (tmp_path / "prices.toml").write_text(text)
    with pytest.raises(InputError, match=names):
        read_prices(tmp_path)
    assert not check_prices(tmp_path, "2026-12-01").ok


def test_a_table_that_is_a_folder_or_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "prices.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="UTF-8"):
        read_prices(tmp_path)
    (tmp_path / "prices.toml").unlink()
    (tmp_path / "prices.toml").mkdir()
    with pytest.raises(StorageError):
        read_prices(tmp_path)


def test_a_deployment_costs_what_was_said_of_it_else_what_its_model_does(table: PriceTable) -> None:
    said = Prices(1.0, 2.0)
    tried = Capabilities(Structured.SCHEMA, True, False, 0.3, "2026-11-21T09:00:00Z", "gpt-4o-2024-08-06")
    assert deployment_prices(Deployment("gpt-5", tried, said), table) == said
    assert deployment_prices(Deployment("gpt-5", tried), table) == table.models["gpt-4o"]
    assert deployment_prices(Deployment("gpt-5"), table) == table.models["gpt-5"]
    assert deployment_prices(Deployment("labels"), table) is None


def test_a_batch_costs_half(table: PriceTable) -> None:
    batch = deployment_prices(Deployment("gpt-4o"), table, batch=True)
    assert batch == Prices(1.25, 5.0, 1.25, "2026-11-21")
    assert batch_prices(Prices(1.0, 2.0)) == Prices(0.5, 1.0)
    assert deployment_prices(Deployment("labels"), table, batch=True) is None


def test_the_check_tells_the_date_and_warns_of_an_old_table(tmp_path: Path) -> None:
    check = check_prices(tmp_path, "2026-12-01T10:00:00Z")
    assert check.ok
    assert not check.warning
    assert "2026-11-21" in check.detail
    assert str(tmp_path / "prices.toml") in check.detail
    assert check_prices(tmp_path, "2027-12-01T10:00:00Z").warning
