#!/bin/bash
# Linux's own target in Cellblock's place, on the guest's loopback: it shows that the stories
# themselves are right. Sourced by lib.sh when STANDIN is set; sets it up only once.
c=/sys/kernel/config/nvmet

standin_subsystem() { # nqn, host uuid, file
  mkdir -p "$c/subsystems/$1/namespaces/1" "$c/hosts/$uuid_nqn$2"
  ln -s "$c/hosts/$uuid_nqn$2" "$c/subsystems/$1/allowed_hosts/"
  echo "$3" >"$c/subsystems/$1/namespaces/1/device_path"
  echo 1 >"$c/subsystems/$1/namespaces/1/buffered_io"
  echo 1 >"$c/subsystems/$1/namespaces/1/enable"
}

standin_port() { # number, service
  mkdir "$c/ports/$1"
  echo tcp >"$c/ports/$1/addr_trtype"
  echo ipv4 >"$c/ports/$1/addr_adrfam"
  echo "$TARGET" >"$c/ports/$1/addr_traddr"
  echo "$2" >"$c/ports/$1/addr_trsvcid"
}

standin_link() {
  local nqn
  for nqn in "$NQN" "$NQN2"; do ln -s "$c/subsystems/$nqn" "$c/ports/1/subsystems/"; done
}

standin_setup() {
  ip link add eth0 type dummy
  ip address add 192.0.2.2/24 dev eth0
  ip address add "$TARGET/24" dev eth0
  ip link set eth0 up
  modprobe nvmet-tcp
  mount -t configfs configfs /sys/kernel/config
  truncate -s "$SIZE1" /tmp/disk1
  truncate -s 64M /tmp/disk2
  standin_subsystem "$NQN" $host_a /tmp/disk1
  standin_subsystem "$NQN2" $host_b /tmp/disk2
  standin_port 1 "$PORT"
  standin_link
}

standin() {
  case $1 in
    restart | crash)
      rm "$c"/ports/1/subsystems/*
      sleep 2
      standin_link
      ;;
    kill-worker) ss -K -t src "$2" dport "$PORT" ;;
    kill-role) : ;;
  esac
}

[ -e $c ] || standin_setup
