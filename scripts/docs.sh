#!/usr/bin/env bash
# Builds the site of the documents: docs.sh OUT. Every link of it is checked; nothing of it is loaded from another server.
set -euo pipefail
out=${1:?name a folder for the result}
mkdir -p "$out"
out=$(realpath "$out")
cd "$(dirname "$0")"
export PYTHONDONTWRITEBYTECODE=1
python3 -m docs links
if mdbook --version 2>/dev/null | grep -q 'v0\.5\.'; then
    mdbook=mdbook
else
    mdbook=$out/venv/bin/mdbook
    if [ ! -x "$mdbook" ]; then
        ./need-packages.sh python3-venv
        python3 -m venv "$out/venv"
        "$out/venv/bin/pip" -q install --require-hashes -r docs/requirements.txt
    fi
fi
python3 -m docs stage "$out/src"
cp ../docs/book.toml ../docs/site.css "$out/"
rm -rf "$out/html"
"$mdbook" build "$out" 2>"$out/mdbook.log" || { cat "$out/mdbook.log" >&2; exit 1; }
# A warning of mdBook is a page that is not as it was meant.
if grep -E 'WARN|ERROR' "$out/mdbook.log" >&2; then exit 1; fi
python3 -m docs site "$out/html"
echo "docs: $out/html/index.html"
