"""The part of the section `evaluation` about robustness: which attacks a classifier is put under, and how strong."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tasks.section import Section

GradientAttack = Literal["pgd", "one_step", "margin", "momentum", "targeted"]
TextAttack = Literal["words", "characters"]


class RobustnessConfig(Section):
    """Attacks on a classifier: on its embeddings by gradients, on its texts by search, and typos that mean no harm."""

    rows: int = Field(default=200, ge=1)
    """Holdout rows drawn by the seed; all where there are fewer. An attack is tried on those answered rightly. From 149
    of them, all withstanding, the interval ends at 2 % (at a confidence of 90 %): fewer cannot pass that limit."""
    epsilon: float = Field(default=0.05, gt=0, allow_inf_nan=False)
    """Budget of the gradient attacks: the L2 norm of each token's perturbation, relative to the mean L2 norm of the
    vocabulary's embeddings. At 0.05 no word turns into another (in MiniLM the nearest two are 0.6 apart), and more
    steps hardly find more, so that the figure is the network's; at 0.2 a network that was not trained for it hardly
    ever withstands."""
    steps: int = Field(default=5, ge=1)
    """Steps of projected gradient descent in each start; they shrink, so that few are enough."""
    restarts: int = Field(default=2, ge=1)
    """Starts of projected gradient descent: the first from the text itself, the others at random."""
    gradient_attacks: tuple[GradientAttack, ...] = ("pgd", "one_step", "margin", "momentum", "targeted")
    """The ensemble, each on the rows that are left: projected gradient descent on the cross-entropy, one step of it,
    the margin to the likeliest wrong label, momentum, and the margin to the second likeliest wrong label. A row counts
    as broken where any of them finds a wrong answer. Empty for none."""
    spared_beyond: float | None = Field(default=2.0, gt=1, allow_inf_nan=False)
    """A row that withstands the margin's climb at this multiple of epsilon counts as withstanding the ensemble at
    epsilon, without being tried: most of the work. Null tries every attack on every row."""
    text_attacks: tuple[TextAttack, ...] = ("words", "characters")
    """Searches for a text near the row's own that gets a wrong answer: other words, or slips inside words."""
    most_words_changed: float = Field(default=0.2, gt=0, le=1)
    """Share of a text's words that a search may change, and always one."""
    least_similarity: float = Field(default=0.9, ge=-1, le=1)
    """Cosine in meaning between a text and the one with other words, by the bundled encoder, at the least."""
    queries: int = Field(default=40, ge=2)
    """Questions to the classifier that a search may spend on one row."""
    typo_rate: float = Field(default=0.1, ge=0, le=1)
    """Share of the words of four letters or more that get a typo. One in ten is about what people leave on a telephone,
    where 2.3 % of the letters stay wrong (Palin et al. 2019, "How do people type on mobile devices?"). At 0 none are
    measured."""
    typo_draws: int = Field(default=5, ge=1)
    """Times that typos are drawn anew for each row."""
