"""What the application would send to a terminal, kept while it runs without one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from textual.drivers import headless_driver

if TYPE_CHECKING:
    from collections.abc import Iterator

from tests.terminal.sent import unfit


@dataclass
class Sent:
    """All that was written so far."""

    parts: list[str] = field(default_factory=list)

    @property
    def data(self) -> bytes:
        """As a terminal gets it: its line ends are the kernel's."""
        return "".join(self.parts).replace("\n", "\r\n").encode("utf-8", "surrogatepass")


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sent]:
    """Every application that a test runs draws for a terminal; in the end, nothing but words was sent."""
    kept = Sent()

    class Keeping(headless_driver.HeadlessDriver):
        @property
        def is_headless(self) -> bool:
            return False  # else the application draws nothing

        def write(self, data: str) -> None:
            kept.parts.append(data)

    monkeypatch.setattr(headless_driver, "HeadlessDriver", Keeping)
    yield kept
    assert kept.parts, "nothing was drawn"
    assert unfit(kept.data) == []
