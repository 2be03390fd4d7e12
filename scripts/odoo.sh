#!/bin/bash
# A real Odoo 14 with purchasing, stock and maintenance, and sample data: Debian 11's packages in a directory of their own, on a PostgreSQL that is given.
#
#   scripts/odoo.sh cached               say by its status whether everything is built already
#   scripts/odoo.sh restore URL DATA     fill an empty PostgreSQL database, postgresql://role@host:port/name, and the directory DATA; built once, then from a cached dump
#   scripts/odoo.sh serve URL DATA PORT  run a server on such a database at 127.0.0.1:PORT, until interrupted
#
# Logins: admin/admin (everything) and clerk/clerk (may not see purchasing). It needs root, and ends with 77 where it is not, or where the archive cannot be reached.
# Several callers may run it at once. Nothing stays mounted: each caller has mounts of its own, which end with it.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mkdir -p "$here/../.cache"
cache=$(cd "$here/../.cache" && pwd)
packages=odoo-14,fonts-dejavu-core
modules=purchase_stock,maintenance

# lacking MESSAGE ends with the status of what cannot be here.
lacking() {
  echo "odoo: $*" >&2
  exit 77
}

root() { echo "$cache/odoo-root-$(echo "$packages" | sha256sum | cut -c1-12)"; }

# key names everything that the sample depends on; the month is part of it because the dates of the sample follow the calendar.
key() { echo "$(cat "$here/odoo.sh" "$here/odoo-setup.py" | sha256sum | cut -c1-12)-$(date +%Y%m)"; }

# mirror is where this machine takes its packages of Debian from.
mirror() {
  grep -rhE '^(URIs:|deb) ' /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null | grep -oE 'https?://[^] ]+/debian/?' | head -1 || true
}

# build_root makes the directory tree that holds Odoo, unless it is there.
build_root() {
  local at from work
  at=$(root)
  [ -d "$at" ] && return
  command -v mmdebstrap > /dev/null || "$here/install" mmdebstrap
  from=$(mirror)
  [ -n "$from" ] || lacking "This machine names no mirror of Debian in its apt sources."
  curl -sfI -m 20 -o /dev/null "${from%/}/dists/bullseye/Release" || lacking "Debian 11's archive cannot be reached at $from."
  work=$at.half
  rm -rf "$work"
  mmdebstrap --quiet --variant=apt --mode=root --aptopt='APT::Install-Recommends "false"' --dpkgopt=force-unsafe-io \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --essential-hook='printf "#!/bin/sh\nexit 101\n" > "$1/usr/sbin/policy-rc.d"; chmod +x "$1/usr/sbin/policy-rc.d"' \
    --include="$packages" bullseye "$work" "deb $from bullseye main" >&2 || lacking "Debian 11's packages could not be installed (see above)."
  mkdir -p "$work/srv/odoo"
  mv "$work" "$at"
}

# odoo URL DATA [ARGUMENT...] becomes a process of Odoo that sees DATA as its own directory.
odoo() {
  local url=$1 data=$2 name host
  shift 2
  name=${url##*/} name=${name%%\?*}
  host=${url#*@} host=${host%%/*}
  mkdir -p "$data/data"
  cat > "$data/odoo.conf" << C
[options]
db_host = 127.0.0.1
db_port = ${host##*:}
db_user = busbar
db_password = none
dbfilter = ^$name\$
http_interface = 127.0.0.1
data_dir = /srv/odoo/data
workers = 0
max_cron_threads = 0
smtp_server = 127.0.0.1
smtp_port = 1
C
  chmod -R a+rwX "$data"
  exec unshare --mount --propagation private bash -c 'at=$1 name=$3
    mount -t proc proc "$at/proc" && mount --bind "$2" "$at/srv/odoo"
    shift 3
    exec chroot "$at" setpriv --reuid odoo --regid odoo --clear-groups env HOME=/srv/odoo odoo "$@" -c /srv/odoo/odoo.conf -d "$name"' odoo "$(root)" "$data" "$name" "$@"
}

# prepared holds the lock until the packages are there.
prepared() {
  [ "$(id -u)" = 0 ] || [ -d "$(root)" ] || lacking "installing Odoo needs root."
  [ "$(id -u)" = 0 ] || lacking "running Odoo needs root, for its own view of the files."
  exec 9> "$cache/odoo.lock"
  flock 9
  (build_root)
}

# restore URL DATA fills the database from the dump, or builds it and keeps the dump.
restore() {
  local url=$1 data=$2 kept work
  kept=$cache/odoo-$(key)
  prepared
  if [ ! -d "$kept" ]; then
    work=$(mktemp -d "$kept.XXXXXX")
    trap "rm -rf '$work'" EXIT # the variable is gone by then
    (fill "$url" "$data") >&2
    pg_dump --format custom --no-owner --file "$work/dump" "$url"
    cp -a "$data/data" "$work/data"
    mv "$work" "$kept"
    trap - EXIT
    return
  fi
  exec 9>&-
  cp -a "$kept/data" "$data/data"
  pg_restore --no-owner --exit-on-error --dbname "$url" "$kept/dump"
}

# fill URL DATA makes the sample in an empty database.
fill() {
  (odoo "$1" "$2" -i "$modules" --without-demo=all --stop-after-init --log-level=warn --no-http)
  (odoo "$1" "$2" shell --log-level=warn --no-http) < "$here/odoo-setup.py"
}

case "${1:-}" in
  cached) [ -d "$(root)" ] && [ -d "$cache/odoo-$(key)" ] ;;
  root) prepared; root ;;
  restore) restore "${2:?a URL of PostgreSQL}" "${3:?a directory}" ;;
  serve) odoo "${2:?a URL of PostgreSQL}" "${3:?a directory}" --http-port="${4:?a port}" --log-level=warn ;;
  *) sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 2 ;;
esac
