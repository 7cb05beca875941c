# The images of the platform's own services, one target each. Build from the repository's root:
#   docker build --target api --tag automna/api:dev .
# Targets: api, proxy (ingress, egress and apps: one image, three commands), provisioner, dashboard, socket-proxy. The agent's
# image is agent/Dockerfile. Services are TypeScript that Node runs as it is: nothing of them is built.

FROM node:24-bookworm-slim AS manifests
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY packages/core/package.json packages/core/
COPY packages/contract/package.json packages/contract/
COPY packages/service-kit/package.json packages/service-kit/
COPY packages/records/package.json packages/records/
COPY prisma/package.json prisma/

# What only building needs: Prisma's generator, Vite, and the libraries that end up in the dashboard's files.
FROM manifests AS tools
COPY dashboard/package.json dashboard/
RUN npm ci --workspace dashboard --workspace prisma --include-workspace-root --ignore-scripts

# The engine that Prisma would download is only for migrations, which prisma/migrate.ts applies without it.
FROM tools AS database-client
COPY prisma.config.ts tsconfig.base.json ./
COPY prisma prisma
RUN CHECKPOINT_DISABLE=1 PRISMA_SCHEMA_ENGINE_BINARY=/bin/true npx prisma generate

FROM tools AS dashboard-files
COPY tsconfig.base.json ./
COPY packages/core packages/core
COPY packages/contract packages/contract
COPY dashboard dashboard
RUN cd dashboard && npx vite build --outDir /dashboard

# Installed once, and then for each service what it needs of that.
FROM manifests AS packages
COPY api/package.json api/
COPY proxy/package.json proxy/
COPY provisioner/package.json provisioner/
COPY dashboard/server/package.json dashboard/server/
COPY socket-proxy/package.json socket-proxy/
RUN npm ci --omit=dev --ignore-scripts \
  --workspace api --workspace proxy --workspace provisioner --workspace dashboard/server --workspace socket-proxy
COPY scripts/up/dependencies.ts scripts/up/
COPY scripts/images/copy-packages.ts scripts/images/

FROM packages AS api-packages
RUN node scripts/images/copy-packages.ts api /packages

FROM packages AS proxy-packages
RUN node scripts/images/copy-packages.ts proxy /packages

FROM packages AS provisioner-packages
RUN node scripts/images/copy-packages.ts provisioner /packages

FROM packages AS dashboard-packages
RUN node scripts/images/copy-packages.ts dashboard/server /packages

FROM packages AS socket-proxy-packages
RUN node scripts/images/copy-packages.ts socket-proxy /packages

# What every service is: code that its user can't change, and a check that costs next to nothing.
FROM node:24-bookworm-slim AS service
WORKDIR /app
ENV NODE_ENV=production
COPY infra/health-check.sh ./
COPY package.json ./
COPY packages/core packages/core
COPY packages/contract packages/contract
COPY packages/service-kit packages/service-kit
STOPSIGNAL SIGTERM
USER 1000:1000

FROM service AS database-service
COPY --from=database-client /app/prisma prisma
COPY packages/records packages/records

FROM database-service AS api
COPY --from=api-packages /packages/node_modules node_modules
COPY api api
ENV API_HOST=0.0.0.0 API_PORT=4000
EXPOSE 4000
HEALTHCHECK --interval=5s --timeout=10s --retries=5 --start-period=90s CMD ["/app/health-check.sh", "4000", "/healthz"]
CMD ["node", "/app/api/src/main.ts"]

# Without a command of its own: which of its three processes a container is, the stack says, and its health check too.
FROM database-service AS proxy
COPY --from=proxy-packages /packages/node_modules node_modules
COPY proxy proxy
ENV INGRESS_HOST=0.0.0.0 INGRESS_PORT=4000 \
    EGRESS_HOST=0.0.0.0 EGRESS_PORT=4000 \
    APPS_HOST=0.0.0.0 APPS_PORT=4000
EXPOSE 4000
CMD ["node", "/app/proxy/src/main-ingress.ts"]

FROM database-service AS provisioner
COPY --from=provisioner-packages /packages/node_modules node_modules
COPY provisioner provisioner
ENV PROVISIONER_HEALTH_HOST=0.0.0.0 PROVISIONER_HEALTH_PORT=4000
EXPOSE 4000
HEALTHCHECK --interval=5s --timeout=10s --retries=5 --start-period=90s CMD ["/app/health-check.sh", "4000", "/healthz"]
CMD ["node", "/app/provisioner/src/main.ts"]

FROM service AS dashboard
COPY --from=dashboard-packages /packages/node_modules node_modules
COPY dashboard/server dashboard/server
COPY --from=dashboard-files /dashboard /dashboard
ENV DASHBOARD_HOST=0.0.0.0 DASHBOARD_PORT=4000 DASHBOARD_DIR=/dashboard
EXPOSE 4000
HEALTHCHECK --interval=5s --timeout=10s --retries=5 --start-period=90s CMD ["/app/health-check.sh", "4000", "/healthz"]
CMD ["node", "/app/dashboard/server/src/main.ts"]

# The one image that may hold Docker's socket: no database, no queue, nothing but Node and what reads a request.
FROM service AS socket-proxy
COPY --from=socket-proxy-packages /packages/node_modules node_modules
COPY socket-proxy socket-proxy
ENV SOCKET_PROXY_HOST=0.0.0.0 SOCKET_PROXY_PORT=2375
EXPOSE 2375
HEALTHCHECK --interval=5s --timeout=10s --retries=5 --start-period=90s CMD ["/app/health-check.sh", "2375", "/_ping"]
CMD ["node", "/app/socket-proxy/src/main.ts"]
