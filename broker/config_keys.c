/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of keys: what may be written where, of which kind, within which bounds, with which
 * default. Parsing, printing and the defaults all walk this table; a new key is a new row here, a
 * member in configuration.h and a paragraph in cellblock.yaml(5).
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "broker/config_parse.h"
#include "common/ipc_payload.h"
#include "common/nvme.h"

#define K(n)	((uint64_t)(n) << 10)
#define M(n)	((uint64_t)(n) << 20)
#define G(n)	((uint64_t)(n) << 30)
#define T(n)	((uint64_t)(n) << 40)
#define SECONDS(n) ((uint64_t)(n) * 1000)

static const struct config_word sandboxes[] = {
	{"require", CONFIG_SANDBOX_REQUIRE}, {"prefer", CONFIG_SANDBOX_PREFER}, {NULL, 0},
};

static const struct config_word log_levels[] = {
	{"error", LOG_ERR}, {"warning", LOG_WARNING}, {"notice", LOG_NOTICE}, {"info", LOG_INFO},
	{"debug", LOG_DEBUG}, {NULL, 0},
};

static const struct config_word engines[] = {
	{"auto", ENGINE_AUTO}, {"uring", ENGINE_URING}, {"threads", ENGINE_THREADS}, {NULL, 0},
};

static const struct config_word digests[] = {
	{"forbid", CONFIG_DIGEST_FORBID}, {"permit", CONFIG_DIGEST_PERMIT},
	{"require", CONFIG_DIGEST_REQUIRE}, {NULL, 0},
};

static const struct config_word required[] = {
	{"header", IPC_DIGEST_HEADER}, {"data", IPC_DIGEST_DATA}, {"both", IPC_DIGEST_BOTH},
	{NULL, 0},
};

static const struct config_word caches[] = {
	{"none", CONFIG_CACHE_NONE}, {"page", CONFIG_CACHE_PAGE}, {NULL, 0},
};

/* "change" is a way, not a state to be in. */
static const struct config_word ana_states[] = {
	{"optimized", NVME_ANA_OPTIMIZED}, {"non-optimized", NVME_ANA_NON_OPTIMIZED},
	{"inaccessible", NVME_ANA_INACCESSIBLE}, {"persistent-loss", NVME_ANA_PERSISTENT_LOSS},
	{NULL, 0},
};

/* The struct of a row's section is CONFIG. */
#define KEY(text_, in_, kind_, member_, ...) { \
	.name = (text_), .in = SEC_##in_, .kind = KIND_##kind_, \
	.offset = offsetof(struct CONFIG, member_), __VA_ARGS__ }
#define LIST(text_, in_, member_, items_, max_) \
	KEY(text_, in_, LIST, member_, .count = offsetof(struct CONFIG, n##member_), \
	    .items = SEC_##items_, .max = (max_))
#define BLOCK(text_, member_, items_) KEY(text_, TOP, BLOCK, member_, .items = SEC_##items_)
#define FROM(min_, max_) .min = (min_), .max = (max_)
#define DEFAULT(text_) .text = (text_)

const struct config_key config_keys[] = {
#define CONFIG config
	BLOCK("service", service, SERVICE),
	LIST("listeners", TOP, listeners, LISTENER, CONFIG_LISTENERS_MAX),
	BLOCK("discovery", discovery, DISCOVERY),
	BLOCK("transport", transport, TRANSPORT),
	BLOCK("limits", limits, LIMITS),
	LIST("subsystems", TOP, subsystems, SUBSYSTEM, 4096),
#undef CONFIG
#define CONFIG config_service
	KEY("uid-range", SERVICE, RANGE, uids, FROM(1000, 0xfffffffd),
	    DEFAULT("1879048192-1879179263")),
	KEY("sandbox", SERVICE, WORD, sandbox, .words = sandboxes, DEFAULT("require")),
	KEY("spares", SERVICE, NUMBER, spares, FROM(1, 64), DEFAULT("4")),
	KEY("state-dir", SERVICE, PATH_OR_NONE, state_dir, .max = IPC_PATH_SIZE - 1,
	    DEFAULT(LOCALSTATEDIR "/lib/cellblock")),
	KEY("control-socket", SERVICE, PATH_OR_NONE, control_socket,
	    .max = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1,
	    DEFAULT("/run/cellblock/control")),
	KEY("log-level", SERVICE, WORD, log_level, .words = log_levels, DEFAULT("info")),
	KEY("engine", SERVICE, WORD, engine, .words = engines, DEFAULT("auto")),
	KEY("engine-threads", SERVICE, NUMBER, engine_threads, FROM(1, 64), DEFAULT("4")),
	KEY("lanes", SERVICE, NUMBER_OR_AUTO, lanes, FROM(1, CONFIG_LANES_MAX), DEFAULT("1")),
	KEY("busy-poll", SERVICE, NUMBER, busy_poll_us, FROM(0, 10000), DEFAULT("0")),
#undef CONFIG
#define CONFIG config_listener
	KEY("address", LISTENER, ADDRESS, address),
	KEY("socket", LISTENER, STRING, socket, FROM(1, CONFIG_SOCKET_SIZE - 1)),
	KEY("discovery", LISTENER, BOOL, discovery, DEFAULT("false")),
#undef CONFIG
#define CONFIG config_discovery
	KEY("nqn", DISCOVERY, NQN, nqn),
	LIST("referrals", DISCOVERY, referrals, REFERRAL, 64),
#undef CONFIG
#define CONFIG config_referral
	KEY("address", REFERRAL, ADDRESS, address, .required = true),
	KEY("nqn", REFERRAL, NQN, nqn, DEFAULT(NVME_DISCOVERY_NQN)),
#undef CONFIG
#define CONFIG config_transport
	KEY("header-digest", TRANSPORT, WORD, header_digest, .words = digests, DEFAULT("forbid")),
	KEY("data-digest", TRANSPORT, WORD, data_digest, .words = digests, DEFAULT("forbid")),
	KEY("flow-control-off", TRANSPORT, PERMIT, flow_control_off, DEFAULT("forbid")),
	KEY("max-h2c-data", TRANSPORT, SIZE, max_h2c_data, FROM(K(4), M(16)), .multiple = 4,
	    DEFAULT("256K")),
	KEY("in-capsule-data", TRANSPORT, SIZE, in_capsule_data, FROM(0, K(64)), .multiple = 16,
	    DEFAULT("16K")),
	KEY("r2t-size", TRANSPORT, SIZE_OR_UNLIMITED, r2t_size, FROM(K(4), M(4)),
	    .multiple = 4096, DEFAULT("unlimited")),
	KEY("c2h-data-max", TRANSPORT, SIZE_OR_UNLIMITED, c2h_data_max, FROM(K(4), M(4)),
	    .multiple = 4096, DEFAULT("unlimited")),
	KEY("cpda", TRANSPORT, NUMBER, cpda, FROM(0, 31), DEFAULT("0")),
	KEY("max-transfer", TRANSPORT, TRANSFER, max_transfer, FROM(K(4), M(4)), DEFAULT("1M")),
#undef CONFIG
#define CONFIG config_limits
	KEY("greetings", LIMITS, NUMBER, greetings, FROM(1, 65536), DEFAULT("256")),
	KEY("greetings-per-source", LIMITS, NUMBER, greetings_per_source, FROM(1, 65536),
	    DEFAULT("32")),
	KEY("controllers", LIMITS, NUMBER, controllers, FROM(1, 65519), DEFAULT("1024")),
	KEY("controllers-per-host", LIMITS, NUMBER, controllers_per_host, FROM(1, 65519),
	    DEFAULT("16")),
	KEY("discovery-controllers", LIMITS, NUMBER, discovery_controllers, FROM(1, 65519),
	    DEFAULT("256")),
	KEY("queues", LIMITS, NUMBER, queues, FROM(1, 1024), DEFAULT("64")),
	KEY("queue-size", LIMITS, NUMBER, queue_size, FROM(2, 4096), DEFAULT("1024")),
	KEY("memory", LIMITS, SIZE, memory, FROM(K(8), G(4)), .multiple = 4096, DEFAULT("16M")),
	KEY("greeting-timeout", LIMITS, DURATION, greeting_timeout_ms, FROM(100, SECONDS(600)),
	    DEFAULT("5s")),
	KEY("transfer-timeout", LIMITS, DURATION, transfer_timeout_ms, FROM(100, SECONDS(600)),
	    DEFAULT("30s")),
	KEY("keep-alive", LIMITS, DURATION, keep_alive_ms, FROM(SECONDS(1), SECONDS(3600)),
	    DEFAULT("120s")),
	KEY("shutdown-timeout", LIMITS, DURATION, shutdown_timeout_ms, FROM(100, SECONDS(600)),
	    DEFAULT("10s")),
	KEY("change-timeout", LIMITS, DURATION, change_timeout_ms, FROM(100, SECONDS(600)),
	    DEFAULT("10s")),
#undef CONFIG
#define CONFIG config_subsystem
	KEY("nqn", SUBSYSTEM, NQN, nqn, .required = true),
	KEY("serial", SUBSYSTEM, STRING, serial, FROM(1, CONFIG_SERIAL_SIZE - 1)),
	KEY("model", SUBSYSTEM, STRING, model, FROM(1, CONFIG_MODEL_SIZE - 1),
	    DEFAULT("Cellblock")),
	KEY("allow-any-host", SUBSYSTEM, BOOL, allow_any_host, DEFAULT("false")),
	KEY("cntlids", SUBSYSTEM, RANGE, cntlids, FROM(1, NVME_CNTLID_MAX), DEFAULT("1-65519")),
	KEY("anatt", SUBSYSTEM, DURATION, anatt_ms, FROM(SECONDS(1), SECONDS(255)),
	    .multiple = SECONDS(1), DEFAULT("10s")),
	LIST("ana-groups", SUBSYSTEM, ana_groups, ANA_GROUP, CONFIG_ANA_GROUPS_MAX),
	LIST("namespaces", SUBSYSTEM, namespaces, NAMESPACE, IPC_MAX_NS),
	LIST("hosts", SUBSYSTEM, hosts, HOST, 4096),
#undef CONFIG
#define CONFIG config_namespace
	KEY("nsid", NAMESPACE, NUMBER, nsid, FROM(1, CONFIG_NSID_MAX), .required = true),
	KEY("path", NAMESPACE, PATH, path, .max = IPC_PATH_SIZE - 1),
	KEY("ram", NAMESPACE, SIZE, ram, FROM(K(4), T(16)), .multiple = 4096),
	KEY("read-only", NAMESPACE, BOOL, read_only, DEFAULT("false")),
	KEY("block-size", NAMESPACE, BLOCK_SIZE, block_size, FROM(512, 4096)),
	KEY("cache", NAMESPACE, WORD, cache, .words = caches),
	KEY("ana-group", NAMESPACE, NUMBER, ana_group, FROM(1, CONFIG_ANA_GROUPS_MAX)),
	KEY("uuid", NAMESPACE, UUID, uuid, .max = 16),
	KEY("nguid", NAMESPACE, HEX, nguid, .max = 16),
	KEY("eui64", NAMESPACE, HEX, eui64, .max = 8),
#undef CONFIG
#define CONFIG config_host
	KEY("nqn", HOST, NQN, nqn, .required = true),
	KEY("namespaces", HOST, NSIDS, namespaces, FROM(1, CONFIG_NSID_MAX)),
	KEY("read-only", HOST, READ_ONLY, read_only, FROM(1, CONFIG_NSID_MAX), DEFAULT("false")),
	KEY("may-write-protect", HOST, BOOL, may_write_protect, DEFAULT("false")),
	KEY("addresses", HOST, PREFIXES, addresses, .max = 64),
	KEY("max-controllers", HOST, NUMBER, max_controllers, FROM(1, 65519)),
	KEY("require-digests", HOST, WORD, require_digests, .words = required),
#undef CONFIG
#define CONFIG config_ana_group
	KEY("id", ANA_GROUP, NUMBER, id, FROM(1, CONFIG_ANA_GROUPS_MAX), .required = true),
	KEY("state", ANA_GROUP, WORD, state, .words = ana_states, DEFAULT("optimized")),
	LIST("listeners", ANA_GROUP, listeners, ANA_LISTENER, CONFIG_LISTENERS_MAX),
#undef CONFIG
#define CONFIG config_ana_listener
	KEY("listener", ANA_LISTENER, STRING, listener, FROM(1, CONFIG_SOCKET_SIZE - 1),
	    .required = true),
	KEY("state", ANA_LISTENER, WORD, state, .words = ana_states, .required = true),
#undef CONFIG
};
const size_t config_nkeys = sizeof(config_keys) / sizeof(config_keys[0]);

_Static_assert(sizeof(config_keys) / sizeof(config_keys[0]) <= CONFIG_KEYS_MAX, "marks of given");

static const struct section {
	const char *name;	/* as an error calls it */
	size_t size;
} sections[] = {
	[SEC_TOP] = {"the configuration", sizeof(struct config)},
	[SEC_SERVICE] = {"service", sizeof(struct config_service)},
	[SEC_LISTENER] = {"a listener", sizeof(struct config_listener)},
	[SEC_DISCOVERY] = {"discovery", sizeof(struct config_discovery)},
	[SEC_REFERRAL] = {"a referral", sizeof(struct config_referral)},
	[SEC_TRANSPORT] = {"transport", sizeof(struct config_transport)},
	[SEC_LIMITS] = {"limits", sizeof(struct config_limits)},
	[SEC_SUBSYSTEM] = {"a subsystem", sizeof(struct config_subsystem)},
	[SEC_NAMESPACE] = {"a namespace", sizeof(struct config_namespace)},
	[SEC_HOST] = {"a host", sizeof(struct config_host)},
	[SEC_ANA_GROUP] = {"an ANA group", sizeof(struct config_ana_group)},
	[SEC_ANA_LISTENER] = {"a listener of an ANA group", sizeof(struct config_ana_listener)},
};

_Static_assert(sizeof(sections) / sizeof(sections[0]) == SEC_MAX, "a row per section");

size_t
section_size(enum config_section s)
{
	return (sections[s].size);
}

const char *
section_name(enum config_section s)
{
	return (sections[s].name);
}

const struct config_key *
key_find(enum config_section in, const char *name)
{
	for (size_t i = 0; i < config_nkeys; i++) {
		if (config_keys[i].in == in && strcmp(config_keys[i].name, name) == 0)
			return (&config_keys[i]);
	}
	return (NULL);
}

uint64_t
key_bit(const struct config_key *key)
{
	unsigned n = 0;

	for (const struct config_key *k = config_keys; k < key; k++)
		n += k->in == key->in;
	assert(n < 64);
	return (1ULL << n);
}

struct config_mark
key_given(const struct parse *p, enum config_section in, const char *name)
{
	return (p->given[key_find(in, name) - config_keys]);
}

bool
key_is_set(const struct config_head *head, enum config_section in, const char *name)
{
	return ((head->set & key_bit(key_find(in, name))) != 0);
}
