/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Making an io_uring, and the two queues that are shared with the kernel. Kernels from 5.10 will
 * do; what later ones have is taken where it is there: one issuer whose work is done when it asks
 * for it (6.1), and a ring that is known by an index, so that no descriptor of it stays (6.3).
 */
#include "config.h"

#include <sys/mman.h>
#include <sys/syscall.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "worker/ring.h"

#ifndef IORING_REGISTER_USE_REGISTERED_RING	/* Linux 6.3 */
#define IORING_REGISTER_USE_REGISTERED_RING (1u << 31)
#endif

#define FILES_MAX 1024u

/* All that this ring can ever do, whoever has taken over the process. On registered files only. */
static struct io_uring_restriction restrictions[] = {
	{ .opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = IORING_OP_READ },
	{ .opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = IORING_OP_WRITE },
	{ .opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = IORING_OP_FSYNC },
	{ .opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = IORING_OP_FALLOCATE },
	{ .opcode = IORING_RESTRICTION_SQE_FLAGS_REQUIRED, .sqe_flags = IOSQE_FIXED_FILE },
	{ .opcode = IORING_RESTRICTION_REGISTER_OP, .register_op = IORING_REGISTER_FILES_UPDATE },
	{ .opcode = IORING_RESTRICTION_REGISTER_OP, .register_op = IORING_UNREGISTER_RING_FDS },
};

/* Best first; a kernel that does not know one says EINVAL. */
static const unsigned setups[] = {
	IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG |
	    IORING_SETUP_SUBMIT_ALL,
	IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SUBMIT_ALL,
	0,
};
#define NSETUPS (sizeof(setups) / sizeof(setups[0]))

/* The kernel looks at the silence of the eventfd after an atomic operation on the flag that says
 * that there is work. Only here is that a barrier, too. */
#ifdef __x86_64__
#define FLAG_IS_BARRIER true
#else
#define FLAG_IS_BARRIER false
#endif

/* ---- the system calls ---- */

static int
do_register(const struct ring *ring, unsigned op, void *arg, unsigned n)
{
	if (ring->registered)
		return ((int)syscall(SYS_io_uring_register, ring->index,
		    op | IORING_REGISTER_USE_REGISTERED_RING, arg, n));
	return ((int)syscall(SYS_io_uring_register, ring->fd, op, arg, n));
}

static int
do_enter(const struct ring *ring, unsigned n, unsigned flags)
{
	if (ring->registered)
		return ((int)syscall(SYS_io_uring_enter, ring->index, n, 0,
		    flags | IORING_ENTER_REGISTERED_RING, NULL, 0));
	return ((int)syscall(SYS_io_uring_enter, ring->fd, n, 0, flags, NULL, 0));
}

/* ---- beginning and end ---- */

static int
set_up(struct ring *ring, const struct ring_params *params, struct io_uring_params *p)
{
	for (size_t i = 0; i < NSETUPS; i++) {
		memset(p, 0, sizeof(*p));
		p->flags = IORING_SETUP_R_DISABLED | IORING_SETUP_CLAMP | IORING_SETUP_CQSIZE |
		    setups[i];
		p->cq_entries = params->cq_entries;
		ring->fd = (int)syscall(SYS_io_uring_setup, params->entries, p);
		if (ring->fd != -1 || errno != EINVAL)
			break;
	}
	if (ring->fd == -1)
		return (-1);
	if ((p->features & IORING_FEAT_SINGLE_MMAP) != 0 && (p->features & IORING_FEAT_NODROP) != 0)
		return (0);
	errno = ENOSYS;
	return (-1);
}

static size_t
queues_len(const struct io_uring_params *p)
{
	size_t sq = p->sq_off.array + p->sq_entries * sizeof(unsigned);
	size_t cq = p->cq_off.cqes + p->cq_entries * sizeof(struct io_uring_cqe);

	return (sq > cq ? sq : cq);
}

static int
map_shared(struct ring *ring, size_t len, off_t what, void **map)
{
	*map = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring->fd, what);
	if (*map != MAP_FAILED)
		return (0);
	*map = NULL;
	return (-1);
}

static void *
at(const struct ring *ring, unsigned offset)
{
	return ((uint8_t *)ring->map + offset);
}

static int
map_queues(struct ring *ring, const struct io_uring_params *p)
{
	unsigned *array;
	void *sqes;

	ring->map_len = queues_len(p);
	if (map_shared(ring, ring->map_len, IORING_OFF_SQ_RING, &ring->map) == -1 ||
	    map_shared(ring, p->sq_entries * sizeof(struct io_uring_sqe), IORING_OFF_SQES,
	    &sqes) == -1)
		return (-1);
	ring->sqes = sqes;
	ring->entries = p->sq_entries;
	ring->cq_entries = p->cq_entries;
	ring->sq_head = at(ring, p->sq_off.head);
	ring->sq_tail = at(ring, p->sq_off.tail);
	ring->sq_flags = at(ring, p->sq_off.flags);
	ring->cq_head = at(ring, p->cq_off.head);
	ring->cq_tail = at(ring, p->cq_off.tail);
	ring->cq_flags = at(ring, p->cq_off.flags);
	ring->cqes = at(ring, p->cq_off.cqes);
	array = at(ring, p->sq_off.array);
	for (unsigned i = 0; i < ring->entries; i++)
		array[i] = i;		/* the place of an entry is its number, for good */
	return (0);
}

/* What the ring is given; all before the restrictions are in force. */
static int
register_all(struct ring *ring, const struct ring_params *params)
{
	uint32_t workers[2] = { params->workers, RING_OTHER_WORKERS };
	int none[FILES_MAX], eventfd = params->eventfd;

	if (params->files > FILES_MAX) {
		errno = EINVAL;
		return (-1);
	}
	memset(none, 0xff, sizeof(none));
	if (do_register(ring, IORING_REGISTER_EVENTFD, &eventfd, 1) == -1 ||
	    do_register(ring, IORING_REGISTER_FILES, none, params->files) == -1 ||
	    do_register(ring, IORING_REGISTER_RESTRICTIONS, restrictions,
	    sizeof(restrictions) / sizeof(restrictions[0])) == -1)
		return (-1);
	/* before 5.15 the kernel's own bound has to do */
	return (do_register(ring, IORING_REGISTER_IOWQ_MAX_WORKERS, workers, 2) == -1 &&
	    errno != EINVAL ? -1 : 0);
}

/* By the index itself, or by the descriptor if only that is known. */
static void
forget_index(const struct ring *ring)
{
	struct io_uring_rsrc_update which = { .offset = ring->index };

	(void)do_register(ring, IORING_UNREGISTER_RING_FDS, &which, 1);
}

/* Enabled by its index, the descriptor can go; else it stays. The thread that enables it is the
 * only one that may ever submit. */
static int
enable(struct ring *ring)
{
	struct io_uring_rsrc_update which = { .offset = UINT32_MAX, .data = (uint64_t)ring->fd };

	if (do_register(ring, IORING_REGISTER_RING_FDS, &which, 1) != 1)
		return (do_register(ring, IORING_REGISTER_ENABLE_RINGS, NULL, 0));
	ring->index = which.offset;
	ring->registered = true;
	if (do_register(ring, IORING_REGISTER_ENABLE_RINGS, NULL, 0) == 0) {
		close(ring->fd);
		ring->fd = -1;
		return (0);
	}
	ring->registered = false;
	forget_index(ring);
	return (do_register(ring, IORING_REGISTER_ENABLE_RINGS, NULL, 0));
}

int
ring_open(struct ring *ring, const struct ring_params *params)
{
	struct io_uring_params p;

	*ring = (struct ring){ .fd = -1 };
	if (set_up(ring, params, &p) == -1 || map_queues(ring, &p) == -1 ||
	    register_all(ring, params) == -1)
		return (-1);
	ring->quiet_allowed = FLAG_IS_BARRIER && (p.flags & IORING_SETUP_DEFER_TASKRUN) != 0;
	ring_set_loud(ring, false);
	return (enable(ring));
}

void
ring_close(struct ring *ring)
{
	int saved = errno;

	if (ring->sqes != NULL)
		munmap(ring->sqes, ring->entries * sizeof(*ring->sqes));
	if (ring->map != NULL)
		munmap(ring->map, ring->map_len);
	if (ring->registered)
		forget_index(ring);
	if (ring->fd != -1)
		close(ring->fd);
	*ring = (struct ring){ .fd = -1 };
	errno = saved;
}

int
ring_file_set(struct ring *ring, unsigned slot, int fd)
{
	struct io_uring_rsrc_update update = { .offset = slot, .data = (uintptr_t)&fd };
	int n = do_register(ring, IORING_REGISTER_FILES_UPDATE, &update, 1);

	if (n == 0)
		errno = EBADF;
	return (n == 1 ? 0 : -1);
}

/* ---- the queues: each has one end that the kernel moves ---- */

struct io_uring_sqe *
ring_sqe(struct ring *ring)
{
	struct io_uring_sqe *sqe = &ring->sqes[ring->sqe_tail & (ring->entries - 1)];

	if (ring_unsubmitted(ring) == ring->entries)
		return (NULL);
	ring->sqe_tail++;
	memset(sqe, 0, sizeof(*sqe));
	return (sqe);
}

unsigned
ring_unsubmitted(const struct ring *ring)
{
	return (ring->sqe_tail - __atomic_load_n(ring->sq_head, __ATOMIC_ACQUIRE));
}

static bool
kernel_has_work(const struct ring *ring)
{
	return ((__atomic_load_n(ring->sq_flags, __ATOMIC_ACQUIRE) &
	    (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) != 0);
}

int
ring_enter(struct ring *ring)
{
	unsigned n = ring_unsubmitted(ring);
	unsigned flags = kernel_has_work(ring) ? IORING_ENTER_GETEVENTS : 0;

	if (n == 0 && flags == 0)
		return (0);
	__atomic_store_n(ring->sq_tail, ring->sqe_tail, __ATOMIC_RELEASE);
	return (do_enter(ring, n, flags) == -1 ? -1 : 0);
}

const struct io_uring_cqe *
ring_cqe(const struct ring *ring)
{
	unsigned head = *ring->cq_head;

	if (head == __atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE))
		return (NULL);
	return (&ring->cqes[head & (ring->cq_entries - 1)]);
}

void
ring_seen(struct ring *ring)
{
	__atomic_store_n(ring->cq_head, *ring->cq_head + 1, __ATOMIC_RELEASE);
}

bool
ring_has_news(const struct ring *ring)
{
	return (ring_cqe(ring) != NULL || kernel_has_work(ring));
}

void
ring_set_loud(struct ring *ring, bool loud)
{
	if (!ring->quiet_allowed)
		return;
	__atomic_store_n(ring->cq_flags, loud ? 0 : IORING_CQ_EVENTFD_DISABLED, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);	/* before ring_has_news() looks */
}
