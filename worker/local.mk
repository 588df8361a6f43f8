# worker: the process that reads every byte of one host. Everything but main() is in libworker.a.
noinst_LIBRARIES += %D%/libworker.a
%C%_libworker_a_SOURCES = %D%/engine.c %D%/engine.h %D%/engine_impl.h %D%/engine_threads.c \
	%D%/file.c %D%/pool.c %D%/pool.h %D%/timer.c %D%/timer.h
libworker_linux = %D%/engine_uring.c %D%/file_linux.c %D%/ring.c %D%/ring.h %D%/wait_epoll.c
libworker_posix = %D%/engine_uring_none.c %D%/file_posix.c %D%/wait_poll.c
if PLATFORM_LINUX
%C%_libworker_a_SOURCES += $(libworker_linux)
else
%C%_libworker_a_SOURCES += $(libworker_posix)
endif
# transport, greeting, and the words of the broker
%C%_libworker_a_SOURCES += %D%/answer.c %D%/ask.c %D%/ask.h %D%/bounce.c %D%/c2h.c %D%/conn.c %D%/conn.h \
	%D%/conn_impl.h %D%/conn_tx.c %D%/greet.c %D%/greet.h %D%/lane.c %D%/lane.h %D%/lanes.c %D%/mail.c %D%/mail.h \
	%D%/memory.c %D%/memory.h %D%/qp_abort.c %D%/qpair.c %D%/qpair.h %D%/r2t.c %D%/rxbuf.c %D%/slot.h %D%/worker.h \
	%D%/stream.c %D%/stream.h %D%/xfer.c
# the controller and its commands
%C%_libworker_a_SOURCES += %D%/abort.c %D%/abort.h %D%/admin.c %D%/aer.c %D%/aer.h %D%/ana.c %D%/ana.h \
	%D%/command.h %D%/controller.c %D%/controller.h %D%/discovery.c %D%/drain.c %D%/fabrics.c \
	%D%/feature.c %D%/identify.c %D%/identify.h %D%/identify_ns.c %D%/logpage.c %D%/ns.c %D%/ns.h %D%/ns_stat.c \
	%D%/ns_table.c %D%/nvm.c %D%/nvm.h %D%/nvm_compare.c %D%/nvm_copy.c %D%/nvm_dsm.c \
	%D%/nvm_flush.c %D%/nvm_rw.c %D%/nvm_verify.c %D%/property.c %D%/reservation.c %D%/reservation.h \
	%D%/reservation_log.c %D%/seat.c
# ... what it says of itself, and how a host sets it
%C%_libworker_a_SOURCES += %D%/changed.c %D%/effects.c %D%/error_log.c %D%/judge.c %D%/ploc.c %D%/feature.h \
	%D%/feature_cache.c %D%/feature_ctrl.c %D%/feature_host.c %D%/feature_protect.c \
	%D%/feature_word.c %D%/health.c \
	%D%/identify_ctrl.c %D%/identify_list.c %D%/logpage.h
# fused commands, and the ranges that they have for themselves
%C%_libworker_a_SOURCES += %D%/fused.h %D%/nvm_fused.c %D%/range.c %D%/range.h %D%/range_desk.c

pkglibexec_PROGRAMS += %D%/cellblock-worker
%C%_cellblock_worker_SOURCES = %D%/worker.c
%C%_cellblock_worker_LDADD = %D%/libworker.a common/libplumbing.a common/libpure.a \
	$(CHILD_BSD_LIBS) $(ISAL_LIBS) $(CHILD_SECCOMP_LIBS)
man_MANS += %D%/cellblock-worker.8
EXTRA_DIST += %D%/cellblock-worker.8
