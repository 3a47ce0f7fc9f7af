#!/bin/sh
# Removes Spiderpool from a host. Pools and the ledger of who has which address stay, unless --purge is given.
set -eu

usage() {
  cat <<'EOF'
Usage: ./uninstall.sh [--purge] [--cni-bin-dir FOLDER]

  --purge               also remove pools, ledger and log: /etc/spidernet, /var/lib/spidernet, /var/log/spidernet.
                        Only after all containers of Spiderpool's networks have ended
  --cni-bin-dir FOLDER  where the plugin was installed (default: /opt/cni/bin)
  -h, --help

Environment: PREFIX and DESTDIR as they were given to install.sh.
EOF
}

fail() {
  echo "uninstall.sh: $*" >&2
  exit 1
}

purge=no
cni_bin_dir=/opt/cni/bin
while [ $# -gt 0 ]; do
  case $1 in
    --purge) purge=yes ;;
    --cni-bin-dir)
      [ $# -ge 2 ] || fail "--cni-bin-dir needs a folder"
      cni_bin_dir=$2
      shift
      ;;
    -h | --help) usage && exit 0 ;;
    *)
      usage >&2
      fail "unknown argument $1"
      ;;
  esac
  shift
done

prefix=${PREFIX:-/usr/local}
destdir=${DESTDIR:-}
case $cni_bin_dir in
  /*) ;;
  *) fail "$cni_bin_dir: write the whole path, beginning with /" ;;
esac
[ -n "$destdir" ] || [ "$(id -u)" = 0 ] || fail "run it as root"

# A network whose plugin is gone can neither start nor properly end a container.
for list in "$destdir"/etc/cni/net.d/*; do
  if [ -f "$list" ] && grep -q '"type": *"spiderpool"' "$list"; then
    fail "$list still uses Spiderpool: end its containers, remove the file, and run this again"
  fi
done

unit=$destdir/etc/systemd/system/spiderpool-agent.service
if [ -z "$destdir" ] && [ -d /run/systemd/system ] && [ -e "$unit" ]; then
  systemctl disable --now --quiet spiderpool-agent
fi
rm -f -- "$unit" "$destdir$prefix/bin/spiderpool-agent" "$destdir$prefix/bin/spiderpoolctl" "$destdir$cni_bin_dir/spiderpool"
if [ -z "$destdir" ] && [ -d /run/systemd/system ]; then systemctl daemon-reload; fi

if [ "$purge" = yes ]; then
  rm -rf -- "$destdir/etc/spidernet" "$destdir/var/lib/spidernet" "$destdir/var/log/spidernet" "$destdir/var/run/spidernet"
  echo "Removed Spiderpool with its pools and its ledger."
else
  echo "Removed Spiderpool. Pools (/etc/spidernet) and ledger (/var/lib/spidernet) are kept; --purge removes them."
fi
