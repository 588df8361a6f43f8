# tests: unit (cmocka), fuzz, host (nvmehost), stories
include tests/vm/local.mk
include tests/unit/local.mk
include tests/fuzz/local.mk

AM_TESTS_ENVIRONMENT += CC='$(CC)'; HEADER_FLAGS='$(AM_CPPFLAGS) $(CPPFLAGS) $(WARN_CFLAGS)'; \
	export CC HEADER_FLAGS;
dist_check_SCRIPTS += %D%/headers.sh
TESTS += %D%/headers.sh
