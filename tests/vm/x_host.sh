#!/bin/bash
# A real Linux host: discovers, connects, asks, makes a file system, verifies, resets.
# x_host.sh [STORY...]: only these of admin, discover, verify, reset, files.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
begin "$@"
target_config
check "the target starts" target_start
story_vm "${*:-admin discover verify reset files}" -n cbtap0 -c 4 -t 900 -e SIZE1=$((128 << 20))
check "the target stops" target_end TERM
[[ " ${*:-files} " != *" files "* ]] ||
  check "the file system is clean on the target's side too" e2fsck -fn "$VM_WORK/disk1"
finish
