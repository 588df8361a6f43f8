/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The map of a worker: the process that reads every byte of one host and owns nothing but the
 * descriptors it was handed. Prototypes are grouped by the file that has them.
 *
 * Life of a command: conn.c finds a CapsuleCmd and its length, qpair.c gives it a slot, the rule
 * of its opcode (admin.c, nvm.c, fabrics.c) judges it in prepare(), xfer.c brings its data in,
 * execute() does it, slot_done() or slot_done_data() answers it, conn.c sends the answer, and the
 * slot is free. All of it happens on the lane's thread.
 */
#ifndef WORKER_WORKER_H
#define WORKER_WORKER_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ipc.h"
#include "common/nvme.h"
#include "common/pdu.h"
#include "common/sqe.h"
#include "worker/engine.h"
#include "worker/pool.h"
#include "worker/timer.h"

struct conn;
struct controller;
struct qpair;
struct slot;

#define SHORT_HEAD	(24 + PDU_DGST_BYTES)	/* R2T or CapsuleResp */
#define ADMIN_ICD	8192u	/* in-capsule data of the admin queue, bytes (NVMe/TCP) */
#define ADMIN_SQSIZE	4096u	/* largest admin queue we grant, entries */

/* One thread with its engine, timers and buffers. */
struct lane {
	struct engine *engine;
	struct timer_list timers;
	struct pool *io;		/* data to the host, in-capsule data */
	struct pool *h2c;		/* data that an R2T asked for: never starves the other */
	TAILQ_HEAD(, conn) dirty;	/* have something to send at the end of this turn */
	TAILQ_HEAD(, conn) dead;	/* to be freed at the end of this turn */
	TAILQ_HEAD(, conn) paused;	/* not reading: a slot or buffer is missing */
	TAILQ_HEAD(slot_list, slot) want_io, want_h2c;	/* waiting for a buffer, oldest first */
	bool freed;			/* a slot or buffer came back in this turn */
	struct timer trim;
	bool active;			/* a buffer was taken since trim was set */
	bool stop;
	int status;			/* exit status when stop */
};

/* ---- lane.c ---- */
int	lane_init(struct lane *, const struct ipc_hello *);
int	lane_run(struct lane *);	/* until stop; returns status */
int	lane_turn(struct lane *, int timeout_ms);	/* one turn; 0, or -1 when waiting failed */
void	lane_stop(struct lane *, int status);
/* A buffer of at most pool_largest bytes from one of the lane's two pools, or NULL for now. */
void	*lane_buffer_get(struct lane *, struct pool *, size_t len);
void	lane_buffer_put(struct lane *, struct pool *, void *buf);	/* who waits goes on this turn */

/* ---- conn.c, conn_tx.c: TCP, PDUs, digests. Knows no command. ---- */

/* Bytes on their way to the host. Owned by whoever embeds it; sent() gives it back. */
struct tx {
	const uint8_t *head;		/* header, header digest, padding */
	uint32_t head_len;
	const uint8_t *data;
	uint32_t data_len;
	uint8_t tail[4];		/* data digest */
	uint8_t tail_len;
	uint32_t gone;			/* bytes already in the socket */
	void (*sent)(struct tx *);	/* NULL: nobody waits */
	void *owner;
	STAILQ_ENTRY(tx) next;
};

struct conn_params {
	bool hdgst, ddgst;
	uint8_t hpda, cpda;	/* as negotiated */
	uint32_t maxr2t;	/* 1's based */
	uint32_t maxh2cdata;
	uint32_t max_icd;	/* largest in-capsule data here, bytes */
};

/* Takes fd. Reading begins at once, into qp. Returns NULL with errno. */
struct conn *conn_new(struct lane *, int fd, const struct conn_params *, struct qpair *qp);
/* Closes at once; pending tx are dropped without sent(). The memory goes at the end of the turn. */
void	conn_free(struct conn *);
const struct conn_params *conn_params(const struct conn *);
bool	conn_is_paused(const struct conn *);	/* not reading: for want of a buffer */
void	conn_send(struct conn *, struct tx *);	/* leaves at the end of the turn */
void	conn_turn_flush(struct lane *);	/* end of a turn: everything that is ready leaves */
void	conn_turn_resume(struct lane *);	/* ... and paused connections read on */
void	conn_turn_reap(struct lane *);
/* C2HTermReq with the offending header, then half-close; what the host still sends is thrown away
 * until it closes or the linger time is over. The queue is told with qp_conn_lost. */
void	conn_fatal(struct conn *, uint16_t fes, uint32_t fei, const void *hdr, size_t hdr_len);
/* Everything queued is sent, then the connection is closed and qp_conn_lost called. */
void	conn_finish(struct conn *);

/* ---- qpair.c: queue states, slots, flow control ---- */

enum qp_state { QP_FREE, QP_RESERVED, QP_LIVE, QP_CLOSING, QP_STATE_MAX };

enum slot_state {
	SLOT_FREE,
	SLOT_WAIT_BUFFER,	/* for the pool */
	SLOT_RX,		/* in-capsule data is arriving */
	SLOT_WAIT_H2C,		/* R2T is out */
	SLOT_EXECUTE,		/* a device or an event has it */
	SLOT_TX,		/* the answer is on its way */
	SLOT_STATE_MAX
};

struct cmd_rule {
	uint8_t opc;
	const char *name;
	/* Judges everything that can be judged without data; sets len_in or len_out. 0 or status.
	 * Has no side effect. */
	uint16_t (*prepare)(struct slot *);
	/* All data is in buf (len_in), or buf has room for len_out (zeroed for admin commands).
	 * Answers now or later with slot_done or slot_done_data, exactly once. */
	void (*execute)(struct slot *);
	unsigned flags;
};
#define RULE_DISABLED	0x1u	/* permitted while CC.EN is 0 */
#define RULE_DISCOVERY	0x2u	/* permitted on a discovery controller */
#define RULE_CHANGES	0x4u	/* may change what is in a namespace (log 05h) */

struct slot {
	struct qpair *qp;
	uint16_t index;		/* also the TTAG */
	enum slot_state state;
	struct cmd cmd;		/* host order */
	const struct cmd_rule *rule;
	struct pool *pool;	/* where buf is from */
	uint8_t *buf;
	uint32_t len_in;	/* bytes the host sends */
	uint32_t len_out;	/* bytes the host gets, at most */
	uint32_t got;		/* of len_in */
	uint32_t icd;		/* in-capsule bytes of this command */
	uint16_t status;	/* decided before the data was complete */
	bool data_bad;		/* a data digest was wrong */
	bool owns_cid;		/* false: a duplicate, which is only answered */
	bool aborted;
	uint64_t result;	/* CQE dword 0 and 1 */
	struct eng_op op;
	uint32_t parts;		/* how far a command of several engine operations has come */
	struct tx tx_r2t, tx_data, tx_resp;
	uint8_t head_r2t[SHORT_HEAD], head_data[PDU_HEADER_MAX], head_resp[SHORT_HEAD];
	uint32_t tx_out;	/* tx not yet sent */
	TAILQ_ENTRY(slot) wait;		/* for a buffer */
	TAILQ_ENTRY(slot) held;		/* AER */
};

struct qpair {
	struct controller *ctrl;
	struct lane *lane;
	struct conn *conn;
	enum qp_state state;
	uint16_t qid;
	uint32_t sqsize;	/* entries */
	uint16_t sqhd;		/* commands taken, modulo sqsize */
	bool noflow;		/* SQ flow control is off */
	struct slot *slots;	/* sqsize of them */
	uint32_t busy;		/* slots not free */
	uint16_t *free;		/* stack of free slots */
	uint32_t nfree;
	uint8_t *cids;		/* bitmap of the CIDs in use, 8 KiB */
	struct timer transfer;	/* R2Ts not answered */
	bool moving;		/* an R2T or H2CData since it was set */
	uint32_t waiting_h2c;	/* slots in SLOT_WAIT_H2C */
	uint64_t commands;
	bool disconnect;	/* Disconnect was answered: close when it is sent */
	uint32_t token;		/* QP_RESERVED: of the QUEUE_ASK */
	struct timer reserve;	/* ... and how long it holds */
};

int	qp_open(struct qpair *, struct lane *, struct controller *, uint16_t qid, uint32_t sqsize,
	    bool noflow);	/* slots are allocated here; 0 or -1, errno */
void	qp_start(struct qpair *, int fd, const struct conn_params *);	/* takes fd; QP_LIVE */
void	qp_close(struct qpair *, const char *why);	/* no new commands; free when all are back */

/* Takes the command with this CID back if it has not started: it is answered as aborted. */
bool	qp_abort(struct qpair *, uint16_t cid);

/* From conn.c. A capsule arrived: returns its slot with where the in-capsule data goes in *to (NULL:
 * throw away), or NULL when reading must wait (and nothing has changed) or conn_fatal was called. */
struct slot *qp_capsule(struct qpair *, const struct nvme_sqe *, uint32_t icd, uint8_t **to);
void	qp_capsule_complete(struct slot *, bool data_good);
/* An H2CData header: the slot and where its data goes; or NULL after conn_fatal. */
struct slot *qp_h2cdata(struct qpair *, const struct pdu_h2cdata *, uint32_t len, uint8_t **to);
void	qp_h2cdata_complete(struct slot *, uint32_t len, bool last, bool data_good);
void	qp_conn_lost(struct qpair *, const char *why);

/* Answers. status as in the CQE without the phase bit (NVME_SC_ constants, DNR); len bytes of
 * slot->buf go first when status is 0. */
void	slot_done(struct slot *, uint16_t status);
void	slot_done_data(struct slot *, uint32_t len);

void	slot_r2t(struct slot *);		/* for xfer.c: asks the host for len_in bytes */

/* ---- xfer.c: moving a slot's data ---- */
void	xfer_begin(struct slot *);	/* after prepare(): buffer, R2T, then execute() */
void	xfer_turn(struct lane *);	/* end of a turn: slots that waited for a buffer */
bool	xfer_forget(struct slot *);	/* was waiting for a buffer, waits no more */

/* ---- controller.c: a controller's life, its queues, keep alive ---- */

#define MAX_AER		4u
#define ERROR_ENTRIES	64u	/* of log 01h */
#define KAS_MS		1000u	/* granularity of the keep alive timer */
#define CTRL_VS		NVME_VS(2, 0, 0)
#define CTRL_TO_500MS	30u	/* CAP.TO: enabling and disabling take no longer */

struct ns;

/* Why queues are being closed, by rank: a higher one takes over from a lower one. */
enum drain { DRAIN_NONE, DRAIN_SHUTDOWN, DRAIN_RESET, DRAIN_END, DRAIN_LEAVE, DRAIN_MAX };

struct controller {
	struct lane *lane;
	struct ipc_hello hello;
	struct ipc_admit admit;
	char hostnqn[IPC_NQN_SIZE];
	uint8_t hostid[16];
	uint64_t cap;
	uint32_t cc, csts;
	uint32_t kato_ms;	/* as the host set it; 0: off */
	bool traffic;		/* a command came since the keep alive timer was set */
	struct timer keep_alive, shutdown;
	enum drain drain;
	struct eng_op flush;	/* of a drain */
	bool flushing;		/* flush is the engine's */
	uint32_t flushed;	/* nsid of the last one */
	uint32_t queues_granted;	/* I/O queues after Set Features 07h; 0: not asked yet */
	struct qpair admin;
	struct qpair *io;	/* hello.queues of them; qid k at io[k - 1] */
	struct ns *ns;		/* sorted by nsid */
	uint32_t nns;
	struct { uint8_t *data; size_t len; uint64_t generation; } page;	/* discovery log */
	uint32_t aec;		/* Feature 0Bh */
	uint32_t events_pending, events_masked;	/* bits of enum aer_event */
	TAILQ_HEAD(, slot) aers;
	uint32_t naers;
	struct {
		uint64_t reads, writes, read_units, write_units;	/* units of 512 bytes */
		uint64_t errors, media_errors, minutes_since;
	} stats;
	struct nvme_error_entry errors[ERROR_ENTRIES];	/* log 01h, a ring */
	uint64_t nerrors;
};

/* From ask.c: this process has become a controller. kato_ms and identity come from the Connect. */
struct controller *ctrl_new(struct lane *, const struct ipc_hello *, const struct ipc_admit *,
	    const struct ipc_connect *);
void	ctrl_free(struct controller *);			/* all its queues are QP_FREE */
void	ctrl_alive(struct controller *);		/* a command or its data came, or it was answered */
void	ctrl_keep_alive(struct controller *);		/* the Keep Alive command */
void	ctrl_set_kato(struct controller *, uint32_t kato_ms);	/* rounded up to KAS_MS */
bool	ctrl_has_queues(const struct controller *);	/* an I/O queue that is not QP_FREE */
struct qpair *ctrl_queue(struct controller *, uint16_t qid);	/* live, or NULL */
void	ctrl_queue_closed(struct controller *, struct qpair *);	/* qp became QP_FREE */
/* Admin queue lost, keep alive expired, fatal: finish what runs, close everything, exit. */
void	ctrl_end(struct controller *, const char *why);
void	ctrl_leave(struct controller *);	/* the broker wants us gone: drain, flush, end */
/* QUEUE_ASK: reserves the queue or says why not (status, iattr, ipo as for a Connect). */
void	ctrl_queue_ask(struct controller *, const struct ipc_queue_ask *, struct ipc_refuse *);
void	ctrl_queue_give(struct controller *, const struct ipc_queue_handoff *, int fd);
void	ctrl_queue_cancel(struct controller *, uint32_t token);

/* ---- property.c: CAP, VS, CC, CSTS, CRTO ---- */
uint64_t property_cap(const struct ipc_hello *);
uint16_t ctrl_property_get(const struct controller *, uint32_t offset, unsigned size,
	    uint64_t *value);
uint16_t ctrl_property_set(struct controller *, uint32_t offset, unsigned size, uint64_t value);
bool	ctrl_enabled(const struct controller *);

/* ---- drain.c: shutdown, reset and the end: queues closed, what runs finished, flushed ---- */
void	drain_init(struct controller *);
void	drain_begin(struct controller *, enum drain);
void	drain_step(struct controller *);	/* a queue became free */

/* ---- command sets: tables by opcode; NULL: Invalid Opcode ---- */
const struct cmd_rule *admin_rule(uint8_t opc);		/* admin.c */
const struct cmd_rule *nvm_rule(uint8_t opc);		/* nvm.c */
const struct cmd_rule *fabrics_rule(const struct qpair *, uint8_t fctype);	/* fabrics.c */

/* Limits of Dataset Management in blocks, as Identify says them; nvm.c. */
struct nvm_limits { uint32_t dmrsl; uint64_t dmsl; };
#define NVM_ZERO_MAX		(32u << 20)	/* Write Zeroes, bytes */
#define NVM_DISCARD_RANGE_MAX	(4ull << 30)	/* bytes in a range */
#define NVM_DISCARD_MAX		(16ull << 30)	/* bytes in a command */
struct nvm_limits nvm_limits(const struct controller *);

/* identify.c, logpage.c, feature.c, aer.c: prepare and execute of one admin command each */
uint16_t identify_prepare(struct slot *);
void	identify_execute(struct slot *);
void	identify_firmware(uint8_t fr[NVME_FR_BYTES]);
/* identify_ns.c: the structures are zero before; so is room for descriptors */
void	identify_ns(const struct ns *, struct nvme_id_ns *);
void	identify_ns_independent(const struct ns *, struct nvme_id_ns_independent *);
void	identify_ns_descs(const struct ns *, uint8_t *to);
#define LPA_SUPPORTED_PAGES	0x20	/* LPA: logs 00h, 12h, 13h and scopes in 05h */
uint16_t logpage_prepare(struct slot *);
void	logpage_execute(struct slot *);
void	ctrl_error(struct controller *, const struct slot *, uint16_t status);	/* log 01h */
/* discovery.c: log 70h; takes fd. A page that cannot be read leaves the last one in place. */
void	ctrl_page(struct controller *, int fd, const struct ipc_page *);
uint32_t feature_effects(const struct controller *, uint8_t fid);	/* as in log 12h */
bool	feature_write_cache(const struct controller *);	/* is there a volatile one? */
uint16_t get_features_prepare(struct slot *);
void	get_features_execute(struct slot *);
uint16_t set_features_prepare(struct slot *);
void	set_features_execute(struct slot *);
enum aer_event { AER_EVENT_DISCOVERY, AER_EVENT_MAX };
uint16_t aer_prepare(struct slot *);
void	aer_execute(struct slot *);
uint32_t aer_supported(const struct controller *);	/* OAES, and what Feature 0Bh may set */
void	aer_event(struct controller *, enum aer_event);
void	aer_log_read(struct controller *, uint8_t lid);	/* without RAE: its event may come again */
void	aer_drop_all(struct controller *);	/* answered as aborted */
bool	aer_abort(struct controller *, uint16_t cid);

/* ---- ns.c: a namespace: range checks, a descriptor ---- */
struct ns {
	struct ipc_ns id;	/* as the broker told it */
	int fd;			/* -1: the engine has it */
	unsigned file;		/* its slot there */
	uint8_t lbads;		/* log2 of block size */
};
int	ns_add(struct controller *, const struct ipc_ns *, int fd);	/* takes fd; 0 or -1 */
struct ns *ns_find(const struct controller *, uint32_t nsid);
struct ns *ns_after(const struct controller *, uint32_t nsid);	/* with the next larger nsid */
struct eng_op ns_op(const struct ns *, enum eng_verb);	/* what the backend says of itself */
/* 0, or NVME_SC_LBA_OUT_OF_RANGE; nlb is 1's based. */
uint16_t ns_check_range(const struct ns *, uint64_t slba, uint64_t nlb);
uint16_t ns_status(const struct ns *, enum eng_verb, int error);	/* errno to NVMe status */

/* ---- greet.c: before identity ---- */
int	greet_start(struct lane *, int fd, const struct ipc_hello *);	/* takes fd */
void	greet_admitted(const struct ipc_admit *);
void	greet_refused(const struct ipc_refuse *);
void	greet_queue_ok(const struct ipc_queue_ref *);

/* ---- ask.c: every question to the broker, and its words to us ---- */
int	ask_hello(struct ipc_hello *);		/* waits for it, before the sandbox; 0 or -1 */
int	ask_start(struct lane *, int door);	/* 0 or -1 */
void	ask_state(uint32_t state);		/* S_ bits of ipc.h */
int	ask_connect(const struct ipc_connect *);
int	ask_queue(const struct ipc_connect *);
int	ask_queue_hand(const struct ipc_queue_handoff *, int fd);
void	ask_log(uint32_t msg, const char *text, unsigned nargs, ...);	/* uint64_t arguments */
void	ask_stats(const struct controller *);	/* STATE to the broker */
void	ask_title(void);
void	ask_ctrl(struct controller *);		/* whom QUEUE_ASK and LEAVE are for */

#endif
