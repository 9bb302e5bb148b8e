"""Labeling in Azure Machine Learning: who has the pen, and which step is allowed when.

The rules are those of the service: a connection joins one project with one labeling project of a workspace,
once and for all; labels are made on one side at a time; what is left by disconnecting can't be joined again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

LONGEST_NAME = 255
"""Characters of a name of a workspace, a group or a labeling project: more is a slip of the hand."""


class Phase(StrEnum):
    """How a project stands to Azure Machine Learning."""

    NONE = "not connected"
    CONNECTING = "connecting"
    HERE = "labeling here"
    SWITCHING = "switching"
    AML = "labeling in Azure Machine Learning"
    DISCONNECTED = "disconnected"


class Side(StrEnum):
    """Who has the pen."""

    HERE = "here"
    AML = "aml"


class Step(StrEnum):
    """What people do with a connection."""

    CONNECT = "connect"
    TO_AML = "switch to Azure Machine Learning"
    TO_HERE = "switch back"
    IMPORT = "import labels"
    DISCONNECT = "disconnect"


@dataclass(frozen=True, slots=True)
class AmlProject:
    """A labeling project of a workspace in Azure Machine Learning."""

    subscription: str
    resource_group: str
    workspace: str
    name: str

    def __post_init__(self) -> None:
        for what, said in self.fields.items():
            if not said.strip() or said != said.strip() or len(said) > LONGEST_NAME:
                raise ValueError(
                    f"{what} is a name of 1 to {LONGEST_NAME} characters, without white space around it"
                )
            if any(ord(character) < 32 or character in "/\\?#" for character in said):
                raise ValueError(f"{what} can't hold control characters or any of / \\ ? #")

    @property
    def fields(self) -> Mapping[str, str]:
        """By what people call it."""
        return {
            "the subscription": self.subscription,
            "the resource group": self.resource_group,
            "the workspace": self.workspace,
            "the labeling project": self.name,
        }

    @property
    def words(self) -> str:
        return f"{self.name} in workspace {self.workspace}"

    @property
    def key(self) -> str:
        """The same for the same project, however its names are written: Azure compares without case."""
        parts = [self.subscription, self.resource_group, self.workspace, self.name]
        joined = "\n".join(part.casefold() for part in parts)
        return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Terms:
    """What people settle when they connect."""

    aml: AmlProject
    vendor: bool = False
    """Companies from the Azure Marketplace label there."""
    prefix: str = ""
    """Where exports land in the container: what names of its files begin with; empty for anywhere."""
    instructions: str = ""
    """For those who label there."""
    switchers: tuple[str, ...] = ()
    """Who may switch and disconnect, by name; everybody where there are none."""


@dataclass(frozen=True, slots=True)
class Doer:
    """Who made the last step, and in which process."""

    actor: str = ""
    host: str = ""
    pid: int = 0
    session: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """The last labels that came from Azure Machine Learning."""

    name: str
    """Of the file."""
    time: str
    """UTC, ISO 8601: when they were taken in."""
    labels: int = 0
    """Labels that it holds of this project's documents."""
    back_by: str = ""
    """Whose undo took them back, as the home in which that was has told; empty where they stand."""


@dataclass(frozen=True, slots=True)
class TakenBack:
    """An undo of the last labels that came from Azure Machine Learning."""

    by: str
    is_here: bool
    """It was in this home."""

    @property
    def words(self) -> str:
        return "an undo here took them back" if self.is_here else f"an undo of {self.by} took them back"


@dataclass(frozen=True, slots=True)
class Handover:
    """A project's connection, as the container holds it."""

    phase: Phase = Phase.NONE
    terms: Terms | None = None
    since: str = ""
    """UTC, ISO 8601: of this phase."""
    by: Doer = field(default_factory=Doer)
    before: Phase = Phase.NONE
    """While connecting or switching: the phase to go back to."""
    before_since: str = ""
    """Of that phase, where there was one."""
    before_by: Doer = field(default_factory=Doer)
    """Who had led to it."""
    towards: Side = Side.HERE
    """While switching: where the pen goes."""
    token: str = ""
    """Of this connection among those that came before."""
    taken: Taken | None = None
    laid: str = ""
    """UTC, ISO 8601: when the labels of here were last laid into the container for those there; empty before
    the first switch."""
    etag: str = ""
    """The mark of the file that this is from."""

    def __post_init__(self) -> None:
        if (self.terms is None) is not (self.phase is Phase.NONE):
            raise ValueError("a connection has terms, and nothing else has")

    @property
    def pen(self) -> Side | None:
        """Who may label; ``None`` for the moment in which nobody may."""
        if self.is_under_way:
            return None
        return Side.AML if self.phase is Phase.AML else Side.HERE

    @property
    def is_under_way(self) -> bool:
        return self.phase in (Phase.CONNECTING, Phase.SWITCHING)

    @property
    def is_connected(self) -> bool:
        return self.phase not in (Phase.NONE, Phase.DISCONNECTED)

    @property
    def is_laid(self) -> bool:
        """Whether labels of here lie in the container for those there."""
        return bool(self.laid) or self.phase is Phase.AML

    @property
    def sets_count(self) -> bool:
        """Whether training goes by the sets of this side: those of a side without the pen are ignored."""
        return self.phase is not Phase.AML

    def begun(self, towards: Side, now: str, by: Doer) -> Handover:
        """On the way to another side."""
        return replace(
            self,
            phase=Phase.SWITCHING,
            since=now,
            by=by,
            before=self.phase,
            before_since=self.since,
            before_by=self.by,
            towards=towards,
        )

    def taken_back(self, now: str, by: Doer) -> Handover:
        """As it was before a switch that came to nothing, and has been all the while."""
        return replace(
            self.arrived(self.before, self.before_since or now, by),
            by=self.before_by if self.before_since else by,
        )

    def arrived(self, phase: Phase, since: str, by: Doer) -> Handover:
        """In a phase that lasts."""
        return replace(
            self,
            phase=phase,
            since=since,
            by=by,
            before=Phase.NONE,
            before_since="",
            before_by=Doer(),
            towards=Side.HERE,
        )

    def may_switch(self, actor: str) -> bool:
        return self.terms is None or not self.terms.switchers or actor in self.terms.switchers


@dataclass(frozen=True, slots=True)
class Rule:
    """Why a step is refused, and what to do."""

    message: str
    todo: str
    on_screen: str = ""
    """What to do in the application; empty where that is the same."""


def forbidden(handover: Handover, step: Step, actor: str) -> Rule | None:
    """Why somebody can't make a step as things stand; ``None`` where they can."""
    if handover.is_under_way:
        return Rule(
            f"The project is {handover.phase} since {handover.since}, by {handover.by.actor or 'somebody'}.",
            "Wait until that is done; what was interrupted is finished or taken back by itself.",
        )
    moves_the_pen = step in (Step.TO_AML, Step.TO_HERE, Step.DISCONNECT)
    if handover.terms and handover.is_connected and moves_the_pen and not handover.may_switch(actor):
        return Rule(f"Only {', '.join(handover.terms.switchers)} may {step}.", "Ask one of them.")
    return _OUT_OF_TURN.get((handover.phase, step))


_NOT_CONNECTED = Rule(
    "The project is not connected to Azure Machine Learning.",
    "Connect it first: `aml connect`.",
    "c connects it.",
)
_CONNECTED = Rule(
    "The project is connected to Azure Machine Learning already, and a connection is one to one.",
    "Disconnect it first, for good: `aml disconnect`.",
    "D disconnects it, for good.",
)
_PEN_HERE = Rule(
    "Labels are made here: Azure Machine Learning has not got the pen.",
    "Switch first: `aml switch --to aml`. An ordinary import adds the labels of a file, and replaces none.",
    "s switches first. An ordinary import adds the labels of a file, and replaces none.",
)
_OUT_OF_TURN: Mapping[tuple[Phase, Step], Rule] = {
    **{
        (phase, step): _NOT_CONNECTED
        for phase in (Phase.NONE, Phase.DISCONNECTED)
        for step in Step
        if step is not Step.CONNECT
    },
    (Phase.HERE, Step.CONNECT): _CONNECTED,
    (Phase.AML, Step.CONNECT): _CONNECTED,
    (Phase.HERE, Step.TO_HERE): Rule("Labels are made here already.", "There is nothing to switch back."),
    (Phase.HERE, Step.IMPORT): _PEN_HERE,
    (Phase.AML, Step.TO_AML): Rule(
        "Labels are made in Azure Machine Learning already.",
        "Switch back with `aml switch --to here`.",
        "s switches back.",
    ),
    (Phase.AML, Step.DISCONNECT): Rule(
        "Azure Machine Learning has the pen: its labels would be out of reach.",
        "Switch back first, so that they are taken in: `aml switch --to here`.",
        "s switches back first, so that they are taken in.",
    ),
}
