# Two shelves: pure (bytes in, verdict out) and plumbing (ipc, spawn, sandbox, log).
noinst_LIBRARIES += %D%/libpure.a %D%/libplumbing.a
%C%_libpure_a_SOURCES = %D%/connect.c %D%/connect.h %D%/crc.c %D%/crc.h %D%/nqn.c %D%/nqn.h \
	%D%/nvme.h %D%/nvme_data.h %D%/pdu.c %D%/pdu.h %D%/pdu_put.c %D%/sqe.c %D%/sqe.h %D%/wire.h
%C%_libpure_a_CPPFLAGS = $(AM_CPPFLAGS) $(ISAL_CFLAGS)
%C%_libpure_a_CFLAGS = $(AM_CFLAGS) -Wconversion

%C%_libplumbing_a_SOURCES = \
	%D%/addr.c %D%/addr.h \
	%D%/ipc.c %D%/ipc.h %D%/ipc_payload.h \
	%D%/log.c %D%/log.h %D%/logmsg.c %D%/logmsg.h \
	%D%/sandbox.c %D%/sandbox.h %D%/sandbox_basic.c %D%/sandbox_layers.h \
	%D%/title.c %D%/title.h
%C%_libplumbing_a_CPPFLAGS = $(AM_CPPFLAGS) $(SECCOMP_CFLAGS)
sandbox_linux = %D%/sandbox_caps.c %D%/sandbox_landlock.c %D%/sandbox_linux.c \
	%D%/sandbox_rules.h %D%/sandbox_seccomp.c
if PLATFORM_LINUX
%C%_libplumbing_a_SOURCES += $(sandbox_linux)
if SANITIZERS
%C%_libplumbing_a_SOURCES += %D%/sandbox_rules_sanitizers.c
else
%C%_libplumbing_a_SOURCES += %D%/sandbox_rules_none.c
endif
else
%C%_libplumbing_a_SOURCES += %D%/sandbox_posix.c
endif
