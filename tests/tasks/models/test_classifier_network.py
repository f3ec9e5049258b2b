"""Which network a base model becomes, and what the one that reads the mean of all tokens says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from tasks.models.classifier_network import classifier_from_base, trained_classifier
from tests.tasks.models.tiny_model import make_base_model

LABELS = ("card", "login", "refund")


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_base_model(tmp_path_factory.mktemp("encoder"), mean=True)


def some_ids(rows: int = 2, tokens: int = 9) -> torch.Tensor:
    return torch.randint(5, 50, (rows, tokens), generator=torch.Generator().manual_seed(0))


def test_an_encoder_of_whole_texts_keeps_its_text_vector_and_gets_a_head(encoder: Path) -> None:
    from transformers import AutoModel

    network, fresh = classifier_from_base(str(encoder), LABELS)
    assert fresh == ["head"]
    assert network.config.id2label == dict(enumerate(LABELS))
    ids = some_ids()
    mask = torch.tensor([[1] * 9, [1] * 4 + [0] * 5])
    with torch.inference_mode():
        states = AutoModel.from_pretrained(encoder).eval()(input_ids=ids, attention_mask=mask).last_hidden_state
        means = torch.stack([states[0].mean(dim=0), states[1, :4].mean(dim=0)])
        torch.testing.assert_close(network.eval().pooled(ids, mask), means)
        alone = network(input_ids=ids[1:, :4], attention_mask=mask[1:, :4]).logits
        torch.testing.assert_close(network(input_ids=ids, attention_mask=mask).logits[1:], alone)


@pytest.mark.parametrize("pooling", [None, {"pooling_mode_mean_tokens": False, "pooling_mode_cls_token": True}])
def test_another_base_model_keeps_the_head_of_its_architecture(pooling: dict[str, bool] | None, tmp_path: Path) -> None:
    base = make_base_model(tmp_path / "base", mean=pooling is not None)
    if pooling is not None:
        (base / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
    network, fresh = classifier_from_base(str(base), LABELS)
    assert type(network).__name__ == "BertForSequenceClassification"
    assert fresh == ["classifier"]


def test_a_trained_one_is_read_back_and_can_be_a_base_model(encoder: Path, tmp_path: Path) -> None:
    trained = classifier_from_base(str(encoder), LABELS)[0].eval()
    trained.save_pretrained(tmp_path / "trained")
    ids = some_ids()
    again = trained_classifier(str(tmp_path / "trained")).eval()
    same_labels, nothing = classifier_from_base(str(tmp_path / "trained"), LABELS)
    others, head = classifier_from_base(str(tmp_path / "trained"), ("yes", "no"))
    with torch.inference_mode():
        logits = trained(ids, torch.ones_like(ids)).logits
        torch.testing.assert_close(again(ids, torch.ones_like(ids)).logits, logits)
        torch.testing.assert_close(same_labels.eval()(ids, torch.ones_like(ids)).logits, logits)
        assert others.eval()(ids, torch.ones_like(ids)).logits.shape == (2, 2)
    assert (nothing, head) == ([], ["head"])
