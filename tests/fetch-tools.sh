#!/bin/sh
# Fetches the programs that end-to-end tests need, where that is possible: Debian, as root.
# Elsewhere the tests that need them say so and are skipped; with CI=true nothing may be skipped.
set -eu

missing=""
command -v prometheus >/dev/null 2>&1 || missing="prometheus"
command -v promtool >/dev/null 2>&1 || missing="prometheus"
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
command -v curl >/dev/null 2>&1 || missing="$missing curl"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "fetching $missing"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq >/dev/null
    apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
    echo "not installed: $missing; the tests that need them will be skipped"
fi
