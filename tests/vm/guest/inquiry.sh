#!/bin/bash
# Everything that nvme-cli can ask of a controller and its namespaces, and what the answers say; what
# there is none of must be refused. Environment: SIZE1 (bytes of namespace 1).
# shellcheck source=lib.sh
. ./lib.sh

# prints PATTERN COMMAND...: it succeeds and prints a line that fits.
prints() {
  local pattern=$1 said
  shift
  said=$("$@" 2>&1) || { echo "status $?: $said"; return 1; }
  grep -Eiq -- "$pattern" <<<"$said" || { echo "no line fits '$pattern': $said"; return 1; }
}

# has_log LID: log 00h says so (LSUPP).
has_log() { [ $((16#$(od -An -tx4 -j $(($1 * 4)) -N4 /tmp/supported) & 1)) = 1 ]; }

# log LID NAME COMMAND...: it succeeds where the log is there, and is refused where not.
log() {
  local lid=$1 name=$2
  shift 2
  if has_log "$lid"; then check "$name" "$@"; else check "$name: none" says 109 "$@"; fi
}

must_connect "connect" $host_a "$NQN" --nr-io-queues=2
c=/dev/$ctrl

# Identify
nvme id-ctrl "$c" -o json >/tmp/id-ctrl
field() { jq ".$1" /tmp/id-ctrl; }
cntlid=$(field cntlid)
is "id-ctrl: version" "$(field ver)" $((0x20000))
check "id-ctrl in words" prints '^subnqn +: '"$NQN" nvme id-ctrl "$c" -H
check "id-ns in words" prints 'LBA Format +0 .*in use' nvme id-ns "$dev" -H
check "id-ns of an NSID that is none" says b nvme id-ns "$c" -n 4294967294
check "nvm-id-ctrl" prints '^dmrsl' nvme nvm-id-ctrl "$c"
check "nvm-id-ns" prints 'pic|lbstm' nvme nvm-id-ns "$dev"
check "cmdset-ind-id-ns: ready" jq -e '.nstat % 2 == 1' <(nvme cmdset-ind-id-ns "$dev" -o json)
check "ns-descs" prints '^ *(uuid|nguid|eui64)' nvme ns-descs "$dev"
check "list-ns" prints ': *(0x)?1$' nvme list-ns "$c"
check "list-ns of what is allocated" prints ': *(0x)?1$' nvme list-ns "$c" -a
check "list-ctrl: this one" prints ": *0x0*$(printf %x "$cntlid")$" nvme list-ctrl "$c"
check "list-ctrl of a namespace" prints ": *0x0*$(printf %x "$cntlid")$" nvme list-ctrl "$c" -n 1
check "id-iocs: the NVM command set" nvme id-iocs "$c"
check "no zoned command set" says 2 nvme zns id-ctrl "$c"
check "no NVM sets" says 2 nvme id-nvmset "$c"
check "no namespace granularity" says 2 nvme id-ns-granularity "$c"
check "no UUIDs" says 2 nvme id-uuid "$c"
check "no secondary controllers" says 2 nvme list-secondary "$c"

# Logs
nvme get-log "$c" -i 0 -l 1024 -b >/tmp/supported
check "supported-log-pages" prints 'SMART' nvme supported-log-pages "$c"
check "smart-log" prints 'data units read' nvme smart-log "$c"
check "fw-log" prints 'frs1' nvme fw-log "$c"
check "error-log" nvme error-log "$c"
check "effects-log: admin commands" prints 'ACS6.*Identify' nvme effects-log "$c" --csi=0
check "effects-log: I/O commands" prints 'IOCS1.*Write' nvme effects-log "$c" --csi=0
check "fid-support-effects-log" prints 'FID 07' nvme fid-support-effects-log "$c"
check "mi-cmd-support-effects-log" nvme mi-cmd-support-effects-log "$c"
log 4 "changed-ns-list-log" nvme changed-ns-list-log "$c"
log 12 "ana-log" nvme ana-log "$c"
log 128 "resv-notif-log" nvme resv-notif-log "$c"
log 6 "self-test-log" nvme self-test-log "$c"
log 13 "persistent-event-log" nvme persistent-event-log "$c" -a 0 -l 512
log 129 "sanitize-log" nvme sanitize-log "$c"
log 9 "endurance-log" nvme endurance-log "$c"
log 112 "the discovery log" nvme get-log "$c" -i 0x70 -l 1024
check "get-log with an offset" nvme get-log "$c" -i 2 -l 256 --lpo=256
check "get-log past the end" says 2 nvme get-log "$c" -i 2 -l 4 --lpo=4096

# Features, with each select; 3 tells what a feature can.
for fid in 7 0xb 0xf; do
  for select in 0 1 2 3; do
    if [ $select = 0 ] || [ $(($(field oncs) >> 4 & 1)) = 1 ]; then
      check "get-feature $fid, select $select" nvme get-feature "$c" -f $fid -s $select
    else
      check "get-feature $fid, no select" says 2 nvme get-feature "$c" -f $fid -s $select
    fi
  done
  check "get-feature $fid, select 5" says 2 \
    nvme admin-passthru "$c" --opcode=0xa --cdw10=$((fid | 5 << 8))
done
check "set-feature 0Bh" nvme set-feature "$c" -f 0xb -V "$(($(field oaes) & 0xffffff00))"
check "set-feature 0Fh" nvme set-feature "$c" -f 0xf -V 60000
check "that is its value now" prints 'value: *0x0*ea60' nvme get-feature "$c" -f 0xf
check "set-feature, to be saved" says 10d nvme set-feature "$c" -f 0xb -V 0 -s
check "the host identifier" nvme get-feature "$c" -f 0x81 -c 1 -l 16

# Properties, resets
check "show-regs: VS" prints '2\.0' nvme show-regs "$c" -H
check "show-regs: CSTS" prints 'csts +: +(0x)?1$' nvme show-regs "$c"
check "get-property" prints ': *0?x?0*20000|2\.0' nvme get-property "$c" -O 8
check "get-property of nothing" says 2 nvme get-property "$c" -O 0x1000
check "reset" nvme reset "$c"
check "it is live again" wait_for 60 is_live "$ctrl"
check "and can be asked" nvme id-ctrl "$c"
check "rescan" nvme ns-rescan "$c"

# What there is none of
check "no format" says 1 nvme admin-passthru "$c" --opcode=0x80 --namespace-id=1
check "no firmware" says 1 nvme admin-passthru "$c" --opcode=0x10
check "no sanitize" says 1 nvme admin-passthru "$c" --opcode=0x84
check "no self-test" says 1 nvme admin-passthru "$c" --opcode=0x14 --namespace-id=1
check "no directives" says 1 nvme dir-receive "$dev" -D 0 -O 1 -l 4096
check "list" prints "${dev##*/}" nvme list
check "list-subsys" prints "$ctrl tcp .* live" nvme list-subsys
check "get-ns-id" prints ':? *1$' nvme get-ns-id "$dev"
check "disconnect by its device" nvme disconnect -d "$ctrl"
check "no controller is left" wait_for 30 all_gone
finish
