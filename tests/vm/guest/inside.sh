#!/bin/bash
# Cellblock inside the guest: "cellblockd serve", and this kernel's host over the loopback.
# shellcheck source=lib.sh
. ./lib.sh
kernel=$(uname -r)
story="inside ${kernel%%-*}"

# The processes of the target, and whether every one but the warden is confined.
children() { ps -o pid= --ppid "$warden"; }
confined() {
  local pid
  for pid in $(children); do
    cat "/proc/$pid/comm"
    grep -x "Seccomp:.2" "/proc/$pid/status" && grep -x "NoNewPrivs:.1" "/proc/$pid/status" &&
      ! grep -E '^Cap...:.*[1-9a-f]' "/proc/$pid/status" || return
  done
}
# What the log says of layers that are not there.
missing() { sed -n 's/.* these layers: \([^;]*\).*/\1/p' /tmp/target.log | sort -u; }
said() { grep -o 'nvme connect .*' /tmp/target.out; }

# nvme-tcp before Linux 6.5 puts huge pages that lie side by side into one fragment. When the reader
# is on the same machine, its kernel's check of copies to user space takes that for an overflow.
[[ $kernel != 6.1.* ]] || echo never >/sys/kernel/mm/transparent_hugepage/enabled
tar -C / -xf installed.tar && ldconfig
"$CELLBLOCKD" serve -d -g -G -F ram:64M >/tmp/target.out 2>/tmp/target.log &
warden=$!
trap 'note "$(cat /tmp/target.out /tmp/target.log)"' EXIT
must "it prints how to connect" wait_for 60 said
command=$(said)
NQN=$(grep -o 'nqn\.[^ ]*' <<<"$command")
must "that command connects" wait_for 30 $command
must "namespace 1 appears" wait_for 60 block_device "$NQN" 1
dev=$(block_device "$NQN" 1)
check "every child is confined" confined
is "layers that this kernel lacks" "$(missing)" "$LACKING"
note "$(grep -E 'layers|in charge' /tmp/target.log)"
check "fio verifies" verify "$dev" --size=24M
must "mkfs.ext4" mkfs.ext4 -q -F "$dev"
must "mount" mount "$dev" /mnt
must "copy files" cp -L /usr/bin/[a-f]* /mnt/
check "they are what was copied" diff <(cd /usr/bin && sha256sum [a-f]*) \
  <(cd /mnt && sha256sum [a-f]*)
must "umount" umount /mnt
check "e2fsck finds it clean" e2fsck -fn "$dev"
must_disconnect
processes=$(children)
kill -TERM $warden
check "it stops" wait_for 60 is_dead $warden
wait $warden
is "exit status" $? 0
for pid in $processes; do
  check "process $pid is gone" wait_for 30 is_dead "$pid"
done
[ $failed != 0 ] || trap - EXIT
finish
