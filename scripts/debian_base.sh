#!/usr/bin/env bash
# Makes .cache/debian-base, an OCI layout of what Node needs of Debian and nothing else: a base for the tests of exported images.
# Needs root, mmdebstrap and umoci; without them nothing is made.
set -euo pipefail
cd "$(dirname "$0")/.."
out=.cache/debian-base
[ -e "$out" ] && exit 0
command -v mmdebstrap >/dev/null && command -v umoci >/dev/null && [ "$(id -u)" -eq 0 ] || exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mmdebstrap --quiet --variant=extract --include=libc6,libstdc++6,libgcc-s1 bookworm "$work/root.tar"
umoci init --layout "$work/layout"
umoci new --image "$work/layout:base"
umoci raw add-layer --image "$work/layout:base" "$work/root.tar"
umoci config --image "$work/layout:base" --os linux --architecture "$(dpkg --print-architecture)"
mkdir -p .cache
mv "$work/layout" "$out"
