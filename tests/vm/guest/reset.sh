#!/bin/bash
# Controller resets, idle and under load, and what was written stays written.
# shellcheck source=lib.sh
. ./lib.sh
must_connect "connect" $host_a "$NQN"
must "write" verify "$dev" --do_verify=0
must "reset" nvme reset "/dev/$ctrl"
must "live again" wait_for 60 is_live "$ctrl"
check "what was written is there" verify "$dev" --verify_only
load_start reset "$dev"
for n in 1 2 3; do
  check "load goes on before reset $n" goes_on "$NQN"
  check "reset $n under load" nvme reset "/dev/$ctrl"
  must "live again" wait_for 60 is_live "$ctrl"
done
check "load goes on" goes_on "$NQN"
check "the load met no error" load_stop reset
check "what was written first is still there" verify "$dev" --verify_only
must_disconnect
finish
