#!/bin/bash
# The target itself on Debian's kernels 6.1 and 6.12, as installed, with that kernel as its host.
# x_inside.sh [KERNEL...]; CELLBLOCK_BUILD is the build directory to install from.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
build=${CELLBLOCK_BUILD:-$PWD}
[ -f "$build/Makefile" ] || skip "$build is not a build directory (CELLBLOCK_BUILD=...)"
[ $# -gt 0 ] || set -- 6.1 6.12
kernels=$*
begin "$@"
check "make install" make -s -C "$build" install-strip DESTDIR="$VM_WORK/root"
program=$(cd "$VM_WORK/root" && find . -name cellblockd -type f)
check "cellblockd is installed" test -n "$program" || finish
tar -C "$VM_WORK/root" -cf "$VM_WORK/installed.tar" .
for kernel; do
  lacking=""
  [ "$kernel" != 6.1 ] || lacking=mdwe # Linux 6.3
  story_vm inside -S "$kernel" -a "$VM_WORK/installed.tar" \
    -e CELLBLOCKD="${program#.}" -e LACKING="$lacking"
done
finish
