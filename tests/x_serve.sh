#!/bin/bash
# cellblockd serve: no file, a line to connect with, what it permits and no more, a clean end.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
port=$(pick_port)
truncate -s 32M "$work/disk"

serve() { start_target serve -l "127.0.0.1:$port" -n "$nqn" "$@" ram:32M "$work/disk"; }

# 8 bytes of PDU header, PFV 0, HPDA 0, no digests, MAXR2T 0, reserved: what comes back at 12?
maxh2cdata() {
  host --timeout 1000 raw "0000800080000000 $(printf '00%.0s' {1..120})" |
    awk '$1 == "000000" { print $14 $15 $16 $17 }'
}

check "it starts without a file" serve
check "it prints the connect line" same "$(cat "$work/out")" \
  "nvme connect -t tcp -a 127.0.0.1 -s $port -n $nqn"
check "each backend is a namespace" same "$(host list-ns | xargs)" "1 2"
check "any host may verify the RAM disk" as a --nsid 1 --queues 2 verify
check "any host may verify the file" as b --nsid 2 --queues 2 verify
check "what was verified is in the file" not cmp -s -n $((32 << 20)) "$work/disk" /dev/zero
check "header digests are refused" fails 1 'refused the header' host -g list-ns
check "data digests are refused" fails 1 'refused the data' host -G list-ns
check "flow control stays on" fails 1 cqe-sqhd host --no-sqflow list-ns
check "H2CData PDUs of 256K" same "$(maxh2cdata)" 00000400
spawn load host --queues 2 --seconds 60 stress
sleep 1
check "SIGTERM ends it, and all of its processes, under load" stop_target
check "the host was told" fails 1 'closed|C2HTermReq|status' joined load
check "nobody listens any more" not listens "$port"

check "it starts with -g -G -F -H" serve -g -G -F -H 8192
check "header and data digests and no flow control" host -g -G --no-sqflow --queues 2 verify
check "header digests alone" host -g --bytes 1M verify
check "data digests alone" host -G --bytes 1M verify
check "H2CData PDUs of 8192 bytes" same "$(maxh2cdata)" 00200000
check "it stops" stop_target

elsewhere() { timeout 30 "$CELLBLOCKD" serve -l "0.0.0.0:$port" ram:4M; }
check "other addresses than loopback need a file" fails 1 'hosts:.*cellblockd -f' elsewhere
check "and nobody listens there" not listens "$port"
check "a backend that is none" fails 1 "found 'missing/disk': No such file" \
  timeout 30 "$CELLBLOCKD" serve -l "127.0.0.1:$port" missing/disk
finish
