#!/usr/bin/env bash
# Installs clients of other servers into .cache/clients: Python's into a virtual environment, grpcurl with Go where there is one.
# Prints the folder; what could not be installed is said on stderr, and its tests are skipped. Without an argument nothing is installed:
# the folder is printed if it is there.
set -u
cd "$(dirname "$0")/.."
target=.cache/clients
requirements=test/conformance/clients/requirements.txt
stamp=$(sha256sum "$requirements" | cut -d' ' -f1)

if [ "${1:-}" = install ]; then
  mkdir -p "$target/bin"
  if [ "$(cat "$target/installed" 2>/dev/null)" != "$stamp" ]; then
    if command -v python3 >/dev/null && python3 -m venv "$target/venv" &&
      "$target/venv/bin/pip" install -q --disable-pip-version-check -r "$requirements" >"$target/pip.log" 2>&1; then
      echo "$stamp" >"$target/installed"
    else
      echo "clients: Python's could not be installed: $(tail -n 1 "$target/pip.log" 2>/dev/null)" >&2
    fi
  fi
  # NVIDIA's load generator: releases of its own are not on PyPI (0.1.0 there is empty), tritonclient's wheels had it up to 2.47. It links
  # CUDA's runtime and libb64, which it does not use here.
  perf=$target/perf_analyzer
  if [ ! -x "$perf/perf_analyzer" ] && [ -x "$target/venv/bin/pip" ]; then
    if [ "$(uname -sm)" = "Linux x86_64" ] && command -v apt-get dpkg >/dev/null; then
      rm -rf "$perf" && mkdir -p "$perf/parts" "$perf/lib"
      (
        set -e
        "$PWD/$target/venv/bin/pip" download -q --disable-pip-version-check --no-deps -d "$perf/parts" tritonclient==2.47.0 nvidia-cuda-runtime-cu12==12.9.79
        for wheel in "$perf"/parts/*.whl; do "$target/venv/bin/python" -m zipfile -e "$wheel" "$perf/parts"; done
        (cd "$perf/parts" && apt-get download -qq libb64-0d && dpkg -x libb64-0d*.deb .)
        cp "$perf"/parts/usr/lib/*/libb64.so.0d "$perf"/parts/nvidia/cuda_runtime/lib/libcudart.so.12 "$perf/lib/"
        cp "$perf"/parts/tritonclient-*/data/bin/perf_analyzer "$perf/"
        chmod +x "$perf/perf_analyzer"
      ) >"$target/perf_analyzer.log" 2>&1 || echo "clients: perf_analyzer could not be installed: $(tail -n 1 "$target/perf_analyzer.log")" >&2
      rm -rf "$perf/parts"
    else
      echo "clients: perf_analyzer is left out: its binary is for Linux on x86-64, with libb64 from Debian" >&2
    fi
  fi
  if [ ! -x "$target/bin/grpcurl" ]; then
    if command -v go >/dev/null; then
      GOBIN=$PWD/$target/bin go install github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3 >"$target/go.log" 2>&1 ||
        echo "clients: grpcurl could not be built: $(tail -n 1 "$target/go.log")" >&2
    else
      echo "clients: grpcurl is left out: no Go on this machine" >&2
    fi
  fi
fi
[ "$(cat "$target/installed" 2>/dev/null)" = "$stamp" ] && echo "$target"
exit 0
