"""A causal language model of this machine as a teacher: safetensors only, no code of its folder, the same each time."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from infra.storage import manifest_of
from tasks.errors import UserInputError
from tasks.synthesize.teacher.bill import Bill
from tasks.synthesize.teacher.cache import Answer, Messages, TeacherCache
from tasks.synthesize.teacher.config import LocalBackend


def folder_digest(name: str) -> str:
    """SHA-256 of the files of a local model; a name that is no folder stands for itself."""
    folder = Path(name).expanduser()
    return hashlib.sha256(manifest_of(folder)).hexdigest() if folder.is_dir() else name


class LocalTeacher:
    """Answers one prompt at a time, each with a seed of its own, so that no answer hangs on what was asked before."""

    def __init__(self, config: LocalBackend) -> None:
        self.config, self.cache, self.bill = config, TeacherCache(), Bill()
        self.folder = _checked_folder(config.folder)
        self.name, self.digest = self.folder.name, folder_digest(config.folder)
        self._loaded: tuple[Any, Any] | None = None

    def close(self) -> None:
        """Free the model's memory."""
        self._loaded = None

    def ask(self, prompts: Sequence[Messages], attempt: int) -> list[Answer | None]:
        """See `Teacher.ask`."""
        return [self._ask_one(prompt, attempt) for prompt in prompts]

    def _ask_one(self, messages: Messages, attempt: int) -> Answer:
        config = self.config
        options = {
            "temperature": config.temperature,
            "max_tokens": config.max_tokens,
            "seed": config.seed + attempt,
        }
        key = TeacherCache.key({"model": self.digest}, messages, options)
        kept = self.cache.get(key)
        if kept is not None:
            self.bill.cached += 1
            return kept
        self.bill.sent += 1
        answer = self._generate(messages, int(key[:8], 16))
        self.cache.put(key, answer)
        return answer

    def _generate(self, messages: Messages, seed: int) -> Answer:
        import torch

        network, tokenizer = self._model()
        ids = tokenizer(_as_text(messages, tokenizer), return_tensors="pt", add_special_tokens=False)["input_ids"]
        longest = getattr(network.config, "max_position_embeddings", None) or ids.shape[1] + self.config.max_tokens
        # The end of a prompt holds the request, so that a prompt that is too long loses its beginning.
        ids = ids[:, -max(1, longest - self.config.max_tokens) :].to(network.device)
        sampling = {"do_sample": True, "temperature": self.config.temperature} if self.config.temperature else {}
        with torch.random.fork_rng(), torch.inference_mode():
            torch.manual_seed(seed)
            output = network.generate(
                ids,
                attention_mask=torch.ones_like(ids),
                max_new_tokens=self.config.max_tokens,
                pad_token_id=tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id,
                **(sampling or {"do_sample": False}),
            )[0, ids.shape[1] :]
        self.bill.prompt_tokens += int(ids.shape[1])
        self.bill.answer_tokens += len(output)
        whole = len(output) < self.config.max_tokens or int(output[-1]) == tokenizer.eos_token_id
        return Answer(str(tokenizer.decode(output, skip_special_tokens=True)), whole)

    def _model(self) -> tuple[Any, Any]:
        if self._loaded is None:
            import torch
            from transformers import AutoModelForCausalLM, AutoTokenizer
            from transformers.utils.logging import disable_progress_bar

            disable_progress_bar()
            options: dict[str, Any] = {"trust_remote_code": False, "local_files_only": True}
            try:
                network = AutoModelForCausalLM.from_pretrained(
                    self.folder, use_safetensors=True, dtype="auto", **options
                )
                tokenizer = AutoTokenizer.from_pretrained(self.folder, **options)
            except (OSError, ValueError, KeyError) as error:
                raise UserInputError(
                    f"the teacher in {self.folder} cannot be loaded as a causal language model "
                    f"({type(error).__name__}): it needs a config.json of a kind that transformers knows, a tokenizer "
                    "and *.safetensors"
                ) from None
            network.eval().to("cuda" if torch.cuda.is_available() else "cpu")
            self._loaded = network, tokenizer
        return self._loaded


def _as_text(messages: Messages, tokenizer: Any) -> str:
    """The prompt in the model's own chat form, or plainly where it has none."""
    if tokenizer.chat_template:
        turns = [dict(message) for message in messages]
        return str(tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True))
    begin = tokenizer.bos_token or ""
    return begin + "\n\n".join(message["content"] for message in messages) + "\n\n"


def _checked_folder(name: str) -> Path:
    folder = Path(name).expanduser().resolve()
    if not (folder / "config.json").is_file() or not any(folder.glob("*.safetensors")):
        raise UserInputError(
            f"the teacher's folder {name!r} must hold config.json, a tokenizer and *.safetensors: other formats of "
            "weights can run code, and are not loaded"
        )
    return folder
