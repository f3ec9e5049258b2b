"""A trained language model: what it answers, and how likely it holds a given answer to be.

It is loaded from safetensors by transformers' own classes; no code of its folder is run, and what its folder says about
sampling is left aside, so that the caller alone decides how an answer is drawn.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tasks.errors import CorruptArtefact, UserInputError
from tasks.models.answer_tokens import AnswerTokens, batches_by_length, end_of_turn_ids, prompt_tokens, tokens_of
from tasks.models.info import ModelInfo
from tasks.models.tokens import length_sorted_batches

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

MOST_LOGITS = 1 << 27
"""Logits that are held at once: half a gigabyte in single precision."""
IGNORED = -100
"""Marks a position of no answer, as in PyTorch's losses."""


@dataclass(frozen=True)
class Sampling:
    """How the tokens of an answer are drawn."""

    temperature: float = 0.0
    """0 takes the likeliest token each time."""
    top_k: int = 0
    """Only the likeliest `top_k` tokens are drawn from; 0 is all."""
    top_p: float = 1.0
    """Only the likeliest tokens that have this probability together are drawn from."""
    samples: int = 1
    """Answers to each text."""
    seed: int = 0

    def __post_init__(self) -> None:
        if self.samples > 1 and self.temperature == 0:
            raise UserInputError("several samples of an answer need a temperature above 0, else all are the same")


GREEDY = Sampling()


class LanguageModel:
    """Answers prompts with the safetensors of a model folder."""

    def __init__(self, network: Any, tokenizer: Any, info: ModelInfo) -> None:
        self.network, self.tokenizer, self.info = network, tokenizer, info
        self.stop_ids = end_of_turn_ids(tokenizer, network.generation_config.eos_token_id)

    @classmethod
    def load(cls, folder: Path) -> LanguageModel:
        """Load the model in `folder`, on the GPU where there is one. Raises CorruptArtefact if it is no such model."""
        import torch
        from safetensors import SafetensorError
        from transformers import AutoModelForCausalLM, AutoTokenizer
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()
        info = ModelInfo.read(folder)
        if info.task == "classification":
            raise CorruptArtefact(f"{folder} holds a classifier, not a language model")
        local: dict[str, Any] = {"trust_remote_code": False, "local_files_only": True}
        try:
            tokenizer = AutoTokenizer.from_pretrained(folder, **local)
            network = AutoModelForCausalLM.from_pretrained(folder, use_safetensors=True, dtype="auto", **local)
        except (OSError, ValueError, KeyError, SafetensorError) as error:
            reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise CorruptArtefact(f"{folder} cannot be loaded as a language model: {reason}") from None
        network.eval().to("cuda" if torch.cuda.is_available() else "cpu")
        return cls(network, tokenizer, info)

    def generate(
        self,
        texts: Sequence[str],
        *,
        max_new_tokens: int,
        sampling: Sampling = GREEDY,
        batch_size: int = 16,
    ) -> list[list[str]]:
        """The answers to each text, the same for the same seed; special tokens are left out.

        An answer ends with the end of the turn, or after `max_new_tokens`. A prompt that leaves no room for them loses
        its beginning.
        """
        drawn = self.generate_tokens(texts, max_new_tokens=max_new_tokens, sampling=sampling, batch_size=batch_size)
        return [[self.decoded(answer) for answer in answers] for answers in drawn]

    def generate_tokens(
        self,
        texts: Sequence[str],
        *,
        max_new_tokens: int,
        sampling: Sampling = GREEDY,
        batch_size: int = 16,
    ) -> list[list[list[int]]]:
        """Like `generate`, in token ids: each answer's, with the token that ended it and without padding."""
        import torch

        room = self._longest() - max_new_tokens
        if room < 1:
            raise UserInputError(
                f"answers of up to {max_new_tokens} tokens leave no room for a prompt: the model takes "
                f"{self._longest()} tokens in all; lower evaluation.max_answer_tokens"
            )
        prompts = [prompt_tokens(self.tokenizer, text, self.info.task)[-room:] for text in texts]
        options, samples = self._options(max_new_tokens, sampling), sampling.samples
        answers: list[list[list[int]]] = [[] for _ in texts]
        devices = [self.network.device] if self.network.device.type == "cuda" else []
        with torch.random.fork_rng(devices), torch.inference_mode():
            torch.manual_seed(sampling.seed)
            for batch in length_sorted_batches(prompts, batch_size):
                drawn = self._continued([prompts[index] for index in batch], options)
                for place, index in enumerate(batch):
                    answers[index] = drawn[place * samples : (place + 1) * samples]
        return answers

    def decoded(self, tokens: Sequence[int]) -> str:
        """The text of an answer's tokens, without the special ones."""
        return str(self.tokenizer.decode(list(tokens), skip_special_tokens=True))

    def answer_log_probabilities(
        self, texts: Sequence[str], answers: Sequence[str], batch_size: int = 16
    ) -> tuple[Floats, Integers]:
        """Of each answer to its text: the sum of its tokens' log probabilities in nats, and their number.

        The tokens are the answer's and the end of the turn. Both arrays have the shape (texts,). What does not fit
        into the model loses the prompt's beginning, and only then the answer's end. Raises UserInputError where an
        answer has no token.
        """
        import torch

        sums, counts = np.empty(len(texts)), np.empty(len(texts), dtype=np.int64)
        with torch.inference_mode():
            for batch, rows in self._batches(texts, answers, batch_size):
                logits, targets = self._logits(rows)
                losses = torch.nn.functional.cross_entropy(
                    logits.transpose(1, 2), targets, ignore_index=IGNORED, reduction="none"
                )
                sums[batch] = -losses.double().sum(dim=1).cpu().numpy()
                counts[batch] = [len(row.answer) for row in rows]
        return sums, counts

    def answer_choices(self, texts: Sequence[str], answers: Sequence[str], batch_size: int = 16) -> list[list[int]]:
        """For each token of each answer, read after those before: -1 where it is the likeliest, else that one's id."""
        import torch

        found: list[list[int]] = [[] for _ in texts]
        with torch.inference_mode():
            for batch, rows in self._batches(texts, answers, batch_size):
                logits, targets = self._logits(rows)
                likeliest = logits.argmax(dim=2)
                codes = torch.where(likeliest == targets, -1, likeliest)
                for place, index in enumerate(batch):
                    found[index] = codes[place][targets[place] != IGNORED].tolist()
        return found

    def _batches(
        self, texts: Sequence[str], answers: Sequence[str], batch_size: int
    ) -> Iterator[tuple[list[int], list[AnswerTokens]]]:
        """Places and tokens of all rows, in batches whose logits can be held at once."""
        rows = [
            tokens_of(self.tokenizer, text, answer, self.info.task, self.stop_ids, self._longest())
            for text, answer in zip(texts, answers, strict=True)
        ]
        most_tokens = max(1, MOST_LOGITS // self.network.config.get_text_config().vocab_size)
        for batch in batches_by_length(rows, batch_size, most_tokens):
            yield batch, [rows[index] for index in batch]

    def _logits(self, rows: list[AnswerTokens]) -> tuple[Any, Any]:
        """Logits of shape (rows, positions, tokens), and the token that follows each position, or IGNORED."""
        import torch

        device, longest = self.network.device, max(len(row) for row in rows)
        first = min(len(row.prompt) for row in rows) - 1
        ids = torch.zeros((len(rows), longest), dtype=torch.long)
        mask, targets = torch.zeros_like(ids), torch.full_like(ids, IGNORED)
        for number, row in enumerate(rows):
            ids[number, : len(row)] = torch.tensor([*row.prompt, *row.answer])
            mask[number, : len(row)] = 1
            targets[number, len(row.prompt) - 1 : len(row) - 1] = torch.tensor(row.answer)
        # Padding stands behind every token of its row, where a causal model cannot see it.
        output = self.network(
            input_ids=ids.to(device),
            attention_mask=mask.to(device),
            use_cache=False,
            logits_to_keep=torch.arange(first, longest, device=device),
        )
        return output.logits.float(), targets[:, first:].to(device)

    def _continued(self, prompts: list[list[int]], options: Any) -> list[list[int]]:
        """The tokens that follow each prompt, `num_return_sequences` times each, up to the one that ended them."""
        import torch

        longest = max(len(prompt) for prompt in prompts)
        pad = options.pad_token_id
        ids = torch.tensor([[pad] * (longest - len(prompt)) + prompt for prompt in prompts])
        mask = torch.tensor([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts])
        device = self.network.device
        with self._no_settings_of_the_folder():
            output = self.network.generate(ids.to(device), attention_mask=mask.to(device), generation_config=options)
        return [self._up_to_the_end(answer) for answer in output[:, longest:].tolist()]

    @contextmanager
    def _no_settings_of_the_folder(self) -> Iterator[None]:
        """transformers fills what a call leaves open from the folder's generation_config.json: here it finds none."""
        from transformers import GenerationConfig

        own, self.network.generation_config = self.network.generation_config, GenerationConfig()
        try:
            yield
        finally:
            self.network.generation_config = own

    def _up_to_the_end(self, tokens: list[int]) -> list[int]:
        ends = (place for place, token in enumerate(tokens) if token in self.stop_ids)
        return tokens[: next(ends, len(tokens) - 1) + 1]

    def _options(self, max_new_tokens: int, sampling: Sampling) -> Any:
        from transformers import GenerationConfig

        drawn = {
            "do_sample": True,
            "temperature": sampling.temperature,
            "top_k": sampling.top_k,
            "top_p": sampling.top_p,
        }
        pad = self.tokenizer.pad_token_id
        return GenerationConfig(
            max_new_tokens=max_new_tokens,
            num_return_sequences=sampling.samples,
            eos_token_id=sorted(self.stop_ids) or None,
            pad_token_id=pad if pad is not None else min(self.stop_ids, default=0),
            **(drawn if sampling.temperature else {"do_sample": False}),
        )

    def _longest(self) -> int:
        """The most tokens that the model takes; a billion where it knows no limit, as a state-space model does."""
        return int(getattr(self.network.config.get_text_config(), "max_position_embeddings", None) or 10**9)
