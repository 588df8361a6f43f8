#!/bin/bash
# A queue goes from the process that greeted it to the one that serves it without losing a byte.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
port=$(pick_port)
serve() { start_target serve -g -G -F -l "127.0.0.1:$port" -n "$nqn" ram:16M; }

check "the target starts" serve
check "commands in one segment with each Connect" host --queues 8 handover
check "with digests" host --queues 8 -g -G handover
check "without flow control" host --queues 8 --no-sqflow handover
check "with alignment" host --queues 2 --hpda 7 --maxr2t 3 handover
for n in a b c d; do spawn $n as $n --queues 4 --lba $((0x$n * 2048)) handover; done
for n in a b c d; do check "four hosts at a time, $n" joined $n; done
check "byte by byte" host --trickle --queues 2 handover
check "byte by byte, with digests" host --trickle -g -G --queues 2 handover
check "queues of all sizes" host --queues 2 --depth 1024 handover
spawn first as a --queues 16 --bytes 4M verify
check "many queues at once" as b --queues 16 --depth 16 --lba 16384 --bytes 4M verify
check "and beside them" joined first
check "the target stops" stop_target
finish
