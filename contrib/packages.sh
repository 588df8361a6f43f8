# shellcheck shell=sh
# Debian packages by purpose; sourced by quickstart, run-tests and nobody else.
PKGS_BUILD="autoconf automake make gcc libc6-dev pkg-config libbsd-dev libsodium-dev
  libsystemd-dev libevent-dev libyaml-dev libseccomp-dev libisal-dev libcmocka-dev"
PKGS_TEST="clang libclang-rt-14-dev valgrind cppcheck mandoc iproute2 systemd util-linux procps
  libfuse3-dev fuse3 libnvme-dev python3 git xz-utils libcap2-bin"
# For the picture of `make bench`; everything else it needs is there.
# shellcheck disable=SC2034
PKGS_BENCH="gnuplot-nox"

# Installs what of "$@" is missing; says what it would need when it may not.
install_packages() {
  missing=
  for p in "$@"; do
    dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing="$missing $p"
  done
  [ -z "$missing" ] && return 0
  as_root=
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
      echo "missing packages; as root: apt-get install$missing" >&2
      return 1
    }
    as_root=sudo
  fi
  echo "installing:$missing"
  $as_root apt-get update -qq >/dev/null
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends \
    -o DPkg::Lock::Timeout=300 $missing >/dev/null
}
