#!/usr/bin/env bash
# Makes sure that Debian packages are there: need-packages.sh PACKAGE...
# As root (a container, a CI machine) it installs what is missing; otherwise it says what to install and fails.
set -euo pipefail
missing=()
for package in "$@"; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    # Where two architectures are installed it says so twice.
    [[ $status == installed* ]] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0
if [ "$(id -u)" -eq 0 ]; then
    echo "installing: ${missing[*]}"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
else
    echo "these Debian packages are needed: sudo apt-get install ${missing[*]}" >&2
    exit 1
fi
