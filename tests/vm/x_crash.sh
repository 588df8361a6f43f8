#!/bin/bash
# Processes of the target die under a real host's load, and only who must notice does.
# x_crash.sh [STORY...]: only these of worker, broker, restart.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
begin "$@"
target_config
check "the target starts" target_start
story_vm "${*:-worker broker restart}" -n cbtap0 -t 900
check "the target stops" target_end TERM
finish
