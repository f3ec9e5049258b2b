"""Training on changed embeddings: the changes stay within the budget, the gradient is their mean, and it helps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import torch
from transformers import AutoTokenizer

from infra.storage import manifest_of
from tasks.errors import UserInputError
from tasks.evaluate.classifier.robustness.config import RobustnessConfig
from tasks.evaluate.classifier.robustness.gradient import EmbeddingAttacks, at_rest, ensemble
from tasks.models.classifier_network import classifier_from_base
from tasks.models.perturbation import mean_embedding_norm
from tasks.models.torch_classifier import TorchClassifier
from tasks.train.classifier.adversarial import Adversary
from tasks.train.classifier.adversarial_config import AdversarialConfig
from tasks.train.classifier.learning import learn
from tasks.train.config import TrainingConfig
from tasks.train.plan import RunPlan, check_stages
from tests.tasks.train.classifier.test_learning import Killed, Listener

Prepare = Callable[..., Path]


@pytest.fixture(autouse=True)
def few_threads() -> None:
    torch.set_num_threads(1)


def test_changes_stay_within_the_budget_on_the_texts_own_tokens_and_gradients_add_up(tiny_encoder: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_encoder)
    network = classifier_from_base(str(tiny_encoder), ("a", "b", "c"))[0].eval()
    encoded = tokenizer(["where is my card", "refund"], padding=True, return_tensors="pt")
    batch = {name: encoded[name] for name in ("input_ids", "attention_mask")} | {"labels": torch.tensor([0, 1])}
    embeddings = network.get_input_embeddings()
    unchanged, looked_up = network(**batch).loss.item(), embeddings(batch["input_ids"]).detach()
    torch.manual_seed(0)
    adversary = Adversary(network, tokenizer, AdversarialConfig(epsilon=0.2, steps=4))
    losses: list[float] = []
    changes: list[torch.Tensor] = []

    def loss() -> torch.Tensor:
        # A hook that is registered inside the perturbation sees what the perturbation made of the embeddings.
        hook = embeddings.register_forward_hook(lambda _module, _ids, found: changes.append(found.detach() - looked_up))
        found: torch.Tensor = network(**batch).loss
        hook.remove()
        losses.append(found.item())
        return found

    mean = adversary.learn(batch, loss, lambda share: share.backward())
    assert mean.item() == pytest.approx(sum(losses) / 4, rel=1e-5)
    assert losses[-1] > max(unchanged, losses[0]), "the changes are to make it worse"
    norms = torch.stack(changes).norm(dim=3)
    assert norms.max() == pytest.approx(0.2 * mean_embedding_norm(network), rel=1e-3)
    put_around = torch.isin(batch["input_ids"], torch.tensor(tokenizer("")["input_ids"])) | (
        batch["attention_mask"] == 0
    )
    assert norms[:, put_around].max() == 0
    assert all(weights.grad is not None for weights in network.parameters())


def test_dropout_leaves_out_the_same_in_every_step_of_a_batch(tiny_encoder: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_encoder)
    network = classifier_from_base(str(tiny_encoder), ("a", "b", "c"))[0].train()
    encoded = tokenizer(["where is my card", "refund"], padding=True, return_tensors="pt")
    batch = {name: encoded[name] for name in ("input_ids", "attention_mask")} | {"labels": torch.tensor([0, 1])}
    losses: list[float] = []

    def loss() -> torch.Tensor:
        found: torch.Tensor = network(**batch).loss
        losses.append(found.item())
        return found

    adversary = Adversary(network, tokenizer, AdversarialConfig(epsilon=1e-6, steps=3))
    for _ in range(2):
        adversary.learn(batch, loss, lambda share: share.backward())
    assert losses[:3] == pytest.approx([losses[0]] * 3, abs=1e-5), "nothing but chance could make them differ"
    assert abs(losses[3] - losses[0]) > 1e-4, "and the next batch draws anew"


def test_a_killed_training_goes_on_to_the_same_model(prepare: Prepare) -> None:
    adversarial = {"epsilon": 0.1, "steps": 2}
    whole, killed = (prepare(code=code, adversarial=adversarial) for code in ("whole", "killed"))
    learn(whole, Listener(whole))
    with pytest.raises(Killed):
        learn(killed, Listener(killed, after=3))
    learn(killed, Listener(killed))
    assert manifest_of(killed / "model") == manifest_of(whole / "model")


def test_a_network_trained_so_withstands_more_attacks(prepare: Prepare) -> None:
    broken = {}
    for steps in (0, 3):
        adversarial = {"epsilon": 0.6, "steps": steps} if steps else None
        changes = {"epochs": 12, "learning_rate": 1e-2, "early_stopping_patience": 12}
        folder = prepare(adversarial=adversarial, **changes)
        learn(folder, lambda *_, **__: None)
        model = TorchClassifier.load(folder / "model")
        rows = pd.read_parquet(RunPlan.read(folder).dataset_folder / "train.parquet")
        labels = rows["label"].map(model.labels.index).to_numpy()
        with at_rest(model.network):
            attacks = EmbeddingAttacks(model, rows["text"].tolist(), labels, 0)
            right = attacks.right.nonzero()[0]
            tried = attacks.run(ensemble(RobustnessConfig()), right, 0.6)
        broken[steps] = sum(len(one.broken) for one in tried) / len(right)
    assert broken[3] <= 0.5 * broken[0]


def test_a_language_model_is_not_trained_so() -> None:
    config = TrainingConfig(adversarial=AdversarialConfig())
    with pytest.raises(UserInputError, match="adversarial is for classifiers"):
        check_stages(config, "instruction")
