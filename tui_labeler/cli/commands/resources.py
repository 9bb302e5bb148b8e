"""``resource``: servers with language models, and the deployments on them."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from tui_labeler.cli.output import Report
from tui_labeler.cli.parser import UsageError, add_command, add_group, add_paging, positive
from tui_labeler.cli.tables import table
from tui_labeler.engine.wording import counted

if TYPE_CHECKING:
    from tui_labeler.cli.context import Context
    from tui_labeler.domain.resources import Deployment, Prices, Resource
    from tui_labeler.engine.errors import LabelerError


def register(parsers: Any) -> None:
    group = add_group(parsers, "resource", "add, list, try and remove servers with language models")
    _register_add(group)
    parser = add_command(group, "list", list_all, "list the resources and their deployments")
    add_paging(parser, "name")
    parser = add_command(
        group,
        "test",
        test,
        "try deployments with a few tiny requests, and remember what they can do",
        details="At most seven requests a deployment, of some twenty tokens each.",
        examples="tui-labeler resource test work --deployment gpt-4o",
    )
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("--deployment", metavar="D", help="only this one")
    parser = add_command(
        group,
        "set",
        change,
        "set prices, context and time-out of a resource's deployments",
        examples="tui-labeler resource set work --deployment gpt-4o --price-in 2.5 --price-out 10",
    )
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("--deployment", metavar="D", help="only this one")
    parser.add_argument(
        "--like",
        metavar="D",
        help="for a --deployment that answers batches only: it is asked as this one, of the same model, "
        "which was tried",
    )
    _add_numbers(parser)
    parser = add_command(group, "remove", remove, "remove a resource from the list")
    parser.add_argument("name", metavar="NAME")


def _register_add(group: Any) -> None:
    parser = add_command(
        group,
        "add",
        add,
        "add a server with language models, or deployments to one that is there",
        details="Keys are read from the environment or the keyring when they are used, and stored nowhere.",
        examples="""
            tui-labeler resource add work --kind azure --endpoint https://X.openai.azure.com --deployment gpt
            tui-labeler resource add local --kind openai --endpoint http://127.0.0.1:8080/v1 --deployment qwen
            tui-labeler resource add cloud --kind openai --endpoint https://api.openai.com --deployment gpt-5
        """,
    )
    parser.add_argument("name", metavar="NAME", help="what you call it")
    parser.add_argument(
        "--kind",
        choices=("azure", "openai"),
        required=True,
        help="azure, or any that speaks as OpenAI's",
    )
    parser.add_argument("--endpoint", metavar="URL", required=True, help="its address, without any secret")
    parser.add_argument(
        "--deployment",
        dest="deployments",
        metavar="D",
        action="extend",
        nargs="+",
        required=True,
        help="a deployment's name (azure), or a model's; may be repeated",
    )
    parser.add_argument(
        "--api-version", metavar="V", default="", help="azure: dated; without it the v1 style"
    )
    parser.add_argument(
        "--api-key-env",
        metavar="VAR",
        default="",
        help="the environment variable with the key (default: AZURE_OPENAI_API_KEY or OPENAI_API_KEY, then "
        "the keyring)",
    )
    parser.add_argument(
        "--entra", action="store_true", help="azure: sign in with Microsoft Entra ID (needs the extra entra)"
    )
    _add_numbers(parser)


def _add_numbers(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--price-in", metavar="X", type=price, help="USD for a million tokens of input")
    parser.add_argument("--price-out", metavar="Y", type=price, help="USD for a million tokens of output")
    parser.add_argument("--price-cached", metavar="Z", type=price, help="the same for cached input")
    parser.add_argument(
        "--context", metavar="N", type=positive, help="tokens that prompt and answer may have together"
    )
    parser.add_argument(
        "--timeout",
        metavar="S",
        type=positive,
        help="seconds that an answer may take (default: 120, and 600 from a server on this machine)",
    )


def price(text: str) -> float:
    """A number from 0 on."""
    number = float(text)
    if not 0 <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is no price")
    return number


def _prices(options: argparse.Namespace) -> Prices | None:
    """Raises ``UsageError`` for one price of the two that are needed."""
    from tui_labeler.domain.resources import Prices

    given, answered = options.price_in, options.price_out
    if given is None and answered is None and options.price_cached is None:
        return None
    if given is None or answered is None:
        raise UsageError("A price was given alone.", hint="Give both --price-in and --price-out.")
    return Prices(given, answered, options.price_cached)


async def add(context: Context) -> Report:
    from tui_labeler.cli.shapes import resource_item
    from tui_labeler.domain.resources import ResourceKind
    from tui_labeler.engine.resources.resources import NewResource

    options = context.options
    new = NewResource(
        name=options.name,
        kind=ResourceKind(options.kind),
        endpoint=options.endpoint,
        deployments=tuple(options.deployments),
        api_version=options.api_version,
        key_env=options.api_key_env,
        entra=options.entra,
        prices=_prices(options),
        context=options.context,
        timeout=options.timeout,
    )
    added = await context.workbench.resources.add(new)
    resource = added.resource
    lines = [
        f"{resource.name} is there, with {counted(len(resource.deployments), 'deployment')}.",
        *(f"warning: {warning}" for warning in added.warnings),
        f"`tui-labeler resource test {resource.name}` finds out what it can do.",
    ]
    return Report({**resource_item(resource), "warnings": list(added.warnings)}, lines)


async def list_all(context: Context) -> Report:
    from tui_labeler.cli.shapes import resource_item

    resources = context.workbench.resources
    found = {resource.name: resource for resource in await resources.list()}
    fields = context.page([resource_item(resource) for resource in found.values()], "name")
    if not found:
        return Report(fields, ["There is no resource yet; `tui-labeler resource add` adds one."])
    lines = []
    for item in fields["items"]:
        resource = found[item["name"]]
        state = await resources.key_state(resource, keyring=True)
        item["key_found"] = state.found
        lines += [f"{resource.name} ({resource.kind.value}): {resource.endpoint}; {state.words}"]
        lines += [f"  {line}" for line in _table(context, resource.deployments)]
        _put_prices(context, item, resource.deployments)
    return Report(fields, lines)


FROM_LIST = "*"
"""Stands behind a price that nobody gave: the list of prices knows the model."""


def _put_prices(context: Context, item: dict[str, Any], deployments: tuple[Deployment, ...]) -> None:
    """Prices that jobs are reckoned with, a person's or the list's."""
    from tui_labeler.cli.shapes import prices_item

    for shown, deployment in zip(item["deployments"], deployments, strict=True):
        prices = context.workbench.resources.prices(deployment)
        shown["prices"] = prices and prices_item(prices)


def _table(context: Context, deployments: tuple[Deployment, ...]) -> list[str]:
    prices = {item.name: context.workbench.resources.prices(item) for item in deployments}
    rows = [_row(item, prices[item.name]) for item in deployments]
    dates = sorted({item.as_of for item in prices.values() if item is not None and item.as_of})
    notes = (
        [f"{FROM_LIST} from the list of {', '.join(dates)}; `resource set` gives another"] if dates else []
    )
    return [*_plain_table(rows), *notes]


def _plain_table(rows: list[tuple[str, ...]]) -> list[str]:
    head = (
        "deployment",
        "structured",
        "logprobs",
        "reasoning",
        "seconds",
        "USD in",
        "USD out",
        "context",
        "time-out",
    )
    return table(head, rows)


def _row(deployment: Deployment, prices: Prices | None) -> tuple[str, ...]:
    able = deployment.capabilities
    sign = FROM_LIST if prices and prices.as_of else ""
    yes = {True: "yes", False: "no"}
    return (
        deployment.name,
        *(
            (
                f"{able.structured.value}{', batches only' if able.batch_only else ''}",
                yes[able.logprobs],
                yes[able.reasoning],
            )
            if able
            else ("not tried", "", "")
        ),
        f"{able.seconds:.1f}" if able and not able.batch_only else "",
        *((f"{prices.input:g}{sign}", f"{prices.output:g}{sign}") if prices else ("", "")),
        f"{deployment.context:,}" if deployment.context else "",
        f"{deployment.timeout:g} s" if deployment.timeout else "",
    )


async def test(context: Context) -> Report:
    """One deployment that fails is the command's failure; one of several is listed."""
    from tui_labeler.cli.shapes import resource_item
    from tui_labeler.domain.resources import is_batch_only
    from tui_labeler.engine.errors import LabelerError

    options, resources = context.options, context.workbench.resources
    resource = await resources.get(options.name)
    names = [options.deployment] if options.deployment else [item.name for item in resource.deployments]
    tried: list[Deployment] = []
    failed: list[tuple[str, LabelerError]] = []
    for number, name in enumerate(names):
        context.out.step("trying deployments", number, len(names))
        try:
            tried.append(await resources.test(resource.name, name))
        except LabelerError as error:
            failed.append((name, error))
    if failed and not tried:
        raise failed[0][1]
    fields = {**resource_item(resource, tuple(tried)), "failed": [_failure(*item) for item in failed]}
    _put_prices(context, fields, tuple(tried))
    lines = _table(context, tuple(tried)) + [_batches_only(item) for item in tried if is_batch_only(item)]
    lines += [f"{name}: {error.title}. {error.message}" for name, error in failed]
    return Report(fields, lines, 1 if failed else 0)


def _batches_only(deployment: Deployment) -> str:
    return (
        f"{deployment.name} answers no single question: it is for batches (`autolabel --batch`), or its "
        "model does not chat. How it can be held to a form could not be tried, so that plain text is "
        "asked for; `resource set --like` names a deployment of the same model that was tried."
    )


def _failure(name: str, error: LabelerError) -> dict[str, str]:
    return {"deployment": name, "error": error.code, "message": error.message}


async def change(context: Context) -> Report:
    from tui_labeler.cli.shapes import resource_item

    options = context.options
    prices = _prices(options)
    if prices is None and options.context is None and options.timeout is None and options.like is None:
        raise UsageError(
            "Nothing to set was given.",
            hint="Give --price-in and --price-out, --context, --timeout, or --like.",
        )
    if options.like is not None:
        if options.deployment is None:
            raise UsageError("--like goes with --deployment.", hint="Name the one that answers batches only.")
        await context.workbench.resources.set_like(options.name, options.deployment, options.like)
    changed = await context.workbench.resources.set_deployments(
        options.name,
        options.deployment,
        prices=prices,
        context=options.context,
        timeout=options.timeout,
    )
    return Report(resource_item(changed), _table(context, changed.deployments))


async def remove(context: Context) -> Report:
    from tui_labeler.cli.shapes import resource_item

    removed: Resource = await context.workbench.resources.remove(context.options.name)
    words = f"{removed.name} is removed. Its key, if it is in the keyring, is left there."
    return Report({**resource_item(removed), "removed": True}, [words])
