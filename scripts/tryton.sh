#!/bin/bash
# A real Tryton 6.0 (Debian 12 packages) with a company, a chart of accounts and sample purchasing data, on SQLite or PostgreSQL.
#
#   scripts/tryton.sh template           build the SQLite database once, print the cached directory that holds it
#   scripts/tryton.sh restore URL        fill an empty PostgreSQL database, postgresql://role@host:port/name, with the same data; built once, then from a cached dump
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

# fill URI NAME makes the sample in an empty database; the working directory takes files that hold no data.
fill() {
  echo admin > password
  TRYTONPASSFILE=password trytond-admin -c trytond.conf -d "$2" --email admin@example.com -u "${modules[@]}" --activate-dependencies
  DB_NAME=$2 /usr/bin/python3 -W ignore "$here/tryton-setup.py" trytond.conf "$1$2" "$2"
  rm password
}

# build DIR fills an empty directory with busbar.sqlite.
build() {
  cd "$1"
  printf '[database]\nuri = sqlite://\npath = %s\n' "$1" > trytond.conf
  : > busbar.sqlite # trytond-admin refuses a missing SQLite file
  fill sqlite:/// busbar
  rm trytond.conf
}

# key names everything that the sample depends on; the year is part of it because the fiscal year and the order dates follow the calendar.
key() { echo "$(cat "$here/tryton.sh" "$here/tryton-setup.py" | sha256sum | cut -c1-12)-$(date +%Y)"; }

# template prints the directory of the built database.
template() {
  local dir work
  mkdir -p "$cache"
  dir=$(cd "$cache" && pwd)/tryton-$(key)
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

# restore URL fills the database from the dump, or builds it and keeps the dump.
restore() {
  local url=$1 name=${1##*/} dump work
  name=${name%%\?*}
  packages+=(python3-psycopg2 postgresql-client)
  mkdir -p "$cache"
  dump=$(cd "$cache" && pwd)/tryton-$(key).dump
  exec 9> "$cache/tryton-postgres.lock"
  flock 9
  install_packages
  if [ -f "$dump" ]; then
    exec 9>&-
    pg_restore --no-owner --exit-on-error --dbname "$url" "$dump"
    return
  fi
  work=$(mktemp -d "$dump.XXXXXX")
  trap "rm -rf '$work'" EXIT # the variable is gone by then
  (
    cd "$work"
    printf '[database]\nuri = %s\n' "${url/"/$name"//}" > trytond.conf
    fill "${url%/*}/" "$name"
    pg_dump --format custom --no-owner --file dump "$url"
  ) >&2
  mv "$work/dump" "$dump"
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
  restore) restore "${2:?a URL of PostgreSQL}" ;;
  serve) serve "${2:-}" ;;
  *) sed -n '2,10s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 2 ;;
esac
