"""Where Refit keeps things on this machine, read from the environment (`REFIT_…`) once a process."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """The places that all models share. A model's own choices are in its YAML."""

    model_config = SettingsConfigDict(env_prefix="REFIT_", extra="ignore", frozen=True)

    home: Path = ROOT / ".refit"
    """Folder for local state: store, databases, caches, the labelling queue."""
    store: str = ""
    """Artefact store, `file:///…` or `s3://bucket/prefix`; the default is the folder `store` in the home."""
    s3_endpoint: str | None = None
    """Endpoint of an S3-compatible server for the store and for S3 sources; the default is boto3's own."""
    mlflow_uri: str = ""
    """MLflow tracking URI; the default is SQLite in the home."""

    @property
    def home_path(self) -> Path:
        """The home as an absolute path."""
        return self.home.expanduser().resolve()

    @property
    def store_url(self) -> str:
        """The store's URL, with the default filled in."""
        return self.store or (self.home_path / "store").as_uri()

    @property
    def tracking_uri(self) -> str:
        """MLflow's tracking URI, with the default filled in."""
        return self.mlflow_uri or f"sqlite:///{self.home_path / 'mlflow.db'}"

    @property
    def mlflow_artifacts(self) -> Path:
        """Folder of MLflow's artefacts where tracking is local."""
        return self.home_path / "mlartifacts"

    @property
    def queue(self) -> Path:
        """Folder of the embedded labelling queue."""
        return self.home_path / "queue"


@lru_cache(maxsize=1)
def settings() -> Settings:
    """This process's settings."""
    return Settings()
