"""Loads a released language model from MLflow alone: this file travels with the model, so it uses nothing of Refit.

`mlflow.pyfunc.load_model("models:/NAME@champion").predict(texts)` gives a frame with `answer`: the likeliest one, token
by token, up to the end of the turn. Weights are safetensors, and no code of the model's folder is run.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

MAX_NEW_TOKENS = 256
MARK = "\u00a7"
"""Stands for an answer whose end is looked for; a sign that no template writes."""


class Answerer:
    """The language model in a folder; a text is a prompt, or a chat as a JSON list of `role` and `content`."""

    def __init__(self, folder: Path) -> None:
        self.task = json.loads((folder / "refit.json").read_text(encoding="utf-8"))["task"]
        local: dict[str, Any] = {"trust_remote_code": False, "local_files_only": True}
        self.tokenizer = AutoTokenizer.from_pretrained(folder, **local)
        self.network = AutoModelForCausalLM.from_pretrained(folder, use_safetensors=True, dtype="auto", **local)
        self.network.eval().to("cuda" if torch.cuda.is_available() else "cpu")
        ends = self._ends()
        pad = self.tokenizer.pad_token_id
        # What the folder says about sampling is left aside: the same prompt is to get the same answer.
        self.network.generation_config = GenerationConfig(
            do_sample=False,
            eos_token_id=sorted(ends) or None,
            pad_token_id=pad if pad is not None else min(ends, default=0),
        )

    def predict(self, texts: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """The answer to each value of the column `text`; `params` may hold `max_new_tokens`."""
        most = int((params or {}).get("max_new_tokens", MAX_NEW_TOKENS))
        return pd.DataFrame({"answer": [self._answer(str(text), most) for text in texts["text"]]})

    def _answer(self, text: str, most: int) -> str:
        templated = bool(self.tokenizer.chat_template)
        ids = self.tokenizer(self._prompt(text), add_special_tokens=not templated, return_tensors="pt")["input_ids"]
        ids = ids.to(self.network.device)
        with torch.inference_mode():
            output = self.network.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=most)
        return str(self.tokenizer.decode(output[0, ids.shape[1] :], skip_special_tokens=True))

    def _ends(self) -> set[int]:
        """Ids of the tokens that end an answer: the end of text, and what the template writes behind an answer."""
        known = self.network.generation_config.eos_token_id
        ends = {self.tokenizer.eos_token_id, *(known if isinstance(known, list) else [known])} - {None}
        if self.tokenizer.chat_template:
            turns = [{"role": "user", "content": MARK}, {"role": "assistant", "content": MARK}]
            behind = self.tokenizer.apply_chat_template(turns, tokenize=False).rpartition(MARK)[2]
            ids = self.tokenizer(behind, add_special_tokens=False)["input_ids"] if behind else []
            ends |= {token for token in ids if token in self.tokenizer.all_special_ids}
        return ends

    def _prompt(self, text: str) -> str:
        if not self.tokenizer.chat_template:
            return f"{text}\n"
        chat = self.task == "chat" or (self.task == "preference" and _is_chat(text))
        messages = json.loads(text) if chat else [{"role": "user", "content": text}]
        return str(self.tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))


def _is_chat(text: str) -> bool:
    try:
        turns = json.loads(text) if text.startswith("[") else None
    except ValueError:
        return False
    return isinstance(turns, list) and bool(turns) and all(isinstance(turn, dict) and "role" in turn for turn in turns)


def _load_pyfunc(path: str) -> Answerer:
    return Answerer(Path(path))
