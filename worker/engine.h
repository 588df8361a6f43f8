/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a lane needs from the kernel: to wait for descriptors, and to read, write, flush, zero and
 * discard without ever stopping. One engine per lane; all calls come from the lane's own thread.
 * Everything that a later filter forbids (threads, rings) is made by engine_new.
 */
#ifndef WORKER_ENGINE_H
#define WORKER_ENGINE_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stdint.h>

#include "common/ipc_payload.h"

enum eng_verb { ENG_READ, ENG_WRITE, ENG_FLUSH, ENG_ZERO, ENG_DISCARD, ENG_VERB_MAX };

/*
 * One operation. Zeroed by the caller before it is filled for the first time; from engine_submit on
 * it is the engine's until done() is called, exactly once, from engine_wait and never from within
 * engine_submit. The buffer and what is in the slot must stay until then. All of it is done or it has an
 * error; what a failed one has moved is not told. Operations in flight have no order among them.
 */
struct eng_op {
	enum eng_verb verb;
	uint32_t nsid;		/* of what is in that slot, for range.c */
	unsigned file;		/* slot of engine_file_set */
	bool fua;		/* write, zero: durable before done() */
	bool never_blocks;	/* RAM: no thread needed, unless it is very long */
	uint8_t *map;		/* mapped memory of map_len bytes: memory.c, no engine; or NULL */
	uint64_t map_len;
	struct losses *losses;	/* ns.c's: of the namespace */
	uint32_t losses_told;	/* ... and how many were known when a flush began */
	bool page_cache;	/* read: may be at hand; false with O_DIRECT, which would wait */
	bool may_unmap;		/* zero: deallocation will do (DEAC) */
	bool hole, zero_range;	/* which fallocate modes the backend has */
	bool held;		/* range.c has it, and no engine */
	void *buf;
	uint64_t offset, len;	/* bytes; flush: not looked at */
	int error;		/* for done(): 0 or an errno; a read past the end is EIO */
	void (*done)(struct eng_op *);
	void *arg;
	TAILQ_ENTRY(eng_op) next;	/* the engine's */
	int fd;				/* the engine's: of the slot */
	uint64_t moved;			/* the engine's: bytes done */
	uint8_t stage, step;		/* the engine's; stage 0: it does not have the operation */
	bool give_up;			/* no further step: engine_give_up() */
};
TAILQ_HEAD(eng_queue, eng_op);

#define ENG_IN	0x1u
#define ENG_OUT	0x2u
#define ENG_ERR	0x4u	/* error or hang-up; always reported, again and again until unwatched */

/* A descriptor that is watched; ready() is called from engine_wait. The caller owns it and keeps it
 * alive until engine_unwatch, which comes before close(); unwatching this or another one inside any
 * ready() or done() is allowed, and none is called after it. A peer's half-close is ENG_IN and a
 * read of 0 bytes; with ENG_IN and ENG_ERR together there may still be something to read. */
struct eng_watch {
	int fd;
	unsigned events;	/* ENG_IN, ENG_OUT: level-triggered */
	void (*ready)(struct eng_watch *, unsigned events);
	void *arg;
};

struct engine;

#define ENGINE_FILES	(2 * IPC_MAX_NS)	/* slots: each namespace, and one on its way out */

struct engine_params {
	enum engine_kind kind;	/* AUTO: a ring where the kernel permits one, else threads */
	unsigned threads;	/* size of the pool; without any, all is carried out in the lane.
				 * With a ring: how many the kernel may take for what would wait */
};

/* Called by the thread that will use it. Returns NULL with errno. All threads run when it returns,
 * with every signal blocked. */
struct engine *engine_new(const struct engine_params *);
void	engine_free(struct engine *);	/* nothing may be in flight; NULL is allowed */

enum engine_kind engine_kind(const struct engine *);	/* what it became: never AUTO */
int	engine_why(const struct engine *);	/* AUTO and no ring: the errno that says why; else 0 */
/* For the filter and the limits to come: is a ring's descriptor still there (before Linux 6.3), and
 * how many threads may the kernel start for it? */
bool	engine_has_ring_fd(const struct engine *);
unsigned engine_kernel_threads(const struct engine *);

/* Puts fd, or nothing (-1), into a slot below ENGINE_FILES that no operation in flight names. fd
 * stays the caller's; it may be closed at once unless engine_needs_fd(). Returns 0, or -1 and errno. */
int	engine_file_set(struct engine *, unsigned slot, int fd);
bool	engine_needs_fd(const struct engine *);

/* Takes op. Never fails and never blocks: an error is told through done(). */
void	engine_submit(struct engine *, struct eng_op *op);

/* True when op had not started: done() will not be called and op is the caller's again. */
bool	engine_cancel(struct engine *, struct eng_op *op);
/* What is done in steps (zeros, one slice after the other) ends with ECANCELED behind the one that it is
 * at. With the last one it ends as ever. */
void	engine_give_up(struct eng_op *op);
unsigned engine_in_flight(const struct engine *);
/* Submitted, and not carried out within that call: done() will come. */
static inline bool
engine_has(const struct eng_op *op)
{
	return (__atomic_load_n(&op->stage, __ATOMIC_RELAXED) != 0);
}

int	engine_watch(struct engine *, struct eng_watch *);	/* 0, or -1 with errno */
int	engine_rewatch(struct engine *, struct eng_watch *);	/* events changed */
void	engine_unwatch(struct engine *, struct eng_watch *);

/* From any thread: ends this engine_wait, or the next one if there is none now. */
void	engine_wake(struct engine *);

/* Waits up to timeout_ms (-1: for ever), calls what is ready and what is done; not to be called
 * from any of these. Returns how many were called, or -1 with errno (EINTR included as 0). */
int	engine_wait(struct engine *, int timeout_ms);

#endif
