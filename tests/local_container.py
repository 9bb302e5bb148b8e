"""What containers of tests have in common that hold all their texts here."""

from __future__ import annotations


class LocalContainer:
    """A container with one version of each text and nothing to wait for; reading is its heirs' business."""

    async def add(self, name: str, content: bytes) -> str:
        raise AssertionError(name)

    async def read(self, name: str) -> bytes:
        raise NotImplementedError(name)

    async def fetch(self, name: str) -> tuple[bytes, str]:
        return await self.read(name), ""

    async def earlier(self, name: str, text_hash: str) -> bytes | None:
        return None

    def hold(self, name: str) -> None:
        """All is here."""

    async def lacking(self) -> tuple[tuple[str, str], ...]:
        return ()

    @property
    def answers(self) -> int:
        return 0

    @property
    def refusal(self) -> str:
        return ""

    def notes(self) -> tuple[str, ...]:
        return ()

    async def close(self) -> None:
        """There is nothing to end."""
