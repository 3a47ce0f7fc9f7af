# syntax=docker/dockerfile:1

# Agent, controller and spiderpoolctl, with the builds of the CNI plugin that the agent installs on hosts. See docs/image.md.

# Arguments, so that a mirror can serve them; pin them by digest where builds have to be reproducible.
ARG BUILD_IMAGE=node:24.21.0-bookworm-slim
ARG BASE_IMAGE=debian:12-slim

# On the machine that builds, for any architecture: nothing of the target is executed.
FROM --platform=$BUILDPLATFORM ${BUILD_IMAGE} AS build
ARG TARGETARCH
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
# A registry other than npm's own: --secret id=npmrc,src=FILE
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc npm ci --include=dev --include=optional
COPY . .
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc node scripts/build.mjs image-${TARGETARCH}

FROM ${BASE_IMAGE}
ARG TARGETARCH
LABEL org.opencontainers.image.title="spiderpool"
LABEL org.opencontainers.image.description="IP address management (CNI IPAM) for Kubernetes underlay networks: agent, controller, spiderpoolctl and the plugin"
LABEL org.opencontainers.image.licenses="Apache-2.0"
LABEL org.opencontainers.image.version="0.1.0"
# What changes least comes first: an upgrade fetches the layers that differ.
COPY --from=build /src/dist/image/${TARGETARCH}/node/ /
COPY --from=build /src/dist/image/${TARGETARCH}/plugin/ /
COPY --from=build /src/dist/image/${TARGETARCH}/programs/ /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# The agent needs root, and its pod says so; nothing else does.
USER 65532:65532
CMD ["spiderpool-agent", "--help"]
