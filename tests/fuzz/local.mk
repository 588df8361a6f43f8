# tests/fuzz: a driver for each parser. Linked with replay.c it runs the corpus in make check, with
# any compiler; with --enable-fuzzers (clang) it is linked with libFuzzer as well.
FUZZ_LIBS = common/libpure.a $(ISAL_LIBS)
REPLAYS = %D%/replay_config %D%/replay_connect %D%/replay_identities %D%/replay_pdu \
	%D%/replay_reservation %D%/replay_sqe
check_PROGRAMS += $(REPLAYS)
TESTS += $(REPLAYS)
FUZZ_POLICY = broker/libpolicy.a common/libpure.a $(SODIUM_LIBS)
FUZZ_BROKER = broker/libbroker.a common/libpure.a $(YAML_LIBS) $(SODIUM_LIBS) $(BSD_LIBS)
%C%_replay_config_SOURCES = %D%/replay.c %D%/fuzz_config.c
%C%_replay_config_LDADD = $(FUZZ_BROKER)
%C%_replay_connect_SOURCES = %D%/replay.c %D%/fuzz_connect.c %D%/fuzz.h
%C%_replay_connect_LDADD = $(FUZZ_LIBS)
%C%_replay_identities_SOURCES = %D%/replay.c %D%/fuzz_identities.c
%C%_replay_identities_LDADD = $(FUZZ_BROKER)
%C%_replay_pdu_SOURCES = %D%/replay.c %D%/fuzz_pdu.c
%C%_replay_pdu_LDADD = $(FUZZ_LIBS)
%C%_replay_reservation_SOURCES = %D%/replay.c %D%/fuzz_reservation.c
%C%_replay_reservation_CPPFLAGS = $(AM_CPPFLAGS) $(SODIUM_CFLAGS)
%C%_replay_reservation_LDADD = $(FUZZ_POLICY)
%C%_replay_sqe_SOURCES = %D%/replay.c %D%/fuzz_sqe.c
%C%_replay_sqe_LDADD = $(FUZZ_LIBS)

if FUZZERS
FUZZ_TARGETS += %D%/fuzz_config %D%/fuzz_connect %D%/fuzz_identities %D%/fuzz_pdu %D%/fuzz_reservation \
	%D%/fuzz_sqe
noinst_PROGRAMS += $(FUZZ_TARGETS)
endif
FUZZ_LINK = $(AM_LDFLAGS) -fsanitize=fuzzer
%C%_fuzz_config_LDADD = $(FUZZ_BROKER)
%C%_fuzz_config_LDFLAGS = $(FUZZ_LINK)
%C%_fuzz_connect_LDADD = $(FUZZ_LIBS)
%C%_fuzz_connect_LDFLAGS = $(FUZZ_LINK)
%C%_fuzz_identities_LDADD = $(FUZZ_BROKER)
%C%_fuzz_identities_LDFLAGS = $(FUZZ_LINK)
%C%_fuzz_pdu_LDADD = $(FUZZ_LIBS)
%C%_fuzz_pdu_LDFLAGS = $(FUZZ_LINK)
%C%_fuzz_reservation_CPPFLAGS = $(AM_CPPFLAGS) $(SODIUM_CFLAGS)
%C%_fuzz_reservation_LDADD = $(FUZZ_POLICY)
%C%_fuzz_reservation_LDFLAGS = $(FUZZ_LINK)
%C%_fuzz_sqe_LDADD = $(FUZZ_LIBS)
%C%_fuzz_sqe_LDFLAGS = $(FUZZ_LINK)
EXTRA_DIST += tests/corpus
