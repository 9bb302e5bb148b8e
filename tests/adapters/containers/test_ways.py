"""What people type for a container, and the ways in that are found for it."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

import pytest

from tui_labeler.domain.containers import NamedContainer
from tui_labeler.engine.adapters.blob.access import Access, Ways
from tui_labeler.engine.adapters.blob.addresses import BlobAddress, Sas, parse_url
from tui_labeler.engine.adapters.blob.line import Line
from tui_labeler.engine.adapters.blob.patience import Patience
from tui_labeler.engine.errors import InputError, LabelerError, UnreachableError
from tui_labeler.engine.workbench import suggested_name

URL = "https://acc.blob.core.windows.net/letters"
SECRET = "c2VjcmV0LXNpZ25hdHVyZQ=="
TOKEN = f"sv=2025-07-05&sr=c&sp=rl&se=2030-01-01T00:00:00Z&sig={SECRET}"
KEY = base64.b64encode(b"an account's key").decode()
SERVICES = "9Xq2mPwZsLd8fTgH7yWvQnWG"
"""What stands behind the prefix of a service's keys."""
STRING = f"DefaultEndpointsProtocol=https;AccountName=acc;AccountKey={KEY};EndpointSuffix=core.windows.net"


@dataclass
class Ring:
    """A keyring in memory; a ``broken`` one keeps nothing."""

    secrets: dict[str, str] = field(default_factory=dict)
    broken: bool = False

    def get(self, name: str) -> str:
        return self.secrets.get(name, "")

    def set(self, name: str, secret: str) -> bool:
        if not self.broken:
            self.secrets[name] = secret
        return not self.broken


def ways(
    named: dict[str, NamedContainer] | None = None, ring: Ring | None = None, /, **environment: str
) -> Ways:
    return Ways(named or {}, ring or Ring(broken=True), environment)


def access(found: Ways, url: str = URL) -> Access:
    return found.access(parse_url(url)[0])


# --- addresses --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "stored", "account"),
    [
        (URL, URL, "acc"),
        (f"{URL}/", URL, "acc"),
        (f" {URL}?{TOKEN} ", URL, "acc"),
        ("HTTPS://ACC.blob.core.windows.net/letters", URL, "acc"),
        ("http://127.0.0.1:10000/devstoreaccount1/letters", None, "devstoreaccount1"),
        ("http://[::1]:10000/devstoreaccount1/letters", None, "devstoreaccount1"),
        ("https://texts.example.org/letters", None, "texts"),
        ("https://acc.blob.core.windows.net/$web", None, "acc"),
    ],
)
def test_an_address_is_stored_in_one_form_without_its_token(
    given: str, stored: str | None, account: str
) -> None:
    kept = ways().address(given)
    assert kept == (stored or given)
    assert parse_url(kept)[0].account == account


@pytest.mark.parametrize(
    "given",
    [
        f"https://acc.blob.core.windows.net/?{TOKEN}",
        f"https://acc.blob.core.windows.net/letters/2026?{TOKEN}",
        f"http://acc.blob.core.windows.net/letters?{TOKEN}",
        f"https://acc.blob.core.windows.net/Bad_Name?{TOKEN}",
        f"https://acc.blob.core.windows.net/a--b?{TOKEN}",
        f"https://acc.blob.core.windows.net/ab?{TOKEN}",
        f"https://acc.blob.core.windows.net/{'a' * 64}?{TOKEN}",
        f"https://user:{SECRET}@acc.blob.core.windows.net/letters",
        f"https://acc.blob.core.windows.net/letters#{SECRET}",
        f"https://acc.blob.core.windows.net:port/letters?{TOKEN}",
        f"https://acc.blob.core.windows.net/letters?sv=1&signature={SECRET}",
        f"{URL}?sig={SECRET} and more",
        f"s3://bucket/{SECRET}",
        "az://",
        "az://letters/2026",
        "az://Bad_Name",
    ],
)
def test_what_is_no_address_is_refused_in_words_that_hold_no_secret(given: str) -> None:
    with pytest.raises(InputError) as caught:
        ways(AZURE_STORAGE_ACCOUNT="acc").address(given)
    assert caught.value.hint
    assert SECRET not in f"{caught.value.message} {caught.value.hint} {caught.value!r}"


@pytest.mark.parametrize(
    "host",
    [
        "acc.blob.core.windows.net",
        "acc.dfs.core.windows.net",
        "ACC.Z13.Web.Core.Windows.Net",
        "acc.dfs.core.windows.net.",
        "acc.dfs.core.chinacloudapi.cn:80",
        "acc.dfs.core.usgovcloudapi.net",
        "acc.z1.dfs.storage.azure.net",
    ],
)
def test_no_service_of_azure_is_asked_without_encryption(host: str) -> None:
    with pytest.raises(InputError, match="in the clear"):
        ways().address(f"http://{host}/letters?{TOKEN}")
    string = f"BlobEndpoint=http://{host};AccountName=acc;AccountKey={KEY}"
    with pytest.raises(InputError, match="in the clear") as caught:
        ways(AZURE_STORAGE_CONNECTION_STRING=string).address("az://letters")
    assert KEY not in f"{caught.value.message} {caught.value.hint}"


def test_a_key_in_the_place_of_the_account_s_name_is_refused_and_not_repeated() -> None:
    swapped = f"AccountName={KEY};AccountKey=acc"
    with pytest.raises(InputError, match="no name of an account") as caught:
        ways(AZURE_STORAGE_CONNECTION_STRING=swapped).address("az://letters")
    assert KEY.lower() not in f"{caught.value.message} {caught.value.hint}".lower()


def test_a_connection_string_without_encryption_is_refused() -> None:
    with pytest.raises(InputError, match="in the clear"):
        ways(AZURE_STORAGE_CONNECTION_STRING=STRING.replace("https", "HTTP")).address("az://letters")


@pytest.mark.parametrize("given", ["letters", "./letters", "/tmp/https:/x", "C:\\letters", "http:/x"])
def test_all_else_is_a_folder(given: str) -> None:
    assert ways().address(given) is None


@pytest.mark.parametrize(
    ("environment", "stored"),
    [
        ({"AZURE_STORAGE_ACCOUNT": "acc"}, URL),
        ({"AZURE_STORAGE_CONNECTION_STRING": STRING, "AZURE_STORAGE_ACCOUNT": "other"}, URL),
        (
            {"AZURE_STORAGE_CONNECTION_STRING": "UseDevelopmentStorage=true"},
            "http://127.0.0.1:10000/devstoreaccount1/letters",
        ),
        (
            {"AZURE_STORAGE_CONNECTION_STRING": f"BlobEndpoint=http://azurite:10000/one/;AccountKey={KEY}"},
            "http://azurite:10000/one/letters",
        ),
    ],
)
def test_az_takes_the_account_of_the_environment(environment: dict[str, str], stored: str) -> None:
    assert ways(**environment).address("az://letters") == stored


@pytest.mark.parametrize("string", ["rubbish " + SECRET, f"AccountKey={SECRET}", ""])
def test_az_without_an_account_says_what_to_set(string: str) -> None:
    with pytest.raises(InputError) as caught:
        ways(AZURE_STORAGE_CONNECTION_STRING=string).address("az://letters")
    assert SECRET not in f"{caught.value.message} {caught.value.hint}"


def test_a_name_of_the_settings_leads_to_its_container() -> None:
    found = ways(
        {
            "mails": NamedContainer(url=URL),
            "posts": NamedContainer(connection_string_env="TEAM", container="posts"),
        },
        TEAM=STRING,
    )
    assert found.address("mails") == URL
    assert found.address("posts") == "https://acc.blob.core.windows.net/posts"
    assert found.address("other") is None


@pytest.mark.parametrize(
    ("named", "words"),
    [
        (NamedContainer(), "needs url"),
        (NamedContainer(connection_string_env="UNSET", container="posts"), "UNSET is not set"),
        (NamedContainer(url=f"{URL}?{TOKEN}"), "holds a SAS token"),
    ],
)
def test_settings_that_lead_nowhere_say_what_they_lack(named: NamedContainer, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        ways({"mails": named}).address("mails")
    assert SECRET not in f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize(
    ("slip", "key"),
    [
        (NamedContainer(connection_string_env=STRING, container="letters"), "connection_string_env"),
        (NamedContainer(url=URL, key_env=KEY), "key_env"),
        (NamedContainer(url=URL, key_env="a1B2" * 10), "key_env"),
        (NamedContainer(url=URL, key_env=f"gsk_{SERVICES}"), "key_env"),
        (NamedContainer(url=URL, sas_env=f"sk_live_{SERVICES}"), "sas_env"),
        (NamedContainer(url=URL, sas_env=TOKEN), "sas_env"),
    ],
)
def test_a_secret_in_the_place_of_a_variable_s_name_is_not_repeated(slip: NamedContainer, key: str) -> None:
    found = ways({"mails": slip})
    with pytest.raises(InputError, match=rf"{key} under \[containers\.mails\]") as typed:
        found.address("mails")
    with pytest.raises(LabelerError) as opened:
        access(found)
    for error in (typed.value, opened.value):
        said = f"{error.message} {error.hint}"
        assert not any(secret in said for secret in (KEY, SECRET, SERVICES, "a1B2", "AccountKey"))


# --- ways in ----------------------------------------------------------------------------------------------


def test_a_token_that_was_typed_serves_at_once_and_is_kept_in_the_keyring_alone() -> None:
    ring = Ring()
    found = ways(None, ring)
    found.address(f"{URL}?{TOKEN}")
    assert access(found).sas == Sas(TOKEN)
    assert ring.secrets == {URL: TOKEN}
    assert found.notes(URL) == ()
    later = access(ways(None, ring))
    assert (later.sas, later.words) == (Sas(TOKEN), "the SAS token in the keyring")


def test_where_nothing_keeps_a_typed_token_the_variables_are_named() -> None:
    found = ways()
    found.address(f"{URL}?{TOKEN}")
    [note] = found.notes(URL)
    assert "AZURE_STORAGE_ACCOUNT=acc" in note
    assert SECRET not in note
    assert found.notes("https://acc.blob.core.windows.net/other") == ()


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"AZURE_STORAGE_CONNECTION_STRING": STRING}, "AZURE_STORAGE_CONNECTION_STRING"),
        ({"AZURE_STORAGE_ACCOUNT": "ACC", "AZURE_STORAGE_KEY": KEY}, "the key in AZURE_STORAGE_KEY"),
        (
            {"AZURE_STORAGE_ACCOUNT": "acc", "AZURE_STORAGE_SAS_TOKEN": f"?{TOKEN}"},
            "the SAS token in AZURE_STORAGE_SAS_TOKEN",
        ),
    ],
)
def test_the_environment_opens_its_own_account(environment: dict[str, str], words: str) -> None:
    assert access(ways(**environment)).words == words


@pytest.mark.parametrize(
    "url",
    [
        "https://other.blob.core.windows.net/letters",
        "https://acc.blob.core.windows.net.example.org/letters",
        "https://acc.blob.example.org/letters",
        "https://acc.example.org/letters",
        "http://example.org/acc/letters",
    ],
)
def test_secrets_of_the_environment_go_nowhere_else(url: str) -> None:
    found = ways(
        AZURE_STORAGE_ACCOUNT="acc",
        AZURE_STORAGE_KEY=KEY,
        AZURE_STORAGE_SAS_TOKEN=TOKEN,
        AZURE_STORAGE_CONNECTION_STRING=STRING,
    )
    with pytest.raises(UnreachableError, match="no key") as caught:
        access(found, url)
    assert caught.value.hint


def test_a_variable_that_the_settings_name_is_taken_and_no_other_in_its_place() -> None:
    named = {"mails": NamedContainer(url=URL, sas_env="MAILS_SAS")}
    general = {"AZURE_STORAGE_ACCOUNT": "acc", "AZURE_STORAGE_KEY": KEY}
    assert access(ways(named, MAILS_SAS=TOKEN, **general)).words == "the SAS token in MAILS_SAS"
    with pytest.raises(UnreachableError, match="MAILS_SAS is not set"):
        access(ways(named, **general))


def test_the_emulator_needs_no_key() -> None:
    found = access(ways(), "http://127.0.0.1:10000/devstoreaccount1/letters")
    assert found.connection_string == "UseDevelopmentStorage=true"


def test_a_token_with_line_ends_in_it_is_refused_without_showing_it() -> None:
    environment = {"AZURE_STORAGE_ACCOUNT": "acc", "AZURE_STORAGE_SAS_TOKEN": f"{TOKEN}\nmore"}
    with pytest.raises(LabelerError) as caught:
        access(ways(**environment))
    assert SECRET not in f"{caught.value.message} {caught.value.hint}"


def test_nothing_that_holds_a_secret_shows_it() -> None:
    assert SECRET not in repr(Sas(TOKEN))
    shown = repr(Access("words", sas=Sas(TOKEN), key=KEY, connection_string=STRING))
    assert KEY not in shown
    assert SECRET not in shown
    assert repr(BlobAddress("https://acc.blob.core.windows.net", "letters"))


# --- secrets where an address is expected ---------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [
        STRING,
        f"AccountKey={KEY}",
        f"BlobEndpoint=https://acc.blob.core.windows.net/;SharedAccessSignature={TOKEN}",
        "UseDevelopmentStorage=true",
        f"acc.blob.core.windows.net/letters?{TOKEN}",
        f"acc.blob.core.windows.net/letters%3F{TOKEN}",
        f"sig={SECRET}",
        f"az://letters?{TOKEN}",
        f"az://letters;AccountKey={KEY}",
        f"https://acc.blob.core.windows.net/letters%3F{TOKEN}",
        f"https://acc.blob.core.windows.net/letters%253F{TOKEN}",
        f"https://acc.blob.core.windows.net/a/letters%3F{TOKEN}",
        f"http://127.0.0.1:9/acc%3F{TOKEN}/letters",
        f"http://127.0.0.1:9/acc%2523{TOKEN}/letters",
        f"http://127.0.0.1:9/acc/letters%3F{TOKEN}/more",
    ],
)
def test_a_secret_that_is_typed_in_place_of_an_address_is_not_repeated(given: str) -> None:
    with pytest.raises(InputError) as refused:
        ways().address(given)
    said = f"{refused.value.message} {refused.value.hint} {refused.value.on_screen}"
    assert KEY not in said
    assert SECRET not in said
    assert SECRET not in suggested_name(given)
    assert KEY not in suggested_name(given)


def line_to(found: Ways, typed: str) -> Line:
    address, _ = parse_url(found.address(typed) or "")
    return Line(address, found.access(address), Patience())


@pytest.mark.parametrize(
    "string", ["UseDevelopmentStorage=True", "usedevelopmentstorage=true;", " UseDevelopmentStorage = TRUE; "]
)
async def test_the_emulator_s_string_is_known_however_it_is_spelt(string: str) -> None:
    found = ways(AZURE_STORAGE_CONNECTION_STRING=string)
    await line_to(found, "az://letters").close()
    assert found.address("az://letters") == "http://127.0.0.1:10000/devstoreaccount1/letters"


def test_a_connection_string_without_account_is_refused_in_words() -> None:
    string = f"AccountName=;AccountKey={KEY}"
    with pytest.raises(InputError) as at_first:
        line_to(ways(AZURE_STORAGE_CONNECTION_STRING=string), "az://letters")
    with pytest.raises(InputError) as later:
        Line(parse_url(URL)[0], Access("somewhere", connection_string=f"AccountKey={KEY}"), Patience())
    for refused in (at_first.value, later.value):
        assert KEY not in f"{refused.message} {refused.hint}"


@pytest.mark.parametrize("sign", ["%3F", "%3f", "%23", "#", "%253F", "%26"])
@pytest.mark.parametrize("named", [False, True])
def test_a_signature_in_the_endpoint_of_a_connection_string_is_refused_and_not_shown(
    sign: str, named: bool
) -> None:
    string = f"BlobEndpoint=http://127.0.0.1:9/acc{sign}sig={SECRET};AccountName=acc;AccountKey={KEY}"
    posts = {"posts": NamedContainer(connection_string_env="TEAM", container="posts")}
    found = ways(posts if named else {}, None, TEAM=string, AZURE_STORAGE_CONNECTION_STRING=string)
    with pytest.raises(InputError) as refused:
        found.address("posts" if named else "az://letters")
    with pytest.raises(LabelerError) as later:
        access(found)
    for error in (refused.value, later.value):
        said = f"{error.message} {error.hint}"
        assert SECRET not in said
        assert KEY not in said


def test_an_endpoint_with_an_account_in_its_path_is_taken_as_it_was_given() -> None:
    string = f"BlobEndpoint=http://127.0.0.1:9/dev-store.1/;AccountName=acc;AccountKey={KEY}"
    assert ways(AZURE_STORAGE_CONNECTION_STRING=string).address("az://letters") == (
        "http://127.0.0.1:9/dev-store.1/letters"
    )
