#!/bin/bash
# Two hosts and one namespace: reservations as nvme-cli asks for them, and who may write then. Each
# host is a controller of its own; commands go to its controller, as the kernel makes one device of
# both. Environment: NQN, a subsystem with one namespace, for both hosts.
# shellcheck source=lib.sh
. ./lib.sh

resv() { # HOST VERB OPTION...
  local on=$1 verb=$2
  shift 2
  nvme "resv-$verb" "$on" -n 1 "$@"
}
writes() { nvme io-passthru "$1" --opcode=1 -n 1 -w -l 512 -i /tmp/a --cdw10=64; }
reads() { nvme io-passthru "$1" --opcode=2 -n 1 -r -l 512 -b --cdw10=64; }
report() { resv "$1" report -e -o json | jq "$2"; }

must_connect "host A connects" $host_a "$NQN" --nr-io-queues=1
connect_second
head -c 512 /dev/urandom >/tmp/a
check "reservations are offered" test "$(nvme id-ctrl "$a" -o json | jq '.oncs / 32 % 2 >= 1')" = true

check "nobody is registered" test "$(report "$a" .regctl)" = 0
check "A may not acquire yet" says 83 resv "$a" acquire -c 0xa1 -t 1 -a 0
check "A registers" resv "$a" register -n 1 -k 0xa1 -r 0
check "B registers" resv "$b" register -n 1 -k 0xb2 -r 0
check "both are registered" test "$(report "$b" .regctl)" = 2
check "A acquires: write exclusive" resv "$a" acquire -c 0xa1 -t 1 -a 0
check "the report says so" test "$(report "$b" .rtype)" = 1
check "A writes" writes "$a"
check "B may not" says 83 writes "$b"
check "B reads" reads "$b"
check "B may not acquire" says 83 resv "$b" acquire -c 0xb2 -t 1 -a 0
check "A releases" resv "$a" release -c 0xa1 -t 1 -a 0
check "B writes" writes "$b"
check "A acquires: exclusive access" resv "$a" acquire -c 0xa1 -t 2 -a 0
check "B may not read" says 83 reads "$b"
check "B preempts A" resv "$b" acquire -c 0xb2 -p 0xa1 -t 2 -a 1
check "A may not write any more" says 83 writes "$a"
check "A is not registered any more" test "$(report "$b" .regctl)" = 1
check "B writes" writes "$b"
check "A registers anew" resv "$a" register -n 1 -k 0xa3 -r 0
check "A clears everything" resv "$a" release -c 0xa3 -t 2 -a 1
check "nobody is registered after that" test "$(report "$a" .regctl)" = 0
check "A writes again" writes "$a"
check "resv-notif-log of who lost it" nvme resv-notif-log "$a"
must_disconnect
finish
