"""Proxies and certificates that can't be used: commands, jobs and the application name the variable."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.adapters.chat.test_openai_chat import ABLE
from tests.cli.conftest import write_letters
from tui_labeler.domain.resources import Deployment, Resource, ResourceKind
from tui_labeler.engine.adapters.store.resources import TinyResourceStore
from tui_labeler.engine.adapters.testers import ProcessTester
from tui_labeler.engine.deployments.chat import ResourceError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Cli

WORK = Resource(
    "work",
    ResourceKind.OPENAI,
    "https://texts.example.org/v1",
    (Deployment("good", ABLE),),
    key_env="WORK_KEY",
)
PASSWORD = "hers-0123456789"

FAULTS = [
    ("SSL_CERT_FILE", "/nonexist"),
    ("SSL_CERT_FILE", __file__),
    ("HTTPS_PROXY", f"http://u:{PASSWORD}@127.0.0.1:x"),
    ("HTTP_PROXY", f"ftp://u:{PASSWORD}@127.0.0.1:1"),
]


@pytest.fixture
def work(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """A resource elsewhere. Nobody is asked: the faults are found before."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("WORK_KEY", "k" * 20)
    asyncio.run(TinyResourceStore(cli.home).put(WORK))


@pytest.mark.usefixtures("work")
@pytest.mark.parametrize(("variable", "value"), FAULTS)
def test_a_deployment_is_not_tried_and_the_variable_is_named(
    cli: Cli, variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    ran = cli("resource", "test", "work")
    assert ran.code == 3, ran
    assert variable in ran.err
    assert not any(secret in ran.out + ran.err for secret in (value, PASSWORD, "Traceback"))


@pytest.mark.usefixtures("work")
@pytest.mark.parametrize(("variable", "value"), FAULTS[1:3])
def test_a_job_fails_with_the_variable_as_its_reason(
    cli: Cli, variable: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_letters(tmp_path / "letters", 2)
    create = ("project", "create", "letters", "--kind", "ner", "--container", str(tmp_path / "letters"))
    assert cli(*create, "--category", "Person").code == 0
    monkeypatch.setenv(variable, value)
    ran = cli("autolabel", "letters", "--resource", "work", "--yes", "--json")
    assert ran.code == 3, ran
    assert ran.json["state"] == "failed"
    assert variable in str(ran.json["error"])
    assert PASSWORD not in ran.out + ran.err
    (log,) = (cli.home / "projects").rglob("runner.log")
    assert "Traceback" not in log.read_text()


@pytest.mark.parametrize(("variable", "value"), FAULTS[:1])
async def test_the_application_is_told_by_the_command_that_tries_for_it(
    cli: Cli, work: None, variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ResourceError, match=variable):
        await ProcessTester(cli.home).test(WORK, WORK.deployments[0])
