#!/usr/bin/env bash
# Makes sure that Debian packages are there: need-packages.sh PACKAGE...
# As root (a container, a CI machine) it installs what is missing; otherwise it says what to install and fails.
set -euo pipefail
# One at a time: apt does not wait for another.
if [ "$(id -u)" -eq 0 ]; then
    exec 9>/run/lock/need-packages
    flock 9
fi
# A package of another architecture needs that to be known.
for architecture in $(printf '%s\n' "$@" | sed -n 's/.*://p' | sort -u); do
    case " $(dpkg --print-architecture) $(dpkg --print-foreign-architectures | tr '\n' ' ') " in
    *" $architecture "*) ;;
    *)
        [ "$(id -u)" -eq 0 ] || { echo "needed: sudo dpkg --add-architecture $architecture" >&2; exit 1; }
        dpkg --add-architecture "$architecture"
        ;;
    esac
done
missing=()
for package in "$@"; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    # Where two architectures are installed it says so twice.
    [[ $status == installed* ]] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0
if [ "$(id -u)" -eq 0 ]; then
    echo "installing: ${missing[*]}"
    # Not to be held by a service that a package starts.
    apt-get update -qq 9>&-
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null 9>&-
else
    echo "these Debian packages are needed: sudo apt-get install ${missing[*]}" >&2
    exit 1
fi
