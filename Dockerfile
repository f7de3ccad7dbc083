# syntax=docker/dockerfile:1
# Three images from one build:
#
#   api     the binary alone: api, migrate, setup, codec and every worker that needs no FFmpeg
#   worker  with FFmpeg, for the queue `media`: voice notes
#   ops     with Postgres' client programs and GnuPG: backup, restore, restore drill
#
#   docker build --target api --build-arg VERSION=$(git describe --always) -t cabanas-api .

FROM golang:1.26-bookworm AS build
WORKDIR /src
ENV CGO_ENABLED=0 GOTOOLCHAIN=local GOCACHE=/go/build-cache
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG VERSION=dev
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/go/build-cache \
    go build -trimpath -ldflags "-s -w -X main.release=$VERSION" -o /out/cabanas ./cmd/cabanas

FROM debian:bookworm-slim AS worker
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates ffmpeg \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 65532 --user-group --no-create-home --home-dir /nonexistent cabanas
COPY --from=build /out/cabanas /usr/local/bin/cabanas
ARG VERSION=dev
LABEL org.opencontainers.image.title=cabanas org.opencontainers.image.version=$VERSION
ENV ENVIRONMENT=production METRICS_ADDR=0.0.0.0:9090
USER 65532:65532
EXPOSE 9090
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=6s --start-period=60s --retries=4 CMD ["cabanas", "probe", "http://127.0.0.1:9090/readyz"]
ENTRYPOINT ["cabanas"]
CMD ["worker"]

FROM postgres:17.6-bookworm AS ops
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates curl gnupg \
    && rm -rf /var/lib/apt/lists/* \
    && mkdir -p /backups \
    && chown postgres:postgres /backups
COPY --from=build /out/cabanas /usr/local/bin/cabanas
COPY deploy/lib.sh deploy/backup.sh deploy/restore.sh deploy/restore-drill.sh /deploy/
USER postgres
VOLUME /backups
ENTRYPOINT []
CMD ["sh", "/deploy/backup.sh", "--every", "3600"]

# The last one is what a plain `docker build .` gives. It has certificates and no shell; time zones are inside the binary.
FROM gcr.io/distroless/static-debian12:nonroot AS api
COPY --from=build /out/cabanas /usr/local/bin/cabanas
ARG VERSION=dev
LABEL org.opencontainers.image.title=cabanas org.opencontainers.image.version=$VERSION
ENV ENVIRONMENT=production PORT=8000
USER 65532:65532
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=6s --start-period=60s --retries=4 CMD ["cabanas", "probe", "http://127.0.0.1:8000/readyz"]
ENTRYPOINT ["cabanas"]
CMD ["api"]
