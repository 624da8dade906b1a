# The image of Whosleft: the locked dependencies and the project's wheel in /opt/whosleft, on a base that you choose.
# docs/image.md says how to build and run it. No stage needs BuildKit: docker, podman and buildah all build it.
#
# BASE has to hold Python 3.11 or newer with its venv module, glibc and CA certificates, and is never taken by its tag
# alone: what a tag names changes. Put today's digest in place of the zeros, or give --build-arg BASE=…:
#   docker buildx imagetools inspect python:3.13-slim      (or: skopeo inspect docker://docker.io/library/python:3.13-slim)
ARG BASE=docker.io/library/python:3.13-slim@sha256:0000000000000000000000000000000000000000000000000000000000000000

FROM ${BASE} AS build
# For a build without a network: PIP_NO_INDEX=1 and PIP_FIND_LINKS=/src/.cache/wheels. pip reads both by itself.
ARG PIP_NO_INDEX
ARG PIP_FIND_LINKS
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore PIP_QUIET=1
# .dockerignore lets nothing else through than what is needed here
COPY . /src
WORKDIR /src
# pip stands in an environment of its own and fills the other from there, so the one that is shipped has none
RUN python3 -m venv /build \
 && /build/bin/pip install --require-hashes -r requirements-build.lock \
 && python3 -m venv --without-pip /opt/whosleft \
 && /build/bin/pip --python /opt/whosleft/bin/python install --no-compile \
        --only-binary :all: --require-hashes -r requirements-image.lock \
 && /build/bin/hatchling build --target wheel --directory /build/wheel \
 && /build/bin/pip --python /opt/whosleft/bin/python install --no-compile --no-index --no-deps /build/wheel/*.whl
# The root file system is read-only when it runs. What is compiled here is never compared with its source again
RUN /opt/whosleft/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/whosleft/lib \
 && mkdir -p /usr/share/doc/whosleft /empty \
 && /build/bin/python .ci/sbom /opt/whosleft >/usr/share/doc/whosleft/sbom.cdx.json \
 && groupadd --gid 10001 whosleft \
 && useradd --uid 10001 --gid 10001 --home-dir /var/lib/whosleft --no-create-home --shell /usr/sbin/nologin whosleft

FROM ${BASE}
ARG BASE
ARG VERSION=unknown
ARG REVISION=unknown
ARG SOURCE=unknown
LABEL org.opencontainers.image.title="Whosleft" \
      org.opencontainers.image.description="Who has left the company, and is still in its chat groups?" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.base.name="${BASE}"
# Nothing is run in this stage, so it holds the base and these, and no tool's traces
COPY --from=build /etc/passwd /etc/group /etc/
COPY --from=build /opt/whosleft /opt/whosleft
COPY --from=build /usr/share/doc/whosleft /usr/share/doc/whosleft
COPY --from=build /empty /etc/whosleft
COPY --from=build --chown=10001:10001 /empty /var/lib/whosleft
# One arena: threads that each had their own would keep a twentieth more of memory
ENV PATH=/opt/whosleft/bin:/usr/local/bin:/usr/bin:/bin \
    LANG=C.UTF-8 \
    PYTHONDONTWRITEBYTECODE=1 \
    MALLOC_ARENA_MAX=1 \
    WHOSLEFT_CONFIG=/etc/whosleft/whosleft.yaml
# By number: Kubernetes can't see that a name isn't root's (runAsNonRoot)
USER 10001:10001
WORKDIR /var/lib/whosleft
STOPSIGNAL SIGTERM
ENTRYPOINT ["/opt/whosleft/bin/whosleft"]
CMD ["run"]
