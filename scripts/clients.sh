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
  # NVIDIA's load generator has no wheel for every platform.
  if [ ! -e "$target/perf_analyzer" ] && [ -x "$target/venv/bin/pip" ]; then
    "$target/venv/bin/pip" install -q --disable-pip-version-check 'perf-analyzer>=2.60' >"$target/perf_analyzer" 2>&1 ||
      echo "clients: perf_analyzer could not be installed: $(tail -n 1 "$target/perf_analyzer")" >&2
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
