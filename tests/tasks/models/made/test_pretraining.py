"""What the first training promises: context is used, turns are ended, documents are read apart."""

from __future__ import annotations

from itertools import islice
from typing import Any

import torch

from tasks.models.made.corpus import documents
from tasks.models.made.pretraining import IGNORED, REPLICAS, _batches, read_document
from tests.tasks.models.made.conftest import SMALL
from tests.tasks.models.made.held_out import held_out, nats_a_token, unigram_nats


def test_even_a_small_model_knows_unseen_text_better_than_counting_would(small: tuple[Any, Any]) -> None:
    network, tokenizer = small
    rows = held_out(tokenizer, 60)
    assert nats_a_token(network, rows) < 0.9 * unigram_nats(rows)


def test_the_end_of_a_turn_is_likelier_after_a_sentence_than_inside_one(small: tuple[Any, Any]) -> None:
    network, tokenizer = small
    chat = [{"role": "user", "content": "Please repeat the number 41852."}]
    prompt = tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
    chances = []
    for said in ("Thank you for your message.", "Thank you for"):
        ids = torch.tensor([tokenizer(prompt + said)["input_ids"]])
        with torch.inference_mode():
            chances.append(network(ids).logits[0, -1].softmax(-1)[tokenizer.eos_token_id].item())
    whole, broken_off = chances
    assert whole > 10 * broken_off


def test_batches_hold_one_document_a_row_and_no_more_tokens_than_promised(small: tuple[Any, Any]) -> None:
    _, tokenizer = small
    for batch in islice(_batches(documents(SMALL.seed), SMALL, tokenizer), 40):
        ids, targets = batch
        assert ids.numel() <= SMALL.tokens_a_step
        assert len(ids) >= REPLICAS
        assert ids.shape[1] <= SMALL.context_tokens
        assert ((targets == IGNORED) | (targets == ids)).all()


def test_answers_are_learned_with_their_end_and_what_customers_say_is_not(small: tuple[Any, Any]) -> None:
    _, tokenizer = small
    chat = [{"role": "user", "content": "Where is it?"}, {"role": "assistant", "content": "On its way."}]
    ids, targets = read_document(chat, tokenizer)
    assert tokenizer.decode([token for token in targets if token != IGNORED]) == "On its way.<|im_end|>"
    assert len(ids) == len(targets)
    ids, targets = read_document("The shop is open.", tokenizer)
    assert ids == targets
    assert ids[-1] == tokenizer.pad_token_id
