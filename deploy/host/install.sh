#!/bin/sh
# Installs Spiderpool on one Linux host without a cluster, or upgrades it. May be run again at any time: what you have written
# (pools, networks) and what runs is left alone, and every file is replaced in one step.
set -eu

usage() {
  cat <<'EOF'
Usage: ./install.sh [--no-start] [--cni-bin-dir FOLDER]

  --no-start            install the files only: do not enable or start the agent
  --cni-bin-dir FOLDER  where the container runtime looks for CNI plugins (default: /opt/cni/bin)
  -h, --help

Environment, for packagers:
  PREFIX   where the executables go: PREFIX/bin (default: /usr/local)
  DESTDIR  a folder in place of / to install into; implies --no-start, and needs no root
EOF
}

fail() {
  echo "install.sh: $*" >&2
  exit 1
}

start=yes
cni_bin_dir=/opt/cni/bin
while [ $# -gt 0 ]; do
  case $1 in
    --no-start) start=no ;;
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
for folder in "$prefix" "$cni_bin_dir"; do
  case $folder in
    /*) ;;
    *) fail "$folder: write the whole path, beginning with /" ;;
  esac
done
case $destdir in
  '' | /*) ;;
  *) fail "DESTDIR is $destdir: write the whole path, beginning with /" ;;
esac

[ "$(uname -s)" = Linux ] || fail "Spiderpool runs on Linux only, this is $(uname -s)"
[ -n "$destdir" ] || [ "$(id -u)" = 0 ] || fail "run it as root: it writes to $prefix, $cni_bin_dir and /etc"

# The executables' own folder: the script may be called from anywhere.
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
for needed in spiderpool-agent spiderpoolctl plugin spiderpool-agent.service examples/pools.yaml; do
  [ -e "$here/$needed" ] ||
    fail "$here/$needed is missing: run the script in the folder of the unpacked archive spiderpool-VERSION-linux-ARCH.tar.gz"
done
version=$("$here/spiderpool-agent" --version 2>/dev/null) ||
  fail "$here/spiderpool-agent does not run here ($(uname -m)): take the archive linux-x64 for x86_64, linux-arm64 for aarch64; both need glibc 2.28 or newer"

# Writes under another name first: a file that is executed can't be overwritten, and nobody may see half of one.
put() {
  mkdir -p "$(dirname -- "$3")"
  cp -- "$2" "$3.new"
  chmod "$1" "$3.new"
  mv -f -- "$3.new" "$3"
}

put 0755 "$here/spiderpool-agent" "$destdir$prefix/bin/spiderpool-agent"
put 0755 "$here/spiderpoolctl" "$destdir$prefix/bin/spiderpoolctl"

# Of the builds of the plugin the first that runs on this host is taken, and until then the former one stays.
"$here/spiderpool-agent" install --log-level warn --source "$here/plugin" \
  --bin-dir "$destdir$cni_bin_dir" --host-bin-dir "$destdir$cni_bin_dir" ||
  fail "the CNI plugin could not be installed into $cni_bin_dir, see above"

unit=$destdir/etc/systemd/system/spiderpool-agent.service
mkdir -p "$(dirname -- "$unit")"
sed "s,/usr/local/bin/,$prefix/bin/," "$here/spiderpool-agent.service" >"$unit.new"
chmod 0644 "$unit.new"
mv -f -- "$unit.new" "$unit"

pools=$destdir/etc/spidernet/pools
mkdir -p "$pools"
if [ -z "$(ls -A "$pools")" ]; then
  put 0644 "$here/examples/pools.yaml" "$pools/pools.yaml"
  echo "Wrote the example $pools/pools.yaml: set subnet, ips and gateway before a container uses it."
fi

echo "Installed Spiderpool $version."
[ -z "$destdir" ] || exit 0
# systemd's own test of whether it runs, sd_booted(3).
if [ ! -d /run/systemd/system ]; then
  echo "systemd does not run here: have your supervisor run '$prefix/bin/spiderpool-agent daemon --store embedded'."
  exit 0
fi
systemctl daemon-reload
if [ "$start" = no ]; then
  echo "Start it with: systemctl enable --now spiderpool-agent"
  exit 0
fi
systemctl enable --quiet spiderpool-agent
# Also the upgrade of one that runs: requests that come meanwhile wait for it.
systemctl restart spiderpool-agent
echo "The agent runs: spiderpoolctl pools"
