# The benchmark: not a test, but built with them. `make bench` runs it (tests/targets.mk).
if PLATFORM_LINUX
check_PROGRAMS += %D%/bench
endif
%C%_bench_CPPFLAGS = $(AM_CPPFLAGS) $(ISAL_CFLAGS)
%C%_bench_SOURCES = %D%/bare.c %D%/bare_rx.c %D%/bars.c %D%/bench.h %D%/cases.c %D%/ceiling.c \
	%D%/ceiling.h %D%/client.c %D%/client_rx.c %D%/client_tx.c %D%/contender.c %D%/cpu.c \
	%D%/crowd.c %D%/disk.c %D%/fairness.c %D%/family.c %D%/hist.c %D%/holder.c %D%/lanes.c \
	%D%/main.c %D%/pingpong.c %D%/plot.c %D%/report.c %D%/result.c %D%/scale.c %D%/series.c \
	%D%/spawn.c %D%/target.c %D%/window.c
%C%_bench_LDADD = tests/host/libnvmehost.a $(ISAL_LIBS) -lm -lpthread
EXTRA_DIST += %D%/example.svg
