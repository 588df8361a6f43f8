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

UNIT_TESTS += %D%/ipc
%C%_ipc_SOURCES = %D%/ipc.c
%C%_ipc_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_ipc_LDADD = common/libplumbing.a $(CMOCKA_LIBS)
UNIT_TESTS += %D%/host
%C%_host_SOURCES = %D%/host.c tests/host/loop.c tests/host/loop.h
%C%_host_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_host_LDADD = tests/host/libnvmehost.a $(CMOCKA_LIBS) $(ISAL_LIBS) -lpthread

UNIT_TESTS += %D%/host_check
%C%_host_check_SOURCES = %D%/host_check.c
%C%_host_check_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_host_check_LDADD = tests/host/libnvmehost.a $(CMOCKA_LIBS) $(ISAL_LIBS)

UNIT_TESTS += %D%/listener
%C%_listener_SOURCES = %D%/child.c %D%/child.h %D%/listener.c
%C%_listener_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_listener_LDADD = common/libplumbing.a $(CMOCKA_LIBS) $(BSD_LIBS)
%C%_listener_DEPENDENCIES = common/libplumbing.a listener/cellblock-listener

UNIT_TESTS += %D%/opener
%C%_opener_SOURCES = %D%/child.c %D%/child.h %D%/opener.c
%C%_opener_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_opener_LDADD = common/libplumbing.a $(CMOCKA_LIBS) $(BSD_LIBS)
%C%_opener_DEPENDENCIES = broker/cellblock-opener common/libplumbing.a

UNIT_TESTS += %D%/log
%C%_log_SOURCES = %D%/log.c
%C%_log_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_log_LDADD = common/libplumbing.a $(CMOCKA_LIBS)

UNIT_TESTS += %D%/logmsg
%C%_logmsg_SOURCES = %D%/logmsg.c
%C%_logmsg_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_logmsg_LDADD = common/libplumbing.a common/libpure.a $(CMOCKA_LIBS)

UNIT_TESTS += %D%/probe
%C%_probe_SOURCES = %D%/probe.c
%C%_probe_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_probe_LDADD = broker/libprobe.a $(CMOCKA_LIBS)

UNIT_BROKER = broker/libbroker.a common/libpure.a $(CMOCKA_LIBS) $(YAML_LIBS) $(SODIUM_LIBS) \
	$(BSD_LIBS)
UNIT_TESTS += %D%/config
%C%_config_SOURCES = %D%/config.c
%C%_config_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_config_LDADD = $(UNIT_BROKER)

UNIT_TESTS += %D%/config_docs
%C%_config_docs_SOURCES = %D%/config_docs.c
%C%_config_docs_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_config_docs_LDADD = $(UNIT_BROKER)

UNIT_TESTS += %D%/config_golden
%C%_config_golden_SOURCES = %D%/config_golden.c
%C%_config_golden_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) -DLOCALSTATEDIR='"$(localstatedir)"'
%C%_config_golden_LDADD = $(UNIT_BROKER)

UNIT_TESTS += %D%/config_serve
%C%_config_serve_SOURCES = %D%/config_serve.c
%C%_config_serve_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_config_serve_LDADD = $(UNIT_BROKER)

UNIT_TESTS += %D%/identity
%C%_identity_SOURCES = %D%/identity.c
%C%_identity_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_identity_LDADD = $(UNIT_BROKER)

# The pure shelf.
UNIT_PURE = common/libpure.a $(CMOCKA_LIBS) $(ISAL_LIBS)
UNIT_TESTS += %D%/connect
%C%_connect_SOURCES = %D%/connect.c %D%/unit.h
%C%_connect_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_connect_LDADD = $(UNIT_PURE)

UNIT_TESTS += %D%/crc
%C%_crc_SOURCES = %D%/crc.c
%C%_crc_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_crc_LDADD = $(UNIT_PURE)

UNIT_TESTS += %D%/nqn
%C%_nqn_SOURCES = %D%/nqn.c
%C%_nqn_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_nqn_LDADD = $(UNIT_PURE)

# Without libnvme it says that it was skipped.
UNIT_TESTS += %D%/layouts
%C%_layouts_SOURCES = %D%/layouts.c %D%/layouts.h
%C%_layouts_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_layouts_LDADD = $(CMOCKA_LIBS)
if HAVE_NVME
%C%_layouts_SOURCES += %D%/layouts_ours.c %D%/layouts_theirs.c
else
EXTRA_DIST += %D%/layouts_ours.c %D%/layouts_theirs.c
endif

UNIT_TESTS += %D%/pdu
%C%_pdu_SOURCES = %D%/pdu.c
%C%_pdu_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_pdu_LDADD = $(UNIT_PURE)

UNIT_TESTS += %D%/pdu_put
%C%_pdu_put_SOURCES = %D%/pdu_put.c
%C%_pdu_put_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_pdu_put_LDADD = $(UNIT_PURE)

UNIT_TESTS += %D%/sqe
%C%_sqe_SOURCES = %D%/sqe.c
%C%_sqe_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_sqe_LDADD = $(UNIT_PURE)

UNIT_TESTS += %D%/wire
%C%_wire_SOURCES = %D%/wire.c
%C%_wire_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_wire_LDADD = $(UNIT_PURE)

# The lower half of a worker.
ENGINE_UNIT_TESTS = %D%/engine %D%/engine_file %D%/engine_watch %D%/lanes
UNIT_WORKER = worker/libworker.a $(CMOCKA_LIBS)
ENGINE_WORLD = %D%/engine_world.c %D%/engine_world.h %D%/kinds.h %D%/unit.h
UNIT_TESTS += %D%/engine
%C%_engine_SOURCES = %D%/engine.c $(ENGINE_WORLD)
%C%_engine_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_engine_LDADD = $(UNIT_WORKER)

UNIT_TESTS += %D%/engine_watch
%C%_engine_watch_SOURCES = %D%/engine_watch.c $(ENGINE_WORLD)
%C%_engine_watch_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_engine_watch_LDADD = $(UNIT_WORKER)

UNIT_TESTS += %D%/engine_file
%C%_engine_file_SOURCES = %D%/engine_file.c %D%/kinds.h %D%/unit.h
%C%_engine_file_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_engine_file_LDADD = $(UNIT_WORKER)

UNIT_TESTS += %D%/file
%C%_file_SOURCES = %D%/file.c %D%/unit.h
%C%_file_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_file_LDADD = $(UNIT_WORKER)

if PLATFORM_LINUX
if !SANITIZERS
UNIT_TESTS += %D%/engine_filter
ENGINE_UNIT_TESTS += %D%/engine_filter
%C%_engine_filter_SOURCES = %D%/engine_filter.c %D%/unit.h
%C%_engine_filter_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) $(SECCOMP_CFLAGS)
%C%_engine_filter_LDADD = $(UNIT_WORKER) $(SECCOMP_LIBS)
endif

UNIT_TESTS += %D%/engine_uring
ENGINE_UNIT_TESTS += %D%/engine_uring
%C%_engine_uring_SOURCES = %D%/engine_uring.c %D%/kernels.h %D%/unit.h
%C%_engine_uring_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_engine_uring_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=syscall
%C%_engine_uring_LDADD = $(UNIT_WORKER)

UNIT_TESTS += %D%/ring
ENGINE_UNIT_TESTS += %D%/ring
%C%_ring_SOURCES = %D%/kernels.h %D%/ring.c %D%/unit.h
%C%_ring_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_ring_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=syscall
%C%_ring_LDADD = $(UNIT_WORKER)

UNIT_TESTS += %D%/file_linux
%C%_file_linux_SOURCES = %D%/file_linux.c %D%/unit.h
%C%_file_linux_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_file_linux_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=preadv2 -Wl,--wrap=pwritev2 \
	-Wl,--wrap=fallocate -Wl,--wrap=fdatasync
%C%_file_linux_LDADD = $(UNIT_WORKER)
endif

UNIT_TESTS += %D%/lanes
%C%_lanes_SOURCES = %D%/lanes.c %D%/unit.h
%C%_lanes_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_lanes_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=engine_uring_new
%C%_lanes_LDADD = worker/libworker.a common/libplumbing.a common/libpure.a $(CMOCKA_LIBS) $(BSD_LIBS) \
	$(ISAL_LIBS)

UNIT_TESTS += %D%/ns_lanes
%C%_ns_lanes_SOURCES = %D%/ns_lanes.c %D%/unit.h
%C%_ns_lanes_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_ns_lanes_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=ask_fenced
%C%_ns_lanes_LDADD = worker/libworker.a common/libplumbing.a common/libpure.a $(CMOCKA_LIBS) $(BSD_LIBS) \
	$(ISAL_LIBS)

UNIT_TESTS += %D%/memory
%C%_memory_SOURCES = %D%/memory.c %D%/unit.h
%C%_memory_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_memory_LDADD = $(UNIT_WORKER)

UNIT_TESTS += %D%/stream
%C%_stream_SOURCES = %D%/stream.c %D%/unit.h
%C%_stream_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_stream_LDADD = $(UNIT_WORKER)

UNIT_TESTS += %D%/pool
%C%_pool_SOURCES = %D%/pool.c %D%/unit.h
%C%_pool_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_pool_LDADD = $(UNIT_WORKER)

UNIT_TESTS += %D%/timer
%C%_timer_SOURCES = %D%/timer.c %D%/unit.h
%C%_timer_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_timer_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=clock_gettime
%C%_timer_LDADD = $(UNIT_WORKER)

# The commands of a worker, over a transport, an engine and a clock that only pretend.
FAKES = %D%/fake_disk.c %D%/fake_disk.h %D%/fake_transport.c %D%/fake_transport.h %D%/unit.h
UNIT_COMMANDS = worker/libworker.a common/libpure.a $(CMOCKA_LIBS)
UNIT_TESTS += %D%/ns
%C%_ns_SOURCES = %D%/ns.c $(FAKES)
%C%_ns_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_ns_LDADD = $(UNIT_COMMANDS)

UNIT_TESTS += %D%/ns_table
%C%_ns_table_SOURCES = %D%/ns_table.c $(FAKES)
%C%_ns_table_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_ns_table_LDADD = $(UNIT_COMMANDS)

RESV_WORLD = %D%/resv_world.c %D%/resv_world.h $(FAKES)
UNIT_TESTS += %D%/feature_protect
%C%_feature_protect_SOURCES = %D%/feature_protect.c $(RESV_WORLD)
%C%_feature_protect_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_feature_protect_LDADD = $(UNIT_COMMANDS)

UNIT_TESTS += %D%/reservation_log
%C%_reservation_log_SOURCES = %D%/reservation_log.c $(RESV_WORLD)
%C%_reservation_log_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_reservation_log_LDADD = $(UNIT_COMMANDS)

UNIT_TESTS += %D%/resv
%C%_resv_SOURCES = %D%/resv.c $(RESV_WORLD)
%C%_resv_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_resv_LDADD = $(UNIT_COMMANDS)

UNIT_TESTS += %D%/ns_stat
%C%_ns_stat_SOURCES = %D%/ns_stat.c $(FAKES)
%C%_ns_stat_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_ns_stat_LDADD = $(UNIT_COMMANDS)

UNIT_TESTS += %D%/nvm
%C%_nvm_SOURCES = %D%/nvm.c $(FAKES)
%C%_nvm_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_nvm_LDADD = $(UNIT_COMMANDS)

UNIT_TESTS += %D%/nvm_verify
%C%_nvm_verify_SOURCES = %D%/nvm_verify.c $(FAKES)
%C%_nvm_verify_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_nvm_verify_LDADD = $(UNIT_COMMANDS)

UNIT_TESTS += %D%/nvm_copy
%C%_nvm_copy_SOURCES = %D%/nvm_copy.c $(FAKES)
%C%_nvm_copy_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_nvm_copy_LDADD = $(UNIT_COMMANDS)

UNIT_TESTS += %D%/nvm_compare
%C%_nvm_compare_SOURCES = %D%/nvm_compare.c $(FAKES)
%C%_nvm_compare_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_nvm_compare_LDADD = $(UNIT_COMMANDS)

UNIT_TESTS += %D%/nvm_dsm
%C%_nvm_dsm_SOURCES = %D%/nvm_dsm.c $(FAKES)
%C%_nvm_dsm_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_nvm_dsm_LDADD = $(UNIT_COMMANDS)

TRANSPORT_WORLD = %D%/transport_commands.c %D%/transport_world.c %D%/transport_world.h %D%/unit.h
UNIT_TESTS += %D%/transport
%C%_transport_SOURCES = %D%/transport.c $(TRANSPORT_WORLD)
%C%_transport_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_transport_LDADD = worker/libworker.a common/libpure.a $(CMOCKA_LIBS) $(ISAL_LIBS)

UNIT_TESTS += %D%/admin
%C%_admin_SOURCES = %D%/admin.c $(FAKES)
%C%_admin_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_admin_LDADD = $(UNIT_COMMANDS)

UNIT_TESTS += %D%/abort
%C%_abort_SOURCES = %D%/abort.c $(TRANSPORT_WORLD)
%C%_abort_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_abort_LDADD = worker/libworker.a common/libpure.a $(CMOCKA_LIBS) $(ISAL_LIBS)

UNIT_TESTS += %D%/transfer
%C%_transfer_SOURCES = %D%/transfer.c $(TRANSPORT_WORLD)
%C%_transfer_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_transfer_LDADD = worker/libworker.a common/libpure.a $(CMOCKA_LIBS) $(ISAL_LIBS)

FUSED_WORLD = %D%/fused_world.c %D%/fused_world.h %D%/transport_world.c %D%/transport_world.h %D%/unit.h
UNIT_TESTS += %D%/fused
%C%_fused_SOURCES = %D%/fused.c $(FUSED_WORLD)
%C%_fused_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_fused_LDADD = worker/libworker.a common/libpure.a $(CMOCKA_LIBS) $(ISAL_LIBS)

UNIT_TESTS += %D%/range_lane
%C%_range_lane_SOURCES = %D%/range_lane.c $(FUSED_WORLD)
%C%_range_lane_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_range_lane_LDADD = worker/libworker.a common/libpure.a $(CMOCKA_LIBS) $(ISAL_LIBS)

UNIT_TESTS += %D%/aer
%C%_aer_SOURCES = %D%/aer.c $(FAKES)
%C%_aer_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_aer_LDADD = $(UNIT_COMMANDS)

UNIT_TESTS += %D%/ana_log
%C%_ana_log_SOURCES = %D%/ana_log.c $(FAKES)
%C%_ana_log_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_ana_log_LDADD = $(UNIT_COMMANDS)

UNIT_TESTS += %D%/controller
%C%_controller_SOURCES = %D%/controller.c $(FAKES)
%C%_controller_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_controller_LDADD = $(UNIT_COMMANDS)

UNIT_TESTS += %D%/fabrics
%C%_fabrics_SOURCES = %D%/fabrics.c $(FAKES)
%C%_fabrics_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_fabrics_LDADD = $(UNIT_COMMANDS)

UNIT_TESTS += %D%/feature
%C%_feature_SOURCES = %D%/feature.c $(FAKES)
%C%_feature_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_feature_LDADD = $(UNIT_COMMANDS)

UNIT_TESTS += %D%/feature_cache
%C%_feature_cache_SOURCES = %D%/feature_cache.c $(FAKES)
%C%_feature_cache_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_feature_cache_LDADD = $(UNIT_COMMANDS)

UNIT_TESTS += %D%/health
%C%_health_SOURCES = %D%/health.c $(FAKES)
%C%_health_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_health_LDADD = $(UNIT_COMMANDS)

UNIT_TESTS += %D%/identify
%C%_identify_SOURCES = %D%/identify.c $(FAKES)
%C%_identify_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_identify_LDADD = $(UNIT_COMMANDS)

UNIT_TESTS += %D%/logpage
%C%_logpage_SOURCES = %D%/logpage.c $(FAKES)
%C%_logpage_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_logpage_LDADD = $(UNIT_COMMANDS)

if PLATFORM_LINUX
UNIT_TESTS += %D%/sandbox %D%/sandbox_calls
endif
SANDBOX_WORLD = %D%/sandbox_world.c %D%/sandbox_world.h
%C%_sandbox_SOURCES = %D%/sandbox.c $(SANDBOX_WORLD)
%C%_sandbox_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) $(SECCOMP_CFLAGS)
%C%_sandbox_LDADD = common/libplumbing.a $(CMOCKA_LIBS) $(SECCOMP_LIBS)
%C%_sandbox_calls_SOURCES = %D%/sandbox_calls.c $(SANDBOX_WORLD)
%C%_sandbox_calls_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) $(SECCOMP_CFLAGS)
%C%_sandbox_calls_LDADD = common/libplumbing.a $(CMOCKA_LIBS) $(SECCOMP_LIBS)

UNIT_TESTS += %D%/warden %D%/warden_rules
check_PROGRAMS += tests/fake_broker
tests_fake_broker_SOURCES = tests/fake_broker.c
WARDEN_WORLD = %D%/warden_world.c %D%/warden_world.h
%C%_warden_SOURCES = %D%/warden.c $(WARDEN_WORLD)
%C%_warden_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
if WITH_SYSTEMD
%C%_warden_CPPFLAGS += -DWITH_SYSTEMD
endif
%C%_warden_LDADD = common/libplumbing.a $(CMOCKA_LIBS) $(BSD_LIBS)
%C%_warden_DEPENDENCIES = broker/cellblockd tests/fake_broker common/libplumbing.a
%C%_warden_rules_SOURCES = %D%/warden_rules.c $(WARDEN_WORLD)
%C%_warden_rules_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_warden_rules_LDADD = $(%C%_warden_LDADD)
%C%_warden_rules_DEPENDENCIES = $(%C%_warden_DEPENDENCIES)

# The broker's policy.
UNIT_POLICY = broker/libpolicy.a broker/libbroker.a common/libplumbing.a common/libpure.a \
	$(CMOCKA_LIBS) $(SODIUM_LIBS) $(YAML_LIBS) $(BSD_LIBS)
UNIT_TESTS += %D%/reservation
%C%_reservation_SOURCES = %D%/reservation.c %D%/unit.h
%C%_reservation_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_reservation_LDADD = $(UNIT_POLICY)

UNIT_TESTS += %D%/durable
%C%_durable_SOURCES = %D%/durable.c %D%/unit.h
%C%_durable_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_durable_LDADD = broker/libprobe.a $(UNIT_POLICY)

UNIT_TESTS += %D%/admit
%C%_admit_SOURCES = %D%/admit.c
%C%_admit_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_admit_LDADD = $(UNIT_POLICY)

UNIT_TESTS += %D%/ana
%C%_ana_SOURCES = %D%/ana.c
%C%_ana_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_ana_LDADD = $(UNIT_POLICY)

UNIT_TESTS += %D%/broker
%C%_broker_SOURCES = %D%/broker.c %D%/broker_world.c %D%/broker_world.h %D%/child.c %D%/child.h \
	%D%/fake_warden.c %D%/fake_warden.h
%C%_broker_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_broker_LDADD = common/libplumbing.a $(CMOCKA_LIBS) $(BSD_LIBS)
%C%_broker_DEPENDENCIES = broker/cellblock-broker common/libplumbing.a

UNIT_TESTS += %D%/broker_range
%C%_broker_range_SOURCES = %D%/broker_range.c %D%/broker_world.c %D%/broker_world.h %D%/child.c \
	%D%/child.h %D%/fake_warden.c %D%/fake_warden.h
%C%_broker_range_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_broker_range_LDADD = common/libplumbing.a $(CMOCKA_LIBS) $(BSD_LIBS)
%C%_broker_range_DEPENDENCIES = broker/cellblock-broker common/libplumbing.a

UNIT_TESTS += %D%/broker_ana
%C%_broker_ana_SOURCES = %D%/broker_ana.c %D%/broker_world.c %D%/broker_world.h %D%/child.c \
	%D%/child.h %D%/fake_warden.c %D%/fake_warden.h %D%/live_world.c %D%/live_world.h
%C%_broker_ana_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_broker_ana_LDADD = common/libplumbing.a $(CMOCKA_LIBS) $(BSD_LIBS)
%C%_broker_ana_DEPENDENCIES = broker/cellblock-broker common/libplumbing.a

UNIT_TESTS += %D%/broker_live
%C%_broker_live_SOURCES = %D%/broker_live.c %D%/broker_world.c %D%/broker_world.h %D%/child.c \
	%D%/child.h %D%/fake_warden.c %D%/fake_warden.h %D%/live_world.c %D%/live_world.h
%C%_broker_live_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_broker_live_LDADD = common/libplumbing.a $(CMOCKA_LIBS) $(BSD_LIBS)
%C%_broker_live_DEPENDENCIES = broker/cellblock-broker common/libplumbing.a

RESERVE_WORLD = %D%/broker_world.c %D%/broker_world.h %D%/child.c %D%/child.h %D%/fake_warden.c \
	%D%/fake_warden.h %D%/reserve_world.c %D%/reserve_world.h %D%/unit.h
UNIT_TESTS += %D%/reserve
%C%_reserve_SOURCES = %D%/reserve.c $(RESERVE_WORLD)
%C%_reserve_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_reserve_LDADD = broker/libpolicy.a common/libplumbing.a $(CMOCKA_LIBS) $(SODIUM_LIBS) $(BSD_LIBS)
%C%_reserve_DEPENDENCIES = broker/cellblock-broker broker/libpolicy.a common/libplumbing.a

UNIT_TESTS += %D%/reserve_store
%C%_reserve_store_SOURCES = %D%/reserve_store.c $(RESERVE_WORLD)
%C%_reserve_store_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_reserve_store_LDADD = $(%C%_reserve_LDADD)
%C%_reserve_store_DEPENDENCIES = $(%C%_reserve_DEPENDENCIES)

UNIT_TESTS += %D%/cache
%C%_cache_SOURCES = %D%/cache.c
%C%_cache_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_cache_LDADD = $(UNIT_POLICY)

UNIT_TESTS += %D%/range_book
%C%_range_book_SOURCES = %D%/range_book.c %D%/range_world.c %D%/range_world.h %D%/unit.h
%C%_range_book_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_range_book_LDADD = broker/libpolicy.a $(CMOCKA_LIBS)
UNIT_TESTS += %D%/range_reset
%C%_range_reset_SOURCES = %D%/range_reset.c %D%/range_world.c %D%/range_world.h %D%/unit.h
%C%_range_reset_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_range_reset_LDADD = broker/libpolicy.a $(CMOCKA_LIBS)

UNIT_TESTS += %D%/record
%C%_record_SOURCES = %D%/record.c broker/record.c
%C%_record_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_record_LDADD = common/libplumbing.a common/libpure.a $(CMOCKA_LIBS)

UNIT_TESTS += %D%/discovery_log
%C%_discovery_log_SOURCES = %D%/discovery_log.c
%C%_discovery_log_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_discovery_log_LDADD = $(UNIT_POLICY)

check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
endif
