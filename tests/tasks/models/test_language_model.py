"""A language model answers alike for the same seed, ends where the turn ends, and scores what it is given."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tasks.errors import CorruptArtefact, UserInputError
from tasks.models.language_model import LanguageModel, Sampling
from tests.tasks.models.tiny_language_model import LONGEST, make_language_model
from tests.tasks.models.tiny_model import make_base_model

TEXTS = ["Hello", "Where is my parcel? It was due on Monday.", "Refund?"]
ANSWERS = ["Hi!", "On its way.", "Yes, within five days of the day on which it came back."]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_language_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def model(folder: Path) -> LanguageModel:
    return LanguageModel.load(folder)


def test_an_answer_is_the_same_alone_and_in_a_batch(model: LanguageModel) -> None:
    together = model.generate(TEXTS, max_new_tokens=8)
    assert together == [model.generate([text], max_new_tokens=8)[0] for text in TEXTS]
    assert all(len(answers) == 1 for answers in together)


def test_samples_differ_among_themselves_and_are_the_same_for_the_same_seed(model: LanguageModel) -> None:
    def drawn(seed: int) -> list[list[str]]:
        return model.generate(TEXTS, max_new_tokens=8, sampling=Sampling(temperature=1.0, samples=4, seed=seed))

    first = drawn(1)
    assert [len(set(answers)) > 1 for answers in first] == [True] * 3
    assert first == drawn(1)
    assert first != drawn(2)


def test_top_k_of_one_is_the_likeliest_token(model: LanguageModel) -> None:
    assert model.generate(TEXTS, max_new_tokens=6, sampling=Sampling(temperature=1.0, top_k=1)) == model.generate(
        TEXTS, max_new_tokens=6
    )


def test_several_greedy_samples_are_refused() -> None:
    with pytest.raises(UserInputError, match="need a temperature above 0"):
        Sampling(samples=2)


def test_an_answer_ends_with_the_end_of_the_turn(model: LanguageModel) -> None:
    assert {model.tokenizer.convert_ids_to_tokens(i) for i in model.stop_ids} == {"<|im_end|>"}
    drawn = model.generate_tokens(TEXTS * 8, max_new_tokens=99, sampling=Sampling(temperature=50.0, seed=3))
    ended = [answers[0] for answers in drawn if answers[0][-1] in model.stop_ids]
    assert ended
    assert all(not model.stop_ids & set(answer[:-1]) for answer in ended)


def test_what_the_folder_says_about_sampling_is_left_aside(folder: Path, tmp_path: Path, model: LanguageModel) -> None:
    other = make_language_model(tmp_path / "model")
    settings = {"do_sample": True, "temperature": 9.0, "repetition_penalty": 5.0, "eos_token_id": [0, 1]}
    (other / "generation_config.json").write_text(json.dumps(settings), encoding="utf-8")
    told = LanguageModel.load(other)
    assert {0, 1} < told.stop_ids
    told.stop_ids = model.stop_ids
    assert told.generate(TEXTS, max_new_tokens=8) == model.generate(TEXTS, max_new_tokens=8)


def test_log_probabilities_are_those_of_the_network_token_by_token(model: LanguageModel) -> None:
    import torch

    sums, counts = model.answer_log_probabilities(TEXTS, ANSWERS)
    prompt = f"<|im_start|>user\n{TEXTS[1]}<|im_end|>\n<|im_start|>assistant\n"
    before = model.tokenizer(prompt)["input_ids"]
    after = model.tokenizer(f"{ANSWERS[1]}<|im_end|>")["input_ids"]
    with torch.inference_mode():
        logits = model.network(torch.tensor([before + after])).logits[0].log_softmax(-1)
    expected = sum(float(logits[len(before) + place - 1, token]) for place, token in enumerate(after))
    assert counts.tolist() == [len(answer) + 1 for answer in ANSWERS]
    assert sums[1] == pytest.approx(expected, abs=1e-4)


def test_log_probabilities_do_not_hang_on_the_batch(model: LanguageModel, monkeypatch: pytest.MonkeyPatch) -> None:
    sums, _ = model.answer_log_probabilities(TEXTS, ANSWERS)
    np.testing.assert_allclose(model.answer_log_probabilities(TEXTS, ANSWERS, batch_size=1)[0], sums, atol=1e-4)
    monkeypatch.setattr("tasks.models.language_model.MOST_LOGITS", 1)
    np.testing.assert_allclose(model.answer_log_probabilities(TEXTS, ANSWERS)[0], sums, atol=1e-4)


def test_a_long_prompt_loses_its_beginning_and_never_the_answer(model: LanguageModel) -> None:
    _, counts = model.answer_log_probabilities(["x" * 2 * LONGEST], ["Hi!"])
    assert counts.tolist() == [4]
    assert len(model.generate_tokens(["x" * 2 * LONGEST], max_new_tokens=8)[0][0]) <= 8
    with pytest.raises(UserInputError, match="leave no room for a prompt"):
        model.generate(["x"], max_new_tokens=LONGEST)


def test_code_in_the_folder_is_not_run(tmp_path: Path) -> None:
    folder = make_language_model(tmp_path / "model")
    (folder / "custom_generate").mkdir()
    for name in ("custom_generate/generate.py", "modeling_own.py"):
        (folder / name).write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n", encoding="utf-8")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config["auto_map"] = {"AutoModelForCausalLM": "modeling_own.Own"}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    LanguageModel.load(folder).generate(["Hello"], max_new_tokens=2)
    assert not (tmp_path / "ran").exists()


def test_a_folder_without_a_language_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorruptArtefact, match=r"no refit\.json"):
        LanguageModel.load(make_base_model(tmp_path / "base"))
    folder = make_language_model(tmp_path / "cut")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(CorruptArtefact, match="cannot be loaded as a language model"):
        LanguageModel.load(folder)


@pytest.mark.gpu
def test_on_a_gpu_it_says_what_it_says_on_the_cpu(model: LanguageModel) -> None:
    assert model.network.device.type == "cuda"
    sums, _ = model.answer_log_probabilities(TEXTS, ANSWERS)
    said = model.generate(TEXTS, max_new_tokens=8)
    drawn = [model.generate(TEXTS, max_new_tokens=8, sampling=Sampling(temperature=1.0, seed=5)) for _ in range(2)]
    assert drawn[0] == drawn[1]
    model.network.cpu()
    np.testing.assert_allclose(model.answer_log_probabilities(TEXTS, ANSWERS)[0], sums, atol=1e-2)
    assert model.generate(TEXTS, max_new_tokens=8) == said
    model.network.cuda()
