/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Payloads of the messages between our processes: fixed size, host byte order (same machine), no
 * pointer, no padding (the pragma makes padding an error). A text is NUL-terminated inside its
 * array; the receiver checks that before it uses it (ipc_text_ok). Times are milliseconds, sizes
 * bytes. Which message carries which payload is said in ipc.h.
 */
#ifndef COMMON_IPC_PAYLOAD_H
#define COMMON_IPC_PAYLOAD_H

#include <stdint.h>

#define IPC_NQN_SIZE	256	/* NVMe: at most 223 bytes and a NUL */
#define IPC_PATH_SIZE	1024
#define IPC_TEXT_SIZE	256
#define IPC_MAX_GROUPS	32
#define IPC_MAX_NS	256	/* namespaces visible to one controller */
#define IPC_UID_BASE	1879048192u	/* unless the settings say otherwise; outside of systemd's */

#pragma GCC diagnostic push
#pragma GCC diagnostic error "-Wpadded"

/* A socket address without the kernel's padding; port and scope in host byte order. */
struct ipc_addr {
	uint16_t family;	/* AF_INET, AF_INET6 or 0 for none */
	uint16_t port;
	uint32_t scope;
	uint8_t	 addr[16];
};

struct ipc_empty {
	uint32_t reserved;
};

/* ---- warden and its children ---- */

enum role { ROLE_WARDEN, ROLE_BROKER, ROLE_LISTENER, ROLE_WORKER, ROLE_OPENER, ROLE_MAX };

/* What the child shall become (common/sandbox.h). */
struct ipc_jail {
	uint32_t role;
	uint32_t uid, gid;
	uint32_t change_ids;	/* 1: setresgid, setresuid; 0: stay who we are */
	uint32_t can_chroot;
	uint32_t namespaces;	/* the child is in empty ones (a broker leaves the network itself) */
	uint32_t keep_dac;	/* opener: CAP_DAC_OVERRIDE stays */
	uint32_t require;	/* every layer that this kernel can have, or no start */
	uint32_t ngroups;	/* supplementary groups to set (change_ids only) */
	uint32_t groups[IPC_MAX_GROUPS];
	uint32_t child;		/* the warden's number for this process */
	uint32_t verbose;
};

struct ipc_path {
	char path[IPC_PATH_SIZE];
};

/* ---- warden and broker ---- */

enum hold_kind { HOLD_LISTEN, HOLD_CLAIM, HOLD_RAM, HOLD_CONTROL, HOLD_PAGE, HOLD_SYSTEMD,
	HOLD_MAX };

/*
 * A descriptor that outlives brokers. key is the broker's: a hash or an index it can find again.
 * HOLD_SYSTEMD is the warden's own and comes only from it: a socket that the service manager
 * passed. key[0..28) is its FileDescriptorName, padded with NUL (longer names stop cellblockd at
 * start), key[28..32) a uint32_t that counts descriptors of the same name from 0.
 */
#define IPC_SYSTEMD_NAME_SIZE 28
struct ipc_held {
	uint32_t kind;		/* enum hold_kind */
	uint32_t reserved;
	uint8_t	 key[32];
};

struct ipc_settings {
	uint32_t uid_base, uid_count;
	uint32_t require;
	uint32_t reserved;
};

struct ipc_path_add {
	uint32_t index;
	char	 path[IPC_PATH_SIZE];
};

struct ipc_spawn {
	uint32_t ticket;	/* comes back in the answer */
	uint32_t role;		/* ROLE_LISTENER, ROLE_WORKER, ROLE_OPENER */
	uint32_t path;		/* opener: index of a path, or UINT32_MAX */
	uint32_t reserved;
};

struct ipc_spawned {
	uint32_t ticket;
	uint32_t child;		/* number for life, never used twice by one warden */
	uint32_t pid;
	uint32_t uid;
};

struct ipc_spawn_failed {
	uint32_t ticket;
	uint32_t error;		/* errno */
};

/* A live child, told to a new broker (with its control channel and, if any, its record). */
struct ipc_child {
	uint32_t child;
	uint32_t role;
	uint32_t pid;
	uint32_t uid;
};

struct ipc_child_gone {
	uint32_t child;
	int32_t	 status;	/* as waitpid gives it */
};

struct ipc_child_ref {
	uint32_t child;
	uint32_t reserved;
};

struct ipc_status {
	char text[IPC_TEXT_SIZE];
};

/*
 * Who a worker is, in a sealed memfd that the warden keeps: a new broker believes this, never the
 * worker. Written by the broker only.
 */
#define RECORD_NS_MAX	(IPC_MAX_NS + 8)	/* more: one that is replaced is there twice */
enum record_kind { RECORD_GREETER = 1, RECORD_CONTROLLER = 2 };

/* HAD: the worker has it. COMING: it may not have got it yet. LEAVING: it was told that it has it no
 * more, or another in its place, and may not have let go of it yet. */
enum record_ns_state { RECORD_NS_HAD, RECORD_NS_COMING, RECORD_NS_LEAVING, RECORD_NS_STATE_MAX };

struct ipc_record_ns {
	uint32_t nsid;
	uint16_t readonly;
	uint16_t state;		/* enum record_ns_state */
	uint64_t lock_offset;	/* of the drain lock, bytes */
	uint8_t	 claim[32];	/* key of the claim or RAM disk */
};

struct ipc_record {
	uint32_t version;	/* IPC_RECORD_VERSION */
	uint32_t kind;
	uint32_t child;
	uint16_t cntlid;
	uint8_t	 discovery;
	uint8_t	 digests;	/* IPC_DIGEST_ bits: its queues must have these */
	struct ipc_addr peer, local;
	uint8_t	 hostid[16];
	uint64_t since_ms;	/* CLOCK_REALTIME */
	char	 hostnqn[IPC_NQN_SIZE];
	char	 subnqn[IPC_NQN_SIZE];
	uint32_t nns;
	uint32_t ana;		/* 1: the host was offered ANA */
	struct ipc_record_ns ns[RECORD_NS_MAX];
};

#define IPC_RECORD_VERSION 2

/* ---- every child's word to the broker ---- */

struct ipc_ready {
	uint32_t layers;	/* SANDBOX_* bits that are in force */
	uint32_t missing;	/* ... and that could not be had here */
	uint32_t engine;	/* worker: enum engine_kind, what it became */
	uint32_t why;		/* worker: the errno that let it do without a ring; or 0 */
};

/* A log line as number and typed fields (common/logmsg.h). */
struct ipc_log {
	uint32_t msg;
	uint32_t nargs;
	uint64_t arg[6];
	char	 text[IPC_TEXT_SIZE];	/* raw: the broker escapes it */
};

/* ---- broker and listener ---- */

struct ipc_listen {
	uint32_t index;
	uint32_t reserved;
};

struct ipc_greet_limits {
	uint32_t greetings;
	uint32_t per_source;
};

struct ipc_slot {
	uint32_t slot;		/* the worker's child number */
	uint32_t outcome;	/* enum greet_outcome in GREETED */
};

enum greet_outcome { GREET_ADMITTED, GREET_HANDED, GREET_REFUSED, GREET_CRASHED, GREET_MAX };

struct ipc_greeting {
	uint32_t slot;
	uint32_t listener;	/* index of ipc_listen */
	struct ipc_addr peer, local;
};

/* ---- broker and worker ---- */

/* How a worker reads and writes its namespaces; AUTO: a ring where the kernel permits one. */
enum engine_kind { ENGINE_AUTO, ENGINE_URING, ENGINE_THREADS, ENGINE_KIND_MAX };

struct ipc_hello {
	uint64_t memory;		/* data in flight */
	uint32_t max_h2c_data;
	uint32_t icd;			/* in-capsule data of an I/O queue */
	uint32_t max_transfer;		/* MDTS */
	uint32_t greeting_timeout_ms;
	uint32_t transfer_timeout_ms;
	uint32_t keep_alive_max_ms;
	uint32_t shutdown_timeout_ms;
	uint32_t change_timeout_ms;	/* so long may what was begun before a change take */
	uint32_t engine_threads;
	uint32_t queue_size;		/* entries of a queue */
	uint32_t busy_poll_us;		/* a lane spins so long before it sleeps */
	uint32_t r2t_size;		/* what one R2T asks for, bytes; 0: for all */
	uint32_t c2h_data_max;		/* data of one C2HData, bytes; 0: all */
	uint16_t queues;		/* I/O queues */
	uint8_t	 hdgst, ddgst;		/* 1: permitted */
	uint8_t	 noflow;		/* 1: a host may switch SQ flow control off */
	uint8_t	 engine;		/* enum engine_kind */
	uint8_t	 lanes;			/* threads that serve queues */
	uint8_t	 cpda;			/* of ICResp */
	uint32_t reserved;
};

#define IPC_DIGEST_HEADER	1u
#define IPC_DIGEST_DATA		2u
#define IPC_DIGEST_BOTH		3u

/* What a Connect said, judged by common/connect.c only (host order). */
struct ipc_connect {
	uint16_t qid;
	uint16_t cntlid;
	uint32_t sqsize;	/* entries */
	uint32_t kato_ms;
	uint8_t	 cattr;
	uint8_t	 digests;	/* IPC_DIGEST_ bits: negotiated on this connection */
	uint8_t	 reserved[2];
	uint8_t	 hostid[16];
	char	 hostnqn[IPC_NQN_SIZE];
	char	 subnqn[IPC_NQN_SIZE];
};

/* The answer to a Connect that is not success. */
struct ipc_refuse {
	uint16_t status;	/* SCT, SC and DNR as in the CQE, phase bit left out */
	uint16_t ipo;
	uint8_t	 iattr;
	uint8_t	 reserved[3];
};

/*
 * One namespace as this worker's host may use it now. Told again with everything that changes: the
 * worker finishes what began before, and then answers FENCED with `fence`, unless that is 0.
 */
struct ipc_ns {
	uint64_t fence;
	uint32_t nsid;
	uint32_t block_size;	/* bytes */
	uint64_t nlbas;
	uint32_t readonly;
	uint16_t wprotect;	/* 1: a host has write protected it, for all hosts */
	uint16_t nwpc;		/* states of that which this host may set: as Identify says it */
	uint32_t ram;		/* never blocks */
	uint32_t direct;	/* opened with O_DIRECT: align to `align` */
	uint32_t align;		/* bytes */
	uint32_t can_discard, can_zero;	/* fallocate modes that the opener's probe found */
	uint32_t phys_block_size, opt_io_size;
	uint32_t discard_max, discard_gran;	/* bytes; 0: none */
	uint32_t volatile_cache;	/* what was written may be lost until a Flush */
	uint32_t no_read, no_write;	/* 1: somebody else's reservation forbids it */
	uint32_t ana_group;		/* ANAGRPID, or 0: the subsystem has none */
	uint32_t ana_state;		/* as log 0Ch says it: 1, 2, 3, 4 or 15 */
	uint32_t rescap;	/* as Identify says it */
	uint32_t ptpl;		/* 1: reservations survive the loss of power */
	uint64_t ana_count;		/* of changes of the group's state */
	uint8_t	 uuid[16], nguid[16], eui64[8];	/* all zero: not there */
};

struct ipc_ns_gone {
	uint64_t fence;
	uint32_t nsid;
	uint32_t reserved;
};

struct ipc_fence {
	uint64_t fence;
};

/* What a host wants of a reservation or of write protection, as its command says it; one at a time
 * for each worker. */
#define IPC_RESV_PTPL 0x100u	/* opc: Set Features 83h, cdw10 0 or 1 */
#define IPC_RESV_WPROTECT 0x101u	/* opc: Set Features 84h, cdw10 0 or 1 */
struct ipc_resv {
	uint32_t token;		/* not 0; comes back in the answer. Asked twice, it is the same */
	uint32_t nsid;
	uint32_t opc;		/* NVMe's, or IPC_RESV_ */
	uint32_t cdw10;
	uint64_t crkey, key2;	/* key2: NRKEY or PRKEY */
};

struct ipc_resv_answer {
	uint32_t token;
	uint32_t status;	/* as in the CQE, phase bit left out */
};

#define IPC_RESV_REGISTRANTS 128
struct ipc_resv_report {
	uint32_t token;
	uint32_t gen;
	uint32_t type;
	uint32_t ptpl;
	uint32_t n;
	uint32_t reserved;
	struct { uint8_t hostid[16]; uint64_t key; } reg[IPC_RESV_REGISTRANTS];
	uint8_t	 holds[IPC_RESV_REGISTRANTS];	/* 1: holds the reservation */
};

struct ipc_resv_notice {
	uint32_t nsid;
	uint32_t type;		/* enum nvme_resv_notice */
};

/* Success: this process is controller cntlid. All IPC_NS came before. */
struct ipc_admit {
	uint16_t cntlid;
	uint8_t	 discovery;
	uint8_t	 anatt;		/* seconds; 0: ANA is not offered */
	uint32_t nns;
	uint32_t nn;		/* largest nsid that there may be */
	uint32_t ana_groups;	/* as many as there may be, and the largest id */
	char	 serial[24];	/* padded with NUL, at most 20 characters */
	char	 model[44];
	char	 subnqn[IPC_NQN_SIZE];
	uint8_t	 reserved3[4];
};

struct ipc_page {
	uint64_t generation;	/* discovery log: GENCTR */
	uint64_t size;		/* bytes of the log page in the memfd */
};

/* Is there room for queue qid? Asked of the controller's worker, which alone knows its queues. */
struct ipc_queue_ask {
	uint32_t token;
	uint32_t sqsize;	/* entries */
	uint16_t qid;
	uint8_t	 cattr;
	uint8_t	 reserved[5];
};

struct ipc_queue_answer {
	uint32_t token;
	struct ipc_refuse refuse;	/* status 0: reserved for the queue that is coming */
};

struct ipc_queue_ref {
	uint32_t token;
	uint32_t reserved;
};

/* A queue on its way from the greeter to the controller's worker. */
struct ipc_queue_handoff {
	uint32_t token;
	uint32_t sqsize;	/* entries */
	uint16_t qid;
	uint16_t sqhd;		/* next value to report */
	uint8_t	 cattr;
	uint8_t	 noflow;	/* SQ flow control is off */
	uint8_t	 hdgst, ddgst;
	uint8_t	 hpda, cpda;	/* as in ICReq and ICResp */
	uint8_t	 reserved[2];
	uint32_t maxr2t;	/* R2Ts outstanding per command, 1's based */
	struct ipc_addr peer, local;
};

/* What `cellblockctl sessions` shows of a controller; counters since admission. */
struct ipc_state {
	uint32_t seq;		/* of the PING, or 0 when sent unasked */
	uint16_t queues;	/* I/O queues connected */
	uint8_t	 enabled;
	uint8_t	 reserved;
	uint64_t reads, writes, read_bytes, write_bytes, errors;
};

struct ipc_ping {
	uint32_t seq;
	uint32_t reserved;
};

/* A range that one controller has for itself (broker/range.h), in bytes of the namespace. */
struct ipc_range {
	uint64_t token;		/* LOCK: the worker's; HOLD: the broker's, 0: see RANGE_FREE */
	uint64_t offset, len;
	uint32_t nsid;
	uint32_t answer;	/* HOLD: 1: say HELD when no write is under way there */
};

/* FREE of token 0 is for what is held of the namespace for an earlier broker: what was told before
 * RANGE_RESET, and HOLDs of token 0, which say that nobody knows what that one granted. */
struct ipc_range_ref {
	uint64_t token;		/* GRANT, UNLOCK: of the LOCK; HELD, FREE: of the HOLD */
	uint32_t nsid;		/* FREE of token 0; UINT32_MAX: of all of them */
	uint32_t reserved;
};

/* ---- broker and opener ---- */

enum backend_kind { BACKEND_NONE, BACKEND_BLOCK, BACKEND_FILE, BACKEND_RAM };

struct ipc_claim {
	uint32_t readonly;
	uint32_t block_size;	/* files: LBA size wanted, bytes */
};

struct ipc_claimed {
	uint32_t kind;		/* enum backend_kind */
	uint32_t readonly;	/* the device or file cannot be written */
	uint64_t size;		/* bytes */
	uint32_t block_size, phys_block_size, opt_io_size;
	uint32_t discard_max, discard_gran;
	uint32_t can_discard, can_zero;
	uint32_t dio_mem, dio_offset;	/* alignment of direct I/O, bytes; 0: not possible */
	uint32_t volatile_cache;	/* of the device; 1 where it is not known */
	uint64_t dev, ino;	/* identity: st_rdev and diskseq, or st_dev and st_ino */
};

struct ipc_reopen {
	uint64_t lock_offset;	/* where this description's drain lock lies */
	uint32_t readonly;
	uint32_t direct;
};

struct ipc_drain {
	uint64_t lock_offset;
};

/* Replaces a file of the state directory durably. */
#define IPC_STORE_MAX 3968
struct ipc_store {
	char	 name[64];	/* no slash */
	uint32_t size;		/* of data, bytes */
	uint32_t reserved;
	uint8_t	 data[IPC_STORE_MAX];
};

enum open_stage { STAGE_OPEN, STAGE_TYPE, STAGE_CLAIM, STAGE_SIZE, STAGE_REOPEN, STAGE_LOCK,
	STAGE_STORE, STAGE_MAX };

struct ipc_open_failed {
	uint32_t stage;		/* enum open_stage */
	uint32_t error;		/* errno */
};

/* ---- cellblockctl and broker ---- */

enum ctl_what { CTL_SESSIONS, CTL_NAMESPACES, CTL_ANA, CTL_RESCAN, CTL_MAX };

struct ctl_request {
	uint32_t what;
	uint32_t version;	/* CTL_VERSION */
};

struct ctl_reply {
	uint32_t what;
	uint32_t count;		/* records in the memfd */
	uint32_t record_size;	/* bytes of each */
	uint32_t reserved;
};

#define CTL_VERSION 1

/* The answer to what is no question. */
struct ctl_done {
	uint32_t failed;	/* 1: text says why */
	uint32_t reserved;
	char	 text[IPC_TEXT_SIZE];
};

#define CTL_LISTENER_SIZE 256

/* The answer comes when every worker has finished what began before. */
struct ctl_ana_set {
	uint32_t version;	/* CTL_VERSION */
	uint32_t group;
	uint32_t state;		/* enum nvme_ana_state; 0: as configured */
	uint32_t reserved;
	char	 subnqn[IPC_NQN_SIZE];
	char	 listener[CTL_LISTENER_SIZE];	/* its address or socket; "": all */
};

struct ctl_ana {
	uint32_t group;
	uint32_t configured, target, state;	/* enum nvme_ana_state */
	uint64_t count;		/* of changes */
	char	 subnqn[IPC_NQN_SIZE];
	char	 listener[CTL_LISTENER_SIZE];
};

struct ctl_session {
	uint32_t child, pid, uid;
	uint16_t cntlid;
	uint8_t	 discovery, enabled;
	uint32_t queues, nns;
	struct ipc_addr peer, local;
	uint64_t since_ms;	/* CLOCK_REALTIME */
	uint64_t reads, writes, read_bytes, write_bytes, errors;
	char	 hostnqn[IPC_NQN_SIZE];
	char	 subnqn[IPC_NQN_SIZE];
};

struct ctl_namespace {
	uint32_t nsid;
	uint32_t state;		/* enum ns_state: waiting, online */
	uint32_t block_size, readonly;
	uint64_t nlbas;
	uint32_t kind;		/* enum backend_kind */
	uint32_t users;		/* controllers that have it */
	uint8_t	 uuid[16];
	char	 subnqn[IPC_NQN_SIZE];
	char	 path[IPC_PATH_SIZE];	/* or ram:SIZE */
};

#pragma GCC diagnostic pop

#endif
