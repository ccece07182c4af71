#!/usr/bin/env bash
# Shows how scripts/usb-vm tells what cannot be from what went wrong, by programs in the place of apt and others: 126 and 125. And that
# scripts/usb-vm-check leaves its checks out for the first only, where USB_VM_OPTIONAL=1 allows it.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

# The link that may stand there goes first: what is written through it would take the place of the machine's own program.
stub() { # stub NAME SCRIPT
  rm -f "$work/bin/$1"
  printf '#!/bin/sh\n%s\n' "$2" > "$work/bin/$1"
  chmod +x "$work/bin/$1"
}

# A Debian as root, where everything is installed and no kernel is kept yet.
machine() {
  rm -rf "$work/bin" "$work/cache"
  mkdir "$work/bin"
  local name
  for name in bash basename cat cksum cut dirname flock head ldd ls mkdir mktemp mv nproc python3 realpath rm sed; do
    ln -s "$(command -v "$name")" "$work/bin/$name"
  done
  for name in qemu-system-x86_64 busybox xz zstd dpkg-deb apt-get apt-cache; do stub "$name" 'exit 0'; done
  stub uname 'echo x86_64'
  stub id 'echo 0'
  stub apt-cache 'echo "  Depends: linux-image-6.1.0-50-amd64"'
}

expect() { # expect STATUS PART-OF-THE-SENTENCE COMMAND...
  local status=0 expected=$1 part=$2
  shift 2
  env -i HOME="$work" PATH="$work/bin" USB_VM_CACHE="$work/cache" "$@" > "$work/said" 2>&1 || status=$?
  if [ "$status" != "$expected" ] || ! grep -qF -- "$part" "$work/said"; then
    echo "wsrig: expected status $expected and '$part' where it was $status and this, in line ${BASH_LINENO[0]} of Tests/USB/statuses.sh:"
    cat "$work/said"
    failures=1
  fi
}
vm=("$root/scripts/usb-vm" -b)
check=("$root/scripts/usb-vm-check")

machine && stub uname 'echo aarch64'
expect 126 'this one is aarch64' "${vm[@]}"
expect 0 'no emulator is possible' USB_VM_OPTIONAL=1 "${check[@]}"
expect 2 'this one is aarch64' "${check[@]}"

machine && rm "$work/bin/apt-get"
expect 126 'apt-get and dpkg-deb' "${vm[@]}"

machine && rm "$work/bin/qemu-system-x86_64" && stub id 'echo 1000'
expect 126 'install them with: sudo apt-get install' "${vm[@]}"

machine && rm "$work/bin/qemu-system-x86_64" && stub apt-get '[ "$1" != update ]'
expect 125 "apt's lists could not be fetched" "${vm[@]}"

machine && rm "$work/bin/qemu-system-x86_64" && stub apt-cache '[ "$1" != show ]'
expect 126 'apt knows no package qemu-system-x86 here' "${vm[@]}"

machine && rm "$work/bin/qemu-system-x86_64" && stub apt-get '[ "$1" != install ]'
expect 125 'could not be installed' "${vm[@]}"

# It was left out once, as if there were no emulator.
machine && stub ldd 'exit 1' && stub apt-get '[ "$1" != download ]'
expect 125 'could not be downloaded' "${vm[@]}"
expect 2 'could not be downloaded' USB_VM_OPTIONAL=1 "${check[@]}"

# It ended without a word once, with apt's own status.
machine && stub ldd 'exit 1' && stub apt-cache 'exit 100'
expect 125 'apt knows no linux-image-amd64' "${vm[@]}"

machine && stub ldd 'exit 1' && mkdir -p "$work/cache/k/lib/modules/6.1" && echo k > "$work/cache/vmlinux" && stub cksum 'exit 1'
expect 125 'of scripts/usb-vm failed' "${vm[@]}"

exit "$failures"
