# Stories that need root, and those with the real Linux host; same driver, same summary.
.PHONY: bench check-engines check-root check-vm check-valgrind lint fuzz supported
check-root: all
	$(MAKE) $(AM_MAKEFLAGS) $(check_PROGRAMS) $(check_LIBRARIES)
	$(MAKE) $(AM_MAKEFLAGS) -j1 check-TESTS TESTS='$(ROOT_TESTS)'

# With each engine, where io_uring is forbidden, and with several lanes.
check-engines: all
	$(MAKE) $(AM_MAKEFLAGS) $(check_PROGRAMS) $(check_LIBRARIES)
	@status=0; for engine in uring threads forbidden; do echo "ENGINE=$$engine"; \
	ENGINE=$$engine $(MAKE) $(AM_MAKEFLAGS) -j1 check-TESTS TESTS='$(ENGINE_TESTS)' || status=1; \
	done; echo "LANES=3"; \
	LANES=3 $(MAKE) $(AM_MAKEFLAGS) -j1 check-TESTS TESTS='$(ENGINE_TESTS)' || status=1; \
	$(MAKE) $(AM_MAKEFLAGS) check-TESTS TESTS='$(ENGINE_UNIT_TESTS)' \
		LOG_COMPILER='$(LOG_COMPILER) tests/forbid' || status=1; exit $$status

check-vm: all
	$(MAKE) $(AM_MAKEFLAGS) $(check_PROGRAMS)
	$(MAKE) $(AM_MAKEFLAGS) -j1 check-TESTS TESTS='$(VM_TESTS)'

check-valgrind: all
	$(MAKE) $(AM_MAKEFLAGS) $(check_PROGRAMS)
	$(MAKE) $(AM_MAKEFLAGS) check-TESTS TESTS='$(UNIT_TESTS)' \
		LOG_COMPILER='$(LOG_COMPILER) valgrind -q --error-exitcode=99 --leak-check=full \
		--errors-for-leak-kinds=definite --trace-children=no'

fuzz: all
	@test -n '$(FUZZ_TARGETS)' || { echo 'configure with --enable-fuzzers'; exit 1; }
	@for f in $(FUZZ_TARGETS); do n=$${f##*/fuzz_}; echo "  FUZZ     $$n"; d=$$(mktemp -d); \
	./$$f -max_total_time=$${FUZZ_SECONDS:-60} -print_final_stats=0 $$d \
	$(srcdir)/tests/corpus/$$n >fuzz-$$n.log 2>&1 || { tail -30 fuzz-$$n.log; exit 1; }; \
	rm -rf $$d; done

lint: $(man_MANS)
	@for f in $(man_MANS); do test -f $$f || f=$(srcdir)/$$f; \
	mandoc -T lint -W warning $$f || exit 1; done
	cppcheck -q --error-exitcode=1 --std=c11 --inline-suppr -I$(srcdir) -I. -DHAVE_CONFIG_H \
		$(BSD_CFLAGS:-isystem=-I) --suppress='*:/usr/include/*' \
		--suppress=missingIncludeSystem --suppress=preprocessorErrorDirective \
		--enable=warning,portability \
		$(srcdir)/common $(srcdir)/listener $(srcdir)/worker $(srcdir)/broker

# What the target says of itself, written down anew.
supported: all
	@$(MKDIR_P) $(srcdir)/doc
	$(SHELL) $(srcdir)/tests/x_supported.sh --print >supported.tmp
	mv supported.tmp $(srcdir)/doc/SUPPORTED.md

# BENCH=quick takes less than three minutes. BENCH_FLAGS: see PERFORMANCE.md.
BENCH = full
bench: all
	$(MAKE) $(AM_MAKEFLAGS) tests/bench/bench$(EXEEXT)
	tests/bench/bench$(EXEEXT) --$(BENCH) $(BENCH_FLAGS)
