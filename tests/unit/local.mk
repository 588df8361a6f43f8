# tests/unit: cmocka, one program per module; each links only what it tests.
if HAVE_CMOCKA
UNIT_TESTS += %D%/addr
%C%_addr_SOURCES = %D%/addr.c
%C%_addr_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_addr_LDADD = common/libplumbing.a $(CMOCKA_LIBS)

UNIT_TESTS += %D%/greetings
%C%_greetings_SOURCES = %D%/greetings.c
%C%_greetings_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_greetings_LDADD = listener/liblistener.a $(CMOCKA_LIBS)

UNIT_TESTS += %D%/probe
%C%_probe_SOURCES = %D%/probe.c
%C%_probe_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_probe_LDADD = broker/libprobe.a $(CMOCKA_LIBS)

check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
endif
