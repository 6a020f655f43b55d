# syntax=docker/dockerfile:1
# Three stages: one prepares the embedding model with torch and builds the wheel, one installs what
# serves, and the last holds only that: no torch, no compiler, no pip.

ARG PYTHON_IMAGE=python:3.11.14-slim-bookworm

FROM ${PYTHON_IMAGE} AS prepare
WORKDIR /src
# The address of PyTorch's CPU wheels ("Get started" on pytorch.org), where the index has CUDA only.
ARG TORCH_INDEX=""
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
COPY requirements-dev.lock ./
RUN pip install --no-deps --require-hashes -r requirements-dev.lock
COPY scripts/install_torch.py scripts/
RUN TORCH_INDEX="$TORCH_INDEX" python scripts/install_torch.py
COPY . .
# The build back end comes from the lock file too.
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /wheel . \
 && pip install --no-deps /wheel/*.whl \
 && MAILROOM_MODELS_DIR=/models mailroom models prepare

FROM ${PYTHON_IMAGE} AS install
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
RUN python -m venv --without-pip /opt/mailroom
COPY requirements.lock /tmp/
RUN pip --python /opt/mailroom install --no-deps --require-hashes -r /tmp/requirements.lock
COPY --from=prepare /wheel /wheel
RUN pip --python /opt/mailroom install --no-deps /wheel/*.whl \
 && /opt/mailroom/bin/python -m compileall -q /opt/mailroom

FROM ${PYTHON_IMAGE}
# Nothing is installed or built after this, and there is nothing left to do it with.
RUN pip uninstall --yes --quiet --root-user-action=ignore pip setuptools wheel \
 && useradd --system --uid 10001 --create-home mailroom \
 && install -d -o mailroom -g mailroom /data /vectors /backups
COPY --from=install /opt/mailroom /opt/mailroom
COPY --from=prepare /models /models
ENV PATH=/opt/mailroom/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    MAILROOM_DATA_DIR=/data MAILROOM_MODELS_DIR=/models MAILROOM_SERVER__HOST=0.0.0.0
WORKDIR /home/mailroom
USER 10001:10001
VOLUME /data
EXPOSE 8080
# Of the API; workers and the beat, which listen to nothing, are asked `python -m api.alive` instead.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/health/ready', timeout=4)"]
ENTRYPOINT ["mailroom"]
CMD ["serve"]
