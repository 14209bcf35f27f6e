# docker build -f deploy/docker/spark.Dockerfile -t millrace-spark .

FROM python:3.11.13-slim-bookworm AS base
# The distribution's security updates are wanted: no version is pinned within its release.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install --yes --no-install-recommends libgomp1 openjdk-17-jre-headless \
 && rm -rf /var/lib/apt/lists/*
ENV PATH=/opt/venv/bin:$PATH
ENV PYTHONUNBUFFERED=1
ENV PYTHONPATH=/app/spark-streaming/src
ENV MILLRACE_CACHE=/opt/millrace
ENV MILLRACE_SPARK_JARS=/opt/millrace/spark-jars

FROM base AS build
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
COPY spark-streaming/requirements.lock /tmp/
RUN --mount=type=cache,target=/root/.cache/pip \
    python -m venv /opt/venv && pip install --disable-pip-version-check --require-hashes --requirement /tmp/requirements.lock
# What Spark needs to read Kafka and Avro, and the language of fraud rules, by the Ivy that pyspark carries, checked against the committed list.
COPY tools/cli/ivy /tmp/ivy
WORKDIR /opt/millrace
RUN java -jar /opt/venv/lib/python3.11/site-packages/pyspark/jars/ivy-*.jar -settings /tmp/ivy/ivysettings.xml -ivy /tmp/ivy/ivy.xml -cache /tmp/ivy-cache \
      -confs spark-jars -retrieve '/opt/millrace/[conf]/[artifact]-[revision](-[classifier]).[ext]' \
 && grep ' spark-jars/' /tmp/ivy/checksums.sha512 | sha512sum --check --strict \
 && rm -rf /tmp/ivy-cache
COPY libs/contracts /app/libs/contracts
COPY spark-streaming /app/spark-streaming
COPY deploy/fraud /app/deploy/fraud
# Compiles the JVM helper now, so that no container has to.
RUN python -c "from pathlib import Path; from millrace_streaming.session import build_helper, list_jars; build_helper(Path('/opt/millrace'), list_jars(Path('/opt/millrace/spark-jars')))"

FROM base AS runtime
COPY --from=build /opt/venv /opt/venv
COPY --from=build /opt/millrace /opt/millrace
COPY --from=build /app /app
RUN useradd --uid 10001 --create-home millrace \
 && install --directory --owner=millrace /var/lib/millrace
ENV MILLRACE_HOME=/var/lib/millrace
ENV MILLRACE_HTTP_PORT=8110
WORKDIR /app/spark-streaming
USER 10001
EXPOSE 8110
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s --retries=6 \
  CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f\"http://127.0.0.1:{os.environ['MILLRACE_HTTP_PORT']}/health/ready\", timeout=4)"]
CMD ["python", "-m", "millrace_streaming.jobs.windowed_metrics"]
