# tests: unit (cmocka), fuzz, host (nvmehost), stories
include tests/vm/local.mk
include tests/host/local.mk
include tests/unit/local.mk
include tests/bench/local.mk
include tests/durable/local.mk
include tests/fuzz/local.mk

HEADER_FLAGS = $(AM_CPPFLAGS) $(CPPFLAGS) $(AM_CFLAGS) $(CFLAGS) $(CMOCKA_CFLAGS) $(EVENT_CFLAGS) \
	$(ISAL_CFLAGS) $(SECCOMP_CFLAGS) $(SODIUM_CFLAGS) $(SYSTEMD_CFLAGS) $(YAML_CFLAGS)
AM_TESTS_ENVIRONMENT += CC='$(CC)'; HEADER_FLAGS='$(HEADER_FLAGS)'; export CC HEADER_FLAGS;
LOG_COMPILER = $(SHELL) $(top_srcdir)/%D%/tap.sh
dist_check_SCRIPTS += %D%/dist.sh %D%/headers.sh
EXTRA_DIST += %D%/tap.sh
TESTS += %D%/dist.sh %D%/headers.sh
EXTRA_DIST += %D%/config %D%/lib.sh

# The target as a whole, with nvmehost; no root is needed.
STORIES = %D%/x_activation.sh %D%/x_ana.sh %D%/x_bench.sh %D%/x_config.sh %D%/x_crash.sh %D%/x_crowd.sh %D%/x_ctl.sh \
	%D%/x_discovery.sh %D%/x_handover.sh %D%/x_hostile.sh %D%/x_limits.sh %D%/x_live.sh %D%/x_policy.sh \
	%D%/x_nvm.sh %D%/x_protect.sh %D%/x_rediscovery.sh %D%/x_reload.sh %D%/x_resv.sh %D%/x_resv_power.sh %D%/x_log.sh %D%/x_serve.sh \
	%D%/x_transfer.sh %D%/x_warden.sh
ROOT_STORIES = %D%/x_abort.sh %D%/x_cache.sh %D%/x_claims.sh %D%/x_devices.sh %D%/x_drain.sh %D%/x_errors.sh \
	%D%/x_opener_hang.sh %D%/x_resv_drain.sh %D%/x_uids.sh %D%/x_user.sh
# Those that move data: once for each engine, and where there is none but threads.
ENGINE_TESTS = %D%/x_abort.sh %D%/x_ana.sh %D%/x_cache.sh %D%/x_claims.sh %D%/x_crash.sh %D%/x_devices.sh %D%/x_drain.sh %D%/x_errors.sh \
	%D%/x_handover.sh %D%/x_live.sh %D%/x_nvm.sh %D%/x_resv.sh %D%/x_sandbox.sh %D%/x_serve.sh
STORIES += %D%/x_fused.sh
ENGINE_TESTS += %D%/x_fused.sh
ROOT_STORIES += %D%/x_durable.sh
ENGINE_TESTS += %D%/x_durable.sh
dist_check_SCRIPTS += $(STORIES) $(ROOT_STORIES)
TESTS += $(STORIES)
ROOT_TESTS += $(ROOT_STORIES)

if HAVE_FUSE
check_PROGRAMS += %D%/hangfs
%C%_hangfs_CFLAGS = $(AM_CFLAGS) $(FUSE_CFLAGS)
%C%_hangfs_LDADD = $(FUSE_LIBS)
endif
EXTRA_DIST += %D%/hangfs.c

# Where io_uring is forbidden.
if PLATFORM_LINUX
check_PROGRAMS += %D%/forbid
%C%_forbid_CPPFLAGS = $(AM_CPPFLAGS) $(SECCOMP_CFLAGS)
%C%_forbid_LDADD = $(SECCOMP_LIBS)
else
EXTRA_DIST += %D%/forbid.c
endif

# The target as a whole, as root.
ROOT_TESTS += %D%/x_sandbox.sh
dist_check_SCRIPTS += %D%/x_sandbox.sh

# By what the specification says, and what the target says of itself.
STORIES += %D%/x_conform.sh %D%/x_supported.sh
ENGINE_TESTS += %D%/x_conform.sh
EXTRA_DIST += doc/SUPPORTED.md
