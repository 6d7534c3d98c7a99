#!/usr/bin/env bash
# Checks what is shipped for other tools: the alert rules by their tests, everything against the references of metrics and topics.
set -euo pipefail
cd "$(dirname "$0")"
promtool=$(command -v promtool) || {
    # Debian's package starts a server, so that only its files are taken.
    folder=$(realpath -m "${CARGO_TARGET_DIR:-../target}")/promtool
    promtool=$folder/usr/bin/promtool
    if [ ! -x "$promtool" ]; then
        mkdir -p "$folder"
        [ "$(id -u)" -ne 0 ] || apt-get update -qq
        (cd "$folder" && apt-get download -qq prometheus && dpkg-deb -x prometheus_*.deb . && rm prometheus_*.deb)
    fi
}
"$promtool" check config ../image/prometheus/prometheus.yml
"$promtool" test rules ../image/prometheus/alerts.test.yaml
PYTHONDONTWRITEBYTECODE=1 python3 -m docs integrations "$promtool"
