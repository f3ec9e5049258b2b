"""Texts to vectors of unit length whose cosine says how alike in meaning they are; computed once for each text.

The same text gives the same bits whatever other texts it comes with: its batch always has the shape that its own length
asks for, and a vector is rounded to the 16 bits a number in which it is kept before anybody sees it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from infra.settings import settings
from infra.storage import manifest_of
from tasks.embeddings.vector_cache import VectorCache, text_key
from tasks.errors import UserInputError
from tasks.models.bundled import ALLOWED, resolve_base_model
from tasks.models.tokens import TextTokenizer

Vectors = npt.NDArray[np.float32]
Members = npt.NDArray[np.intp]
Batch = tuple[Members, npt.NDArray[np.int64], npt.NDArray[np.int64]]

DEFAULT_MODEL = "bundled:minilm-l6"
FORM = 1
"""Raised when the same text would get other bits than before, so that no older vector is found."""
STEP_TOKENS = 4
BATCH_TOKENS = {"cpu": 512, "cuda": 16_384}
"""Tokens a batch, padding included. More would not be faster on a CPU: its caches are full."""
SLICE_TEXTS = 16_384
"""Texts that are embedded before they are kept; bounds memory, and what an interruption costs."""


def embed(texts: Sequence[str], model: str = DEFAULT_MODEL, max_tokens: int = 128) -> Vectors:
    """Vectors of shape (texts, width) and unit length; on the GPU where there is one.

    A vector is the mean of the last layer's over the text's tokens, which is how all-MiniLM-L6-v2 was trained (Reimers
    and Gurevych, 2019). Longer texts are cut to `max_tokens`. Raises UserInputError for a model that cannot be loaded
    or takes fewer tokens, and StorageError where the cache in REFIT_HOME cannot be used.
    """
    folder = _local_folder(model)
    width = _width(folder, model, max_tokens)
    if not texts:
        return np.empty((0, width), dtype=np.float32)
    keys = [text_key(text) for text in texts]
    unique = dict(zip(keys, texts, strict=True))
    cache = VectorCache(_cache_file(folder, max_tokens))
    known = cache.found(list(unique))
    missing = [key for key in unique if key not in known]
    if missing:
        encoder = _encoder(folder, model, max_tokens)
        for start in range(0, len(missing), SLICE_TEXTS):
            part = missing[start : start + SLICE_TEXTS]
            fresh = encoder.vectors([unique[key] for key in part]).astype(np.float16)
            cache.keep(part, fresh)
            known.update(zip(part, fresh, strict=True))
    rounded = np.stack([known[key] for key in keys]).astype(np.float32)
    rounded /= np.linalg.norm(rounded, axis=1, keepdims=True)
    return rounded


@lru_cache(maxsize=1)
def _encoder(folder: Path, model: str, max_tokens: int) -> _Encoder:
    """The encoder, loaded once for as long as the same is asked for."""
    return _Encoder(folder, model, max_tokens)


class _Encoder:
    """A network and its tokenizer, loaded from safetensors alone and without running any code that comes with them."""

    def __init__(self, folder: Path, model: str, max_tokens: int) -> None:
        import torch
        from transformers import AutoModel
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.tokenizer = TextTokenizer.load(folder, max_tokens)
        try:
            network = AutoModel.from_pretrained(
                folder, use_safetensors=True, trust_remote_code=False, local_files_only=True, dtype="float32"
            )
        except (OSError, ValueError) as error:
            raise _unloadable(model, error) from error
        self.network = network.eval().to(self.device)

    def vectors(self, texts: list[str]) -> Vectors:
        """Vectors of shape (texts, width) and unit length."""
        rows = self.tokenizer.encode(texts)
        vectors = np.empty((len(rows), self.network.config.hidden_size), dtype=np.float32)
        batches = _batches(rows, self.tokenizer, BATCH_TOKENS[self.device])
        with _workers(1 if self.device == "cuda" else None) as pool:
            for members, part in pool.map(self._embedded, batches):
                vectors[members] = part
        return vectors

    def _embedded(self, batch: Batch) -> tuple[Members, Vectors]:
        import torch

        members, ids, mask = batch
        with torch.inference_mode():
            weights = torch.from_numpy(mask).to(self.device)
            output = self.network(input_ids=torch.from_numpy(ids).to(self.device), attention_mask=weights)
            means = (output.last_hidden_state * weights.unsqueeze(2)).sum(1) / weights.sum(1, keepdim=True)
            return members, torch.nn.functional.normalize(means, dim=1)[: len(members)].cpu().numpy()


@contextmanager
def _workers(count: int | None) -> Iterator[ThreadPoolExecutor]:
    """Threads that take one batch each, as many as torch would use for one batch together unless `count` says so.

    Torch's own threads wait for one another after every product, which costs most of the time on a busy machine.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with ThreadPoolExecutor(count or threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            yield pool
    finally:
        torch.set_num_threads(threads)


def _batches(rows: list[list[int]], tokenizer: TextTokenizer, tokens: int) -> Iterator[Batch]:
    """Indices, token ids and attention mask of each batch.

    The shape of a batch follows from the length of its rows alone, and what is left of the last one is filled up: a
    matrix product of another shape may add in another order, and so end in other last bits.
    """
    lengths = np.array([len(row) for row in rows])
    padded = np.minimum(-(-lengths // STEP_TOKENS) * STEP_TOKENS, tokenizer.max_tokens)
    for longest in np.unique(padded):
        members = np.flatnonzero(padded == longest)
        size = max(1, tokens // int(longest))
        for start in range(0, len(members), size):
            batch = members[start : start + size]
            ids = np.full((size, longest), tokenizer.pad_id, dtype=np.int64)
            mask = np.arange(longest) < np.pad(lengths[batch], (0, size - len(batch)), constant_values=1)[:, None]
            ids[: len(batch)][mask[: len(batch)]] = np.concatenate([rows[index] for index in batch])
            yield batch, ids, mask.astype(np.int64)


def _local_folder(model: str) -> Path:
    """The folder of a model; a hub id is fetched first, and of it only what is no code."""
    resolved = resolve_base_model(model, "the encoder of embeddings")
    if Path(resolved).is_dir():
        return Path(resolved)
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(resolved, allow_patterns=["*.json", "*.safetensors"]))
    except (OSError, ValueError) as error:
        raise _unloadable(model, error) from error


def _width(folder: Path, model: str, max_tokens: int) -> int:
    """Width of the model's vectors. Raises UserInputError where the model takes fewer than `max_tokens`."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    limit = config.get("max_position_embeddings") or max_tokens
    if max_tokens > limit:
        raise UserInputError(f"{model} takes at most {limit} tokens, but {max_tokens} are asked for")
    if not isinstance(config.get("hidden_size"), int):
        raise UserInputError(f"{model} is no text encoder: its config.json names no hidden_size; {ALLOWED}")
    return int(config["hidden_size"])


def _cache_file(folder: Path, max_tokens: int) -> Path:
    """The file of this model's vectors: another model, length or form of vectors has another."""
    content = manifest_of(folder) + f"{max_tokens} tokens, form {FORM}".encode()
    return settings().home_path / "cache" / "embeddings" / f"{hashlib.sha256(content).hexdigest()[:32]}.sqlite"


def _unloadable(model: str, error: Exception) -> UserInputError:
    reason = (str(error).strip() or type(error).__name__).splitlines()[0]
    return UserInputError(f"the embedding model {model!r} cannot be loaded: {reason}; {ALLOWED}")
