#!/bin/bash
# Copies a program's libraries and loader under a root: libraries.sh ARCHITECTURE PROGRAM ROOT [FOLDER]
# Libraries in FOLDER take precedence over the system's.
set -euo pipefail
# shellcheck source=image/container/target.sh
. "$(dirname "$0")/target.sh" "$1"
program=$2 root=$3 first=${4:-/nonexistent}
mkdir -p "$root/lib/$triplet" "$root$(dirname "$loader")"
todo=("$program")
while [ ${#todo[@]} -gt 0 ]; do
    file=${todo[0]} todo=("${todo[@]:1}")
    for name in $(readelf -d "$file" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
        [[ $name != ld-linux* ]] && [ ! -e "$root/lib/$triplet/$name" ] || continue
        for folder in "$first" "/lib/$triplet" "/usr/lib/$triplet" "/usr/$triplet/lib"; do
            [ ! -e "$folder/$name" ] || break
        done
        install -m 755 "$folder/$name" "$root/lib/$triplet/$name"
        todo+=("$folder/$name")
    done
done
for source in "$loader" "/lib/$triplet/$(basename "$loader")" "/usr/$triplet/lib/$(basename "$loader")"; do
    [ ! -e "$source" ] || break
done
install -m 755 "$source" "$root$loader"
