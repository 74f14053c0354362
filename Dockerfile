# docker build -t agent-exporter:0.1.0 .
# docker run -p 127.0.0.1:24368:24368 -v agent-exporter:/var/lib/agent-exporter agent-exporter:0.1.0
#
# docs/operations.md tells the rest.

FROM python:3.12-slim-bookworm AS build
WORKDIR /src
# An environment without pip: what installs things stays behind in this stage.
RUN python -m venv --without-pip /opt/agent-exporter
# What it depends on changes seldom, so it comes first. Each file must have the hash that is pinned.
COPY requirements/run.txt requirements/run.txt
RUN pip --python /opt/agent-exporter/bin/python install --disable-pip-version-check --no-cache-dir --require-hashes --only-binary :all: -r requirements/run.txt
COPY pyproject.toml README.md LICENSE ./
COPY exporter exporter
# No isolation, so that nothing unpinned is fetched to build with; setuptools is needed no more then.
RUN pip --python /opt/agent-exporter/bin/python install --disable-pip-version-check --no-cache-dir --no-deps --no-build-isolation . \
 && pip --python /opt/agent-exporter/bin/python uninstall --disable-pip-version-check --yes setuptools

FROM python:3.12-slim-bookworm
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="agent-exporter" \
      org.opencontainers.image.description="A Prometheus sidecar for AI agents" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="Apache-2.0"
# Mount a volume here: a new one takes over whose directory it is.
RUN install --directory --owner=65532 --group=65532 --mode=0750 /var/lib/agent-exporter
COPY --from=build /opt/agent-exporter /opt/agent-exporter
# On loopback nobody outside the container could reach it. Flags win over these.
ENV PATH=/opt/agent-exporter/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    AGENT_EXPORTER_WEB_LISTEN_ADDRESS=:24368 \
    AGENT_EXPORTER_STORAGE_PATH=/var/lib/agent-exporter/data
# By number, so that Kubernetes can see that it is not root.
USER 65532:65532
EXPOSE 24368
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 CMD ["agent-exporter", "healthcheck"]
ENTRYPOINT ["agent-exporter"]
CMD ["serve"]
