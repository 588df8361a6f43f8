/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A lane: one thread with its engine, timers and buffers. A turn of it is: wait, do what is ready,
 * let those go on who waited for a buffer, send.
 */
#ifndef WORKER_LANE_H
#define WORKER_LANE_H

#include <sys/queue.h>

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ipc_payload.h"
#include "worker/conn.h"
#include "worker/engine.h"
#include "worker/mail.h"
#include "worker/memory.h"
#include "worker/pool.h"
#include "worker/range.h"
#include "worker/timer.h"

struct ns_table;
struct pairs;
struct qpair;
struct slot;

/* Counters have one writer, their lane, and are read by lane 0: stat_add, stat_get. */
struct lane_stats {
	uint64_t reads, writes, read_units, write_units;	/* units of 512 bytes */
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
		uint32_t wait_ms;
		struct timer timer;
	} held;
	struct eng_op *through;		/* of the fused pair that has its range; or NULL */
	struct pairs *pairs;		/* nvm_fused.c; NULL until there is the first one */
	struct range_desk desk;		/* lane 0's only */
};

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

#endif
