# Two shelves: pure (bytes in, verdict out) and plumbing (ipc, spawn, sandbox, log).
noinst_LIBRARIES += %D%/libpure.a
%C%_libpure_a_SOURCES = %D%/wire.h
