# The worker's image: the locked libraries and the four rooms, run by a user that owns nothing but its own folder.

FROM python:3.11-slim AS build
WORKDIR /src
COPY requirements-dev.lock ./
RUN pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements-dev.lock
COPY pyproject.toml LICENSE ./
COPY alerts alerts
COPY ledger ledger
COPY models models
COPY streams streams
RUN python -m hatchling build -t wheel -d /wheels

FROM python:3.11-slim
ENV PYTHONUNBUFFERED=1
COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements.lock
COPY --from=build /wheels /wheels
RUN pip install --no-cache-dir --no-deps /wheels/*.whl \
    && useradd --system --create-home --home-dir /var/lib/driftline driftline
USER driftline
WORKDIR /var/lib/driftline
ENTRYPOINT ["driftline"]
CMD ["--help"]
