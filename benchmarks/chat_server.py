"""A chat server on this machine that answers at once or after a delay, in a process of its own.

``python -m benchmarks.chat_server [--delay SECONDS] [--rate PER_SECOND]`` prints its address.
"""

from __future__ import annotations

import argparse
import json
import threading
from typing import Any

from tests.openai_server import OpenAIServer, minimal

NAMED = 8
"""Words of a text that an answer names."""


def answer(body: dict[str, Any]) -> str:
    """Names a few words of the text as entities of the first category, in the order in which they stand."""
    schema = body.get("response_format", {}).get("json_schema", {}).get("schema", {})
    if "$defs" not in schema:
        return minimal(body)
    asked = body["messages"][-1]["content"]
    text = asked.partition("=====")[2].partition("\n")[2].rpartition("\n")[0]
    names = schema["$defs"]["category"]["enum"]
    chosen = list(dict.fromkeys(text.split()))[:NAMED]
    entities = [{"text": word, "category": names[0], "before": ""} for word in chosen]
    return json.dumps({"entities": entities})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--rate", type=float)
    options = parser.parse_args()
    with OpenAIServer(answer, delay=options.delay, rate=options.rate, burst=4) as server:
        print(server.url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
