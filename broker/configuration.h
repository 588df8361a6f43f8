/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The configuration, as the broker uses it: host byte order, bytes, milliseconds, every default
 * filled in. It is read from one YAML file and its conf.d, or made from the arguments of
 * "cellblockd serve"; nothing in it changes after config_load(), except for the identities that
 * identity_fill() adds. This room opens no device and no socket, and never logs: what is wrong is
 * said in struct config_errors. cellblock.yaml(5) says what each member means to a person.
 * (Not named config.h: a broker file that includes "config.h" must get autoconf's.)
 */
#ifndef BROKER_CONFIGURATION_H
#define BROKER_CONFIGURATION_H

#include <sys/socket.h>
#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/nqn.h"

struct ipc_addr;

enum {
	CONFIG_NQN_SIZE = NQN_SIZE,	/* 223 bytes and a NUL */
	CONFIG_SERIAL_SIZE = 21,	/* Identify Controller SN, and a NUL */
	CONFIG_MODEL_SIZE = 41,		/* Identify Controller MN, and a NUL */
	CONFIG_SOCKET_SIZE = 256,	/* systemd's FileDescriptorName, and a NUL */
	CONFIG_NSID_MAX = 1024,
	CONFIG_ANA_GROUPS_MAX = 128,	/* of a subsystem, and the largest id */
	CONFIG_LISTENERS_MAX = 64,
	CONFIG_FILE_MAX = 1 << 20,	/* bytes of one file */
	CONFIG_FILES_MAX = 256,		/* the file and its conf.d */
	CONFIG_ERRORS_MAX = 20,
	CONFIG_ERROR_SIZE = 512,
	CONFIG_ADDRESS_SIZE = 64,	/* "[address]:port" and a NUL */
	CONFIG_LANES_MAX = 16,
	CONFIG_LANES_AUTO_MAX = 8,
	CONFIG_UID_WORKERS = 16,	/* workers' uids begin here; 0 broker, 1 listener */
};

enum config_sandbox { CONFIG_SANDBOX_REQUIRE, CONFIG_SANDBOX_PREFER };
enum config_cache { CONFIG_CACHE_DEFAULT, CONFIG_CACHE_NONE, CONFIG_CACHE_PAGE };
enum config_digest { CONFIG_DIGEST_FORBID, CONFIG_DIGEST_PERMIT, CONFIG_DIGEST_REQUIRE };
enum config_family { CONFIG_ANY, CONFIG_INET, CONFIG_INET6 };

/* Where something was said. Line 0: nowhere in a file (a default, or an argument). */
struct config_mark {
	uint32_t file;			/* index into config.files */
	uint32_t line;
};

/* What every block begins with. */
struct config_head {
	struct config_mark at;
	uint64_t set;			/* bit n: the n-th key of its section was written out */
};

struct config_address {
	uint32_t family;		/* enum config_family; ANY: "*", IPv4 and IPv6 */
	uint16_t port;			/* 0: no address was given */
	uint8_t addr[16];		/* network order, IPv4 in the first four */
};

struct config_prefix {
	uint32_t family;		/* CONFIG_INET or CONFIG_INET6 */
	uint32_t bits;			/* 0..32 or 0..128; the bits behind are zero */
	uint8_t addr[16];
};

struct config_nsids {
	uint32_t *nsid;
	size_t n;
};

struct config_prefixes {
	struct config_prefix *prefix;
	size_t n;
};

struct config_range {
	uint32_t first, last;		/* inclusive */
};

struct config_read_only {
	bool all;
	struct config_nsids nsids;	/* when not all; may be empty */
};

struct config_service {
	struct config_head head;
	struct config_range uids;
	uint32_t sandbox;		/* enum config_sandbox */
	uint32_t spares;
	char *state_dir;		/* NULL: none, identities are derived */
	char *control_socket;		/* NULL: none */
	uint32_t log_level;		/* LOG_ERR .. LOG_DEBUG of syslog.h */
	uint32_t engine;		/* enum engine_kind */
	uint32_t engine_threads;
	uint32_t lanes;			/* 0: auto, see config_lanes() */
	uint32_t busy_poll_us;
	bool foreground;		/* serve -d; no key in a file */
};

struct config_listener {
	struct config_head head;
	struct config_address address;	/* port 0: take what the socket has */
	char socket[CONFIG_SOCKET_SIZE];	/* "": none; with an address, both must agree */
	bool discovery;			/* only the discovery subsystem is reachable here */
};

/* Another discovery service that hosts are told of. */
struct config_referral {
	struct config_head head;
	struct config_address address;
	char nqn[CONFIG_NQN_SIZE];
};

struct config_discovery {
	struct config_head head;
	char nqn[CONFIG_NQN_SIZE];	/* of our own; "": identity_fill() makes one */
	struct config_referral *referrals;
	size_t nreferrals;
};

/* Permitted means that the host gets what it asks for. */
struct config_transport {
	struct config_head head;
	uint32_t header_digest;		/* enum config_digest */
	uint32_t data_digest;
	bool flow_control_off;
	uint32_t cpda;			/* dwords, 0's based */
	uint64_t r2t_size;		/* bytes, a multiple of 4096; 0: unlimited */
	uint64_t c2h_data_max;		/* likewise */
	uint64_t max_h2c_data;		/* bytes, a multiple of 4 */
	uint64_t in_capsule_data;	/* bytes, a multiple of 16 */
	uint64_t max_transfer;		/* bytes, 4 KiB times a power of two */
};

struct config_limits {
	struct config_head head;
	uint32_t greetings;
	uint32_t greetings_per_source;	/* per IPv4 address or IPv6 /64 */
	uint32_t controllers;		/* I/O controllers, in all */
	uint32_t controllers_per_host;
	uint32_t discovery_controllers;
	uint32_t queues;		/* I/O queues of one controller */
	uint32_t queue_size;		/* entries, 1's based */
	uint64_t memory;		/* bytes in flight of one controller */
	uint32_t greeting_timeout_ms;
	uint32_t transfer_timeout_ms;
	uint32_t keep_alive_ms;		/* longest KATO; 0 from a host still means off */
	uint32_t shutdown_timeout_ms;
	uint32_t change_timeout_ms;	/* for what a worker began before a change */
};

struct config_namespace {
	struct config_head head;
	uint32_t nsid;
	char *path;			/* absolute and plain; NULL: a RAM disk */
	uint64_t ram;			/* bytes; 0: a path */
	bool read_only;
	uint32_t block_size;		/* 0: the backend's own, or 512 */
	uint32_t cache;			/* enum config_cache; never set for a RAM disk */
	uint32_t ana_group;		/* 0: the only one, or none; see config_ana_group() */
	uint8_t uuid[16];		/* identities in wire order; all zero: none given */
	uint8_t nguid[16];
	uint8_t eui64[8];
};

struct config_host {
	struct config_head head;
	char nqn[CONFIG_NQN_SIZE];
	struct config_nsids namespaces;	/* empty: all */
	struct config_read_only read_only;
	struct config_prefixes addresses;	/* empty: any */
	uint32_t max_controllers;	/* 0: limits.controllers_per_host */
	bool may_write_protect;		/* with Feature 84h, for all hosts */
	uint32_t require_digests;	/* IPC_DIGEST_ bits, besides what transport requires */
};

/* How the namespaces of a group are reached through one listener. */
struct config_ana_listener {
	struct config_head head;
	char listener[CONFIG_SOCKET_SIZE];	/* its address or socket, as written there */
	uint32_t state;			/* enum nvme_ana_state */
};

struct config_ana_group {
	struct config_head head;
	uint32_t id;
	uint32_t state;			/* ... through all others */
	struct config_ana_listener *listeners;
	size_t nlisteners;
};

struct config_subsystem {
	struct config_head head;
	char nqn[CONFIG_NQN_SIZE];
	char serial[CONFIG_SERIAL_SIZE];	/* "": identity_fill() makes one */
	char model[CONFIG_MODEL_SIZE];
	bool allow_any_host;
	struct config_range cntlids;	/* of its controllers */
	uint32_t anatt_ms;		/* longest transition, whole seconds */
	struct config_ana_group *ana_groups;	/* none: ANA is not offered */
	size_t nana_groups;
	struct config_namespace *namespaces;	/* in the order of the file */
	size_t nnamespaces;
	struct config_host *hosts;
	size_t nhosts;
};

struct config {
	struct config_head head;
	char **files;			/* what was read; marks point here */
	size_t nfiles;
	uint32_t cpus;			/* that this process may run on */
	struct config_service service;
	struct config_discovery discovery;
	struct config_transport transport;
	struct config_limits limits;
	struct config_listener *listeners;
	size_t nlisteners;
	struct config_subsystem *subsystems;
	size_t nsubsystems;
};

/* One line each, without a newline; control characters in it are escaped. */
struct config_errors {
	unsigned n;			/* may be more than are kept */
	char text[CONFIG_ERRORS_MAX][CONFIG_ERROR_SIZE];
};

/* What "serve" takes from its surroundings. */
struct config_surroundings {
	uid_t uid;
	const char *runtime_dir;	/* $XDG_RUNTIME_DIR, or NULL */
	const uint8_t *machine_key;	/* IDENTITY_KEY_SIZE bytes, identity_machine_key() */
};

/* config_load.c: FILE and every *.yaml of the directory conf.d beside it, in the order of names.
 * NULL: nothing is usable, errors says why. The result belongs to the caller. */
struct config *config_load(const char *file, struct config_errors *);
struct config *config_parse(const char *name, const char *text, size_t len,
	struct config_errors *);
void	config_free(struct config *);
void	config_errors_print(FILE *, const struct config_errors *);

/* config_serve.c: argv[0] is "serve". The result is checked as a file would be. */
struct config *config_from_serve(int argc, char **argv, const struct config_surroundings *,
	struct config_errors *);
void	config_serve_usage(FILE *);
void	config_print_connect_lines(FILE *, const struct config *);

/* config_print.c: YAML that gives the same configuration when it is read again. */
void	config_print(FILE *, const struct config *);

/* config_match.c: questions of policy. A host is NULL where any host is allowed. */
const struct config_subsystem *config_find_subsystem(const struct config *, const char *nqn);
const struct config_host *config_find_host(const struct config_subsystem *, const char *hostnqn);
const struct config_namespace *config_find_namespace(const struct config_subsystem *,
	uint32_t nsid);
/* Is it the well-known name of every discovery subsystem, or the one that is ours alone? */
bool	config_is_discovery(const struct config *, const char *nqn);
unsigned config_lanes(const struct config *);	/* with auto made a number */
bool	config_may_connect(const struct config_subsystem *, const char *hostnqn,
	const struct ipc_addr *from);
uint32_t config_digests(const struct config *, const struct config_host *);	/* IPC_DIGEST_ bits */
bool	config_may_see(const struct config_host *, uint32_t nsid);
bool	config_may_write(const struct config_namespace *, const struct config_host *);
bool	config_address_is_loopback(const struct config_address *);
bool	config_address_equal(const struct config_address *, const struct ipc_addr *);

/* config_ana.c: Asymmetric Namespace Access. A listener is an index into listeners; one that does
 * not exist stands for "any other". */
enum { CONFIG_NO_LISTENER = UINT32_MAX };
uint32_t config_ana_group(const struct config_subsystem *, const struct config_namespace *); /* or 0 */
const struct config_ana_group *config_ana_find(const struct config_subsystem *, uint32_t id);
uint32_t config_ana_state(const struct config *, const struct config_ana_group *, uint32_t listener);
/* By its address or the name of its socket; CONFIG_NO_LISTENER: there is none. */
uint32_t config_find_listener(const struct config *, const char *name);
const char *config_listener_name(const struct config_listener *, char *buf); /* CONFIG_SOCKET_SIZE */

/* config_value.c: "192.0.2.1:4420", "[::1]:4420", "*:4420"; buf has CONFIG_ADDRESS_SIZE bytes. */
const char *config_address_format(const struct config_address *, char *buf);
socklen_t config_address_sockaddr(const struct config_address *, struct sockaddr_storage *);

#endif
