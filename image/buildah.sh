#!/bin/bash
# What image/docker.sh does, where no Docker engine runs: by buildah alone, with as much of docker's command line as the README's
# lines and the tests have. How buildah stores and runs them image/engine.sh has set.
#   buildah.sh build OPTION... CONTEXT      buildah.sh run OPTION... IMAGE ARGUMENT...      buildah.sh save IMAGE
set -euo pipefail
own=linux/$(dpkg --print-architecture) command=$1
shift
case "$command" in
build)
    platform=(--platform "${DOCKER_DEFAULT_PLATFORM:-$own}")
    [[ " $* " != *" --platform "* ]] || platform=()
    log=$(mktemp)
    trap 'rm -f "$log"' EXIT
    # Docker's format has the health check; OCI's has not.
    buildah build --layers --format docker --ignorefile image/Dockerfile.dockerignore "${platform[@]}" \
        --build-arg BUILDPLATFORM="$own" "$@" >"$log" 2>&1 || { tail -n 40 "$log" >&2; exit 1; }
    ;;
run)
    options=()
    while [[ ${1:-} == -* ]]; do
        case "$1" in
        # What there is no need for: a root of its own is made for every run, and isolation by chroot has neither limits nor networks.
        --rm | --read-only) shift ;;
        --network | --ulimit | --tmpfs) shift 2 ;;
        -v) options+=(-v "$2") && shift 2 ;;
        *) echo "buildah.sh: run $1: not among what is understood here" >&2 && exit 2 ;;
        esac
    done
    container=$(buildah from -q --pull-never --platform "${DOCKER_DEFAULT_PLATFORM:-$own}" "$1")
    shift
    trap 'buildah rm "$container" >/dev/null' EXIT
    read -ra entry <<<"$(buildah inspect --format '{{range .OCIv1.Config.Entrypoint}}{{.}} {{end}}' "$container")"
    buildah run "${options[@]}" "$container" -- "${entry[@]}" "$@"
    ;;
save)
    saved=$(mktemp -d)
    trap 'rm -r "$saved"' EXIT
    buildah push -q "$1" "docker-archive:$saved/image:$1" >&2
    cat "$saved/image"
    ;;
*)
    echo "buildah.sh: $command: not among build, run, save" >&2
    exit 2
    ;;
esac
