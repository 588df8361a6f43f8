/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A controller, with its queues as lane 0 sees them. All of it is lane 0's, but for what says that
 * it is not.
 */
#ifndef WORKER_CONTROLLER_H
#define WORKER_CONTROLLER_H

#include <sys/queue.h>

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ipc_payload.h"
#include "common/nvme.h"
#include "worker/conn.h"
#include "worker/engine.h"
#include "worker/feature.h"
#include "worker/logpage.h"
#include "worker/mail.h"
#include "worker/qpair.h"
#include "worker/reservation.h"
#include "worker/timer.h"

struct lane;
struct news;
struct ns;
struct slot;

#define ADMIN_ICD	8192u	/* in-capsule data of the admin queue, bytes (NVMe/TCP) */
#define ADMIN_SQSIZE	4096u	/* largest admin queue we grant, entries */
#define MAX_AER		4u
#define MAX_ABORTS	4u	/* at a time (ACL) */
#define ERROR_ENTRIES	64u	/* of log 01h */
#define KAS_MS		1000u	/* granularity of the keep alive timer */
#define DISCOVERY_IDLE_MS 120000u	/* a discovery controller without a timer ends after that */
#define CTRL_VS		NVME_VS(2, 0, 0)
#define CTRL_TO_500MS	30u	/* CAP.TO: enabling and disabling take no longer */

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
	bool shutdown_wanted;		/* since the last reset was asked for */
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

/* ---- controller.c: a controller's life, its queues, keep alive ---- */
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

#endif
