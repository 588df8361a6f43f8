# Two shelves: pure (bytes in, verdict out) and plumbing (ipc, spawn, sandbox, log).
noinst_LIBRARIES += %D%/libpure.a %D%/libplumbing.a
%C%_libpure_a_SOURCES = %D%/connect.c %D%/connect.h %D%/crc.c %D%/crc.h %D%/nqn.c %D%/nqn.h \
	%D%/nvme.h %D%/nvme_data.h %D%/pdu.c %D%/pdu.h %D%/pdu_put.c %D%/sqe.c %D%/sqe.h %D%/wire.h
%C%_libpure_a_CPPFLAGS = $(AM_CPPFLAGS) $(ISAL_CFLAGS)
%C%_libpure_a_CFLAGS = $(AM_CFLAGS) -Wconversion
%C%_libplumbing_a_SOURCES = %D%/ipc.c %D%/ipc.h %D%/ipc_payload.h
