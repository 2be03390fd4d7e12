#!/bin/bash
# A real Tryton 6.0 (Debian 12 packages) on SQLite with a company, a chart of accounts and sample purchasing data.
#
#   scripts/tryton.sh template           build the database once, print the cached directory that holds it
#   scripts/tryton.sh serve [PORT]       run a server on a fresh copy at 127.0.0.1:PORT (8000), until interrupted
#
# Logins: admin/admin (everything) and clerk/clerk-password (may not see purchasing). Database: busbar.
# Packages are installed with apt when they are missing, which needs root. Several callers may run it at once.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=$here/../.cache
packages=(tryton-server tryton-proteus
  tryton-modules-{purchase,stock,production,stock-supply,purchase-request,purchase-requisition,account-asset,stock-lot})
modules=(ir res purchase stock purchase_request purchase_requisition stock_supply production account_asset stock_lot)

install_packages() {
  dpkg -s "${packages[@]}" >/dev/null 2>&1 && return
  if [ "$(id -u)" != 0 ]; then
    echo "Tryton is not installed and installing it needs root; run: sudo apt-get install --no-install-recommends ${packages[*]}" >&2
    exit 77
  fi
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}"; } >&2
}

# build DIR fills an empty directory with trytond.conf and busbar.sqlite.
build() {
  cd "$1"
  printf '[database]\nuri = sqlite://\npath = %s\n' "$1" > trytond.conf
  echo admin > password
  : > busbar.sqlite # trytond-admin refuses a missing SQLite file
  TRYTONPASSFILE=password trytond-admin -c trytond.conf -d busbar --email admin@example.com -u "${modules[@]}" --activate-dependencies
  DB_NAME=busbar /usr/bin/python3 -W ignore "$here/tryton-setup.py" trytond.conf busbar
  rm password trytond.conf
}

# template prints the directory of the built database. Its name carries everything that the content depends on; the
# year is part of it because the fiscal year and the order dates follow the calendar.
template() {
  local key dir work
  key=$(cat "$here/tryton.sh" "$here/tryton-setup.py" | sha256sum | cut -c1-12)-$(date +%Y)
  mkdir -p "$cache"
  dir=$(cd "$cache" && pwd)/tryton-$key
  exec 9> "$cache/tryton.lock"
  flock 9
  if [ ! -d "$dir" ]; then
    install_packages
    work=$(mktemp -d "$dir.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    (build "$work") >&2
    mv "$work" "$dir"
    trap - EXIT
  fi
  install_packages
  exec 9>&-
  echo "$dir"
}

serve() {
  local dir
  dir=$(mktemp -d)
  trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$dir"' EXIT
  cp "$(template)/busbar.sqlite" "$dir"
  printf '[web]\nlisten = 127.0.0.1:%s\n[database]\nuri = sqlite://\npath = %s\n' "${1:-8000}" "$dir" > "$dir/trytond.conf"
  echo "Tryton on http://127.0.0.1:${1:-8000}, database busbar, user admin, password admin. Ctrl-C ends it." >&2
  trytond -c "$dir/trytond.conf" -d busbar &
  wait
}

case "${1:-}" in
  template) template ;;
  serve) serve "${2:-}" ;;
  *) sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 2 ;;
esac
