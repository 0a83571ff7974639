# One image for every service; docker-compose.yml and deploy/kubernetes choose the command. Target `demo` makes calls.
FROM python:3.12.12-slim-bookworm@sha256:593bd06efe90efa80dc4eee3948be7c0fde4134606dd40d8dd8dbcade98e669c AS base
RUN groupadd --system --gid 10001 watchkeeper \
 && useradd --system --uid 10001 --gid 10001 --home-dir /var/lib/watchkeeper --create-home watchkeeper
ENV PATH=/opt/watchkeeper/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1

FROM base AS build
WORKDIR /src
RUN python -m venv /opt/watchkeeper
COPY deploy/constraints.txt ./deploy/
COPY pyproject.toml README.md LICENSE ./
COPY sdk ./sdk
COPY watchkeeper ./watchkeeper
COPY collector ./collector
COPY detectors ./detectors
COPY api ./api
COPY alerts ./alerts
COPY dashboards ./dashboards
RUN pip install --no-cache-dir --constraint deploy/constraints.txt ./sdk .

FROM build AS build-demo
RUN pip install --no-cache-dir --constraint deploy/constraints.txt ./sdk '.[demo]'

FROM base AS demo
COPY --from=build-demo /opt/watchkeeper /opt/watchkeeper
WORKDIR /opt/demo
COPY demo ./demo
COPY deploy/demo_traffic.py ./
USER 10001:10001
ENTRYPOINT ["python", "demo_traffic.py"]

FROM base AS service
COPY --from=build /opt/watchkeeper /opt/watchkeeper
ENV WATCHKEEPER_LOG_FORMAT=json
USER 10001:10001
WORKDIR /var/lib/watchkeeper
ENTRYPOINT ["watchkeeper"]
CMD ["--help"]
