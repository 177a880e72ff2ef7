#!/bin/sh
# Fetches the ONNX project's own backend test models (Debian package libonnx-testdata) into .cache/onnx-testdata, without root.
# Prints the folder that holds them, or why there is none; absence is no failure, the tests then skip and say so.
set -u
cd "$(dirname "$0")/.."
installed=/usr/share/libonnx-testdata/data
target=.cache/onnx-testdata

if [ -d "$installed/node" ]; then
  echo "$installed"
  exit 0
fi
if [ -d "$target/data/node" ]; then
  echo "$target/data"
  exit 0
fi
skip() {
  echo "onnx test data: $1; its tests are skipped" >&2
  exit 0
}
command -v apt-get >/dev/null || skip "no apt-get on this machine"
command -v dpkg-deb >/dev/null || skip "no dpkg-deb on this machine"

mkdir -p .cache
work=$(mktemp -d .cache/onnx-testdata.XXXXXX)
trap 'rm -rf "$work"' EXIT
if ! (cd "$work" && apt-get -q download libonnx-testdata >apt.log 2>&1); then
  skip "apt-get download libonnx-testdata failed: $(tail -n 1 "$work/apt.log")"
fi
for package in "$work"/libonnx-testdata_*.deb; do
  dpkg-deb -x "$package" "$work/unpacked" || skip "dpkg-deb could not unpack $package"
done
[ -d "$work/unpacked$installed/node" ] || skip "the package has no $installed/node"
mkdir -p "$target"
rm -rf "$target/data"
mv "$work/unpacked$installed" "$target/data"
echo "$target/data"
