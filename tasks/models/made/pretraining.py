"""The first training of a made model: next-token prediction on its text, in a plain loop on the CPU."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, islice, repeat
from typing import Any

import torch

from tasks.models.made.corpus import Document, documents, exercises
from tasks.models.made.recipes import Recipe
from tasks.models.made.tokenizer import learn_tokenizer

REPLICAS = 2
POOL = 512
"""Documents that are sorted by length together."""
IGNORED = -100
Read = tuple[list[int], list[int]]


def make_model(recipe: Recipe) -> tuple[Any, Any]:
    """The network (`Qwen3ForCausalLM`, float32) and its tokenizer, made from nothing but the recipe.

    On one machine the same recipe gives the same bytes. The process's own random state and threads stay as they were.
    """
    texts = (as_text(document) for document in islice(documents(recipe.seed), recipe.tokenizer_documents))
    tokenizer = learn_tokenizer(texts, recipe.vocabulary_size, recipe.context_tokens)
    threads = torch.get_num_threads()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        torch.set_num_threads(1)
        try:
            network = _new_network(recipe, tokenizer)
            # Another seed than the tokenizer's: its texts need not come again.
            first = islice(_batches(exercises(recipe.seed), recipe, tokenizer), recipe.exercise_steps)
            _pretrain(network, chain(first, _batches(documents(recipe.seed + 1), recipe, tokenizer)), recipe)
        finally:
            torch.set_num_threads(threads)
    return network.eval(), tokenizer


def as_text(document: Document) -> str:
    """The plain words of a document."""
    return document if isinstance(document, str) else "\n".join(message["content"] for message in document)


def read_document(document: Document, tokenizer: Any) -> tuple[list[int], list[int]]:
    """Token ids, and the same as targets: IGNORED where a customer speaks, for nobody asks the model to.

    A conversation is written by the template, plain text as it is; the end of the text stands behind both.
    """
    end = tokenizer.pad_token_id
    if isinstance(document, str):
        ids: list[int] = [*tokenizer(document)["input_ids"], end]
        return ids, ids
    read = tokenizer.apply_chat_template(document, return_dict=True, return_assistant_tokens_mask=True)
    marked = zip(read["input_ids"], read["assistant_masks"], strict=True)
    return [*read["input_ids"], end], [*(token if mine else IGNORED for token, mine in marked), IGNORED]


def _new_network(recipe: Recipe, tokenizer: Any) -> Any:
    from transformers import Qwen3Config, Qwen3ForCausalLM

    config = Qwen3Config(
        vocab_size=len(tokenizer),
        hidden_size=recipe.hidden_size,
        intermediate_size=recipe.intermediate_size,
        num_hidden_layers=recipe.layers,
        num_attention_heads=recipe.heads,
        num_key_value_heads=recipe.key_value_heads,
        head_dim=recipe.head_size,
        max_position_embeddings=recipe.context_tokens,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        dtype="float32",
    )
    network = Qwen3ForCausalLM(config)
    network.generation_config.update(do_sample=False)
    return network


def _batches(source: Iterator[Document], recipe: Recipe, tokenizer: Any) -> Iterator[torch.Tensor]:
    """Ids and targets [2, documents, tokens]: a document a row, so that none is read through another."""
    dice = random.Random(recipe.seed)  # noqa: S311 - an order, no secret
    while True:
        pool = [read_document(document, tokenizer) for document in islice(source, POOL)]
        batches = list(_of_like_length(sorted(pool, key=lambda read: len(read[0])), recipe.tokens_a_step))
        dice.shuffle(batches)
        for rows in batches:
            longest = len(rows[-1][0])
            padding = [[tokenizer.pad_token_id] * longest, [IGNORED] * longest]
            yield torch.tensor(
                [[row[part] + padding[part][len(row[part]) :] for row in rows] for part in range(len(padding))]
            )


def _of_like_length(rows: list[Read], most_tokens: int) -> Iterator[list[Read]]:
    """The rows, which are sorted by length, in batches of at most `most_tokens` positions.

    A batch that has not a row for each replica is left out: what remains of a pool, and rows of half of `most_tokens`.
    """
    batch: list[Read] = []
    for row in rows:
        if (len(batch) + 1) * len(row[0]) > most_tokens:
            yield from [batch] if len(batch) >= REPLICAS else []
            batch = []
        batch.append(row)
    yield from [batch] if len(batch) >= REPLICAS else []


def _pretrain(network: Any, batches: Iterator[torch.Tensor], recipe: Recipe) -> None:
    """Muon on the matrices of the layers, AdamW on the rest; a level rate, and a line to nothing over the last half.

    Two replicas take half of each batch, in threads that meet once a step: on busy cores, threads that share each sum
    would spend most of the time waiting for each other.
    """
    replicas = [network.train(), *(copy.deepcopy(network).train() for _ in range(REPLICAS - 1))]
    optimisers = _optimisers(network, recipe)
    with ThreadPoolExecutor(REPLICAS, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        for step, batch in enumerate(islice(batches, recipe.steps)):
            share = min(1.0, (step + 1) / recipe.warmup_steps, 2 * (1 - step / recipe.steps))
            count = int((batch[1, :, 1:] != IGNORED).sum())
            list(pool.map(_gradients, replicas, batch.chunk(REPLICAS, dim=1), repeat(count)))
            _gather(replicas)
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            for optimiser in optimisers:
                for group in optimiser.param_groups:
                    group["lr"] = share * group["peak"]
                optimiser.step()
            _spread(replicas)


def _optimisers(network: Any, recipe: Recipe) -> list[torch.optim.Optimizer]:
    layers = [parameter for parameter in network.model.layers.parameters() if parameter.ndim == 2]
    rest = [parameter for parameter in network.parameters() if all(parameter is not matrix for matrix in layers)]
    muon = {"params": layers, "peak": recipe.layers_learning_rate}
    adam = {"params": rest, "peak": recipe.learning_rate}
    return [
        torch.optim.Muon([muon], weight_decay=0.01),
        torch.optim.AdamW([adam], betas=(0.9, 0.95), weight_decay=0.0),
    ]


def _gradients(replica: Any, batch: torch.Tensor, count: int) -> None:
    """Backward of this part's share of the mean over `count` tokens."""
    replica.zero_grad()
    # Padding stands behind its document, where nothing that counts looks at it.
    logits = replica(batch[0, :, :-1], use_cache=False).logits
    targets = batch[1, :, 1:].flatten()
    summed = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets, ignore_index=IGNORED, reduction="sum")
    (summed / count).backward()


def _gather(replicas: list[Any]) -> None:
    """The sum of all gradients, in the first replica."""
    for parameters in zip(*(replica.parameters() for replica in replicas), strict=True):
        for other in parameters[1:]:
            parameters[0].grad += other.grad


def _spread(replicas: list[Any]) -> None:
    """The first replica's parameters, in the others."""
    for parameters in zip(*(replica.parameters() for replica in replicas), strict=True):
        for other in parameters[1:]:
            other.data.copy_(parameters[0].data)
