#!/bin/bash
# Discovers, connects with one queue and with four, and asks what nvme-cli can ask.
# Environment: SIZE1 (bytes of namespace 1).
# shellcheck source=lib.sh
. ./lib.sh

# discovered PORT: subsystem NQN, address and port of each record, as host A sees it.
discovered() {
  # shellcheck disable=SC2046
  nvme discover -t tcp -a "$TARGET" -s "$1" $(host_identity $host_a) -o json |
    jq -r '.records[] | select(.subtype == "nvme subsystem")
      | [.subnqn, .traddr, .trsvcid] | join(" ")' | sort -u
}

# feature ID: its current value, a number; nvme-cli prints 0 without 0x.
feature() {
  local value
  value=$(nvme get-feature "/dev/$ctrl" -f "$1" | sed -n 's/.*value: *\(0[0-9a-fx]*\).*/\1/p')
  [ -n "$value" ] && echo $((value))
}

for port in "$DISCOVERY" "$PORT"; do
  is "discovery on port $port names what this host may reach, and nothing else" \
    "$(discovered "$port")" "$NQN $TARGET $PORT"
done
check "a subsystem that is closed to this host refuses it" \
  bash -c "! nvme connect -t tcp -a $TARGET -s $PORT -n $NQN2 $(host_identity $host_a)"

must_connect "connect with 1 I/O queue" $host_a "$NQN" --nr-io-queues=1
is "queues" "$(attribute "$ctrl" queue_count)" 2
check "write and verify over 1 queue" verify "$dev" --size=4M
must_disconnect

must_connect "connect with 4 I/O queues" $host_a "$NQN" --nr-io-queues=4
is "queues" "$(attribute "$ctrl" queue_count)" 5
check "write and verify over 4 queues" verify "$dev" --numjobs=4 --size=4M --offset_increment=4M

# id-ctrl
nvme id-ctrl "/dev/$ctrl" -o json >/tmp/id-ctrl
trim() { tr -d '\0' | sed 's/ *$//'; }
field() { jq -r ".$1" /tmp/id-ctrl | trim; }
is "id-ctrl: subnqn" "$(field subnqn)" "$NQN"
is "id-ctrl: cntlid is Connect's" "$(field cntlid)" "$(attribute "$ctrl" cntlid)"
for pair in mn:model sn:serial fr:firmware_rev; do
  name=${pair%:*}
  is "id-ctrl: $name" "$(field "$name")" "$(attribute "$ctrl" "${pair#*:}" | trim)"
  check "id-ctrl: $name is printable" grep -qE '^[!-~]([ -~]*[!-~])?$' <(field "$name")
done
check "id-ctrl: what the transport needs" \
  jq -e '.ioccsz >= 4 and .iorcsz >= 1 and .icdoff == 0 and .kas > 0 and .sqes == 102
    and .cqes == 68 and .cntrltype == 1 and .nn >= 1 and .sgls % 4 > 0' /tmp/id-ctrl

# id-ns
nvme id-ns "$dev" -o json >/tmp/id-ns
lba=$(blockdev --getss "$dev")
is "id-ns: size in bytes" "$(($(jq .nsze /tmp/id-ns) * lba))" "$SIZE1"
check "id-ns: capacity, use and format agree" \
  jq -e --argjson lba "$lba" '.ncap == .nsze and .nuse <= .nsze
    and pow(2; .lbafs[.flbas % 16].ds) == $lba' /tmp/id-ns
check "ns-descs: a name that lasts" grep -Eq '"(uuid|nguid)" *: *"[^"]*[1-9a-f]' \
  <(nvme ns-descs "$dev" -o json)
check "list-ns: namespace 1" grep -Eq '(: *|x)1$' <(nvme list-ns "/dev/$ctrl")
check "list: the device with its size" jq -e --arg size "$SIZE1" \
  'first(.. | objects | select(.PhysicalSize? == ($size | tonumber)))' <(nvme list -o json)
check "list-subsys: the controller is live" grep -Eq "$ctrl tcp .*traddr=$TARGET.* live" \
  <(nvme list-subsys)

# log pages
check "smart-log: nothing to worry about" jq -e '.critical_warning == 0 and .avail_spare <= 100
  and .percent_used <= 255 and .media_errors == 0' <(nvme smart-log "/dev/$ctrl" -o json)
entries=$(($(field elpe) + 1))
check "error-log: $entries entries" jq -e --argjson n "$entries" '.errors | length == $n' \
  <(nvme error-log "/dev/$ctrl" -e "$entries" -o json)
nvme fw-log "/dev/$ctrl" -b >/tmp/fw-log
if [ -z "${STANDIN:-}" ]; then # Linux's own target returns zeros here
  is "fw-log: active slot" $(($(od -An -tu1 -N1 /tmp/fw-log) & 7)) 1
  is "fw-log: firmware of slot 1" "$(tail -c +9 /tmp/fw-log | head -c 8 | trim)" "$(field fr)"
fi

# features
queues=$(feature 7)
check "get-feature 7: at least 4 queues each way" \
  test $((queues & 0xffff)) -ge 3 -a $((queues >> 16)) -ge 3
note "get-feature 0Bh: $(feature 11), of $(field oaes) offered"
check "get-feature 0Bh: no event that was not offered" \
  test $(($(feature 11) & ~($(field oaes) | 0xff))) = 0
check "get-feature 0Fh: the keep alive time that was asked for, rounded up" \
  test "$(feature 15)" -ge 30000 -a "$(feature 15)" -le 60000
check "an unknown log page is refused" bash -c "! nvme get-log /dev/$ctrl -i 0x7e -l 512"
check "an unknown feature is refused" bash -c "! nvme get-feature /dev/$ctrl -f 0x7e"
check "the controller is still live" is_live "$ctrl"
must_disconnect
finish
