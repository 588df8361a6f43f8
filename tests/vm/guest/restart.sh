#!/bin/bash
# The target is stopped and started under load, then killed and started: the host comes back.
# shellcheck source=lib.sh
. ./lib.sh
must_connect "connect" $host_a "$NQN"
must "write" verify "$dev" --do_verify=0
load_start restart "$dev"
for how in restart crash; do
  check "load goes on before the $how" goes_on "$NQN"
  mark
  must "the target: $how" on_host $how
  must "the host reconnects" wait_for 120 reconnected "$ctrl"
  must "live again" wait_for 60 is_live "$ctrl"
done
check "load goes on" goes_on "$NQN"
check "the load met no error" load_stop restart
check "what was written first is still there" verify "$dev" --verify_only
must_disconnect
finish
