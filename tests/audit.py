"""What ``pip-audit`` found, read with care: by itself it ends well where it could look nothing up.

``pip-audit --format json … | python -m tests.audit`` ends with 0 where everything was looked up and nothing
is known against it, with 1 where something is, and with 3 where anything could not be looked up.
"""

from __future__ import annotations

import sys

import msgspec

OURS = "tui-labeler"


class _Fault(msgspec.Struct):
    id: str
    fix_versions: list[str] = []


class _Dependency(msgspec.Struct):
    name: str
    version: str = ""
    skip_reason: str = ""
    vulns: list[_Fault] = []


class _Audit(msgspec.Struct):
    dependencies: list[_Dependency]


def verdict(said: bytes) -> tuple[int, str]:
    """The exit code, and the words for it, of what ``pip-audit`` said."""
    try:
        found = msgspec.json.decode(said, type=_Audit).dependencies
    except msgspec.DecodeError:
        return 3, "pip-audit has not said what it found: nothing is known."
    others = [each for each in found if each.name != OURS]
    faulty = [each for each in others if each.vulns]
    unknown = [each for each in others if each.skip_reason]
    lines = [
        f"{each.name} {each.version}: {fault.id}, mended in {' or '.join(fault.fix_versions) or 'no version'}"
        for each in faulty
        for fault in each.vulns
    ]
    looked_up = len(others) - len(unknown)
    if unknown or not others:
        lines.append(f"{len(unknown)} of {len(others)} packages could not be looked up:")
        lines += [f"  {each.skip_reason}" for each in unknown[:3]]
        lines += ["  …"] * (len(unknown) > 3)
    lines.append(
        f"{looked_up} of {len(others)} packages were looked up, {len(faulty)} of them have known faults."
    )
    return 1 if faulty else 3 if unknown or not others else 0, "\n".join(lines)


def main() -> int:
    code, words = verdict(sys.stdin.buffer.read())
    print(words)  # noqa: T201
    return code


if __name__ == "__main__":
    sys.exit(main())
