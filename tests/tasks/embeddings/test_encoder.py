"""Texts become unit vectors: the same bits in any company, computed once, and from the right model."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from tasks.embeddings import encoder
from tasks.embeddings.encoder import embed
from tasks.errors import UserInputError
from tests.tasks.models.tiny_model import make_base_model

TEXTS = ["my card is lost", "refund this payment please", "the password is wrong", "a new card for me again and again"]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(make_base_model(tmp_path_factory.mktemp("tiny")))


@pytest.fixture
def embedded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that were really computed, and not found."""
    seen: list[str] = []
    compute = encoder._Encoder.vectors

    def spy(self: encoder._Encoder, texts: list[str]) -> encoder.Vectors:
        seen.extend(texts)
        return compute(self, texts)

    monkeypatch.setattr(encoder._Encoder, "vectors", spy)
    return seen


def cache_file(home: Path) -> Path:
    (path,) = (home / "cache" / "embeddings").glob("*.sqlite")
    return path


def test_a_vector_is_the_mean_over_the_tokens_of_the_text_alone(tiny: str) -> None:
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokens = AutoTokenizer.from_pretrained(tiny)(TEXTS[0], return_tensors="pt")
    with torch.inference_mode():
        mean = AutoModel.from_pretrained(tiny).eval()(**tokens).last_hidden_state[0].mean(0).numpy()
    vectors = embed(TEXTS, tiny, max_tokens=64)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors[0], mean / np.linalg.norm(mean), atol=2e-4)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_a_text_has_the_same_bits_in_any_company(tiny: str, refit_home: Path) -> None:
    together = embed(TEXTS, tiny, max_tokens=64)
    cache_file(refit_home).unlink()
    alone = np.concatenate([embed([text], tiny, max_tokens=64) for text in reversed(TEXTS)])[::-1]
    assert np.array_equal(together, alone)


def test_a_text_is_embedded_once_and_then_found(tiny: str, embedded: list[str]) -> None:
    first = embed([*TEXTS, TEXTS[0]], tiny, max_tokens=64)
    assert embedded == TEXTS
    again = embed([*reversed(TEXTS), "lost"], tiny, max_tokens=64)
    assert embedded == [*TEXTS, "lost"]
    assert np.array_equal(first[0], first[4])
    assert np.array_equal(again[:4][::-1], first[:4])


def test_another_length_is_another_vector(tiny: str, embedded: list[str]) -> None:
    whole, cut = embed(TEXTS[3:], tiny, max_tokens=64), embed(TEXTS[3:], tiny, max_tokens=8)
    assert len(embedded) == 2
    assert not np.array_equal(whole, cut)


def test_no_text_is_in_the_cache(tiny: str, refit_home: Path) -> None:
    embed(TEXTS, tiny, max_tokens=64)
    content = b"".join(path.read_bytes() for path in (refit_home / "cache" / "embeddings").iterdir())
    assert not any(word.encode() in content for text in TEXTS for word in text.split() if len(word) > 3)


@pytest.mark.parametrize("damage", ["no database", "cut short", "a bit"])
def test_a_damaged_cache_is_made_anew(tiny: str, refit_home: Path, embedded: list[str], damage: str) -> None:
    before = embed(TEXTS, tiny, max_tokens=64)
    path = cache_file(refit_home)
    if damage == "a bit":
        with sqlite3.connect(path) as database:
            database.execute("UPDATE vectors SET vector = zeroblob(length(vector)) WHERE number = 2")
    else:
        path.write_bytes(b"no database" * 99 if damage == "no database" else path.read_bytes()[:-5000])
    embedded.clear()
    assert np.array_equal(embed(TEXTS, tiny, max_tokens=64), before)
    assert embedded == ([TEXTS[1]] if damage == "a bit" else TEXTS)
    embedded.clear()
    embed(TEXTS, tiny, max_tokens=64)
    assert embedded == []


def test_no_text_gives_no_vector(tiny: str) -> None:
    assert embed([], tiny, max_tokens=64).shape == (0, 32)


def test_more_tokens_than_the_model_takes_are_refused(tiny: str) -> None:
    with pytest.raises(UserInputError, match="takes at most 64 tokens, but 65 are asked for"):
        embed(TEXTS, tiny, max_tokens=65)


def test_a_folder_that_holds_no_encoder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"architectures": []}')
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(UserInputError, match="is no text encoder: its config.json names no hidden_size"):
        embed(TEXTS, str(tmp_path))


@pytest.mark.slow
def test_the_bundled_encoder_puts_like_meanings_together() -> None:
    vectors = embed(["I lost my card", "my bank card is missing", "the weather is nice today"])
    likeness = vectors @ vectors.T
    assert vectors.shape == (3, 384)
    assert likeness[0, 1] > 0.6 > 0.3 > likeness[0, 2]
