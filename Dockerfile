# One image for every service; docker-compose.yml chooses the command.
FROM python:3.12.8-slim-bookworm AS build
WORKDIR /src
RUN python -m venv /opt/watchkeeper
COPY sdk ./sdk
COPY pyproject.toml README.md LICENSE ./
COPY watchkeeper ./watchkeeper
COPY collector ./collector
COPY detectors ./detectors
COPY api ./api
COPY alerts ./alerts
RUN /opt/watchkeeper/bin/pip install --no-cache-dir ./sdk .

FROM python:3.12.8-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /var/lib/watchkeeper --create-home watchkeeper
COPY --from=build /opt/watchkeeper /opt/watchkeeper
ENV PATH=/opt/watchkeeper/bin:$PATH PYTHONUNBUFFERED=1 WATCHKEEPER_LOG_FORMAT=json
USER watchkeeper
WORKDIR /var/lib/watchkeeper
ENTRYPOINT ["watchkeeper"]
CMD ["--help"]
