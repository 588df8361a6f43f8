#!/bin/bash
# Namespace write protection as nvme-cli sets it and as the kernel of another host sees it.
# Environment: NQN, a subsystem with one namespace; host A may protect it, host B may not.
# shellcheck source=lib.sh
. ./lib.sh
protection() { nvme get-feature "$1" -n 1 -f 0x84; }
protect() { nvme set-feature "$1" -n 1 -f 0x84 --value="$2"; }
is_protected() { protection "$1" | grep -E "value: ?(0x)?0*$2\$"; }
writes() { nvme io-passthru "$1" --opcode=1 -n 1 -w -l 512 -i /tmp/a --cdw10=64; }
nsattr() { nvme id-ns "$1" -n 1 -o json | jq .nsattr; }
is_readonly() { [ "$(blockdev --getro "$dev")" = "$1" ]; }

must_connect "host A connects" $host_a "$NQN" --nr-io-queues=1
connect_second
head -c 512 /dev/urandom >/tmp/a
is "A may protect" "$(nvme id-ctrl "$a" -o json | jq .nwpc)" 1
is "B may not" "$(nvme id-ctrl "$b" -o json | jq .nwpc)" 0
check "B does not ask for it" says 2 protection "$b"
check "B does not set it" says 2 protect "$b" 1
check "it is not protected" is_protected "$a" 0
must "write" verify "$dev" --do_verify=0
check "A protects it" protect "$a" 1
check "it is protected" is_protected "$a" 1
is "A is told so" "$(nsattr "$a")" 1
is "B is told so, too" "$(nsattr "$b")" 1
check "the kernel sees it by the event" wait_for 60 is_readonly 1
check "A does not write" says 20 writes "$a"
check "B does not write" says 20 writes "$b"
check "the kernel does not try" fails_with "Operation not permitted|Read-only" \
  dd if=/tmp/a of="$dev" bs=512 count=1 oflag=direct
check "all is read as it was" verify "$dev" --verify_only
check "until power cycle is not offered" says 2 protect "$a" 2
check "A lifts it" protect "$a" 0
check "the kernel sees that" wait_for 60 is_readonly 0
check "B writes" writes "$b"
must "write again, and verify" verify "$dev"
must_disconnect
finish
