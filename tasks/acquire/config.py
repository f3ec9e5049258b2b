"""The section `data` of the YAML: where rows come from and what their columns are called."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from tasks.records import TaskKind
from tasks.section import Section

FileFormat = Literal["auto", "csv", "jsonl", "parquet"]


class DescribedSource(Section):
    """What is recorded about any source, and shown in the model card."""

    licence: str | None = None
    """Licence of the rows, best as an SPDX id such as `CC-BY-4.0`; a hub dataset's own is used where this is null."""
    origin: str | None = None
    """Where the rows come from, in words or as a URL."""


class UsersSource(DescribedSource):
    """A source whose columns are the user's."""

    text_column: str | None = None
    """Column of the text in this source, where it is not `data.text_column`, as in many a public test set."""


class FileSource(UsersSource):
    """Files on a path that the worker can read."""

    kind: Literal["file"] = "file"
    path: str = Field(min_length=1)
    """A CSV (with a header), JSONL or Parquet file, also compressed (.gz, .bz2, .xz, .zst), or a pattern such as
    `data/*.jsonl`; relative paths start at the working directory."""
    format: FileFormat = "auto"
    """The file's format; `auto` goes by its ending."""


class S3Source(UsersSource):
    """An object, or all objects below a prefix, in S3 or a compatible server (REFIT_S3_ENDPOINT)."""

    kind: Literal["s3"] = "s3"
    uri: str = Field(pattern=r"^s3://[^/]+/.*")
    """The object, `s3://bucket/key`, or with a slash at its end the prefix of several."""
    version_id: str | None = None
    """Pins one version of the object, in a bucket that keeps versions."""
    etag: str | None = None
    """Pins the object's bytes: another ETag stops the run."""
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

    @model_validator(mode="after")
    def _only_an_object_is_pinned(self) -> Self:
        if self.uri.endswith("/") and (self.version_id or self.etag):
            raise ValueError("version_id and etag pin one object, but uri ends with / and means all below a prefix")
        return self


class HubSource(UsersSource):
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


class TrafficSource(DescribedSource):
    """What a served model was asked, joined with the feedback that came later; the server must keep texts."""

    kind: Literal["traffic"] = "traffic"
    model: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    """Name of the served model."""
    days: int = Field(default=30, ge=1)
    """How far back, in whole days before today (UTC)."""
    only_with_feedback: bool = True
    """Whether a text that nobody gave feedback on is left out; the split `unlabelled` takes it without a label."""


class DemoSource(DescribedSource):
    """Made-up customer messages with known blemishes, generated from a seed; the same seed gives the same bytes.

    Each has its intent where `data.task` is classification, and a good reply and a worse one where it is preference.
    """

    kind: Literal["demo"] = "demo"
    part: Literal["train", "holdout", "unlabelled"] = "train"
    """Which file of the demo."""
    seed: int = Field(default=7, ge=0)
    """Another seed gives other messages: a way to see a retrain on changed data."""


TestSetName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
Source = Annotated[FileSource | S3Source | HubSource | TrafficSource | DemoSource, Field(discriminator="kind")]


class DataConfig(Section):
    """Where rows come from and what their columns are called."""

    task: TaskKind = "classification"
    """What a row teaches: a label, an answer (instruction, chat), or which of two answers is better (preference)."""
    train: Source
    """Rows to train on."""
    validation: Source | None = None
    """Rows that steer training and calibration. Without it they are taken from the training rows."""
    holdout: Source | None = None
    """Rows to judge on. Without it a holdout is taken from the training rows."""
    unlabelled: Source | None = None
    """Rows without labels; the ones the model is least sure of go to the labelling queue."""
    public_test_sets: dict[TestSetName, Source] = Field(default_factory=dict)
    """Public test sets by name: training rows that overlap with them are set aside, so that their scores stay true."""
    reading: Literal["incremental", "full"] = "incremental"
    """`incremental` takes a file whose version was read before from the store; `full` reads everything again."""
    text_column: str | None = "text"
    """Column of the text or prompt; null for preferences that are two whole dialogues with a common beginning."""
    label_column: str = "label"
    """Column of the label (classification)."""
    answer_column: str = "answer"
    """Column of the answer (instruction), or of the better one (preference)."""
    rejected_column: str = "rejected"
    """Column of the worse answer (preference)."""
    messages_column: str = "messages"
    """Column of the conversation (chat): a list of `role` and `content`."""
    id_column: str | None = None
    """Column of a unique id; without it a row is known by its content and place."""
    group_column: str | None = None
    """Column of the group that fairness is reported by, where there is one."""
    date_column: str | None = None
    """Column of the day or moment that a row is from, in ISO 8601 (`2026-11-22`, `2026-11-22T09:30:00+01:00`; UTC where
    no offset stands). Quality is then told over time (`evaluation.drift`), and `curation.held_out: newest` can go by
    it. Served traffic has dates of its own."""
    encoding: str = "utf-8"
    """Text encoding of CSV and JSONL files."""
    max_malformed_share: float = Field(default=0.01, ge=0, le=1)
    """Share of a file's lines that may be unreadable (ragged, not JSON) and set aside before the file is refused."""
    max_expanded_gigabytes: float = Field(default=20.0, gt=0)
    """A compressed file that grows beyond this when it is read is refused."""

    @model_validator(mode="after")
    def _only_preferences_go_without_a_text(self) -> Self:
        if self.text_column is None and self.task not in {"preference", "chat"}:
            raise ValueError(f"text_column is null, but rows for {self.task} need a text")
        return self

    @model_validator(mode="after")
    def _one_role_a_column(self) -> Self:
        own: dict[str, dict[str, str | None]] = {
            "classification": {"text": self.text_column, "label": self.label_column},
            "instruction": {"text": self.text_column, "answer": self.answer_column},
            "preference": {
                "text": self.text_column, "answer": self.answer_column, "rejected": self.rejected_column,
            },
            "chat": {"messages": self.messages_column},
        }  # fmt: skip
        roles = own[self.task] | {"id": self.id_column, "group": self.group_column, "date": self.date_column}
        named = [column for column in roles.values() if column is not None]
        if len(set(named)) < len(named):
            *first, last = roles
            raise ValueError(
                f"a column can be only one of {', '.join(first)} and {last}, but they are {', '.join(named)}"
            )
        return self
