# worker: the process that reads every byte of one host. Everything but main() is in libworker.a.
noinst_LIBRARIES += %D%/libworker.a
%C%_libworker_a_SOURCES = %D%/engine.h %D%/pool.c %D%/pool.h %D%/timer.c %D%/timer.h
EXTRA_DIST += %D%/worker.h
