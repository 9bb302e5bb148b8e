"""Resources: what people give, what is kept, what is found out, and that no secret gets in."""

from __future__ import annotations

import stat
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.fakes import FakeTester, home_resources
from tests.openai_server import (
    Answer,
    Body,
    OpenAIServer,
    batches_only,
    busy,
    filtered_prompt,
    no_deployment,
    refused,
)
from tui_labeler.domain.resources import Capabilities, Deployment, Prices, Resource, ResourceKind, Structured
from tui_labeler.engine.adapters.chat.openai_chat import OpenAIResource
from tui_labeler.engine.adapters.keys import EnvironmentKeys
from tui_labeler.engine.adapters.store.resources import TinyResourceStore
from tui_labeler.engine.deployments.chat import BusyError, ResourceError, UnansweredError, UnsupportedError
from tui_labeler.engine.deployments.endpoints import base_url, is_loopback
from tui_labeler.engine.errors import InputError, NotFoundError, RefusedError, StorageError
from tui_labeler.engine.resources.resources import JobAtWork, NewResource, Resources, checked
from tui_labeler.engine.resources.trying import REQUESTS, try_deployment

if TYPE_CHECKING:
    from pathlib import Path

AZURE, OPENAI = ResourceKind.AZURE, ResourceKind.OPENAI
NEW = NewResource("work", AZURE, "https://work.openai.azure.com", ("gpt-4o",), api_version="2024-10-21")
LOCAL = NewResource("local", OPENAI, "http://127.0.0.1:8080/v1", ("qwen", "llama"))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def resources(home: Path) -> Resources:
    return home_resources(home, environment={"AZURE_OPENAI_API_KEY": "k"})


# --- what is given ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "given", "address", "version"),
    [
        (AZURE, "https://x.openai.azure.com/", "https://x.openai.azure.com", ""),
        (
            AZURE,
            "https://x.openai.azure.com/openai/deployments/gpt/chat/completions?api-version=2024-10-21",
            "https://x.openai.azure.com",
            "2024-10-21",
        ),
        (AZURE, "https://x.openai.azure.com/openai/v1/", "https://x.openai.azure.com", ""),
        (AZURE, "https://gateway.example/openai-team/openai", "https://gateway.example/openai-team", ""),
        (OPENAI, " http://127.0.0.1:8080/v1/ ", "http://127.0.0.1:8080/v1", ""),
        (OPENAI, "https://api.openai.com/v1/chat/completions", "https://api.openai.com/v1", ""),
        (OPENAI, "http://[::1]:11434", "http://[::1]:11434", ""),
    ],
)
def test_an_address_is_kept_as_that_of_the_server(
    kind: ResourceKind, given: str, address: str, version: str
) -> None:
    resource = checked(NewResource("r", kind, given, ("d",)))
    assert (resource.endpoint, resource.api_version) == (address, version)


@pytest.mark.parametrize(
    ("kind", "endpoint", "version", "base"),
    [
        (OPENAI, "http://127.0.0.1:8080", "", "http://127.0.0.1:8080/v1"),
        (OPENAI, "http://127.0.0.1:8080/api", "", "http://127.0.0.1:8080/api"),
        (AZURE, "https://x.example", "", "https://x.example/openai/v1"),
        (AZURE, "https://x.example", "2024-10-21", "https://x.example/openai"),
    ],
)
def test_operations_stand_where_the_style_says(
    kind: ResourceKind, endpoint: str, version: str, base: str
) -> None:
    assert base_url(Resource("r", kind, endpoint, (), version)) == base


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://me:sk-secret@api.openai.com/v1",
        "https://sk-secret@api.openai.com/v1",
        "https://api.openai.com/v1?api-key=sk-secret",
        "https://api.openai.com/v1?sk-secret",
        "https://api.openai.com/v1#sk-secret",
    ],
)
async def test_an_address_with_a_secret_is_refused_and_not_repeated(
    resources: Resources, home: Path, endpoint: str
) -> None:
    with pytest.raises(InputError) as raised:
        await resources.add(replace(LOCAL, endpoint=endpoint))
    assert "secret@" not in f"{raised.value} {raised.value.hint}"
    assert "sk-secret" not in f"{raised.value} {raised.value.hint}"
    assert not (home / "resources.json").exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": "a/b"},
        {"name": "x" * 101},
        {"name": "a\nb"},
        {"endpoint": "work.openai.azure.com"},
        {"endpoint": "ftp://x.example"},
        {"endpoint": "https://"},
        {"endpoint": "https://x.example:99999"},
        {"endpoint": "https://[::1"},
        {"endpoint": "https://x.example/a b"},
        {"endpoint": "https://x.example/\x1b[2J"},
        {"deployments": ()},
        {"deployments": ("",)},
        {"deployments": ("../../files",)},
        {"deployments": ("gpt?x=1",)},
        {"api_version": "latest"},
        {"kind": OPENAI},
        {"entra": True, "key_env": "KEY"},
        {"key_env": "sk-proj-abc"},
        {"key_env": "0123456789abcdef0123456789abcdef"},
        {"key_env": "gsk_0123456789abcdefGHIJKL"},
        {"prices": Prices(-1, 2)},
        {"prices": Prices(1, float("nan"))},
        {"prices": Prices(1, 2, float("inf"))},
        {"context": 0},
    ],
    ids=str,
)
def test_what_can_not_be_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InputError) as raised:
        checked(replace(NEW, **changes))
    assert "0123456789abcdef" not in str(raised.value)
    assert "sk-proj" not in str(raised.value)


def test_what_stands_in_an_address_as_its_version_is_not_repeated() -> None:
    with pytest.raises(InputError) as raised:
        checked(
            replace(NEW, kind=AZURE, endpoint="https://h.example/v1?api-version=sk-secret", api_version="")
        )
    assert "API version" in str(raised.value)
    assert "sk-secret" not in f"{raised.value} {raised.value.hint}"


def test_this_machine_is_known_by_its_names() -> None:
    assert all(map(is_loopback, ("http://127.0.0.2:1", "http://[::1]", "http://LOCALHOST:8080/v1")))
    assert all(
        map(is_loopback, ("http://0.0.0.0:8080/v1", "http://[::]:1", "http://127.1:8080/v1", "http://0"))
    )
    assert not any(
        map(is_loopback, ("http://10.0.0.1", "https://localhost.example", "http://127.0.0.1.example"))
    )


# --- what is kept -------------------------------------------------------------------------------------


async def test_what_was_added_is_there_for_every_process_and_for_its_owner_only(
    resources: Resources, home: Path
) -> None:
    prices = Prices(2.5, 10.0, 1.25)
    await resources.add(replace(NEW, prices=prices, context=128_000, key_env="WORK_KEY"))
    await resources.add(LOCAL)
    again = await home_resources(home).list()
    assert [resource.name for resource in again] == ["local", "work"]
    assert again[1] == Resource(
        "work",
        AZURE,
        "https://work.openai.azure.com",
        (Deployment("gpt-4o", prices=prices, context=128_000),),
        "2024-10-21",
        "WORK_KEY",
    )
    modes = [stat.S_IMODE(path.lstat().st_mode) for path in (home / "resources.json", home)]
    assert modes == [0o600, 0o700]


async def test_adding_twice_changes_nothing_and_adds_what_is_new(resources: Resources) -> None:
    await resources.add(LOCAL)
    await resources.test("local", "qwen")
    added = await resources.add(replace(LOCAL, deployments=("qwen", "phi"), context=4096))
    names = [item.name for item in added.resource.deployments]
    assert names == ["qwen", "llama", "phi"]
    assert added.resource.deployments[0].capabilities is not None
    assert [item.context for item in added.resource.deployments] == [4096, None, 4096]


async def test_another_resource_of_the_same_name_is_refused(resources: Resources) -> None:
    await resources.add(LOCAL)
    with pytest.raises(InputError, match="already a resource named 'local'"):
        await resources.add(replace(LOCAL, endpoint="http://127.0.0.1:9/v1"))
    assert (await resources.get("local")).endpoint == LOCAL.endpoint


async def test_prices_and_context_are_set_for_one_deployment_or_for_all(resources: Resources) -> None:
    await resources.add(LOCAL)
    await resources.set_deployments("local", "qwen", prices=Prices(1, 2), context=None)
    changed = await resources.set_deployments("local", prices=None, context=8192)
    timed = await resources.set_deployments("local", "qwen", prices=None, context=None, timeout=45)
    assert [item.timeout for item in timed.deployments if item.name == "qwen"] == [45]
    for wrong in (0.5, 10_000.0, float("nan")):
        with pytest.raises(InputError, match="time-out"):
            await resources.set_deployments("local", prices=None, context=None, timeout=wrong)
    assert [item.prices for item in changed.deployments] == [Prices(1, 2), None]
    assert [item.context for item in changed.deployments] == [8192, 8192]
    with pytest.raises(NotFoundError, match="no deployment named 'none'"):
        await resources.set_deployments("local", "none", prices=None, context=1)


async def test_a_resource_that_a_job_asks_is_not_removed(home: Path) -> None:
    at_work = [JobAtWork("Loans", "j7", "work")]
    resources = home_resources(home, at_work=at_work)
    await resources.add(NEW)
    await resources.add(LOCAL)
    with pytest.raises(RefusedError, match="j7 of Loans"):
        await resources.remove("work")
    assert (await resources.remove("local")).name == "local"
    assert [resource.name for resource in await resources.list()] == ["work"]
    with pytest.raises(NotFoundError):
        await resources.remove("local")


async def test_a_broken_file_is_told(resources: Resources, home: Path) -> None:
    await resources.add(LOCAL)
    (home / "resources.json").write_text('{"resources": {"1": {"name": "x", "kind": "telnet"}}}')
    with pytest.raises(StorageError, match=r"resources\.json"):
        await resources.list()


async def test_what_two_processes_find_out_at_one_time_is_kept_of_both(home: Path) -> None:
    stores = [TinyResourceStore(home) for _ in range(2)]
    await stores[0].put(checked(LOCAL))

    def with_context(number: int) -> Callable[[Resource], Resource]:
        def change(resource: Resource) -> Resource:
            deployments = list(resource.deployments)
            deployments[number] = replace(deployments[number], context=100 + number)
            return replace(resource, deployments=tuple(deployments))

        return change

    await stores[0].update("local", with_context(0))
    await stores[1].update("local", with_context(1))
    assert [item.context for item in (await stores[0].get("local")).deployments] == [100, 101]


# --- keys ---------------------------------------------------------------------------------------------


def keys(**environment: str) -> EnvironmentKeys:
    return EnvironmentKeys(environment)


WORK = Resource("work", AZURE, "https://work.openai.azure.com", ())
HERE = Resource("local", OPENAI, "http://127.0.0.1:8080/v1", ())


async def test_the_variable_that_was_named_comes_before_that_of_the_kind() -> None:
    found = keys(AZURE_OPENAI_API_KEY="kind", WORK_KEY=" mine \n")
    assert await found.key(WORK) == "kind"
    assert await found.key(replace(WORK, key_env="WORK_KEY")) == "mine"


async def test_a_variable_that_was_named_and_is_empty_is_told_and_none_other_is_taken() -> None:
    with pytest.raises(ResourceError, match="WORK_KEY is not set") as raised:
        await keys(AZURE_OPENAI_API_KEY="kind").key(replace(WORK, key_env="WORK_KEY"))
    assert "keyring set tui-labeler work" in raised.value.hint


async def test_a_local_server_needs_no_key_and_the_services_do() -> None:
    assert await keys().key(HERE) == ""
    with pytest.raises(ResourceError, match="AZURE_OPENAI_API_KEY is not set"):
        await keys().key(WORK)
    with pytest.raises(ResourceError, match="OPENAI_API_KEY is not set"):
        await keys().key(Resource("cloud", OPENAI, "https://api.openai.com/v1", ()))


@pytest.mark.parametrize("key", ["sk-secret\nX-Header: 1", "sk-secret\u00e9", "sk secret"])
async def test_what_can_be_no_key_is_refused_and_not_repeated(key: str) -> None:
    with pytest.raises(ResourceError) as raised:
        await keys(AZURE_OPENAI_API_KEY=key).key(WORK)
    assert "secret" not in str(raised.value)
    assert "AZURE_OPENAI_API_KEY" in str(raised.value)


async def test_where_a_key_is_can_be_told_without_telling_it() -> None:
    state = await keys(AZURE_OPENAI_API_KEY="sk-secret").state(WORK, keyring=False)
    assert (state.found, state.words) == (True, "key in AZURE_OPENAI_API_KEY")
    state = await keys(OPENAI_API_KEY="sk-secret").state(HERE, keyring=False)
    assert "which is sent to 127.0.0.1:8080" in state.words
    state = await keys().state(WORK, keyring=False)
    assert (state.found, state.words) == (
        False,
        "AZURE_OPENAI_API_KEY is not set; perhaps the keyring holds one",
    )


class FakeKeyring:
    """What stands in the place of the keyring package."""

    class KeyringError(Exception):
        pass

    def __init__(self, passwords: dict[tuple[str, str], str] | None) -> None:
        self.passwords = passwords

    def get_password(self, service: str, name: str) -> str | None:
        if self.passwords is None:
            raise self.KeyringError("locked")
        return self.passwords.get((service, name))


@pytest.mark.parametrize(
    ("passwords", "key"), [({("tui-labeler", "local"): "sk-ring"}, "sk-ring"), (None, "")]
)
async def test_the_keyring_is_asked_last_under_the_resources_name(
    monkeypatch: pytest.MonkeyPatch, passwords: dict[tuple[str, str], str] | None, key: str
) -> None:
    ring = FakeKeyring(passwords)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    monkeypatch.setattr("importlib.import_module", lambda name: ring)
    assert await keys().key(HERE) == key
    assert await keys(OPENAI_API_KEY="sk-variable").key(HERE) == "sk-variable"
    found = await keys().state(HERE, keyring=False)
    assert found.words == "no key; local servers need none"


# --- trying -------------------------------------------------------------------------------------------


async def tried(server: OpenAIServer, known: Capabilities | None = None) -> Capabilities:
    connected = OpenAIResource(Resource("r", OPENAI, server.url, ()), "")
    try:
        return await try_deployment(connected.deployment, Deployment("gpt", known), lambda: "2026-11-21")
    finally:
        await connected.close()


def obeying_nothing(body: Body) -> str:
    return "Yes, mostly."


def told_of_others(body: Body) -> Answer:
    """Log-probabilities of what the model would have said, had it not been held to the schema."""
    return Answer('{"verdict": "agreed"}', pieces=("Yes", ",", " it", " is"))


def thinking_aloud(body: Body) -> Answer:
    return Answer('{"verdict": "agreed"}', reasoning_tokens=40)


@pytest.mark.parametrize(
    ("options", "structured", "logprobs", "reasoning", "requests"),
    [
        ({}, "json_schema", True, False, 1),
        ({"refuses": ("logprobs",)}, "json_schema", False, False, 2),
        ({"refuses": ("json_schema",)}, "json_object", True, False, 2),
        ({"refuses": ("response_format",)}, "text", True, False, 3),
        ({"refuses": ("max_tokens", "logprobs")}, "json_schema", False, True, 3),
        ({"refuses": ("max_tokens", "logprobs", "response_format")}, "text", False, True, 5),
        ({"refuses": ("max_tokens", "logprobs", "json_schema")}, "json_object", False, True, 4),
        ({"refuses": ("max_tokens", "json_schema")}, "json_object", True, True, 3),
        ({"answer": obeying_nothing}, "text", True, False, 2),
        ({"answer": told_of_others}, "json_schema", False, False, 1),
        ({"answer": thinking_aloud}, "json_schema", True, True, 1),
    ],
    ids=[
        "everything",
        "no logprobs",
        "no schema",
        "no form",
        "reasoning",
        "reasoning, no form",
        "reasoning, no schema",
        "reasoning, no schema, log-probabilities",
        "obeys nothing",
        "log-probabilities of another answer",
        "thinks aloud",
    ],
)
async def test_what_a_deployment_can_do_is_found_by_trying(
    options: dict[str, Any], structured: str, logprobs: bool, reasoning: bool, requests: int
) -> None:
    with OpenAIServer(**options) as server:
        found = await tried(server)
    assert (found.structured.value, found.logprobs, found.reasoning) == (structured, logprobs, reasoning)
    assert len(server.chats) == requests <= REQUESTS
    assert (found.tested, found.model) == ("2026-11-21", "gpt-2026")
    assert found.seconds >= 0
    assert sum(len(str(request.body["messages"])) for request in server.chats) < 1000


@pytest.mark.parametrize(
    ("taken", "structured", "logprobs"),
    [
        ({"json_schema"}, "json_schema", False),
        ({"json_object", "logprobs"}, "json_object", True),
        ({"json_object"}, "json_object", False),
        ({"logprobs"}, "text", True),
        (set(), "text", False),
    ],
)
async def test_refusals_that_name_nothing_lead_to_less_step_by_step(
    taken: set[str], structured: str, logprobs: bool
) -> None:
    def plan(request: Any) -> Any:
        asked = {request.body.get("response_format", {}).get("type", "")} - {""}
        asked |= {"logprobs"} if request.body.get("logprobs") else set()
        return None if asked <= taken else refused(400, "invalid_request_error")

    with OpenAIServer(plan=plan) as server:
        found = await tried(server)
    assert (found.structured.value, found.logprobs) == (structured, logprobs)
    assert len(server.chats) <= REQUESTS


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (busy(retry_after=3), BusyError),
        (no_deployment(), ResourceError),
        (filtered_prompt(), UnansweredError),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
async def test_what_has_nothing_to_do_with_capabilities_ends_the_try(
    fault: Any, kind: type[Exception]
) -> None:
    with OpenAIServer() as server:
        server.next(fault)
        with pytest.raises(kind):
            await tried(server)
    assert len(server.chats) == 1


async def test_a_deployment_that_refuses_everything_is_asked_a_few_times_at_most() -> None:
    def plan(request: Any) -> Any:
        return refused(400, "unsupported_parameter", param="max_tokens")

    with OpenAIServer(plan=plan) as server:
        with pytest.raises(UnsupportedError):
            await tried(server)
        assert len(server.chats) == REQUESTS


async def test_a_deployment_that_answers_batches_only_is_known_after_one_request() -> None:
    with OpenAIServer(plan=lambda request: batches_only()) as server:
        found = await tried(server)
        assert len(server.chats) == 1
    assert (found.batch_only, found.structured, found.logprobs) == (True, Structured.TEXT, False)
    assert found.tested == "2026-11-21"


async def test_one_for_batches_only_is_asked_as_another_one_that_a_person_names(home: Path) -> None:
    tester = FakeTester()
    resources = home_resources(home, tester)
    await resources.add(LOCAL)
    able = tester.found
    assert isinstance(able, Capabilities)
    with pytest.raises(InputError, match="not known to answer batches only"):
        await resources.set_like("local", "qwen", "llama")
    tester.found = only = Capabilities(Structured.TEXT, False, False, 0.0, "2026-11-21", batch_only=True)
    await resources.test("local", "qwen")
    with pytest.raises(InputError, match="What llama can do is not known"):
        await resources.set_like("local", "qwen", "llama")
    tester.found = able
    await resources.test("local", "llama")
    await resources.set_like("local", "qwen", "llama")
    (found,) = [item for item in (await resources.get("local")).deployments if item.name == "qwen"]
    assert found.capabilities == replace(able, batch_only=True, seconds=0.0)
    # A new try finds out no more, and keeps what was said.
    with OpenAIServer(plan=lambda request: batches_only()) as server:
        assert await tried(server, found.capabilities) == replace(found.capabilities, tested="2026-11-21")
        assert await tried(server) == only


async def test_what_was_found_out_is_remembered(home: Path) -> None:
    tester = FakeTester()
    resources = home_resources(home, tester)
    await resources.add(LOCAL)
    tested = await resources.test("local", "llama")
    assert tested.capabilities == tester.found
    kept = await home_resources(home).get("local")
    assert [item.capabilities for item in kept.deployments] == [None, tester.found]
    assert tester.tried == [("local", "llama")]


async def test_what_was_found_out_of_another_server_is_not_remembered(home: Path) -> None:
    store = TinyResourceStore(home)

    class Swapping(FakeTester):
        async def test(self, resource: Resource, deployment: Deployment) -> Capabilities:
            await store.update("local", lambda known: replace(known, endpoint="http://127.0.0.1:9/v1"))
            return await super().test(resource, deployment)

    resources = home_resources(home, Swapping())
    await resources.add(LOCAL)
    await resources.test("local", "qwen")
    assert (await resources.get("local")).deployments[0].capabilities is None


async def test_a_try_that_fails_forgets_nothing(home: Path) -> None:
    tester = FakeTester()
    resources = home_resources(home, tester)
    await resources.add(LOCAL)
    await resources.test("local", "qwen")
    tester.found = ResourceError("No.")
    with pytest.raises(ResourceError):
        await resources.test("local", "qwen")
    assert (await resources.get("local")).deployments[0].capabilities is not None
