/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine with a ring: operations wait here, in order, until the lane has heard all its sockets,
 * and go to the kernel in one system call; what it can answer at once is answered in the same turn.
 * An operation goes as file.c does it, one step after the other. Nothing is allocated, and there
 * are never more operations with the kernel than completions have room.
 */
#include "config.h"

#include <sys/mman.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "worker/engine_impl.h"
#include "worker/ring.h"

#define SQ_ENTRIES	128u
#define CQ_ENTRIES	512u

/* A host whose commands are all answered at once must not keep the lane from its other sockets. */
#define ROUNDS		4

/* Older kernels count a ring's threads for each memory node apart. */
#define NODES		8u

/* What one read or write may carry: the kernel's own bound. */
#define MOVE_MAX	0x7ffff000u

#ifndef RWF_DSYNC
#define RWF_DSYNC 0x2
#endif

enum stage { STAGE_CALLERS, STAGE_WAITS, STAGE_BEGUN };

enum step { STEP_MOVE, STEP_HOLE, STEP_RANGE, STEP_FLUSH, STEP_NONE };

struct uring {
	struct engine engine;
	struct ring ring;
	struct eng_queue todo;		/* not with the kernel; those that have begun, too */
	struct eng_queue here;		/* complete without the kernel, done() not called yet */
	unsigned away;			/* with the kernel */
	bool refused;			/* the kernel had no memory for all of the last batch */
	void *zeros;			/* ENGINE_ZERO_SLICE; read-only: no other bytes can ever get
					 * on a disk by it */
};

/* ---- an operation: its steps ---- */

static bool
range_is_possible(const struct eng_op *op)
{
	uint64_t end;

	return (!__builtin_add_overflow(op->offset, op->len, &end) && end <= INT64_MAX);
}

static enum step
zeroing_step(const struct eng_op *op, bool may_unmap)
{
	if (op->hole && may_unmap)
		return (STEP_HOLE);
	return (op->zero_range ? STEP_RANGE : STEP_MOVE);
}

/* STEP_NONE: nothing is to be done, op->error says why. */
static enum step
first_step(struct eng_op *op)
{
	if (op->verb == ENG_FLUSH)
		return (STEP_FLUSH);
	if (!range_is_possible(op))
		op->error = EINVAL;
	if (op->error != 0 || op->len == 0 || (op->verb == ENG_DISCARD && !op->hole))
		return (STEP_NONE);
	if (op->verb == ENG_DISCARD)
		return (STEP_HOLE);
	return (op->verb == ENG_ZERO ? zeroing_step(op, op->may_unmap) : STEP_MOVE);
}

/* The fallocate mode is not there: what will do instead. Deallocation is only advice. */
static enum step
other_step(const struct eng_op *op)
{
	if (op->verb == ENG_DISCARD)
		return (STEP_NONE);
	return (op->step == STEP_HOLE ? zeroing_step(op, false) : STEP_MOVE);
}

static enum step
step_after_move(struct eng_op *op, int moved)
{
	if (moved == 0)
		op->error = EIO;	/* the device is shorter than it was */
	op->moved += (uint64_t)moved;
	return (moved == 0 || op->moved >= op->len ? STEP_NONE : STEP_MOVE);
}

/* What comes after a step that the kernel has answered with result. Sets op->error. */
static enum step
next_step(struct eng_op *op, int result)
{
	enum step next = STEP_NONE;

	if (result == -EINTR)
		return (op->step);
	if (result == -EOPNOTSUPP && (op->step == STEP_HOLE || op->step == STEP_RANGE))
		return (other_step(op));
	if (result < 0)		/* ECANCELED: there was no thread for it; that will pass */
		op->error = result == -ECANCELED ? EAGAIN : -result;
	else if (op->step == STEP_MOVE)
		next = step_after_move(op, result);
	/* Once at the end, not with every slice. */
	if (next == STEP_NONE && op->error == 0 && op->verb == ENG_ZERO && op->fua &&
	    op->step != STEP_FLUSH)
		next = STEP_FLUSH;
	return (next);
}

static void
fill_move(const struct uring *u, const struct eng_op *op, struct io_uring_sqe *sqe)
{
	uint64_t left = op->len - op->moved;
	uint64_t max = op->verb == ENG_ZERO ? ENGINE_ZERO_SLICE : MOVE_MAX;

	sqe->opcode = op->verb == ENG_READ ? IORING_OP_READ : IORING_OP_WRITE;
	sqe->off = op->offset + op->moved;
	sqe->len = (uint32_t)(left < max ? left : max);
	if (op->verb == ENG_ZERO)	/* which has no buffer */
		sqe->addr = (uintptr_t)u->zeros;
	else
		sqe->addr = (uintptr_t)op->buf + op->moved;
	if (op->verb == ENG_WRITE && op->fua)
		sqe->rw_flags = RWF_DSYNC;
}

static void
fill_range(const struct eng_op *op, struct io_uring_sqe *sqe)
{
	sqe->opcode = IORING_OP_FALLOCATE;
	sqe->off = op->offset;
	sqe->addr = op->len;
	sqe->len = FALLOC_FL_KEEP_SIZE |
	    (op->step == STEP_HOLE ? FALLOC_FL_PUNCH_HOLE : FALLOC_FL_ZERO_RANGE);
}

static void
fill(const struct uring *u, const struct eng_op *op, struct io_uring_sqe *sqe)
{
	sqe->fd = (int)op->file;
	sqe->flags = IOSQE_FIXED_FILE;
	sqe->user_data = (uintptr_t)op;
	if (op->step == STEP_FLUSH) {
		sqe->opcode = IORING_OP_FSYNC;
		sqe->fsync_flags = IORING_FSYNC_DATASYNC;
	} else if (op->step == STEP_MOVE)
		fill_move(u, op, sqe);
	else
		fill_range(op, sqe);
}

/* ---- to the kernel and back ---- */

static bool
has_room(const struct uring *u)
{
	return (u->away < u->ring.cq_entries);
}

static void
fill_all(struct uring *u)
{
	struct io_uring_sqe *sqe;
	struct eng_op *op;

	while ((op = TAILQ_FIRST(&u->todo)) != NULL && has_room(u) &&
	    (sqe = ring_sqe(&u->ring)) != NULL) {
		TAILQ_REMOVE(&u->todo, op, next);
		op->stage = STAGE_BEGUN;
		fill(u, op, sqe);
		u->away++;
	}
}

/* Nothing that the kernel may do when it is short of something is our error. */
static bool
will_pass(int error)
{
	return (error == EAGAIN || error == EBUSY || error == ENOMEM || error == EINTR);
}

static int
submit_all(struct uring *u)
{
	u->refused = false;
	do {
		fill_all(u);
		if (ring_enter(&u->ring) == -1 && !will_pass(errno))
			return (-1);
		u->refused = ring_unsubmitted(&u->ring) > 0;
	} while (!u->refused && !TAILQ_EMPTY(&u->todo) && has_room(u));
	return (0);
}

static void
call_done(struct uring *u, struct eng_op *op)
{
	op->stage = STAGE_CALLERS;
	u->engine.in_flight--;
	op->done(op);
}

/* Takes what is complete now, not what comes meanwhile. Returns how many done() were called. */
static int
reap(struct uring *u)
{
	const struct io_uring_cqe *cqe;
	struct eng_op *op;
	int calls = 0, result;

	for (unsigned n = u->away; n > 0 && (cqe = ring_cqe(&u->ring)) != NULL; n--) {
		op = (struct eng_op *)(uintptr_t)cqe->user_data;
		result = cqe->res;
		ring_seen(&u->ring);
		u->away--;
		if ((op->step = (uint8_t)next_step(op, result)) != STEP_NONE) {
			if (!op->give_up) {
				TAILQ_INSERT_TAIL(&u->todo, op, next);
				continue;
			}
			op->error = ECANCELED;
		}
		call_done(u, op);
		calls++;
	}
	return (calls);
}

/* What done() submits is for the next turn. */
static int
reap_here(struct uring *u)
{
	struct eng_queue due = TAILQ_HEAD_INITIALIZER(due);
	struct eng_op *op;
	int calls = 0;

	TAILQ_CONCAT(&due, &u->here, next);
	while ((op = TAILQ_FIRST(&due)) != NULL) {
		TAILQ_REMOVE(&due, op, next);
		call_done(u, op);
		calls++;
	}
	return (calls);
}

/* ---- the kind ---- */

static int
uring_file_set(struct engine *engine, unsigned slot, int fd)
{
	return (ring_file_set(&((struct uring *)engine)->ring, slot, fd));
}

static void
uring_submit(struct engine *engine, struct eng_op *op)
{
	struct uring *u = (struct uring *)engine;

	assert(op->stage == STAGE_CALLERS && op->file < ENGINE_FILES);
	op->step = (uint8_t)first_step(op);
	op->stage = op->step == STEP_NONE ? STAGE_BEGUN : STAGE_WAITS;
	TAILQ_INSERT_TAIL(op->step == STEP_NONE ? &u->here : &u->todo, op, next);
}

static bool
uring_cancel(struct engine *engine, struct eng_op *op)
{
	if (op->stage != STAGE_WAITS)
		return (false);
	TAILQ_REMOVE(&((struct uring *)engine)->todo, op, next);
	op->stage = STAGE_CALLERS;
	return (true);
}

/* Loud before it is looked at: what becomes complete after the look wakes the lane. */
static bool
is_quiet(struct uring *u)
{
	if (u->away == 0)
		return (true);
	ring_set_loud(&u->ring, true);
	return (!ring_has_news(&u->ring));
}

static int
uring_may_sleep(struct engine *engine, int timeout_ms)
{
	struct uring *u = (struct uring *)engine;
	bool waits = ring_unsubmitted(&u->ring) > 0 || (!TAILQ_EMPTY(&u->todo) && has_room(u));

	if (!TAILQ_EMPTY(&u->here) || (waits && !u->refused) || !is_quiet(u))
		return (0);
	return (waits ? 1 : timeout_ms);	/* no memory: try again, but not all the time */
}

static void
uring_awake(struct engine *engine)
{
	ring_set_loud(&((struct uring *)engine)->ring, false);
}

static int
uring_run(struct engine *engine)
{
	struct uring *u = (struct uring *)engine;
	unsigned before;
	int calls = reap_here(u);

	for (int round = 0; round < ROUNDS; round++) {
		if (submit_all(u) == -1)
			return (-1);
		before = u->away;
		calls += reap(u);
		if (u->away == before)
			break;
		/* one call takes some twenty completions from the kernel's list, not all */
		if (TAILQ_EMPTY(&u->todo) && !ring_has_news(&u->ring))
			break;
	}
	return (calls);
}

static void
uring_free(struct engine *engine)
{
	struct uring *u = (struct uring *)engine;
	int saved = errno;

	ring_close(&u->ring);
	if (u->zeros != NULL)
		munmap(u->zeros, ENGINE_ZERO_SLICE);
	wait_free(u->engine.wait);
	free(u);
	errno = saved;
}

static const struct engine_type uring_type = {
	.kind = ENGINE_URING,
	.needs_fd = false,
	.free = uring_free,
	.file_set = uring_file_set,
	.submit = uring_submit,
	.cancel = uring_cancel,
	.may_sleep = uring_may_sleep,
	.awake = uring_awake,
	.run = uring_run,
};

static int
make(struct uring *u, unsigned workers)
{
	struct ring_params params = { .entries = SQ_ENTRIES, .cq_entries = CQ_ENTRIES,
	    .files = ENGINE_FILES, .workers = workers > 0 ? workers : 1 };

	if ((u->engine.wait = wait_new()) == NULL)
		return (-1);
	u->zeros = mmap(NULL, ENGINE_ZERO_SLICE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (u->zeros == MAP_FAILED) {
		u->zeros = NULL;
		return (-1);
	}
	params.eventfd = wait_eventfd(u->engine.wait);
	if (ring_open(&u->ring, &params) == -1)
		return (-1);
	u->engine.has_ring_fd = !u->ring.registered;
	u->engine.kernel_threads = NODES * (params.workers + RING_OTHER_WORKERS);
	return (0);
}

struct engine *
engine_uring_new(const struct engine_params *params)
{
	struct uring *u = calloc(1, sizeof(*u));

	if (u == NULL)
		return (NULL);
	u->engine.type = &uring_type;
	u->ring.fd = -1;
	TAILQ_INIT(&u->todo);
	TAILQ_INIT(&u->here);
	if (make(u, params->threads) == -1) {
		uring_free(&u->engine);
		return (NULL);
	}
	return (&u->engine);
}
