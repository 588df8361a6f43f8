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
#include <sys/uio.h>

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ipc.h"
#include "common/nvme.h"
#include "common/pdu.h"
#include "common/sqe.h"
#include "worker/engine.h"
#include "worker/feature.h"
#include "worker/logpage.h"
#include "worker/mail.h"
#include "worker/pool.h"
#include "worker/reservation.h"
#include "worker/timer.h"

struct conn;
struct controller;
struct lane;
struct ns_table;
struct pairs;
struct qpair;
struct slot;

#define SHORT_HEAD	(24 + PDU_DGST_BYTES)	/* R2T or CapsuleResp */
#define ADMIN_ICD	8192u	/* in-capsule data of the admin queue, bytes (NVMe/TCP) */
#define LANES_MAX	16u
#define ADMIN_SQSIZE	4096u	/* largest admin queue we grant, entries */

/* Operations on mapped memory that are under way. */
struct memory {
	struct eng_queue ready;		/* complete, done() not called yet */
	struct eng_queue slow;		/* being zeroed, in turns */
	unsigned in_flight;
};

/* A range that some controller has for itself, as the broker said; lane 0's. */
struct range_hold {
	struct range_desk *desk;
	uint64_t token;
	uint32_t nsid;			/* NVME_NSID_ALL: of all namespaces */
	uint64_t offset, end;		/* bytes */
	bool answer;			/* the broker waits for HELD */
	bool freed;
	unsigned unheld;		/* lanes that still write there */
	unsigned out;			/* words that are to come back */
	void (*held)(struct mail *), (*gone)(struct mail *);	/* delivered to lane 0 */
	LIST_ENTRY(range_hold) next;
	struct range_part {		/* what each lane has of it */
		struct range_hold *hold;
		struct lane *lane;
		struct range_part *next;
		unsigned in_flight;	/* operations that were under way when it came */
		bool owes;		/* `held` has not been posted yet */
		struct mail mail, bye;
	} part[LANES_MAX];
};

/* A range that a lane wants for itself. It is lane 0's from range_want() to granted(), and again
 * from range_give_back() to over(); both are delivered to the lane, with arg the want. over() also
 * comes, and granted() does not, when it was given up before. */
struct range_want {
	struct mail mail;
	struct lane *lane;
	void *owner;
	uint32_t nsid;
	uint64_t offset, len;		/* bytes */
	void (*granted)(struct mail *), (*over)(struct mail *);
	bool given_up;			/* atomic: the lane does not want it any more */
	STAILQ_ENTRY(range_want) next;
};

/* Lane 0's side. */
struct range_desk {
	struct lane *lane;
	LIST_HEAD(, range_hold) holds;
	unsigned nholds;
	STAILQ_HEAD(, range_want) wants;
	struct range_want *asked;	/* what the broker is asked for, or NULL */
	bool said, granted;
	uint64_t token;			/* of that question */
	uint64_t unlock;		/* to be said; 0: nothing */
	bool reset;			/* RESET_DONE is to be said */
	struct timer again;
};

/* Counters have one writer, their lane, and are read by lane 0: stat_add, stat_get. */
struct lane_stats {
	uint64_t reads, writes, read_units, write_units;	/* units of 512 bytes */
};

/* The pieces of one send. Headers and digests are copied into words. */
#define OUTBOX_PIECES 512u
struct outbox {
	struct iovec iov[OUTBOX_PIECES];
	unsigned n, used;
	uint8_t words[OUTBOX_PIECES * 32];
};

/* One thread with its engine, timers and buffers; what is in it belongs to that thread, but for the
 * inbox, the counters and `traffic`. Lane 0 has the admin queue and the channel to the broker. */
struct lane {
	unsigned index;
	struct lane *all;		/* of this worker: nlanes of them, fixed from the start */
	unsigned nlanes;
	struct engine *engine;
	int why_threads;		/* errno: why it has no ring that it might have; or 0 */
	struct ns_table *ns;		/* what its queues reach */
	struct range_part *holds;	/* ranges that others have for themselves; mostly none */
	struct lane_stats stats;	/* of namespaces whose slot another one has now */
	bool traffic;			/* a command came since lane 0 looked */
	bool write_through;		/* feature 06h is off; lane 0 sets it: __atomic */
	struct {
		pthread_mutex_t lock;
		STAILQ_HEAD(, mail) list;
		bool any;
	} inbox;
	struct memory memory;
	struct timer_list timers;
	struct pool *io;		/* data to the host, in-capsule data */
	SLIST_HEAD(, rxbuf) rxbufs;	/* not in use */
	uint32_t nrxbufs;		/* with those in use */
	struct pool *h2c;		/* data that an R2T asked for: never starves the other */
	struct pool *bounce;		/* bounce.c */
	TAILQ_HEAD(, conn) dirty;	/* have something to send at the end of this turn */
	TAILQ_HEAD(, conn) late;	/* have had their share, and go on in the next turn */
	TAILQ_HEAD(, conn) dead;	/* to be freed at the end of this turn */
	TAILQ_HEAD(, conn) paused;	/* not reading: a slot or buffer is missing */
	TAILQ_HEAD(slot_list, slot) want_io, want_h2c, want_bounce;	/* for a buffer, oldest first */
	struct outbox outbox;
	bool freed;			/* a slot or buffer came back in this turn */
	uint32_t busy_poll_us;
	struct conn *hot;		/* received last, or NULL */
	unsigned hot_turns;		/* in a row in which only that one was heard */
	bool awake;			/* something came in the last turn */
	struct timer trim;
	bool active;			/* a buffer was in use since trim was set */
	bool stop;
	int status;			/* exit status when stop */
	struct lane_stats ns_stats[ENGINE_FILES];	/* by a namespace's slot in the engine */
	LIST_HEAD(, qpair) queues;	/* that were started here */
	struct {
		struct eng_queue ops;	/* wait for the end of a hold */
		size_t bytes, most;	/* of their buffers */
		struct timer timer;
	} held;
	struct eng_op *through;		/* of the fused pair that has its range; or NULL */
	struct pairs *pairs;		/* nvm_fused.c; NULL until there is the first one */
	struct range_desk desk;		/* lane 0's only */
};

/* ---- lane.c ---- */
/* By its own thread. The struct is zeroed but for index, all and nlanes. 0, or -1 with errno. */
int	lane_init(struct lane *, const struct ipc_hello *);
/* An unused engine of this kind in place of the one that it has. 0, or -1 with errno. */
int	lane_engine(struct lane *, const struct ipc_hello *, enum engine_kind);
int	lane_run(struct lane *);	/* until stop; returns status */
int	lane_turn(struct lane *, int timeout_ms);	/* one turn; 0, or -1 when waiting failed */
void	lane_answer(struct lane *);	/* within a turn: what is ready leaves now */
void	lane_stop(struct lane *, int status);
void	lane_used(struct lane *);	/* some buffer was in use: what is idle is trimmed later */
/* A buffer of at most pool_largest bytes from one of the lane's two pools, or NULL for now. */
void	*lane_buffer_get(struct lane *, struct pool *, size_t len);
void	lane_buffer_put(struct lane *, struct pool *, void *buf);	/* who waits goes on this turn */

/* ---- lanes.c: the other lanes of a worker ---- */
/* Lane 0 is the caller's, all others get threads. All run, with engines of one kind, when it
 * returns. 0, or -1 with errno. */
int	lanes_start(struct lane *all, const struct ipc_hello *);

/* ---- mail.c: words between lanes ---- */
void	mail_init(struct lane *);
/* Within one lane it is delivered at once, to another one in its next turn; in order. */
void	mail_post(struct lane *from, struct lane *to, struct mail *);
bool	mail_is_there(struct lane *);
void	mail_turn(struct lane *);	/* delivers what came */

static inline void
stat_add(uint64_t *counter, uint64_t n)
{
	__atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
}

static inline uint64_t
stat_get(const uint64_t *counter)
{
	return (__atomic_load_n(counter, __ATOMIC_RELAXED));
}

/* ---- memory.c: RAM disks, and who carries an operation out ---- */
void	memory_init(struct memory *);
void	memory_turn(struct memory *);	/* a bounded part of what is slow */
void	memory_done(struct memory *);	/* calls done() of what is complete */
/* As engine_submit and engine_cancel. A write to memory has left its buffer when it returns; zeroing
 * of memory that is cancelled may have been done in part. */
void	lane_submit(struct lane *, struct eng_op *);
bool	lane_cancel(struct lane *, struct eng_op *);
/* Has nobody taken it back, and is it not carried out yet? Not when range.c holds it. */
bool	lane_has(const struct lane *, const struct eng_op *);
void	lane_fail(struct lane *, struct eng_op *, int error);	/* done() comes with it, later */

/* ---- range.c: ranges that one controller has for itself, on a lane ---- */
void	range_lane_init(struct lane *, size_t most);	/* bytes of buffers that may wait */
/* Only while lane->holds is not NULL. True: it is not to be submitted now; it will be, or fails. */
bool	range_waits(struct lane *, struct eng_op *);
bool	range_take_back(struct lane *, struct eng_op *);	/* true: it waited, and does not now */
void	range_cancelled(struct lane *, struct eng_op *);
void	(**range_done(struct slot *))(struct eng_op *);	/* where done() is, for who replaces it */
void	range_part_comes(struct mail *);	/* from lane 0; arg is the part */
void	range_part_goes(struct mail *);

/* ---- range_desk.c: ... on lane 0, and what the broker says of them ---- */
void	range_desk_init(struct lane *);
int	range_hold(struct lane *, const struct ipc_range *);	/* 0, or -1: too many */
void	range_free(struct lane *, uint64_t token);	/* 0: all of them */
void	range_grant(struct lane *, uint64_t token);
void	range_reset(struct lane *);
/* By the lane that wants it; see struct range_want. */
void	range_want(struct range_want *);
void	range_give_back(struct range_want *);

/* ---- rxbuf.c: receive buffers ---- */
#define RX_SIZE	262144u		/* bytes; larger data goes where it belongs */
uint8_t	*rxbuf_get(struct lane *);	/* NULL: no memory */
uint32_t rxbuf_room(const struct lane *);	/* how much of one may be filled now */
void	rxbuf_put(struct lane *, uint8_t *);	/* NULL is allowed */
void	rxbuf_trim(struct lane *);	/* all that nobody has go back to the kernel */

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
bool	conn_turn_poll(struct lane *);	/* busy polling: did the last one get something more? */
void	conn_turn_begin(struct lane *);
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
	SLOT_WAIT_FUSED,	/* for the other one of a fused pair, or for its range */
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
#define RULE_READS	0x8u	/* not while somebody's reservation forbids this host to read */
#define RULE_WRITES	0x10u	/* ... or to write */
#define RULE_CHANGES	0x4u	/* may change what is in a namespace (log 05h) */

#define R2T_MAX		4u	/* R2Ts of a command that are out at a time */
/* What one asks for, beside the slot: most commands need none, and their slots stay small. */
struct window {
	uint32_t from, len, got;	/* bytes that it asked for, and that came */
	struct tx tx;
	uint8_t head[SHORT_HEAD];
};

struct slot {
	struct qpair *qp;
	uint16_t index;		/* also in the TTAG */
	enum slot_state state;
	struct cmd cmd;		/* host order */
	const struct cmd_rule *rule;
	uint32_t version;	/* of the table of namespaces by which it was judged */
	struct ns *ns;		/* I/O: held from its beginning; or NULL */
	struct ns *from;	/* a second one; only with ns, or NULL */
	struct pool *pool;	/* where buf is from */
	uint8_t *buf;
	uint32_t len_in;	/* bytes the host sends */
	uint32_t len_out;	/* bytes the host gets, at most */
	uint32_t got;		/* of len_in */
	uint32_t asked;		/* of len_in, by R2Ts so far */
	uint8_t r2ts, r2ts_sent;	/* bit w: window w is open; and its R2T is in the socket */
	uint8_t r2t_now;	/* the window whose data is being received */
	uint32_t c2h_from, c2h_len;	/* data sent in pieces: where the next begins; all of it */
	uint32_t icd;		/* in-capsule bytes of this command */
	/* The namespace is memory: in-capsule data is executed from where it was received, and what
	 * goes to the host is sent from src. Either needs no buffer. */
	bool in_place;
	const uint8_t *src;
	bool sends_memory;	/* src is being sent: ns is held for that only */
	uint16_t status;	/* decided before the data was complete */
	uint16_t ploc;		/* where its wrong field is, as log 01h says it; or PLOC_NONE */
	bool data_bad;		/* a data digest was wrong */
	bool owns_cid;		/* false: a duplicate, which is only answered */
	bool in_parts;		/* of several operations, or of one in steps: set by execute() */
	bool aborted;		/* between two operations: no more of them; aborter is there */
	struct pair *pair;	/* of a fused command; or NULL */
	uint64_t result;	/* CQE dword 0 and 1 */
	void (*after)(struct eng_op *);	/* done() of an operation that range.c counts */
	struct eng_op op;
	uint32_t parts;		/* how far a command of several engine operations has come: parts */
	uint64_t before, at;	/* ... bytes of the parts before, and of this one */
	uint8_t *bounce;	/* bounce.c; NULL whenever the slot is free */
	void (*go_on)(struct slot *, uint16_t status);	/* after what it waits for */
	void (*then)(struct slot *, uint16_t status);	/* of nvm_compare */
	struct tx tx_data, tx_resp;
	uint8_t head_data[PDU_HEADER_MAX], head_resp[SHORT_HEAD];
	uint32_t tx_out;	/* tx not yet sent */
	TAILQ_ENTRY(slot) wait;		/* for a buffer */
	TAILQ_ENTRY(slot) held;		/* AER; waiting for the broker (reservation.c) */
	struct mail mail;		/* Abort, reservations: to another lane and back */
	struct slot *aborter;		/* the Abort that waits for the outcome; if aborted */
	void (*op_done)(struct eng_op *);	/* ... what its op.done was */
};

/* Byte and bit of the SQE. */
#define PLOC(byte, bit)	((uint16_t)((byte) | (bit) << 8))
#define PLOC_NONE	0xffffu

struct qpair {
	struct controller *ctrl;
	struct lane *lane;
	struct conn *conn;
	enum qp_state state;
	uint16_t qid;
	uint32_t sqsize;	/* entries */
	uint16_t sqhd;		/* commands taken, modulo sqsize */
	bool noflow;		/* SQ flow control is off */
	uint8_t fusing;		/* enum fusing */
	struct pdu_tx tx;	/* how its answers are framed */
	uint32_t c2h_max;	/* bytes in one C2HData */
	uint32_t r2t_max, r2t_size;	/* R2Ts of a command at a time; bytes that one asks for */
	struct slot *slots;	/* sqsize of them */
	struct window *windows;	/* R2T_MAX of each slot, in their order: r2t.c */
	uint32_t busy;		/* slots not free */
	uint16_t *free;		/* stack of free slots */
	uint32_t nfree;
	uint8_t *cids;		/* bitmap of the CIDs in use, 8 KiB */
	struct timer transfer;	/* R2Ts not answered */
	bool moving;		/* an R2T or H2CData since it was set */
	uint32_t waiting_h2c;	/* slots in SLOT_WAIT_H2C */
	uint64_t commands;
	bool disconnect;	/* Disconnect was answered: close when it is sent */
	struct slot *first;	/* FUSING_FIRST: the one that waits for its second */
	bool listed;		/* in lane->queues */
	LIST_ENTRY(qpair) of_lane;
};

int	qp_open(struct qpair *, struct lane *, struct controller *, uint16_t qid, uint32_t sqsize,
	    bool noflow);	/* slots are allocated here; 0 or -1, errno */
void	qp_start(struct qpair *, int fd, const struct conn_params *);	/* takes fd; QP_LIVE */
void	qp_close(struct qpair *, const char *why);	/* no new commands; free when all are back */

/* Takes the command with this CID back if that can be done. DONE: it is answered as aborted, now or
 * when data has come that it was asked for. LATER: abort_over(aborter) will say what became of it. */
enum abort_outcome { ABORT_NOT, ABORT_DONE, ABORT_LATER };
enum abort_outcome qp_abort(struct qpair *, uint16_t cid, struct slot *aborter);

/* From conn.c. A capsule arrived: returns its slot with where the in-capsule data goes in *to (NULL:
 * nowhere), or NULL when reading must wait (and nothing has changed) or conn_fatal was called. here:
 * where all of the data lies already, until qp_capsule_complete returns, or NULL. */
struct slot *qp_capsule(struct qpair *, const struct nvme_sqe *, uint32_t icd, uint8_t *here,
	    uint8_t **to);
void	qp_capsule_complete(struct slot *, bool data_good);
/* An H2CData header: the slot and where its data goes; or NULL after conn_fatal. */
struct slot *qp_h2cdata(struct qpair *, const struct pdu_h2cdata *, uint32_t len, uint8_t **to);
void	qp_h2cdata_complete(struct slot *, uint32_t len, bool data_good);
void	qp_conn_lost(struct qpair *, const char *why);

/* Answers. status as in the CQE without the phase bit (NVME_SC_ constants, DNR); len bytes of
 * slot->buf go first when status is 0. */
void	slot_done(struct slot *, uint16_t status);
void	slot_done_data(struct slot *, uint32_t len);

void	slot_r2t(struct slot *);		/* asks the host for len_in bytes */

/* The namespace that a command is about: the one it holds, else the one that is there; or NULL. */
struct ns *slot_ns(const struct slot *);
void	slot_hold(struct slot *, struct ns *);	/* instead of the one it held */
void	slot_answer(struct slot *, uint16_t status);	/* for nvm_fused.c: slot_done of one */

/* For r2t.c and c2h.c. A tx of the slot's that leaves; slot_sent, or what calls it at last, is told. */
void	slot_send(struct slot *, struct tx *, const uint8_t *head, size_t head_len,
	    void (*sent)(struct tx *));
void	slot_sent(struct tx *);
void	slot_respond(struct slot *, uint16_t status);

/* ---- r2t.c: R2T windows ---- */
void	r2t_begin(struct slot *);	/* there is a buffer for all of len_in */
/* Whose window an H2CData header is for; or NULL with fes and fei. */
struct slot *r2t_judge(struct qpair *, const struct pdu_h2cdata *, uint32_t len,
	    struct pdu_verdict *);
bool	r2t_came(struct slot *, uint32_t len);	/* true: nothing that was asked for is missing */

/* ---- c2h.c: C2HData ---- */
void	c2h_send(struct slot *, uint32_t len);	/* and the answer, status 0; len is not 0 */

/* ---- judge.c: before a command is executed ---- */
/* What can be said of a command without its data. 0 or a status. */
uint16_t slot_judge(struct slot *, bool duplicate, uint32_t icd);
/* An I/O command is about to be executed: its namespace is held from now on. False when
 * that is not as it was when the command came, and the command has been answered. */
bool	slot_begin(struct slot *);

/* ---- xfer.c: moving a slot's data ---- */
void	xfer_begin(struct slot *);	/* after prepare(): buffer, R2T, then execute() */
void	xfer_turn(struct lane *);	/* end of a turn: slots that waited for a buffer */
bool	xfer_forget(struct slot *);	/* was waiting for a buffer, waits no more */

/* ---- bounce.c: buffers for data that neither comes from the host nor goes to it ---- */
#define BOUNCE_BYTES	131072u
#define BOUNCES		4u	/* per lane */
/* s->bounce becomes one of BOUNCE_BYTES, now or later: go_on(s, 0). */
void	bounce_get(struct slot *, void (*go_on)(struct slot *, uint16_t status));
void	bounce_put(struct slot *);	/* it may have none */
void	bounce_turn(struct lane *);	/* end of a turn: slots that waited for one */
bool	bounce_forget(struct slot *);	/* was waiting for one, waits no more */
/* ---- nvm_fused.c: Compare and Write as one ---- */
enum fusing { FUSING_NONE, FUSING_FIRST, FUSING_FAILED };	/* what came last on a queue */
#define FUSED_BYTES	4096u	/* at most, or one block: what ACWU and NACWU say */
static inline uint32_t
fused_blocks(uint8_t lbads)
{
	return (FUSED_BYTES >> lbads > 0 ? FUSED_BYTES >> lbads : 1);
}
/* In judge(): its FUSE field, where it stands, and its rule. 0 or status; sets s->rule, s->ploc. */
uint16_t fused_check(struct slot *);
/* It was taken from the queue; also every other command as long as qp->fusing says so. */
void	fused_arrived(struct slot *);
void	fused_done(struct slot *, uint16_t status);	/* slot_done of one with a pair */
void	fused_forget(struct slot *);		/* it is being freed */
bool	fused_may_abort(const struct slot *);	/* SLOT_WAIT_FUSED only */
void	fused_changed(struct lane *);		/* it has another table of namespaces */

/* ---- controller.c: a controller's life, its queues, keep alive ---- */

#define MAX_AER		4u
#define MAX_ABORTS	4u	/* at a time (ACL) */
#define ERROR_ENTRIES	64u	/* of log 01h */
#define KAS_MS		1000u	/* granularity of the keep alive timer */
#define DISCOVERY_IDLE_MS 120000u	/* a discovery controller without a timer ends after that */
#define CTRL_VS		NVME_VS(2, 0, 0)
#define CTRL_TO_500MS	30u	/* CAP.TO: enabling and disabling take no longer */

struct ns;

/* Why queues are being closed, by rank: a higher one takes over from a lower one. */
enum drain { DRAIN_NONE, DRAIN_SHUTDOWN, DRAIN_RESET, DRAIN_END, DRAIN_LEAVE, DRAIN_MAX };

/* Lane 0's side of an I/O queue; the queue itself is its lane's from start to its end. */
struct seat {
	enum qp_state state;	/* as lane 0 knows it */
	struct controller *ctrl;
	uint32_t token;		/* QP_RESERVED: of the QUEUE_ASK */
	struct timer reserve;	/* ... and how long it holds */
	unsigned errands;	/* words on their way to the queue and back */
	bool ended;		/* its lane has no queue any more */
	struct mail start, close, end;
	int fd;			/* for start */
	struct conn_params params;
	const char *why;	/* for close */
	struct qpair qp;
};

struct controller {
	struct lane *lane;	/* lane 0 */
	struct ipc_hello hello;
	struct ipc_admit admit;
	char hostnqn[IPC_NQN_SIZE];
	uint8_t hostid[16];
	uint64_t cap;
	uint32_t cc, csts;
	uint32_t kato_ms;	/* as the host set it; 0: off */
	bool persistent;	/* discovery: it is there to be told of changes */
	struct timer keep_alive, shutdown;
	enum drain drain;
	struct eng_op flush;	/* of a drain */
	struct ns *flushing;	/* flush is the engine's, and this is held for it */
	uint32_t flushed;	/* nsid of the last one */
	uint32_t queues_granted;	/* I/O queues after Set Features 07h; 0: not asked yet */
	struct qpair admin;
	struct seat *io;	/* hello.queues of them; qid k at io[k - 1] */
	uint8_t files[ENGINE_FILES / 8];	/* which of the engines' slots are taken */
	struct { uint8_t *data; size_t len; uint64_t generation; } page;	/* discovery log */
	uint32_t aec;		/* Feature 0Bh */
	uint32_t events_pending, events_masked;	/* bits of enum aer_event */
	struct news *news;		/* ns_table.c: changes on their way, oldest first */
	uint64_t ana_changes;		/* of log 0Ch */
	TAILQ_HEAD(, slot) aers;
	uint32_t naers;
	uint32_t naborts;	/* Aborts that are not answered yet */
	struct resv resv;
	uint64_t minutes_since;
	struct feature_values features;
	struct cache_change {		/* 06h on its way; feature_cache.c */
		struct slot *slot;	/* NULL: none */
		bool off;		/* what it shall become */
		uint16_t status;
		unsigned away;
		struct mail words[LANES_MAX];
		uint32_t flushed;	/* nsid of the last one */
		struct ns *flushing;	/* held for flush */
		struct eng_op flush;
	} cache;
	bool cache_off;			/* feature 06h */
	struct changed changed;
	struct mail health_word;	/* to lane 0 */
	pthread_mutex_t error_lock;	/* of all that follows: any lane may have an error */
	bool health_away;		/* health_word is under way */
	uint64_t media_errors;
	struct health health;
	struct nvme_error_entry errors[ERROR_ENTRIES];	/* log 01h, a ring */
	uint64_t nerrors;
};

/* From ask.c: this process has become a controller. kato_ms and identity come from the Connect. */
struct controller *ctrl_new(struct lane *, const struct ipc_hello *, const struct ipc_admit *,
	    const struct ipc_connect *);
void	ctrl_free(struct controller *);			/* all its queues are QP_FREE */
void	ctrl_alive(struct qpair *);		/* a command or its data came, or it was answered */
void	ctrl_keep_alive(struct controller *);		/* the Keep Alive command */
void	ctrl_set_kato(struct controller *, uint32_t kato_ms);	/* rounded up to KAS_MS */
bool	ctrl_has_queues(const struct controller *);	/* an I/O queue that is not QP_FREE */
unsigned ctrl_queues(const struct controller *);	/* live I/O queues */
void	ctrl_queue_closed(struct controller *, struct qpair *);	/* qp became QP_FREE: its lane says so */
/* Admin queue lost, keep alive expired, fatal: finish what runs, close everything, exit. */
void	ctrl_end(struct controller *, const char *why);
void	ctrl_leave(struct controller *);	/* the broker wants us gone: drain, flush, end */
/* QUEUE_ASK: reserves the queue or says why not (status, iattr, ipo as for a Connect). */
void	ctrl_queue_ask(struct controller *, const struct ipc_queue_ask *, struct ipc_refuse *);
void	ctrl_queue_give(struct controller *, const struct ipc_queue_handoff *, int fd);
void	ctrl_queue_cancel(struct controller *, uint32_t token);

/* ---- seat.c: lane 0's side of I/O queues ---- */
struct seat *seat_live(struct controller *, uint16_t qid);	/* or NULL */
struct lane *seat_lane(const struct seat *);
void	seat_reserve(struct seat *, struct controller *, uint32_t token);
void	seat_start(struct seat *, int fd, const struct conn_params *);	/* takes fd */
void	seat_close(struct seat *, const char *why);
void	seat_ended(struct seat *);	/* from any lane: its queue is QP_FREE */
/* A word for the queue's lane; the seat is not given away before seat_back(). */
void	seat_tell(struct seat *, struct mail *);
void	seat_answer(struct seat *, struct mail *, void (*deliver)(struct mail *)); /* from there */
void	seat_back(struct seat *);

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

/* Limits of a command, as Identify says them. */
#define NVM_ZERO_MAX		(32u << 20)	/* Write Zeroes, bytes */
#define NVM_VERIFY_MAX		(32u << 20)	/* Verify, bytes */
#define NVM_DISCARD_RANGES	255u		/* Dataset Management */
#define NVM_DISCARD_RANGE_MAX	(4ull << 30)	/* bytes in a range */
#define NVM_DISCARD_MAX		(16ull << 30)	/* bytes in a command */
#define NVM_COPY_FORMATS	0x5u		/* OCFS: descriptor formats 0h and 2h */
#define NVM_COPY_RANGES		128u
#define NVM_COPY_RANGE_MAX	(16u << 20)	/* bytes in a range */
#define NVM_COPY_MAX		(64u << 20)	/* bytes in a command */
/* ... in blocks: of Dataset Management for every namespace; of Copy for one. nvm_dsm.c, nvm_copy.c */
struct nvm_limits { uint32_t dmrsl; uint64_t dmsl; };
struct nvm_limits nvm_limits(const struct ns_table *);
struct nvm_copy_limits { uint16_t mssrl; uint32_t mcl; };
struct nvm_copy_limits nvm_copy_limits(const struct ns *);

/* identify*.c, logpage.c, feature.c, aer.c: prepare and execute of one admin command each */
uint16_t identify_prepare(struct slot *);
void	identify_execute(struct slot *);
/* identify_ctrl.c: all structures are zero before */
void	identify_ctrl(const struct slot *, void *page);
void	identify_ctrl_nvm(const struct slot *, void *page);
void	identify_firmware(uint8_t fr[NVME_FR_BYTES]);
/* identify_ns.c; so is room for descriptors */
void	identify_ns(const struct ns *, struct nvme_id_ns *);
void	identify_ns_independent(const struct ns *, struct nvme_id_ns_independent *);
void	identify_ns_descs(const struct ns *, uint8_t *to);
/* identify_list.c */
void	identify_ns_list(const struct slot *, void *page);
void	identify_ctrl_list(const struct slot *, void *page);
void	identify_ns_ctrl_list(const struct slot *, void *page);
void	identify_command_sets(const struct slot *, void *page);
uint16_t logpage_prepare(struct slot *);
void	logpage_execute(struct slot *);
/* error_log.c: an entry of log 01h. Returns the status to answer with: M says that there is one,
 * CRD when to try again. From any lane. */
uint16_t ctrl_error(struct controller *, const struct slot *, uint16_t status);
void	ctrl_fault(struct controller *, uint32_t nsid, uint16_t status);	/* of no command; lane 0 */
/* ploc.c: Invalid Field with DNR; which byte and bit of the SQE, for log 01h. */
uint16_t slot_bad_field(struct slot *, unsigned byte, unsigned bit);
/* For an NSID that names no namespace here: inactive, or invalid. NVMe Base 2.0, NSID types. */
uint16_t slot_no_ns(struct slot *);
/* health.c, with error_lock: what a failed command says of a namespace. True: lane 0 has news. */
bool	health_note(struct controller *, const struct slot *, uint16_t status);
void	health_tell(struct controller *);	/* lane 0: the event, if the host wishes for it */
void	health_listen(struct controller *, uint8_t warnings);	/* ... from now on */
void	health_init(struct controller *);
void	health_begin(struct controller *, unsigned file);	/* another namespace has this slot */
void	health_forget(struct controller *, const struct ns *);
/* With error_lock: Critical Warning, of a namespace or else of all. */
uint8_t	health_warning(struct controller *, uint32_t nsid);
/* discovery.c: log 70h; takes fd. A page that cannot be read leaves the last one in place. */
void	ctrl_page(struct controller *, int fd, const struct ipc_page *);
uint32_t feature_effects(const struct controller *, uint8_t fid);	/* as in log 12h */
uint16_t get_features_prepare(struct slot *);
void	get_features_execute(struct slot *);
uint16_t set_features_prepare(struct slot *);
void	set_features_execute(struct slot *);
/* aer.c; all on lane 0 */
enum aer_event {
	AER_EVENT_FAULT,	/* an error of no command: log 01h */
	AER_EVENT_HEALTH,	/* reliability, or media read-only: log 02h */
	AER_EVENT_NS,		/* log 04h */
	AER_EVENT_ANA,		/* log 0Ch */
	AER_EVENT_DISCOVERY,	/* log 70h */
	AER_EVENT_RESERVATION,	/* log 80h */
	AER_EVENT_MAX
};
uint16_t aer_prepare(struct slot *);
void	aer_execute(struct slot *);
uint32_t aer_supported(const struct controller *);	/* OAES, and what Feature 0Bh may set */
void	aer_event(struct controller *, enum aer_event);
bool	aer_is_pending(const struct controller *, enum aer_event);	/* not told yet */
/* Without RAE: its event may come again. whole: from its beginning, so that an event that was not
 * told yet has nothing new to say. */
void	aer_log_read(struct controller *, uint8_t lid, bool whole);
void	aer_reset(struct controller *);	/* Feature 0Bh as it is at first, and no event */
void	aer_drop_all(struct controller *);	/* answered as aborted */
bool	aer_abort(struct controller *, uint16_t cid);

/* ---- abort.c ---- */
uint16_t abort_prepare(struct slot *);
void	abort_execute(struct slot *);
void	abort_over(struct slot *, bool aborted);	/* on the lane of the command that it was for */

/* ---- ana.c: Asymmetric Namespace Access ---- */
bool	ana_is_offered(const struct controller *);
void	ana_identify(const struct controller *, struct nvme_id_ctrl *);
/* As ns_told(): log 0Ch has changed, and the event, if it is one. */
void	ana_told(struct controller *, const struct ns *old, const struct ns *new);

/* ---- ns.c: a namespace: range checks, a descriptor ---- */

/* One lane's share in a namespace; its thread's only. */
struct ns_use {
	_Alignas(64) uint32_t users;	/* commands that have begun and are not answered */
	uint32_t senders;		/* answers that are sent from its memory */
	bool leaving;			/* the lane has a table without this row */
	bool is_finished;		/* ... and said that no user is left */
	struct mail finished, left;
};

/* A row never changes: what is different makes a new one. It stays until nobody uses it. */
struct ns {
	struct ipc_ns id;	/* as the broker told it */
	uint8_t *map;		/* of a RAM disk, map_len bytes; or NULL */
	uint64_t map_len;
	unsigned file;		/* the engine's slot */
	uint8_t lbads;		/* log2 of block size */
	bool was_writable;	/* the row before it was: there may be something to flush */
	struct losses *losses;	/* of the medium */
	struct medium *medium;	/* lane 0's */
	struct news *news;	/* of its end */
	struct ns_use use[];	/* of each lane */
};
/* The kernel says once that what was written earlier is lost, to whoever makes data durable next.
 * All lanes' flushes look here, so that no other one claims success for the same data. */
struct losses {
	uint32_t told;		/* how often the kernel said so */
	bool owed;		/* only a write was told: the next flush has to fail, too */
};
void	ns_op(struct eng_op *, const struct ns *, enum eng_verb);	/* all that the caller fills */
/* A flush of it, and whether it is one: op->error, or EIO for what another one was told. */
void	ns_flush_op(struct eng_op *, const struct ns *);
int	ns_flush_error(struct eng_op *);
void	ns_durable_failed(struct eng_op *);	/* a write with FUA */
bool	ns_has_to_flush(const struct ns *);	/* it is written, or was */
/* Of the flush that makes one command's own writes durable: op->error, which the next Flush has to
 * say, too; or EIO for what another one was told since losses_told. */
int	ns_durable_error(struct eng_op *);
bool	ns_is_possible(const struct ipc_ns *);	/* sizes that can be served */
uint8_t	ns_block_shift(const struct ipc_ns *);
uint16_t ns_reach(const struct ns *);	/* 0, or what every I/O command to it is answered */
/* 0, or NVME_SC_LBA_OUT_OF_RANGE; nlb is 1's based. */
/* Is it not to be written, for whatever reason? */
static inline bool
ns_is_protected(const struct ns *ns)
{
	return ((ns->id.readonly | ns->id.wprotect) != 0);
}
uint16_t ns_check_range(const struct ns *, uint64_t slba, uint64_t nlb);
uint16_t ns_status(enum eng_verb, int error);	/* errno to NVMe status */

/* ---- ns_table.c: which namespaces there are ---- */
/* A table never changes: a new one is told to each lane, the old one goes when all have it. */
struct ns_table {
	uint32_t version;
	uint32_t unreachable;	/* rows whose ANA state forbids I/O */
	bool restricted;		/* a reservation forbids something in some row */
	uint32_t n;
	struct ns_entry { uint32_t nsid; struct ns *ns; } at[];	/* sorted by nsid */
};
extern struct ns_table ns_none;
struct ns *ns_find(const struct ns_table *, uint32_t nsid);
struct ns *ns_after(const struct ns_table *, uint32_t nsid);	/* with the next larger nsid */

/* On lane 0; the other lanes know it before any word that is posted later. ns_add takes fd, and
 * replaces the namespace with this nsid if there is one. 0 or -1, errno; nothing has changed then. */
int	ns_add(struct controller *, const struct ipc_ns *, int fd);
int	ns_change(struct controller *, const struct ipc_ns *);
int	ns_gone(struct controller *, const struct ipc_ns_gone *);
void	ns_free_all(struct controller *);	/* no other lane runs */

/* A command that has begun holds its namespace until it is answered, and what is sent from the
 * namespace's memory holds that. On the lane's thread; after the last call the row may be gone. */
void	ns_settle(struct lane *, struct ns *);

static inline void
ns_pin(struct lane *lane, struct ns *ns)
{
	ns->use[lane->index].users++;
}

static inline void
ns_unpin(struct lane *lane, struct ns *ns)
{
	struct ns_use *use = &ns->use[lane->index];

	if (--use->users == 0 && use->leaving)
		ns_settle(lane, ns);
}

static inline void
ns_pin_memory(struct lane *lane, struct ns *ns)
{
	ns->use[lane->index].senders++;
}

static inline void
ns_unpin_memory(struct lane *lane, struct ns *ns)
{
	struct ns_use *use = &ns->use[lane->index];

	if (--use->senders == 0 && use->leaving)
		ns_settle(lane, ns);
}

/* ---- ns_stat.c: what was read and written, per namespace ---- */
struct lane_stats ctrl_stats(const struct controller *);	/* all that it ever did */
/* Of one namespace since this controller has it; zeros when it has none of this nsid. */
struct lane_stats ns_stats(const struct controller *, uint32_t nsid);
/* On the lane's thread: this slot of the engine gets another namespace, which begins at zero. */
void	ns_stat_retire(struct lane *, unsigned file);

/* One command that was done, of so many bytes; file: as in the operation. */
static inline void
ns_stat_read(struct lane *lane, unsigned file, uint64_t bytes)
{
	stat_add(&lane->ns_stats[file].reads, 1);
	stat_add(&lane->ns_stats[file].read_units, bytes / 512);
}

static inline void
ns_stat_write(struct lane *lane, unsigned file, uint64_t bytes)
{
	stat_add(&lane->ns_stats[file].writes, 1);
	stat_add(&lane->ns_stats[file].write_units, bytes / 512);
}

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
int	ask_reservation(const struct ipc_resv *);	/* 0, or -1: there is no room now */
void	ask_fenced(uint64_t fence);	/* all that began before that change is finished */
/* 0, or -1 when the channel is full. */
int	ask_range_lock(const struct ipc_range *);
int	ask_range_unlock(const struct ipc_range_ref *);
int	ask_range_held(const struct ipc_range_ref *);
int	ask_range_reset_done(void);
void	ask_ctrl(struct controller *);		/* whom QUEUE_ASK and LEAVE are for */

#endif
