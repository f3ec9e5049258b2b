"""The section `data` of the YAML: where rows come from and what their columns are called."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from tasks.section import Section

FileFormat = Literal["auto", "csv", "jsonl", "parquet"]


class FileSource(Section):
    """A file on a path that the worker can read."""

    kind: Literal["file"] = "file"
    path: str = Field(min_length=1)
    """Path of a CSV (with a header), JSONL or Parquet file; relative paths start at the working directory."""
    format: FileFormat = "auto"
    """The file's format; `auto` goes by its ending."""


class S3Source(Section):
    """An object in S3 or a compatible server (REFIT_S3_ENDPOINT)."""

    kind: Literal["s3"] = "s3"
    uri: str = Field(pattern=r"^s3://[^/]+/.+")
    """The object, `s3://bucket/key`."""
    format: FileFormat = "auto"
    """The object's format; `auto` goes by its ending."""
    access_key_secret: str | None = None
    """Name of the secret with the access key id; without it boto3 looks in its usual places."""
    secret_key_secret: str | None = None
    """Name of the secret with the secret access key."""

    @model_validator(mode="after")
    def _both_secrets_or_none(self) -> Self:
        if (self.access_key_secret is None) != (self.secret_key_secret is None):
            raise ValueError("access_key_secret and secret_key_secret go together: set both or neither")
        return self


class HubSource(Section):
    """A split of a Hugging Face dataset: a hub id, or a local folder that `datasets` loads. Its code never runs."""

    kind: Literal["hub"] = "hub"
    dataset: str = Field(min_length=1)
    """Hub id, for example `PolyAI/banking77`, or a local folder."""
    split: str = "train"
    """Name of the split."""
    revision: str | None = None
    """Commit or tag to pin; the default is the newest."""
    token_secret: str | None = None
    """Name of the secret with the hub's token, where the dataset is not public."""


class DemoSource(Section):
    """Made-up customer messages with known blemishes, generated from a seed; the same seed gives the same bytes."""

    kind: Literal["demo"] = "demo"
    part: Literal["train", "holdout", "unlabelled"] = "train"
    """Which file of the demo."""
    seed: int = Field(default=7, ge=0)
    """Another seed gives other messages: a way to see a retrain on changed data."""


Source = Annotated[FileSource | S3Source | HubSource | DemoSource, Field(discriminator="kind")]


class DataConfig(Section):
    """Where rows come from and what their columns are called."""

    train: Source
    """Rows to train on; the validation split is taken from them."""
    holdout: Source | None = None
    """Rows to judge on. Without it a holdout is taken from the training rows."""
    unlabelled: Source | None = None
    """Rows without labels; the ones the model is least sure of go to the labelling queue."""
    text_column: str = "text"
    """Column of the text."""
    label_column: str = "label"
    """Column of the label."""
    id_column: str | None = None
    """Column of a unique id; without it a row is known by its content and place."""
    group_column: str | None = None
    """Column of the group that fairness is reported by, where there is one."""
    encoding: str = "utf-8"
    """Text encoding of CSV and JSONL files."""
    max_malformed_share: float = Field(default=0.01, ge=0, le=1)
    """Share of a file's lines that may be unreadable (ragged, not JSON) and set aside before the file is refused."""

    @model_validator(mode="after")
    def _one_role_a_column(self) -> Self:
        columns = [self.text_column, self.label_column, self.id_column, self.group_column]
        named = [column for column in columns if column is not None]
        if len(set(named)) < len(named):
            raise ValueError(f"a column can be only one of text, label, id and group, but they are {', '.join(named)}")
        return self
