# Two shelves: pure (bytes in, verdict out) and plumbing (ipc, spawn, sandbox, log).
noinst_LIBRARIES += %D%/libpure.a %D%/libplumbing.a
%C%_libpure_a_SOURCES = %D%/nvme.h %D%/nvme_data.h %D%/pdu.h %D%/wire.h
%C%_libplumbing_a_SOURCES = %D%/ipc.c %D%/ipc.h %D%/ipc_payload.h
