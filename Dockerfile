# One image a room, each with that room's code and dependencies and nothing else:
#   docker build --target worker --tag moodlens-worker .
# Targets: worker, aggregator, dashboard, admin, producer, producer-classify (a producer that can classify by itself),
# camera (a producer with the scripted store, for the demo).

ARG PYTHON_IMAGE=python:3.13-slim

# --- what each room installs -----------------------------------------------------------

# One file an extra: a change of one room's dependencies rebuilds that room only.
FROM ${PYTHON_IMAGE} AS requirements
WORKDIR /requirements
COPY pyproject.toml .
RUN python -c "import pathlib, tomllib; \
project = tomllib.loads(pathlib.Path('pyproject.toml').read_text())['project']; \
extras = project['optional-dependencies']; \
[pathlib.Path(f'{name}.txt').write_text('\n'.join(project['dependencies'] + extras[name]) + '\n') for name in extras]"

# The virtual environments hold no pip: the base image's own one fills them.
FROM ${PYTHON_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PIP_PROGRESS_BAR=off
WORKDIR /build
RUN python -m venv --without-pip /opt/venv
COPY constraints.txt ./

# Dependencies first, then code: an edit of the code reinstalls the code alone.
FROM build AS build-worker
COPY --from=requirements /requirements/worker.txt ./
RUN --mount=type=cache,target=/root/.cache/pip \
    pip --python /opt/venv install --constraint constraints.txt --requirement worker.txt
COPY pyproject.toml README.md LICENSE ./
COPY contract contract
COPY runtime runtime
COPY classifier_worker classifier_worker
RUN --mount=type=cache,target=/root/.cache/pip pip --python /opt/venv install --no-deps .

FROM build AS build-aggregator
COPY --from=requirements /requirements/aggregator.txt ./
RUN --mount=type=cache,target=/root/.cache/pip \
    pip --python /opt/venv install --constraint constraints.txt --requirement aggregator.txt
COPY pyproject.toml README.md LICENSE ./
COPY contract contract
COPY runtime runtime
COPY aggregator aggregator
RUN --mount=type=cache,target=/root/.cache/pip pip --python /opt/venv install --no-deps .

FROM build AS build-dashboard
COPY --from=requirements /requirements/dashboard.txt ./
RUN --mount=type=cache,target=/root/.cache/pip \
    pip --python /opt/venv install --constraint constraints.txt --requirement dashboard.txt
COPY pyproject.toml README.md LICENSE ./
COPY contract contract
COPY runtime runtime
COPY dashboard dashboard
RUN --mount=type=cache,target=/root/.cache/pip pip --python /opt/venv install --no-deps .

FROM build AS build-admin
COPY --from=requirements /requirements/dashboard.txt /requirements/admin.txt ./
RUN --mount=type=cache,target=/root/.cache/pip sed -i '/^moodlens/d' admin.txt \
    && pip --python /opt/venv install --constraint constraints.txt --requirement dashboard.txt --requirement admin.txt
COPY pyproject.toml README.md LICENSE ./
COPY contract contract
COPY runtime runtime
COPY dashboard dashboard
COPY admin admin
RUN --mount=type=cache,target=/root/.cache/pip pip --python /opt/venv install --no-deps .

FROM build AS dependencies-producer
COPY --from=requirements /requirements/producer.txt ./
RUN --mount=type=cache,target=/root/.cache/pip \
    pip --python /opt/venv install --constraint constraints.txt --requirement producer.txt

FROM dependencies-producer AS build-producer
COPY pyproject.toml README.md LICENSE ./
COPY contract contract
COPY runtime runtime
COPY producer producer
RUN --mount=type=cache,target=/root/.cache/pip pip --python /opt/venv install --no-deps .

# The model's folder lies beside the package, where the producer looks for it.
FROM build-producer AS build-producer-classify
COPY --from=requirements /requirements/classify.txt ./
RUN --mount=type=cache,target=/root/.cache/pip \
    pip --python /opt/venv install --constraint constraints.txt --requirement classify.txt
COPY classifier_worker/model classifier_worker/model
RUN mv classifier_worker "$(/opt/venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"

FROM dependencies-producer AS build-camera
COPY pyproject.toml README.md LICENSE ./
COPY contract contract
COPY runtime runtime
COPY producer producer
COPY demo demo
RUN --mount=type=cache,target=/root/.cache/pip pip --python /opt/venv install --no-deps .

# --- the images ------------------------------------------------------------------------

# Nothing is written but below /tmp, so that the root file system can be read-only.
FROM ${PYTHON_IMAGE} AS process
RUN groupadd --system --gid 10001 moodlens \
    && useradd --system --uid 10001 --gid 10001 --home-dir /tmp --no-create-home --shell /usr/sbin/nologin moodlens
ENV PATH=/opt/venv/bin:$PATH \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONSAFEPATH=1 \
    PYTHONUNBUFFERED=1
WORKDIR /
USER 10001
STOPSIGNAL SIGTERM

FROM process AS producer
COPY --from=build-producer /opt/venv /opt/venv
ENTRYPOINT ["python", "-m", "producer"]

FROM process AS producer-classify
COPY --from=build-producer-classify /opt/venv /opt/venv
ENTRYPOINT ["python", "-m", "producer", "--classify"]

FROM process AS camera
COPY --from=build-camera /opt/venv /opt/venv
ENTRYPOINT ["python", "-m", "producer"]

FROM process AS dashboard
COPY --from=build-dashboard /opt/venv /opt/venv
EXPOSE 8501
ENTRYPOINT ["python", "-m", "dashboard"]
CMD ["--host", "0.0.0.0", "--port", "8501"]

# A volume takes over owner and mode of the folder that it is first mounted on: so setup, without any rights, can write
# what each server reads (and Mosquitto, its own list of cameras).
FROM process AS admin
COPY --from=build-admin /opt/venv /opt/venv
USER root
RUN install -d -o 10001 -g 10001 -m 0750 /secrets /secrets/authority /secrets/worker /secrets/aggregator \
        /secrets/dashboard /secrets/admin /secrets/users /cameras \
    && install -d -o 1883 -g 10001 -m 2770 /secrets/broker \
    && install -d -o 999 -g 10001 -m 2770 /secrets/redis
USER 10001
ENTRYPOINT ["python", "-m", "admin"]

FROM process AS aggregator
COPY --from=build-aggregator /opt/venv /opt/venv
ENTRYPOINT ["python", "-m", "aggregator"]

FROM process AS worker
COPY --from=build-worker /opt/venv /opt/venv
ENTRYPOINT ["python", "-m", "classifier_worker"]
