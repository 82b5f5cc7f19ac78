# The checker with all that it needs to grade a class, for a machine that is no Linux:
#   docker build --tag checker .
# docs/teach/grading.md shows how it is run. It is no sandbox by itself: bubblewrap is, within it,
# so that a submission is kept from the tests, the results and the other submissions, too.

ARG PYTHON_IMAGE=docker.io/library/python:3.11.17-slim-bookworm

FROM ${PYTHON_IMAGE} AS builder
RUN python -m venv /opt/venv
COPY requirements.lock /tmp/
RUN /opt/venv/bin/pip install --no-cache-dir --only-binary=:all: --require-hashes \
    --requirement /tmp/requirements.lock
WORKDIR /course
COPY pyproject.toml README.md ./
COPY checker checker
# Compiled now: the image is read-only, and each sandbox in it too, so that nobody could keep it.
RUN /opt/venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation --editable . \
    && /opt/venv/bin/python -m compileall -q /opt/venv/lib checker

FROM ${PYTHON_IMAGE}
# The base is pinned; Debian keeps only the newest version of a package.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends bubblewrap libseccomp2 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=builder /opt/venv /opt/venv
COPY --from=builder /course /course
COPY LICENSE claims.toml requirements.lock /course/
COPY solutions /course/solutions
COPY steps /course/steps
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1
# By number; whoever runs it may name another one, to whom the class's folder belongs.
USER 10001:10001
WORKDIR /class
ENTRYPOINT ["python", "-P", "-m", "checker"]
CMD ["grade", "--help"]
