# syntax=docker/dockerfile:1
# MLflow's own image, plus the drivers for Postgres and S3 that it leaves out.
FROM ghcr.io/mlflow/mlflow:v3.17.2
RUN pip install --no-cache-dir --disable-pip-version-check psycopg2-binary==2.9.11 boto3==1.44.5 \
    && useradd --uid 10001 --home-dir /var/lib/mlflow --create-home mlflow
USER 10001
WORKDIR /var/lib/mlflow
ENV MLFLOW_ALLOW_PICKLE_DESERIALIZATION=false
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=5 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:5000/health', timeout=4)"]
EXPOSE 5000
