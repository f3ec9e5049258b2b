"""A random BERT of a few thousand parameters, and a handful of rows it can learn: training in about a second."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tasks.datasets.folder import empty_rows, keep_dataset
from tasks.records import DatasetRef

SUBJECTS = {
    "card": ["my card is lost", "the card was stolen", "block this card please", "a new card for me"],
    "refund": ["i want my money back", "refund this payment", "the refund is late", "money back please"],
    "login": ["the password is wrong", "i cannot log in", "reset my password", "log in does not work"],
}
TAILS = ["", "today", "please help me", "for the third time this week and nobody answers", "now", "again and again"]


def make_base_model(folder: Path, layers: int = 2, *, mean: bool = False) -> Path:
    """Write a random BERT with a word-piece tokenizer of the demo's words; one that says so if it reads the mean."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, BertTokenizerFast

    words = sorted({word for texts in SUBJECTS.values() for text in [*texts, *TAILS] for word in text.split()})
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words, *(x for x in letters if x not in words)]
    vocabulary += [f"##{letter}" for letter in letters]
    ids = {word: number for number, word in enumerate(vocabulary)}
    tokenizer = Tokenizer(models.WordPiece(ids, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", ids["[CLS]"]), ("[SEP]", ids["[SEP]"])]
    )
    fast = BertTokenizerFast(tokenizer_object=tokenizer, model_max_length=64)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=layers,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    BertModel(config).save_pretrained(folder)
    fast.save_pretrained(folder)
    if mean:
        (folder / "1_Pooling").mkdir()
        (folder / "1_Pooling" / "config.json").write_text('{"pooling_mode_mean_tokens": true}', encoding="utf-8")
    return folder


def make_rows(labels: tuple[str, ...] = ("card", "login", "refund")) -> pd.DataFrame:
    """72 rows of three labels, in texts of several lengths; fewer labels give fewer rows."""
    pairs = [(f"{text} {tail}".strip(), label) for tail in TAILS for label in labels for text in SUBJECTS[label]]
    rows = pd.DataFrame(pairs, columns=["text", "label"]).assign(
        group=None, source="test", row=range(1, len(pairs) + 1)
    )
    return rows.assign(id=[f"r{number}" for number in rows["row"]])


def make_dataset(labels: tuple[str, ...] = ("card", "login", "refund"), validation: int = 12) -> DatasetRef:
    """A stored dataset of `make_rows`, with its last rows as validation and holdout."""
    rows = make_rows(labels).sample(frac=1, random_state=1)
    splits = {
        "train": rows[2 * validation :],
        "validation": rows[:validation],
        "holdout": rows[validation : 2 * validation],
    }
    return keep_dataset(splits, empty_rows(), rows_in=len(rows), merged=0, origin={"source": "test"})
