# The benchmark: not a test, but built with them. `make bench` runs it (tests/targets.mk).
check_PROGRAMS += %D%/bench
%C%_bench_CPPFLAGS = $(AM_CPPFLAGS) $(ISAL_CFLAGS)
%C%_bench_SOURCES = %D%/bare.c %D%/bare_rx.c %D%/bars.c %D%/bench.h %D%/cases.c %D%/ceiling.c %D%/ceiling.h \
	%D%/client.c %D%/client_rx.c %D%/client_tx.c %D%/contender.c %D%/cpu.c %D%/disk.c %D%/hist.c \
	%D%/holder.c %D%/main.c %D%/pingpong.c %D%/report.c %D%/result.c %D%/series.c %D%/target.c %D%/window.c
%C%_bench_LDADD = tests/host/libnvmehost.a $(ISAL_LIBS) -lm -lpthread
