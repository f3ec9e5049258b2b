"""The attacks find what is there to be found, stay within their budget, and leave the network as it was."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
import torch

from tasks.evaluate.classifier.robustness.config import GradientAttack, RobustnessConfig
from tasks.evaluate.classifier.robustness.gradient import Attack, EmbeddingAttacks, at_rest, ensemble
from tasks.evaluate.classifier.robustness.strengths import curve
from tasks.evaluate.classifier.subject import Subject
from tests.tasks.evaluate.classifier.robustness.conftest import LABELS, WORDS, labels_of, linear_classifier

TEXTS = ["lost card", "money back please", "card", "lost card now please money back", "now"]
CONFIG = RobustnessConfig(steps=8)


def attacks_called(*names: str) -> list[Attack]:
    return ensemble(CONFIG.model_copy(update={"gradient_attacks": names}))


@pytest.mark.parametrize("name", [name for name in get_args(GradientAttack) if name != "targeted"])
def test_an_attack_reaches_the_known_optimum_of_a_linear_network(name: str) -> None:
    classifier = linear_classifier()
    labels = labels_of(classifier, TEXTS)
    attacks = EmbeddingAttacks(classifier, TEXTS, labels, seed=0)
    # Each of a text's own tokens lowers the lead by its radius times the norm of the labels' difference, and no more.
    logits = classifier.logits(TEXTS)
    steepness = (classifier.network.weights[0] - classifier.network.weights[1]).norm().item()
    for row, text in enumerate(TEXTS):
        lead = abs(logits[row, 0] - logits[row, 1])
        needed = lead / (len(text.split()) * steepness * attacks.mean_norm)
        for share, breaks in ((0.99, False), (1.01, True)):
            (tried,) = attacks.run(attacks_called(name), np.array([row]), needed * share)
            assert (len(tried.broken) == 1) is breaks, (text, share)


def test_the_attack_on_the_second_likeliest_label_finds_what_the_likeliest_hides() -> None:
    classifier = linear_classifier(labels=3)
    # The third label is nearly as likely as the first and cannot gain on it; the second is behind, and can.
    network = classifier.network
    with torch.no_grad():
        network.weights[:] = 0
        network.weights[0, 0], network.weights[1, 1], network.weights[2, 0] = 1.0, 3.0, 0.9
        network.embedding.weight[:] = 0
        network.embedding.weight[3:, 0] = 1.0
    attacks = EmbeddingAttacks(classifier, ["card"], np.array([0]), seed=0)
    assert attacks.wrong_labels.tolist() == [[2, 1]]
    likeliest, second = attacks.run(attacks_called("margin", "targeted"), np.array([0]), 0.4)
    assert (len(likeliest.broken), len(second.broken)) == (0, 1)


def test_a_constant_classifier_cannot_be_broken() -> None:
    classifier = linear_classifier(labels=3)
    network = classifier.network
    with torch.no_grad():
        network.weights[:] = 0
    labels = labels_of(classifier, TEXTS)
    attacks = EmbeddingAttacks(classifier, TEXTS, labels, seed=0)
    found = attacks.run(ensemble(CONFIG), np.arange(len(TEXTS)), 100.0)
    assert [len(tried.broken) for tried in found] == [0] * len(get_args(GradientAttack))


def test_what_the_tokenizer_puts_around_a_text_is_not_attacked() -> None:
    classifier = linear_classifier()
    attacks = EmbeddingAttacks(classifier, [""], labels_of(classifier, [""]), seed=0)
    assert len(attacks.run(ensemble(CONFIG), np.array([0]), 100.0)[0].broken) == 0


def test_a_larger_budget_never_breaks_fewer_and_none_breaks_nothing(subject: Subject) -> None:
    network = subject.trained.network
    labels = np.array([LABELS.index(label) if label in LABELS else -1 for label in subject.holdout["label"]])
    with at_rest(network):
        attacks = EmbeddingAttacks(subject.trained, subject.holdout["text"].tolist(), labels, seed=0)
        right = np.flatnonzero(attacks.right)
        counts = []
        for epsilon in (0.0, 0.3, 2.0):
            found = curve(attacks, right, epsilon, RobustnessConfig())
            shares = [len(broken) for broken in found.broken.values()]
            assert list(found.broken) == [0.0, 0.25, 0.5, 1.0, 2.0]
            assert shares == sorted(shares)
            assert shares[0] == 0
            counts.append(shares[3])
    assert counts == sorted(counts)
    assert counts[0] == 0
    assert counts[-1] == len(right), "a change twice as large as the embeddings themselves breaks everything"


def test_a_broken_row_is_broken_whatever_else_is_attacked_with_it(subject: Subject) -> None:
    labels = np.array([LABELS.index(label) if label in LABELS else -1 for label in subject.holdout["label"]])
    attacks = EmbeddingAttacks(subject.trained, subject.holdout["text"].tolist(), labels, seed=0)
    right = np.flatnonzero(attacks.right)
    together = attacks.run(attacks_called("momentum"), right, 0.3)[0]
    assert 0 < len(together.broken) < len(right)
    alone = [row for row in right if len(attacks.run(attacks_called("momentum"), np.array([row]), 0.3)[0].broken)]
    assert alone == together.broken.tolist()


def test_a_row_that_is_broken_is_not_attacked_further() -> None:
    classifier = linear_classifier()
    attacks = EmbeddingAttacks(classifier, TEXTS, labels_of(classifier, TEXTS), seed=0)
    first, second = attacks.run(attacks_called("pgd", "one_step"), np.arange(len(TEXTS)), 50.0)
    assert first.broken.tolist() == list(range(len(TEXTS)))
    assert first.steps == 2 * len(TEXTS), "the text itself, and the first step, which is enough"
    assert (len(second.rows), second.steps) == (0, 0)


def test_one_step_after_several_finds_nothing_and_costs_nothing(subject: Subject) -> None:
    labels = np.array([LABELS.index(label) if label in LABELS else -1 for label in subject.holdout["label"]])
    attacks = EmbeddingAttacks(subject.trained, subject.holdout["text"].tolist(), labels, seed=0)
    right = np.flatnonzero(attacks.right)
    pgd, known = attacks.run(attacks_called("pgd", "one_step"), right, 0.3)
    (alone,) = attacks.run(attacks_called("one_step"), right, 0.3)
    assert len(alone.broken) > 0
    assert set(alone.broken) <= set(pgd.broken)
    assert (len(known.broken), known.steps) == (0, 0)


def test_a_spared_row_counts_as_withstanding() -> None:
    classifier = linear_classifier()
    attacks = EmbeddingAttacks(classifier, TEXTS, labels_of(classifier, TEXTS), seed=0)
    (tried,) = attacks.run(attacks_called("margin"), np.arange(len(TEXTS)), 50.0, spared=np.array([1, 2]))
    assert tried.rows.tolist() == [0, 1, 2, 3, 4]
    assert tried.broken.tolist() == [0, 3, 4]


def test_the_network_is_left_as_it_was_even_after_a_fault() -> None:
    network = linear_classifier().network.train()
    network.embedding.weight.requires_grad_(False)

    def inside() -> None:
        with at_rest(network):
            assert not network.training
            assert not any(parameter.requires_grad for parameter in network.parameters())
            raise RuntimeError("a fault")

    with pytest.raises(RuntimeError, match="a fault"):
        inside()
    assert network.training
    assert {name for name, parameter in network.named_parameters() if parameter.requires_grad} == {"weights"}
    assert all(parameter.grad is None for parameter in network.parameters())


def test_the_words_of_the_test_are_known_to_the_linear_network() -> None:
    assert {word for text in TEXTS for word in text.split()} <= set(WORDS)
