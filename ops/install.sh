#!/usr/bin/env bash
# Install what the project needs on Debian 12+ or Ubuntu 24.04+. Without arguments: to run it; with --tests: to test it, too;
# with --spark: also Java and Spark, on which the lake's expressions run as well.
# Asks nothing. Does nothing where everything is there.
set -euo pipefail
cd "$(dirname "$0")/.."
lock=requirements.lock
tests=no spark=no
for option in "$@"; do
  case $option in
    --tests) tests=yes lock=requirements-dev.lock ;;
    --spark) spark=yes ;;
    *) printf 'Unknown option %s. There are --tests and --spark.\n' "$option" >&2; exit 2 ;;
  esac
done

say() { printf '%s\n' "$*" >&2; }

find_python() {
  for name in "${PYTHON:-python3}" python3.13 python3.12 python3.11; do
    if command -v "$name" >/dev/null && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$name"
      return
    fi
  done
  say "Python 3.11 or newer is needed and was not found. Install it (on Debian or Ubuntu: package python3), then run the command again."
  return 1
}

has_library() { ldconfig -p 2>/dev/null | grep -q "$1" || /sbin/ldconfig -p 2>/dev/null | grep -q "$1"; }
has_server() { PATH=$PATH:/usr/sbin command -v "$1" >/dev/null; }
has_package() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'install ok installed'; }

# Liberation 1.x has the same family name and lacks most Vietnamese letters: only version 2 will do.
font_package() {
  if apt-cache show fonts-liberation2 >/dev/null 2>&1; then echo fonts-liberation2; else echo fonts-liberation; fi
}
has_font() {
  local version
  has_package fonts-liberation2 && return 0
  version=$(dpkg-query -W -f '${Version}' fonts-liberation 2>/dev/null) || return 1
  dpkg --compare-versions "$version" ge 1:2
}

missing_packages() {
  "$python" -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
  has_library libpango-1.0.so.0 || echo libpango-1.0-0
  has_library libpangoft2-1.0.so.0 || echo libpangoft2-1.0-0
  has_library libharfbuzz-subset.so.0 || echo libharfbuzz-subset0
  command -v fc-list >/dev/null || echo fontconfig
  has_font || font_package
  if [ "$tests" = yes ]; then
    command -v pdftotext >/dev/null || echo poppler-utils
    has_server redis-server || echo redis-server
    has_server memcached || echo memcached
    command -v chromium >/dev/null || { [ "$(. /etc/os-release; echo "$ID")" = debian ] && echo chromium; } || true
  fi
  if [ "$spark" = yes ]; then command -v java >/dev/null || echo default-jre-headless; fi
}

install_packages() {
  local root=()
  if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
      root=(sudo)
    else
      say "These system packages are missing: $*"
      say "They need root, and neither root nor sudo is available here. Ask an administrator to run: apt-get install $*"
      exit 1
    fi
  fi
  if ! command -v apt-get >/dev/null; then
    say "These libraries are missing: $*. There is no apt-get here; install them by this system's own means."
    exit 1
  fi
  say "Installing system packages: $*"
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -q >&2
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@" >&2
}

python=$(find_python)
if missing=$(missing_packages) && [ -n "$missing" ]; then
  if ! has_font && command -v apt-get >/dev/null && [ "$(id -u)" -eq 0 ]; then apt-get update -q >&2 || true; fi
  # shellcheck disable=SC2046  # one word a package is meant
  install_packages $(missing_packages)
fi

install_lock() {
  local stamp=.venv/.installed-$1
  if cmp -s "$1" "$stamp"; then return; fi
  if [ ! -x .venv/bin/pip ]; then "$python" -m venv .venv; fi
  say "Installing Python packages from $1 (about one to two minutes)"
  .venv/bin/pip install -q --disable-pip-version-check --no-input --require-hashes -r "$1"
  cp "$1" "$stamp"
}
install_lock "$lock"
if [ "$spark" = yes ]; then install_lock requirements-spark.lock; fi

# Ubuntu has no Chromium package; Playwright brings one there.
if [ "$tests" = yes ] && ! command -v chromium >/dev/null && [ ! -e .venv/.chromium ]; then
  .venv/bin/playwright install --with-deps chromium >&2
  touch .venv/.chromium
fi

for room in translations/*/; do
  text=$room/en/LC_MESSAGES/messages.po
  if [ -f "$text" ] && [ "$text" -nt "${text%.po}.mo" ]; then .venv/bin/pybabel -q compile -d "$room"; fi
done
