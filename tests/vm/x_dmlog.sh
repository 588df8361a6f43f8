#!/bin/bash
# Power cuts as the kernel's own recorder sees them: the target and its host in the guest, over a
# device of dm-log-writes, through the page cache and past it.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
build=${CELLBLOCK_BUILD:-$PWD}
[ -f "$build/Makefile" ] || skip "$build is not a build directory (CELLBLOCK_BUILD=...)"
begin "$@"
check "make install" make -s -C "$build" install-strip DESTDIR="$VM_WORK/root"
program=$(cd "$VM_WORK/root" && find . -name cellblockd -type f)
check "cellblockd is installed" test -n "$program" || finish
tar -C "$VM_WORK/root" -cf "$VM_WORK/installed.tar" .
story_vm dmlog -a "$VM_WORK/installed.tar" -a "$build/tests/host/nvmehost" \
  -a "$build/tests/durable/dmlog" -a "$build/tests/durable/replay" -e CELLBLOCKD="${program#.}"
finish
