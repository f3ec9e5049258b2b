"""The rounded form of a language model, which quantisation-aware training stores beside the merged one."""

from __future__ import annotations

from pathlib import Path

from tasks.errors import CorruptArtefact
from tasks.models.language_model import LanguageModel

FOLDER = "quantised"
"""Where in a model's folder the converted model stands, loadable by transformers' auto classes (torchao format)."""


def load_rounded(folder: Path, merged: LanguageModel) -> LanguageModel | None:
    """The form in int8 or int4 in a model's folder, with the merged one's tokenizer; None where there is none.

    Raises CorruptArtefact where it cannot be loaded.
    """
    import torch
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM

    if not (folder / FOLDER).is_dir():
        return None
    try:
        network = AutoModelForCausalLM.from_pretrained(
            folder / FOLDER, use_safetensors=True, trust_remote_code=False, local_files_only=True
        )
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise CorruptArtefact(f"{folder / FOLDER} cannot be loaded as a language model: {reason}") from None
    network.eval().to("cuda" if torch.cuda.is_available() else "cpu")
    return LanguageModel(network, merged.tokenizer, merged.info)
