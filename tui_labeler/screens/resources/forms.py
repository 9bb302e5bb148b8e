"""Forms for a resource: a new one, and the numbers of a deployment."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.binding import Binding, BindingType

from tui_labeler.domain.resources import Deployment, Prices, ResourceKind
from tui_labeler.engine.errors import InputError, LabelerError
from tui_labeler.engine.resources.resources import Added, NewResource
from tui_labeler.engine.wording import in_words
from tui_labeler.screens.fields import Cycle, FormField
from tui_labeler.screens.forms import FormScreen

if TYPE_CHECKING:
    from textual.widget import Widget

_KINDS = (ResourceKind.AZURE, ResourceKind.OPENAI)
_HINTS = (
    ("https://NAME.openai.azure.com", "Azure: none for the v1 style", "AZURE_OPENAI_API_KEY"),
    ("https://api.openai.com, http://127.0.0.1:8080", "Azure alone has one", "OPENAI_API_KEY"),
)
"""Of endpoint, API version and variable, for each kind."""

Numbers = tuple[Prices | None, int | None, float | None]


def _number(text: str, what: str) -> float | None:
    """``None`` for nothing. Raises ``InputError``."""
    if not text:
        return None
    try:
        return float(text.replace(",", ""))
    except ValueError:
        raise InputError(f"{what} is no number.", hint="Write it like 2.50.") from None


def read_numbers(prices: tuple[str, str, str], context: str, timeout: str) -> Numbers:
    """What stands in the fields for input, output and cached input, for the context and the time-out.

    Raises ``InputError``.
    """
    given, answered, cached = (
        _number(text, what) for text, what in zip(prices, ("Input", "Output", "Cached input"), strict=True)
    )
    tokens = _number(context, "The context")
    if tokens is not None and not tokens.is_integer():
        raise InputError("The context is a whole number of tokens.")
    if (given is None) != (answered is None) or (cached is not None and given is None):
        raise InputError("Prices for input and output go together.", hint="Give both, or none.")
    found = None if given is None or answered is None else Prices(given, answered, cached)
    return found, None if tokens is None else int(tokens), _number(timeout, "The time-out")


def _number_fields(
    prices: Prices | None, context: int | None, timeout: float | None
) -> tuple[tuple[str, Widget], ...]:
    def shown(number: float | None) -> str:
        return "" if number is None else f"{number:g}"

    given = (prices.input, prices.output, prices.cached) if prices else (None, None, None)
    per_million = "USD for a million tokens"
    return (
        ("Price of input", FormField(shown(given[0]), per_million, id="input")),
        ("Price of output", FormField(shown(given[1]), per_million, id="output")),
        ("Of cached input", FormField(shown(given[2]), "as other input", id="cached")),
        (
            "Context",
            FormField(str(context or ""), "tokens of prompt and answer; may stay empty", id="context"),
        ),
        ("Time-out", FormField(shown(timeout), "seconds for an answer; may stay empty", id="timeout")),
    )


class AddResourceScreen(FormScreen[Added]):
    """Asks for a resource and adds it: what is wrong is said here, and nothing that was typed is lost."""

    HELP: ClassVar[str] = """\
## New resource

A *resource* is a server; a *deployment* is a model on it. For Azure OpenAI give the endpoint of the portal
and the deployments' names; without an API version the v1 style is used. For any other server give the address
up to `/v1` and the models' names: `http://127.0.0.1:8080/v1` is one on this machine.

The key itself is not asked for and stored nowhere: it stands in an environment variable, or in the keyring
under `tui-labeler` and the resource's name. Prices may be given later.
"""

    TITLE = "New resource"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "apply", "Add", tooltip="Add the resource", id="resource.apply"),
        Binding("down", "app.focus_next", "Next", tooltip="Next field", id="resource.next", show=False),
        Binding("up", "app.focus_previous", "Back", tooltip="Field before", id="resource.up", show=False),
        Binding("ctrl+g,escape", "cancel", "Cancel", tooltip="Add nothing", id="resource.cancel"),
    ]

    def __init__(self, add: Callable[[NewResource], Awaitable[Added]]) -> None:
        super().__init__()
        self._add = add

    def fields(self) -> tuple[tuple[str, Widget], ...]:
        return (
            ("Name", FormField(placeholder="what you call it", id="name")),
            ("Kind", Cycle(("Azure OpenAI", "OpenAI, or a server like it"), id="kind")),
            ("Endpoint", FormField(placeholder=_HINTS[0][0], id="endpoint")),
            ("Deployments", FormField(placeholder="gpt-4o, gpt-4o-mini", id="deployments")),
            ("API version", FormField(placeholder=_HINTS[0][1], id="version")),
            ("Variable with key", FormField(placeholder=_HINTS[0][2], id="variable")),
            ("Sign-in", Cycle(("with a key", "with Microsoft Entra ID (Azure)"), id="entra")),
            *_number_fields(None, None, None),
        )

    def on_mount(self) -> None:
        self.watch(self.query_one("#kind", Cycle), "chosen", self._hint, init=False)

    def _hint(self, kind: int) -> None:
        """What a server of the chosen kind is called, and where its key is looked for."""
        for name, words in zip(("endpoint", "version", "variable"), _HINTS[kind], strict=True):
            self.query_one(f"#{name}", FormField).placeholder = words

    def action_apply(self) -> None:
        self._apply()

    @work(exclusive=True, group="load")
    async def _apply(self) -> None:
        try:
            added = await self._add(self._described())
        except LabelerError as error:
            self.complain(in_words(error))
        else:
            self.dismiss(added)

    def _described(self) -> NewResource:
        """Raises ``InputError``."""
        typed = self.typed
        numbers = (typed("input"), typed("output"), typed("cached"))
        prices, context, timeout = read_numbers(numbers, typed("context"), typed("timeout"))
        names = (name.strip() for name in typed("deployments").split(","))
        return NewResource(
            name=typed("name"),
            kind=_KINDS[self.chosen("kind")],
            endpoint=typed("endpoint"),
            deployments=tuple(name for name in names if name),
            api_version=typed("version"),
            key_env=typed("variable"),
            entra=bool(self.chosen("entra")),
            prices=prices,
            context=context,
            timeout=timeout,
        )


class NumbersScreen(FormScreen[Numbers]):
    """Asks for a deployment's prices, context and time-out."""

    HELP: ClassVar[str] = """\
## Prices and context

In USD for a million tokens, as price lists have them; cached input costs as other input where nothing is
given. The *context* is how many tokens the prompt and its answer may have together, the *time-out* how many
seconds an answer may take: 120 where nothing is given, and 600 from a server on this machine.
"""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "apply", "Keep", tooltip="Keep these numbers", id="numbers.apply"),
        Binding("down", "app.focus_next", "Next", tooltip="Next field", id="numbers.next", show=False),
        Binding("up", "app.focus_previous", "Back", tooltip="Field before", id="numbers.up", show=False),
        Binding("ctrl+g,escape", "cancel", "Cancel", tooltip="Change nothing", id="numbers.cancel"),
    ]

    def __init__(self, deployment: Deployment) -> None:
        super().__init__()
        self._deployment = deployment

    @property
    def heading(self) -> str:
        return f"Prices and context of {self._deployment.name}"

    def fields(self) -> tuple[tuple[str, Widget], ...]:
        given = self._deployment
        return _number_fields(given.prices, given.context, given.timeout)

    def action_apply(self) -> None:
        typed = self.typed
        try:
            prices = (typed("input"), typed("output"), typed("cached"))
            self.dismiss(read_numbers(prices, typed("context"), typed("timeout")))
        except LabelerError as error:
            self.complain(in_words(error))
