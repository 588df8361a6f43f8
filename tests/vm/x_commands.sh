#!/bin/bash
# A real Linux host gives every command that nvme-cli has for a controller as ours.
# x_commands.sh [STORY...]: only these of inquiry, commands.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
begin "$@"
target_config
check "the target starts" target_start
story_vm "${*:-inquiry commands}" -n cbtap0 -c 2 -t 900 -e SIZE1=$((128 << 20))
check "the target stops" target_end TERM
finish
