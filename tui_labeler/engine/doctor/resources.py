"""Whether resources can be used and their deployments answer, and from when their prices are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_labeler.engine.deployments.prices import FILE, is_stale, read_prices
from tui_labeler.engine.doctor.check import Check
from tui_labeler.engine.errors import LabelerError
from tui_labeler.engine.wording import counted, in_words

if TYPE_CHECKING:
    from pathlib import Path

    from tui_labeler.domain.resources import Deployment, Resource
    from tui_labeler.engine.resources.resources import Resources


async def check_resource(resources: Resources, resource: Resource) -> Check:
    """Whether there is a way in. Nothing is sent."""
    state = await resources.key_state(resource, keyring=True)
    untried = [item.name for item in resource.deployments if item.capabilities is None]
    note = f"; not tried yet: {', '.join(untried)} (`tui-labeler resource test`)" if untried else ""
    detail = f"{resource.endpoint}; {state.words}{note}"
    return Check(f"resource {resource.name}", state.found, detail, warning=bool(untried))


async def check_deployment(resources: Resources, resource: Resource, deployment: Deployment) -> Check:
    """Whether a deployment answers. What fails is the check."""
    name = f"deployment {deployment.name} of {resource.name}"
    try:
        found = (await resources.test(resource.name, deployment.name)).capabilities
    except LabelerError as error:
        return Check(name, False, in_words(error))
    if found and found.batch_only:
        return Check(name, True, "answers batches only, which are not tried here", warning=True)
    return Check(name, True, f"answers in {found.seconds:.1f} s" if found else "answers")


def check_prices(home: Path, today: str) -> Check:
    """What estimates of costs go by, and from when it is. ``today``: ISO 8601."""
    try:
        table = read_prices(home)
    except LabelerError as error:
        return Check("prices", False, in_words(error))
    own = f", {len(table.own)} of them from {home / FILE}" if table.own else ""
    where = f"; correct or add in {home / FILE}" if not table.own else ""
    stale = is_stale(table, today)
    old = ", which is long ago: compare it with what your resource charges" if stale else ""
    detail = f"{counted(len(table.models), 'model')}{own}; list prices as of {table.as_of}{old}{where}"
    return Check("prices", True, detail, warning=stale)
