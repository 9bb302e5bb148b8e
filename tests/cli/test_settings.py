"""``settings.toml``: what it may hold, and what is said of the rest."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tui_labeler.engine.errors import InputError
from tui_labeler.settings import read_settings

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Cli


def test_a_key_that_means_nothing_is_named_and_the_rest_holds(cli: Cli, project: str) -> None:
    (cli.home / "settings.toml").write_text("quota = 7\nqouta = 8\n")
    ran = cli("quota", "--json")
    assert (ran.code, ran.json["limit"]) == (0, 7)
    assert "qouta" in ran.err
    assert "settings.toml" in ran.err
    doctor = {check["name"]: check for check in cli("doctor", "--json").json["checks"]}
    assert doctor["settings"]["warning"]
    assert "qouta" in doctor["settings"]["detail"]


@pytest.mark.parametrize("variable", ["TUI_LABELER_NAME", "LOGNAME", "USER", "LNAME", "USERNAME"])
def test_a_name_that_is_not_utf8_is_refused_with_the_variable_that_it_comes_from(
    cli: Cli, project: str, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    with monkeypatch.context() as patched:
        for name in ("TUI_LABELER_NAME", "LOGNAME", "USER", "LNAME", "USERNAME"):
            patched.delenv(name, raising=False)
        patched.setenv(variable, "\udcff")
        ran = cli("category", "add", project, "New", "--json")
        assert (ran.code, ran.error["code"]) == (2, "bad_input")
        assert f"variable {variable} says who" in ran.error["message"]
        assert "TUI_LABELER_NAME" in ran.error["hint"]
        assert cli("doctor", "--json").code == 1
        patched.setenv("TUI_LABELER_NAME", "ana")
        assert cli("category", "add", project, "New").code == 0


def test_settings_that_are_all_known_are_not_spoken_of(cli: Cli, project: str) -> None:
    (cli.home / "settings.toml").write_text(
        'quota = 7\nname = "ada"\nascii = true\n[keys]\n"review.accept" = "y"\n'
    )
    assert cli("quota").err == ""
    doctor = {check["name"]: check for check in cli("doctor", "--json").json["checks"]}
    assert doctor["settings"]["ok"]
    assert not doctor["settings"]["warning"]


@pytest.mark.parametrize("content", [b"quota = -1", b"quota = ", b"\xff", b"quota = 'x'"])
def test_settings_that_can_not_be_used_are_refused_with_the_file(
    cli: Cli, project: str, content: bytes
) -> None:
    path = cli.home / "settings.toml"
    path.write_bytes(content)
    ran = cli("quota", "--json")
    assert ran.code == 2
    assert str(path) in ran.error["message"]
    assert ran.error["hint"]
    found = cli("doctor", "--json")
    assert found.code == 1
    assert not next(c for c in json.loads(found.out)["checks"] if c["name"] == "settings")["ok"]


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ('[keys]\n"review.accept" = 5\n', '"review.accept" in [keys]'),
        ("[keys]\nreview.reject = 'y'\n", '"review" in [keys]'),
        ("[resources.ours]\nentra = 5\n", '"ours" in [resources]'),
        ("[containers]\nloans = 5\n", '"loans" in [containers]'),
    ],
)
def test_an_item_of_the_wrong_type_is_named(cli: Cli, project: str, content: str, named: str) -> None:
    (cli.home / "settings.toml").write_text(content)
    ran = cli("quota", "--json")
    assert ran.code == 2
    assert named in ran.error["message"]


def test_keys_that_are_of_no_use_are_named_by_doctor(cli: Cli, project: str) -> None:
    path = cli.home / "settings.toml"
    path.write_text('[keys]\n"no.such" = "k"\n"review.accept" = "ctrl+shift+a"\n')
    found = next(check for check in cli("doctor", "--json").json["checks"] if check["name"] == "keys")
    assert found["warning"]
    assert "'no.such'" in found["detail"]
    assert "ctrl+shift+a" in found["detail"]
    for empty in ("", " ", ",", "a,,b", "a, ,b"):
        path.write_text(f'[keys]\n"review.accept" = "{empty}"\n')
        found = next(check for check in cli("doctor", "--json").json["checks"] if check["name"] == "keys")
        assert found["warning"]
        assert "names no key" in found["detail"]
    path.write_text('[keys]\n"review.accept" = "y"\n')
    found = next(check for check in cli("doctor", "--json").json["checks"] if check["name"] == "keys")
    assert not found["warning"]


def test_a_slip_in_the_table_of_a_container_is_named_too(cli: Cli, project: str) -> None:
    path = cli.home / "settings.toml"
    path.write_text('[containers.mails]\nurl = "https://acc.blob.core.windows.net/mails"\nsas = "MAILS"\n')
    found = next(check for check in cli("doctor", "--json").json["checks"] if check["name"] == "settings")
    assert found["warning"]
    assert "containers.mails.sas;" in found["detail"]
    assert "sas_env" in found["detail"]
    path.write_text(
        '[containers.mails]\nurl = "https://acc.blob.core.windows.net/mails"\nsas_env = "MAILS"\n'
    )
    found = next(check for check in cli("doctor", "--json").json["checks"] if check["name"] == "settings")
    assert not found["warning"]


@pytest.mark.parametrize(
    "endpoint", ["gpt.example.org", "", "https://[bad", "https://ada:pass1234word@gpt.example.org"]
)
def test_an_endpoint_that_is_no_address_is_refused_with_its_table(tmp_path: Path, endpoint: str) -> None:
    (tmp_path / "settings.toml").write_text(f'[resources.ours]\nendpoint = "{endpoint}"\nentra = true\n')
    with pytest.raises(InputError, match=r"settings\.toml: endpoint under \[resources\.ours\]") as caught:
        read_settings(tmp_path)
    assert caught.value.hint
    assert "pass1234word" not in f"{caught.value.message} {caught.value.hint}"
