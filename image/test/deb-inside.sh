#!/bin/bash
# The part of deb.sh that runs in the container, in which systemd is the first process: deb-inside.sh ARCHITECTURE SUITE
set -euo pipefail
arch=$1 suite=$2
unit=acoustic-monitor.service wants=/etc/systemd/system/multi-user.target.wants/acoustic-monitor.service
native=$(dpkg --print-architecture)
export DEBIAN_FRONTEND=noninteractive
holds() { echo "  ok   $suite: $1"; }
fails() { echo "deb: $suite: $*" >&2; systemctl status --no-pager "$unit" >&2 || true; journalctl --no-pager -n 40 -u "$unit" >&2 || true; exit 1; }
# One condition a line: bash ends at a failed command only if nothing but that command decides.
trap 'fails "line $LINENO: $BASH_COMMAND"' ERR
install_quietly() { apt-get install -y -qq --no-install-recommends "$@" >/tmp/apt.log 2>&1 || { cat /tmp/apt.log >&2; fails "apt-get install $*"; }; }
# Waits until a command succeeds: until_it COMMAND...
until_it() { for _ in $(seq 1 120); do ! "$@" >/dev/null 2>&1 || return 0; sleep 0.5; done; fails "after a minute not: $*"; }
use_repository() {
    sed -e "s|^URIs: .*|URIs: file:/packages/$1|" -e 's|^Signed-By: .*|Signed-By: /etc/apt/keyrings/acoustic-monitor.gpg|' \
        "/packages/$1/acoustic-monitor.sources" >/etc/apt/sources.list.d/acoustic-monitor.sources
    install -D -m 644 "/packages/$1/acoustic-monitor.gpg" /etc/apt/keyrings/acoustic-monitor.gpg
    apt-get update -qq
}

[ "$arch" = "$native" ] || dpkg --add-architecture "$arch"
apt-get update -qq

# Version 0.1, as somebody has it who has used it: an edited configuration, a model and a key beside it, something learned.
cp /packages/former.deb /tmp/
install_quietly "/tmp/former.deb"
echo '# mine' >>/etc/monitor/monitor.toml
touch /etc/monitor/monitor.key.pub
use_repository now
# The recording in place of a microphone, under all of the unit's restrictions.
install_quietly "acoustic-monitor-tools:$arch"
acoustic-monitor-tools synth --out /tmp/data --seed 1 --timeline-seconds 60 >/dev/null
acoustic-monitor-tools train --data /tmp/data --out /tmp/trained --features logmel --folds 0 >/dev/null 2>&1
cp /tmp/trained/sound_classifier.tflite /etc/monitor/
mkdir -p /srv/sound "/etc/systemd/system/$unit.d"
cp /tmp/data/timeline/*.wav /srv/sound/x.wav
# Whichever program and version it is.
printf '[Service]\nExecStart=\nExecStart=/usr/bin/firmware run --wav /srv/sound/x.wav --realtime\n' >"/etc/systemd/system/$unit.d/sound.conf"
systemctl daemon-reload
if [ "$arch" = "$native" ]; then
    systemctl restart "$unit"
    systemctl is-active --quiet "$unit"
    [ -d /var/lib/private/monitor ]
    until_it test -e /run/monitor/status.json
    holds "the unit of version 0.1 starts"
else
    mkdir -p /var/lib/private/monitor && ln -s private/monitor /var/lib/monitor
fi
touch /var/lib/private/monitor/trend.days

install_quietly "acoustic-monitor:$arch"
[ "$(dpkg-query -W -f '${Version}' "acoustic-monitor:$arch")" != 0.1.0 ]
holds "apt installs the upgrade from the signed repository"
grep -q '^# mine' /etc/acoustic-monitor/monitor.toml
[ -e /etc/acoustic-monitor/monitor.toml.dpkg-new ]
[ ! -e /etc/monitor ]
[ -e /etc/acoustic-monitor/monitor.key.pub ]
[ -e /etc/acoustic-monitor/sound_classifier.tflite ]
[ -e /var/lib/private/acoustic-monitor/trend.days ]
[ ! -e /var/lib/private/monitor ]
[ ! -L /var/lib/monitor ]
holds "the edited configuration, the model, the key and what was learned have moved"
firmware --version
acoustic-monitor --version
acoustic-monitor-tools --version
host-tools --version
acoustic-monitor validate-config 2>/tmp/hints >/dev/null
grep -q '/etc/acoustic-monitor/monitor.toml: listen.model = "/etc/monitor/sound_classifier.tflite": that folder is' /tmp/hints
holds "the programs run under both names, accept the former configuration, and state what to change in it"
if [ -d /usr/share/man/man1 ] && [ -e /usr/share/bash-completion/completions/acoustic-monitor ]; then
    for name in acoustic-monitor acoustic-monitor-tools firmware host-tools; do
        bash -c ". /usr/share/bash-completion/completions/$name && complete -p $name" >/dev/null
    done
    holds "bash completes every name"
fi
systemd-analyze verify --recursive-errors=no "/usr/lib/systemd/system/$unit"
systemd-analyze security --offline=yes --threshold=35 --no-pager "/usr/lib/systemd/system/$unit" | tail -n 1
holds "systemd accepts the unit, and it is confined"
if [ "$arch" = "$native" ]; then
    until_it systemctl is-active --quiet "$unit"
    until_it acoustic-monitor health
    [ -e /run/acoustic-monitor/status.json ]
    [ ! -e /run/monitor ]
    [ "$(systemctl show -p NRestarts --value "$unit")" = 0 ]
    holds "the upgraded unit runs: $(acoustic-monitor health 2>/dev/null)"
    journalctl --no-pager -u "$unit" >/tmp/journal
    grep -q 'listen.state_dir = "/var/lib/monitor": that folder is "/var/lib/acoustic-monitor"' /tmp/journal
    holds "its log states what to change in the configuration"
    systemctl reload "$unit"
    systemctl is-active --quiet "$unit"
    holds "it reads its configuration again"
    # Without a microphone it waits, and neither fails nor starts again.
    rm -r "/etc/systemd/system/$unit.d"
    systemctl daemon-reload
    systemctl --no-block restart "$unit"
    waits() { [ "$(systemctl show -p ActiveState --value "$unit")" = activating ] && grep -q '"capture":"\(absent\|opening\)"' /run/acoustic-monitor/status.json; }
    until_it waits
    sleep 3
    waits
    [ "$(systemctl show -p NRestarts --value "$unit")" = 0 ]
    holds "without a microphone the unit waits for one"
fi
[ -L $wants ]
holds "it starts at boot"
systemctl disable $unit 2>/dev/null
use_repository later
install_quietly "acoustic-monitor:$arch" "acoustic-monitor-tools:$arch"
[ "$(dpkg-query -W -f '${Version}' "acoustic-monitor:$arch")" = 99.0 ]
grep -q '^# mine' /etc/acoustic-monitor/monitor.toml
[ ! -e $wants ]
holds "an upgrade keeps the configuration, and a disabled unit disabled"
systemctl enable $unit 2>/dev/null
dpkg --remove "acoustic-monitor:$arch" "acoustic-monitor-tools:$arch" >/dev/null 2>&1
[ ! -e /usr/bin/firmware ]
[ ! -e /usr/bin/acoustic-monitor ]
[ ! -e /usr/lib/systemd/system/$unit ]
[ "$(systemctl show -p ActiveState --value "$unit")" = inactive ]
grep -q '^# mine' /etc/acoustic-monitor/monitor.toml
[ -e /var/lib/private/acoustic-monitor/trend.days ]
holds "removing them stops the unit, and keeps the configuration and what was learned"
rm -f /etc/acoustic-monitor/sound_classifier.tflite /etc/acoustic-monitor/monitor.key.pub /etc/acoustic-monitor/monitor.toml.dpkg-new
dpkg --purge "acoustic-monitor:$arch" >/dev/null 2>&1
[ ! -e /etc/acoustic-monitor ]
[ ! -e /var/lib/private/acoustic-monitor ]
[ ! -e /var/lib/acoustic-monitor ]
[ ! -e $wants ]
holds "purging them leaves nothing"
# As a new user has it.
use_repository now
install_quietly "acoustic-monitor:$arch"
grep -q '^model = "/etc/acoustic-monitor/sound_classifier.tflite"' /etc/acoustic-monitor/monitor.toml
[ -L $wants ]
[ ! -e /etc/monitor ]
holds "a first installation has its configuration and starts at boot"
if [ "$arch" = "$native" ]; then
    waits_for_model() { systemctl show -p StatusText --value "$unit" | grep -q '^there is no model /etc/acoustic-monitor/sound_classifier.tflite yet'; }
    until_it waits_for_model
    cp /tmp/trained/sound_classifier.tflite /etc/acoustic-monitor/
    until_it waits
    [ "$(systemctl show -p NRestarts --value "$unit")" = 0 ]
    holds "its unit waits for a model, then for a microphone"
fi
