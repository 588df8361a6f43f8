# broker: the privileged family. libbroker.a is what needs neither process nor privilege.
noinst_LIBRARIES += %D%/libbroker.a
%C%_libbroker_a_CPPFLAGS = $(AM_CPPFLAGS) -DLOCALSTATEDIR='"$(localstatedir)"'
%C%_libbroker_a_CFLAGS = $(AM_CFLAGS) $(SODIUM_CFLAGS) $(YAML_CFLAGS)
%C%_libbroker_a_SOURCES = \
	%D%/config.c \
	%D%/config_ana.c \
	%D%/config_check.c \
	%D%/config_discovery.c \
	%D%/config_keys.c \
	%D%/config_kind.c \
	%D%/config_load.c \
	%D%/config_map.c \
	%D%/config_match.c \
	%D%/config_parse.h \
	%D%/config_print.c \
	%D%/config_serve.c \
	%D%/config_unique.c \
	%D%/config_value.c \
	%D%/config_words.c \
	%D%/config_yaml.c \
	%D%/configuration.h \
	%D%/identity.c \
	%D%/identity.h \
	%D%/identity_store.c \
	%D%/identity_store.h
if PLATFORM_LINUX
%C%_libbroker_a_SOURCES += %D%/cpus_linux.c
else
%C%_libbroker_a_SOURCES += %D%/cpus_posix.c
endif
EXTRA_DIST += %D%/cpus_linux.c %D%/cpus_posix.c

noinst_LIBRARIES += %D%/libprobe.a
%C%_libprobe_a_SOURCES = %D%/durable.c %D%/durable.h %D%/probe.c %D%/probe.h
if PLATFORM_LINUX
%C%_libprobe_a_SOURCES += %D%/probe_linux.c
else
%C%_libprobe_a_SOURCES += %D%/probe_posix.c
endif
EXTRA_DIST += %D%/probe_linux.c %D%/probe_posix.c

pkglibexec_PROGRAMS += %D%/cellblock-opener
%C%_cellblock_opener_SOURCES = %D%/opener.c
%C%_cellblock_opener_LDADD = %D%/libprobe.a common/libplumbing.a $(CHILD_BSD_LIBS) \
	$(CHILD_SECCOMP_LIBS)
man_MANS += %D%/cellblock-opener.8
EXTRA_DIST += %D%/cellblock-opener.8

man_MANS += %D%/cellblock.yaml.5
EXTRA_DIST += %D%/cellblock.yaml.5.in
CLEANFILES += %D%/cellblock.yaml.5
%D%/cellblock.yaml.5: %D%/cellblock.yaml.5.in Makefile
	$(SUBST) $(srcdir)/%D%/cellblock.yaml.5.in > $@

sbin_PROGRAMS += %D%/cellblockctl
%C%_cellblockctl_SOURCES = %D%/ana.h %D%/ana_name.c %D%/cellblockctl.c %D%/ctl_print.c %D%/ctl_print.h
%C%_cellblockctl_LDADD = common/libplumbing.a common/libpure.a $(BSD_LIBS) $(SECCOMP_LIBS)
man_MANS += %D%/cellblockctl.8
EXTRA_DIST += %D%/cellblockctl.8

# The warden.
man_MANS += %D%/cellblockd.8
EXTRA_DIST += %D%/cellblockd.8.in
CLEANFILES += %D%/cellblockd.8
%D%/cellblockd.8: %D%/cellblockd.8.in Makefile
	$(SUBST) $(srcdir)/%D%/cellblockd.8.in > $@
sbin_PROGRAMS += %D%/cellblockd
%C%_cellblockd_CPPFLAGS = $(AM_CPPFLAGS) -DPKGLIBEXECDIR='"$(pkglibexecdir)"'
%C%_cellblockd_CFLAGS = $(AM_CFLAGS) $(SYSTEMD_CFLAGS)
%C%_cellblockd_LDADD = common/libplumbing.a $(BSD_LIBS) $(SYSTEMD_LIBS)
%C%_cellblockd_SOURCES = %D%/spawn.h %D%/warden.c %D%/warden.h %D%/warden_broker.c \
	%D%/warden_child.c %D%/warden_hold.c %D%/warden_loop.c %D%/warden_message.c \
	%D%/warden_notify.c %D%/warden_outbox.c \
	%D%/warden_program.c %D%/warden_spawn.c
if PLATFORM_LINUX
%C%_cellblockd_SOURCES += %D%/spawn_linux.c
else
%C%_cellblockd_SOURCES += %D%/spawn_posix.c
endif
if WITH_SYSTEMD
%C%_cellblockd_SOURCES += %D%/warden_sockets.c
else
%C%_cellblockd_SOURCES += %D%/warden_nosockets.c
endif
if SANITIZERS
%C%_cellblockd_CPPFLAGS += -DCHILD_STDERR=1
endif

# The broker.
pkglibexec_PROGRAMS += %D%/cellblock-broker
%C%_cellblock_broker_CPPFLAGS = $(AM_CPPFLAGS) -DSYSCONFDIR='"$(sysconfdir)"'
%C%_cellblock_broker_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS) $(SODIUM_CFLAGS)
%C%_cellblock_broker_LDADD = %D%/libpolicy.a %D%/libbroker.a common/libplumbing.a common/libpure.a \
	$(EVENT_LIBS) $(SODIUM_LIBS) $(YAML_LIBS) $(BSD_LIBS) $(SECCOMP_LIBS)
%C%_cellblock_broker_SOURCES = %D%/admission.c %D%/admission.h %D%/admission_tell.c \
	%D%/ana_change.c %D%/cntlid.c %D%/live.c %D%/resize.c \
	%D%/backend.c %D%/broker.c %D%/broker.h %D%/census.c \
	%D%/discovery_page.c %D%/drain.c %D%/fence.c %D%/from_warden.c %D%/listen.c \
	%D%/listener_link.c %D%/logline.c %D%/loop.c %D%/loop.h %D%/ns_row.c %D%/opener_job.c \
	%D%/queue.c %D%/record.c %D%/report.c %D%/reserve.c %D%/reserve.h %D%/reserve_page.c %D%/session.c %D%/session_in.c \
	%D%/session_ping.c %D%/shutdown.c %D%/spare.c %D%/start.c %D%/takeover.c %D%/to_warden.c
%C%_cellblock_broker_SOURCES += %D%/session_range.c
man_MANS += %D%/cellblock-broker.8
EXTRA_DIST += %D%/cellblock-broker.8

# Its pure half, which the unit tests link.
noinst_LIBRARIES += %D%/libpolicy.a
%C%_libpolicy_a_CFLAGS = $(AM_CFLAGS) $(SODIUM_CFLAGS)
%C%_libpolicy_a_SOURCES = %D%/admit.c %D%/admit.h %D%/ana.c %D%/ana.h %D%/ana_name.c %D%/cache.c \
	%D%/cache.h %D%/discovery.c %D%/discovery.h %D%/held.c %D%/held.h %D%/reservation.c \
	%D%/reservation.h %D%/reservation_file.c %D%/reservation_file.h
%C%_libpolicy_a_SOURCES += %D%/range.c %D%/range.h %D%/range_book.h %D%/range_line.c %D%/range_reset.c
