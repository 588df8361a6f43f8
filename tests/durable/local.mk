# Power cuts: what records (logfs), and what judges the record (replay). Story: tests/x_durable.sh.
if HAVE_FUSE
check_PROGRAMS += %D%/logfs
%C%_logfs_CFLAGS = $(AM_CFLAGS) $(FUSE_CFLAGS)
%C%_logfs_LDADD = $(FUSE_LIBS) -lpthread
%C%_logfs_SOURCES = %D%/logfs.c %D%/record.h
else
EXTRA_DIST += %D%/logfs.c
endif
check_PROGRAMS += %D%/replay
%C%_replay_SOURCES = %D%/blocks.c %D%/history.c %D%/log.c %D%/log_dm.c \
	%D%/main.c %D%/names.c %D%/record.h %D%/replay.h
%C%_replay_LDADD = tests/host/libnvmehost.a $(ISAL_LIBS) -lpthread
# The kernel's own recorder, in the VM.
if PLATFORM_LINUX
check_PROGRAMS += %D%/dmlog
%C%_dmlog_SOURCES = %D%/dmlog.c
else
EXTRA_DIST += %D%/dmlog.c
endif
