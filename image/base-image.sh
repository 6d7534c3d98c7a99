#!/bin/bash
# Gives the container engine on this machine debian:bookworm-slim where it has none and no hub can be reached: made from
# Debian's packages, from where this machine gets them, and with the certificate authorities that this machine trusts.
#   base-image.sh docker|buildah
set -euo pipefail
cd "$(dirname "$0")/.."
name=debian:bookworm-slim engine=$1
case "$engine" in
docker) ! docker image inspect "$name" >/dev/null 2>&1 && ! timeout 60 docker pull -q "$name" 2>/dev/null || exit 0 ;;
buildah) ! buildah images -q "docker.io/library/$name" >/dev/null 2>&1 && ! timeout 60 buildah pull -q "docker.io/library/$name" 2>/dev/null || exit 0 ;;
esac
echo "no $name here and none to be had from a hub: making it from Debian's packages"
scripts/need-packages.sh mmdebstrap ca-certificates
tar=$(mktemp)
trap 'rm -f "$tar"' EXIT
python3 image/debian_sources.py main | mmdebstrap --quiet --variant=minbase --include=ca-certificates --format=tar \
    --customize-hook='upload /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt' bookworm - >"$tar"
case "$engine" in
docker) docker import "$tar" "$name" >/dev/null ;;
buildah)
    container=$(buildah from scratch)
    buildah add -q "$container" "$tar" / >/dev/null
    buildah commit -q --rm "$container" "docker.io/library/$name" >/dev/null
    ;;
esac
