# Every Node workspace by the same file:
#   docker build -f deploy/docker/node.Dockerfile --build-arg WORKSPACE=services/ruler -t millrace-ruler .

# The manifests alone, so that a change of a source does not install everything anew.
FROM node:24.21.0-bookworm-slim AS manifests
WORKDIR /src
COPY . .
RUN mkdir /manifests \
 && find . \( -name package.json -o -name package-lock.json -o -name .npmrc \) -exec cp --parents '{}' /manifests ';'

FROM node:24.21.0-bookworm-slim AS build
WORKDIR /app
COPY --from=manifests /manifests ./
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm run build

FROM build AS pack
ARG WORKSPACE
RUN --mount=type=cache,target=/root/.npm \
    npm ci --omit=dev --ignore-scripts --no-audit --no-fund --workspace "${WORKSPACE:?is a folder such as services/ruler}" \
 && rm -rf libs/*/src libs/*/test "${WORKSPACE}/src" "${WORKSPACE}/test"

FROM node:24.21.0-bookworm-slim AS runtime
ARG WORKSPACE
ENV NODE_ENV=production
ENV MILLRACE_HTTP_HOST=0.0.0.0
ENV MILLRACE_HTTP_PORT=8080
COPY --from=pack /app/package.json /app/
COPY --from=pack /app/node_modules /app/node_modules
COPY --from=pack /app/libs /app/libs
COPY --from=pack /app/deploy /app/deploy
COPY --from=pack /app/${WORKSPACE} /app/${WORKSPACE}
WORKDIR /app/${WORKSPACE}
USER 1000
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=6 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.MILLRACE_HTTP_PORT}/health/ready`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# kafkajs polls with a time-out that may be a hair below zero; Node 24 warns of each.
CMD ["node", "--disable-warning=TimeoutNegativeWarning", "dist/main.js"]
