#!/usr/bin/env bash
# Installs what only some tests need: Debian's Chromium (pages), skopeo (OCI layout), umoci and docker-registry (images), the ONNX project's test
# data, clients of other servers.
# Never fails: a test whose tool is missing is skipped with a printed reason.
cd "$(dirname "$0")/.."

missing=()
command -v chromium >/dev/null || missing+=(chromium)
command -v skopeo >/dev/null || missing+=(skopeo)
command -v mmdebstrap >/dev/null || missing+=(mmdebstrap)
command -v umoci >/dev/null || missing+=(umoci)
command -v docker-registry >/dev/null || missing+=(docker-registry)
if [ ${#missing[@]} -gt 0 ]; then
  if command -v apt-get >/dev/null && [ "$(id -u)" -eq 0 ]; then
    (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}") >.cache-apt.log 2>&1 ||
      echo "could not install ${missing[*]}: $(tail -n 1 .cache-apt.log)"
    rm -f .cache-apt.log
  else
    echo "not installed (needs root and apt-get): ${missing[*]}"
  fi
fi
[ -x scripts/onnx_testdata.sh ] && bash scripts/onnx_testdata.sh
bash scripts/clients.sh install
[ -x scripts/debian_base.sh ] && { bash scripts/debian_base.sh >/dev/null 2>&1 || echo "could not make a base of Debian for image tests"; }
exit 0
