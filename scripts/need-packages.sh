#!/usr/bin/env bash
# Ensures that Debian packages are installed: need-packages.sh PACKAGE...
# Installs missing ones as root (a container, a CI machine); otherwise lists them and fails.
set -euo pipefail
missing=()
# The packages that are not installed, into `missing`.
find_missing() {
    local package status
    missing=()
    for package in "${packages[@]}"; do
        status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
        # With two architectures installed the status appears twice.
        [[ $status == installed* ]] || missing+=("$package")
    done
}
packages=("$@")
find_missing
[ ${#missing[@]} -gt 0 ] || exit 0
# One process at a time: apt fails while another holds its lock. Who needs nothing does not wait.
if [ "$(id -u)" -eq 0 ]; then
    exec 9>/run/lock/need-packages
    flock 9
    find_missing
fi
# Packages of another architecture need dpkg to know it.
for architecture in $(printf '%s\n' "$@" | sed -n 's/.*://p' | sort -u); do
    case " $(dpkg --print-architecture) $(dpkg --print-foreign-architectures | tr '\n' ' ') " in
    *" $architecture "*) ;;
    *)
        [ "$(id -u)" -eq 0 ] || { echo "run: sudo dpkg --add-architecture $architecture" >&2; exit 1; }
        dpkg --add-architecture "$architecture"
        ;;
    esac
done
[ ${#missing[@]} -gt 0 ] || exit 0
if [ "$(id -u)" -eq 0 ]; then
    echo "installing: ${missing[*]}"
    # Services that a package starts must not inherit the lock.
    apt-get update -qq 9>&-
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null 9>&-
else
    echo "missing Debian packages; run: sudo apt-get install ${missing[*]}" >&2
    exit 1
fi
