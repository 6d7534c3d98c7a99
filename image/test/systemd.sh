#!/bin/bash
# Starts a Debian with systemd as the first process in a container, and waits until it is up: systemd.sh SUITE NAME [DOCKER OPTION...]
# The image is made from Debian's packages the first time; without a NAME that is all.
set -euo pipefail
cd "$(dirname "$0")/../.."
suite=$1 name=${2:-} image=acoustic-monitor-test:$1
if [ -z "$name" ] && ! docker version >/dev/null 2>&1; then
    echo "SKIPPED: no Docker engine runs here; no container of $suite"
    exit 0
fi
if ! docker image inspect "$image" >/dev/null 2>&1; then
    echo "making $suite with systemd from Debian's packages"
    scripts/need-packages.sh mmdebstrap ca-certificates
    tar=$(mktemp)
    trap 'rm -f "$tar"' EXIT
    # The mirror of this machine, without its suites, and with the certificate authorities that this machine trusts. The root is thrown
    # away: dpkg need not wait for the disk.
    python3 image/debian_sources.py --release "$suite" main | mmdebstrap --quiet --variant=minbase --include=ca-certificates,systemd-sysv,dbus \
        --dpkgopt=force-unsafe-io --format=tar \
        --customize-hook='upload /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt' "$suite" - >"$tar"
    docker import "$tar" "$image" >/dev/null
fi
[ -n "$name" ] || exit 0
shift 2
rights=(--privileged)
if ! docker run --rm --privileged "$image" true >/dev/null 2>&1; then
    # An engine that runs in a container itself may lack some rights: all that systemd needs.
    rights=(--security-opt seccomp=unconfined --security-opt apparmor=unconfined)
    for right in SYS_ADMIN SYS_NICE IPC_LOCK NET_ADMIN SYS_PTRACE; do rights+=(--cap-add "$right"); done
fi
# systemd takes a group of its own of the second version: newer ones accept no other. Where the engine gives the first, it is mounted.
# shellcheck disable=SC2016 # The container's shell expands it.
boot='
if [ "$(stat -fc %T /sys/fs/cgroup)" != cgroup2fs ]; then
    mkdir -p /tmp/cgroup && mount -t cgroup2 none /tmp/cgroup && mkdir -p "/tmp/cgroup/$0" && echo $$ >"/tmp/cgroup/$0/cgroup.procs"
    umount /tmp/cgroup
    exec unshare --cgroup /bin/sh -c "umount -R /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup && exec /lib/systemd/systemd"
fi
exec /lib/systemd/systemd'
docker run -d "${rights[@]}" --name "$name" --tmpfs /run --tmpfs /run/lock --tmpfs /tmp -e container=docker "$@" "$image" /bin/sh -c "$boot" "$name" >/dev/null
for _ in $(seq 1 240); do
    state=$(docker exec "$name" systemctl is-system-running 2>/dev/null || true)
    # Degraded: a unit of the system itself failed, which happens in containers.
    case "$state" in running | degraded) exit 0 ;; esac
    sleep 0.5
done
docker logs "$name" >&2 || true
echo "systemd.sh: systemd of $suite does not come up in a container: ${state:-no answer}" >&2
exit 1
