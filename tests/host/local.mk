# The test host: a library (the oracle of the target: it links nothing of the target) and nvmehost.
noinst_LIBRARIES += %D%/libnvmehost.a
noinst_PROGRAMS += %D%/nvmehost
%C%_libnvmehost_a_CPPFLAGS = $(AM_CPPFLAGS) $(ISAL_CFLAGS)
%C%_libnvmehost_a_SOURCES = %D%/check.c %D%/command.c %D%/conn.c %D%/connect.c %D%/ctrl.c %D%/host.h \
	%D%/load.c %D%/ns.c %D%/pattern.c %D%/queue.c %D%/spec.h %D%/stream.c %D%/xfer.c
%C%_nvmehost_SOURCES = %D%/cmd_abort.c %D%/cmd_crowd.c %D%/cmd_discover.c %D%/cmd_events.c %D%/cmd_handover.c %D%/cmd_hold.c %D%/cmd_identify.c %D%/cmd_media.c %D%/cmd_raw.c \
	%D%/cmd_protect.c %D%/cmd_resv.c \
	%D%/cmd_rw.c %D%/cmd_stress.c %D%/cmd_verify.c %D%/main.c %D%/misbehave.c %D%/misbehave.h \
	%D%/misbehave_admin.c %D%/misbehave_capsule.c %D%/misbehave_connect.c \
	%D%/misbehave_digest.c %D%/misbehave_h2cdata.c %D%/misbehave_header.c \
	%D%/misbehave_icreq.c %D%/misbehave_io.c %D%/misbehave_pdu.c %D%/misbehave_property.c \
	%D%/nvmehost.h %D%/say.c
# Commands by table, and what the target says that it has.
%C%_nvmehost_SOURCES += %D%/cmd_supported.c %D%/conform.c %D%/conform.h %D%/conform_absent.c \
	%D%/conform_admin.c %D%/conform_ana.c %D%/conform_build.c %D%/conform_capsule.c \
	%D%/conform_compare.c %D%/conform_connect.c %D%/conform_copy.c %D%/conform_discovery.c \
	%D%/conform_dsm.c %D%/conform_event.c %D%/conform_fabrics.c %D%/conform_feature.c \
	%D%/conform_flush.c %D%/conform_fused.c %D%/conform_identify.c %D%/conform_log.c \
	%D%/conform_names.c %D%/conform_order.c %D%/conform_range.h %D%/conform_read.c \
	%D%/conform_protect.c %D%/conform_reservation.c %D%/conform_settings.c %D%/conform_truth.c \
	%D%/conform_uncorrectable.c %D%/conform_verify.c %D%/conform_write.c %D%/conform_zeroes.c
%C%_nvmehost_SOURCES += %D%/cmd_race.c
%C%_nvmehost_SOURCES += %D%/cmd_durable.c %D%/mark.c
if PLATFORM_LINUX
%C%_nvmehost_SOURCES += %D%/mark_dm.c
EXTRA_DIST += %D%/mark_nodm.c
else
%C%_nvmehost_SOURCES += %D%/mark_nodm.c
EXTRA_DIST += %D%/mark_dm.c
endif
%C%_nvmehost_LDADD = %D%/libnvmehost.a $(ISAL_LIBS) -lpthread
