#!/bin/bash
# Builds and runs containers with whichever engine is there. ENGINE is docker or buildah; by default docker if its daemon runs, else
# buildah.
#   engine.sh name              prints the engine's name
#   engine.sh base              provides debian:bookworm-slim: pulled, or made from Debian's packages where no registry is reachable
#   engine.sh COMMAND ARG...    a docker command; buildah has build, run and save, with the options that this repository uses
set -euo pipefail
here=$(dirname "$0") base=debian:bookworm-slim
[ -n "${ENGINE:-}" ] || if docker version >/dev/null 2>&1; then ENGINE=docker; else ENGINE=buildah; fi
case "$ENGINE" in
docker) export DOCKER_BUILDKIT=1 ;;
buildah)
    "$here/../scripts/need-packages.sh" buildah >&2
    # Isolation by chroot needs no runtime, the storage driver vfs no support by the kernel.
    export BUILDAH_ISOLATION=chroot
    buildah info >/dev/null 2>&1 || export STORAGE_DRIVER=vfs
    ;;
*)
    echo "engine: ENGINE=$ENGINE; docker and buildah are supported" >&2
    exit 2
    ;;
esac

# docker with BuildKit. Without the plugin buildx a new client has only the old builder, which cannot build for another platform;
# Debian 12's own client has BuildKit built in.
with_docker() {
    local docker version
    for docker in docker /usr/bin/docker; do
        version=$("$docker" version --format '{{.Client.Version}}' 2>/dev/null) || continue
        if [ "${version%%.*}" -lt 23 ] || "$docker" buildx version >/dev/null 2>&1; then
            exec "$docker" "$@"
        fi
    done
    echo "engine: no docker client with BuildKit; install docker's plugin buildx, or Debian 12's docker.io" >&2
    exit 1
}

with_buildah() {
    local own command=$1 platform log options container entry saved
    own=linux/$(dpkg --print-architecture)
    shift
    case "$command" in
    build)
        platform=(--platform "${DOCKER_DEFAULT_PLATFORM:-$own}")
        [[ " $* " != *" --platform "* ]] || platform=()
        log=$(mktemp)
        # Docker's format has the health check; OCI's has not.
        buildah build --layers --format docker --ignorefile image/Dockerfile.dockerignore "${platform[@]}" \
            --build-arg BUILDPLATFORM="$own" "$@" >"$log" 2>&1 || { tail -n 40 "$log" >&2; rm -f "$log"; exit 1; }
        rm -f "$log"
        ;;
    run)
        options=()
        while [[ ${1:-} == -* ]]; do
            case "$1" in
            # Not needed: every run gets a new root, and isolation by chroot has neither limits nor networks.
            --rm | --read-only) shift ;;
            --network | --ulimit | --tmpfs) shift 2 ;;
            -v) options+=(-v "$2") && shift 2 ;;
            *) echo "engine: run $1 is not supported with buildah" >&2 && exit 2 ;;
            esac
        done
        container=$(buildah from -q --pull-never --platform "${DOCKER_DEFAULT_PLATFORM:-$own}" "$1")
        shift
        # shellcheck disable=SC2064 # The container's name of now.
        trap "buildah rm $container >/dev/null" EXIT
        read -ra entry <<<"$(buildah inspect --format '{{range .OCIv1.Config.Entrypoint}}{{.}} {{end}}' "$container")"
        buildah run "${options[@]}" "$container" -- "${entry[@]}" "$@"
        ;;
    save)
        saved=$(mktemp -d)
        # shellcheck disable=SC2064 # The folder's name of now.
        trap "rm -r $saved" EXIT
        buildah push -q "$1" "docker-archive:$saved/image:$1" >&2
        cat "$saved/image"
        ;;
    *)
        echo "engine: $command is not supported with buildah" >&2
        exit 2
        ;;
    esac
}

provide_base() {
    local tar container
    case "$ENGINE" in
    docker) ! docker image inspect "$base" >/dev/null 2>&1 && ! timeout 60 docker pull -q "$base" 2>/dev/null || return 0 ;;
    buildah) ! buildah images -q "docker.io/library/$base" >/dev/null 2>&1 && ! timeout 60 buildah pull -q "docker.io/library/$base" 2>/dev/null || return 0 ;;
    esac
    echo "no $base here and no registry reachable: making it from Debian's packages"
    cd "$here/.."
    scripts/need-packages.sh mmdebstrap ca-certificates
    tar=$(mktemp)
    # shellcheck disable=SC2064 # The file's name of now.
    trap "rm -f $tar" EXIT
    # With the certificate authorities that this machine trusts.
    python3 image/debian_sources.py main | mmdebstrap --quiet --variant=minbase --include=ca-certificates --format=tar \
        --customize-hook='upload /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt' bookworm - >"$tar"
    case "$ENGINE" in
    docker) docker import "$tar" "$base" >/dev/null ;;
    buildah)
        container=$(buildah from scratch)
        buildah add -q "$container" "$tar" / >/dev/null
        buildah commit -q --rm "$container" "docker.io/library/$base" >/dev/null
        ;;
    esac
}

case "${1:-}" in
name) echo "$ENGINE" ;;
base) provide_base ;;
*) "with_$ENGINE" "$@" ;;
esac
