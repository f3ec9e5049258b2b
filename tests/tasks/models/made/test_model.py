"""The made model: whole, the same bytes each time, kept, and mended where it was damaged."""

from __future__ import annotations

import json
import logging
import multiprocessing
from pathlib import Path

import pytest
import torch

from infra.storage import manifest_of
from tasks.errors import StorageError
from tasks.models.bundled import base_model_digest, resolve_base_model
from tasks.models.made import model
from tasks.models.made.model import made_model
from tasks.models.made.recipes import RECIPES
from tests.tasks.models.made.conftest import SMALL, UNTAUGHT, loaded, made_in
from tests.tasks.models.made.held_out import held_out, nats_a_token, unigram_nats


def test_the_folder_holds_safetensors_and_nothing_that_runs_code(small_model: Path) -> None:
    names = {path.name for path in small_model.iterdir()}
    assert "model.safetensors" in names
    assert {Path(name).suffix for name in names} == {".safetensors", ".json", ".jinja"}


def test_the_folder_is_an_ordinary_qwen3_in_single_precision(small_model: Path) -> None:
    config = json.loads((small_model / "config.json").read_text())
    assert config["architectures"] == ["Qwen3ForCausalLM"]
    assert config["dtype"] == "float32"
    assert "auto_map" not in config
    assert str(small_model.parent) not in "".join(path.read_text() for path in small_model.glob("*.json"))


def test_the_same_recipe_gives_the_same_bytes_whatever_the_process_did_before(
    small_model: Path, tmp_path: Path
) -> None:
    torch.rand(7)
    threads = torch.get_num_threads()
    torch.set_num_threads(1 if threads > 1 else 2)
    again = made_in(tmp_path / "another", SMALL)
    torch.set_num_threads(threads)
    assert manifest_of(again) == manifest_of(small_model)


def test_making_leaves_the_random_state_and_the_threads_of_the_process_alone(tmp_path: Path) -> None:
    torch.manual_seed(3)
    expected, threads = torch.rand(3), torch.get_num_threads()
    torch.manual_seed(3)
    made_in(tmp_path / "another", UNTAUGHT)
    assert torch.equal(torch.rand(3), expected)
    assert torch.get_num_threads() == threads


def test_another_recipe_is_another_folder(refit_home: Path) -> None:
    assert model._key(UNTAUGHT) != model._key(RECIPES["tiny-qwen3"])


def test_it_is_made_once_and_says_so(refit_home: Path) -> None:
    said: list[str] = []
    first = made_model("tiny-qwen3", UNTAUGHT, said.append)
    assert first.is_relative_to(refit_home)
    assert "made:tiny-qwen3 is made from generated text" in said[0]
    assert len(said) == 2
    assert made_model("tiny-qwen3", UNTAUGHT, said.append) == first
    assert len(said) == 2


def test_one_whose_files_were_damaged_is_made_again(refit_home: Path) -> None:
    folder = made_model("tiny-qwen3", UNTAUGHT)
    whole = manifest_of(folder)
    (folder / "model.safetensors").write_bytes(b"torn")
    said: list[str] = []
    assert made_model("tiny-qwen3", UNTAUGHT, said.append) == folder
    assert said
    assert manifest_of(folder) == whole


def test_a_half_made_one_is_not_taken_for_whole(refit_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(model, "write_synced", killed)
        with pytest.raises(KeyboardInterrupt):
            made_model("tiny-qwen3", UNTAUGHT)
    assert not list((refit_home / "made").iterdir())


def test_a_home_that_cannot_be_written_is_named(refit_home: Path) -> None:
    refit_home.write_text("a file where a folder should be")
    with pytest.raises(StorageError, match="set REFIT_HOME to a writable folder"):
        made_model("tiny-qwen3", UNTAUGHT)


def test_a_config_names_it_like_any_other_base(
    refit_home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(RECIPES, "tiny-qwen3", UNTAUGHT)
    with caplog.at_level(logging.WARNING):
        folder = Path(resolve_base_model("made:tiny-qwen3"))
    assert "half a minute" in caplog.text
    assert (folder / "config.json").is_file()
    assert base_model_digest("made:tiny-qwen3") == base_model_digest(str(folder))


def _make(home: Path) -> None:
    made_in(home, UNTAUGHT)


@pytest.mark.slow
def test_two_processes_may_make_it_at_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    makers = [context.Process(target=_make, args=(tmp_path / "shared",)) for _ in range(2)]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join(300)
    assert [maker.exitcode for maker in makers] == [0, 0]
    [folder] = (tmp_path / "shared" / "made").iterdir()
    assert model._whole(folder)


@pytest.mark.slow
def test_the_real_one_is_of_the_promised_size_and_far_better_than_counting(real_model: Path) -> None:
    network, tokenizer = loaded(real_model)
    assert 900_000 <= sum(parameter.numel() for parameter in network.parameters()) <= 3_000_000
    assert 1_500 <= len(tokenizer) <= 4_096
    rows = held_out(tokenizer, 200)
    loss, counted = nats_a_token(network, rows), unigram_nats(rows)
    assert loss < 0.2 * counted, f"{loss:.2f} nats a token, and {counted:.2f} by counting"
    assert counted < torch.log(torch.tensor(float(len(tokenizer))))


@pytest.mark.slow
def test_the_real_one_is_the_same_bytes_twice(real_model: Path, tmp_path: Path) -> None:
    assert manifest_of(made_in(tmp_path / "another", None)) == manifest_of(real_model)


@pytest.mark.slow
def test_the_real_one_ends_its_answers(real_model: Path) -> None:
    network, tokenizer = loaded(real_model)
    for question in ("Please cancel order 41852.", "I cannot log in to my account."):
        prompt = tokenizer.apply_chat_template(
            [{"role": "user", "content": question}], add_generation_prompt=True, return_tensors="pt", return_dict=True
        )
        written = network.generate(**prompt, max_new_tokens=80, do_sample=False)[0, prompt["input_ids"].shape[1] :]
        assert written[-1] == tokenizer.eos_token_id, "the answer does not end"
