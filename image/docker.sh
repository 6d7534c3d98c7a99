#!/bin/bash
# docker with BuildKit: a client without the buildx plugin has only the old builder, which knows no platforms. Debian's own
# client of that time has it built in.
set -euo pipefail
export DOCKER_BUILDKIT=1
for docker in docker /usr/bin/docker; do
    version=$("$docker" version --format '{{.Client.Version}}' 2>/dev/null) || continue
    if [ "${version%%.*}" -lt 23 ] || "$docker" buildx version >/dev/null 2>&1; then
        exec "$docker" "$@"
    fi
done
echo "no docker client with BuildKit here: install docker's buildx plugin, or Debian 12's docker.io" >&2
exit 1
