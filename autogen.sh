#!/bin/sh
# Makes ./configure in a git clone. A release tarball already has it.
set -e
cd "$(dirname "$0")"
for tool in autoreconf:autoconf automake:automake pkg-config:pkg-config; do
	command -v "${tool%%:*}" >/dev/null || {
		echo "autogen.sh: ${tool%%:*} is missing: apt-get install ${tool##*:}" >&2
		exit 1
	}
done
exec autoreconf -fi
