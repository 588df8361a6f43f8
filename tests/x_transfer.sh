#!/bin/bash
# How data travels, by configuration: R2T windows, C2HData in pieces, alignment both ways, in-capsule
# data of every size; each with and without digests. And what a host must not do with windows.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
port=$(pick_port)

# target TRANSPORT: with this in its transport block
target() {
  config <<YAML
listeners: [{address: 127.0.0.1:$port}]
transport: {$1}
limits: {transfer-timeout: 2s}
subsystems:
  - nqn: $nqn
    namespaces: [{nsid: 1, ram: 16M}]
    allow-any-host: true
YAML
  start_target -d -f "$work/cellblock.yaml"
}

# everything OPTION...: all kinds of PDU, small and large, verified
everything() { as a --queues 2 --depth 16 --max 1M --bytes 8M "$@" verify; }

d="header-digest: permit, data-digest: permit, flow-control-off: permit"
for cpda in 0 3 31; do
  check "the target starts, CPDA $cpda" target "$d, cpda: $cpda, r2t-size: 8K, c2h-data-max: 12K"
  for hpda in 0 3 31; do
    check "HPDA $hpda" everything --hpda $hpda
    check "HPDA $hpda, digests" everything --hpda $hpda -g -G --maxr2t 3
    check "HPDA $hpda, data digests, four R2Ts, no flow control" \
      everything --hpda $hpda -G --maxr2t 7 --no-sqflow
  done
  [ $cpda = 31 ] && check "byte by byte" as a --trickle --bytes 16K --maxr2t 2 -g -G verify
  check "the target stops" stop_target
done

check "the target starts with windows" target "$d, r2t-size: 8K, c2h-data-max: 4K"
for n in 1 2 3; do
  check "H2CData that is wrong, $((n + 1)) R2Ts" host --maxr2t $n misbehave h2cdata
done
check "who takes one R2T gets one" host misbehave h2cdata
check "reads and writes mixed" as a --queues 3 --depth 32 --max 256K --maxr2t 3 --seconds 3 stress
check "no worker crashed or broke a rule" not logged 'died of signal|broke a rule|report this'
check "the target stops" stop_target

for icd in 0 16 4K 8K 64K; do
  check "the target starts, in-capsule data of $icd" target "in-capsule-data: $icd"
  check "the host is told" fails 0 "^ioccsz +$((4 + $(numfmt --from=iec $icd) / 16))\$" \
    as a id-ctrl
  check "and uses it" everything
  [ "${icd%K}" = "$icd" ] || check "more than that is refused" host misbehave capsule
  check "the target stops" stop_target
done
finish
