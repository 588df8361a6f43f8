/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One operation on a descriptor, carried out by the calling thread: short transfers are continued,
 * interrupted calls are made again, and what the backend cannot do is done in another way. Keeps no
 * state but op->moved, so any number of threads may be in here.
 */
#include "config.h"

#include <errno.h>

#include "worker/engine_impl.h"

/* The pieces of a slice of zeros are all the same memory: aligned for direct I/O, and read-only, so
 * that no other bytes can ever get on a disk by it. */
#define ZERO_PIECE	16384u
#define ZERO_PIECES	(ENGINE_ZERO_SLICE / ZERO_PIECE)

static const _Alignas(4096) uint8_t zero_piece[ZERO_PIECE];

static ssize_t
write_zero_slice(const struct eng_op *op)
{
	struct iovec iov[ZERO_PIECES];
	uint64_t left = op->len - op->moved;
	unsigned n;

	for (n = 0; n < ZERO_PIECES && left > 0; n++) {
		iov[n].iov_base = (void *)(uintptr_t)zero_piece;
		iov[n].iov_len = left < ZERO_PIECE ? (size_t)left : ZERO_PIECE;
		left -= iov[n].iov_len;
	}
	return (file_sys_write(op->fd, iov, (int)n, (off_t)(op->offset + op->moved), false));
}

static ssize_t
move_some(const struct eng_op *op, bool now)
{
	off_t at = (off_t)(op->offset + op->moved);
	struct iovec iov;

	if (op->verb == ENG_ZERO)	/* which has no buffer */
		return (write_zero_slice(op));
	iov.iov_base = (uint8_t *)op->buf + op->moved;
	iov.iov_len = (size_t)(op->len - op->moved);
	if (op->verb == ENG_WRITE)
		return (file_sys_write(op->fd, &iov, 1, at, op->fua));
	return (file_sys_read(op->fd, &iov, 1, at, now));
}

/* Returns 0 when all has been moved, or an errno with op->moved saying how far it came. */
static int
move_all(struct eng_op *op, bool now)
{
	ssize_t n;

	while (op->moved < op->len) {
		if (__atomic_load_n(&op->give_up, __ATOMIC_RELAXED))
			return (ECANCELED);
		n = move_some(op, now);
		if (n > 0)
			op->moved += (uint64_t)n;
		else if (n == 0)
			return (EIO);	/* the device is shorter than it was */
		else if (errno != EINTR)
			return (errno);
	}
	return (0);
}

static int
transfer(struct eng_op *op)
{
	return (move_all(op, false));
}

static int
flush(struct eng_op *op)
{
	while (file_sys_sync(op->fd) == -1)
		if (errno != EINTR)
			return (errno);
	return (0);
}

static int
whole_range(const struct eng_op *op, int (*how)(int, off_t, off_t))
{
	while (how(op->fd, (off_t)op->offset, (off_t)op->len) == -1)
		if (errno != EINTR)
			return (errno);
	return (0);
}

static int
zero(struct eng_op *op)
{
	int error = EOPNOTSUPP;

	if (op->hole && op->may_unmap)
		error = whole_range(op, file_sys_punch_hole);
	if (error == EOPNOTSUPP && op->zero_range)
		error = whole_range(op, file_sys_zero_range);
	if (error == EOPNOTSUPP)
		error = move_all(op, false);
	/* Once at the end, not with every slice. */
	if (error == 0 && op->fua)
		error = flush(op);
	return (error);
}

/* Deallocation is advice: where it cannot be taken nothing is wrong. */
static int
discard(struct eng_op *op)
{
	int error = op->hole ? whole_range(op, file_sys_punch_hole) : 0;

	return (error == EOPNOTSUPP ? 0 : error);
}

static int (*const carry_out[])(struct eng_op *) = {
	[ENG_READ] = transfer,
	[ENG_WRITE] = transfer,
	[ENG_FLUSH] = flush,
	[ENG_ZERO] = zero,
	[ENG_DISCARD] = discard,
};
_Static_assert(sizeof(carry_out) / sizeof(carry_out[0]) == ENG_VERB_MAX, "a row per verb");

/* No offset may become negative on its way: -1 means "where the descriptor stands". */
static bool
range_is_possible(const struct eng_op *op)
{
	uint64_t end;

	return (!__builtin_add_overflow(op->offset, op->len, &end) && end <= INT64_MAX);
}

bool
file_try(struct eng_op *op)
{
	if (op->verb != ENG_READ || !range_is_possible(op))
		return (false);
	/* Whatever went wrong, the thread that comes next will see it again and say so. */
	return (move_all(op, true) == 0);
}

void
file_do(struct eng_op *op)
{
	if (op->verb == ENG_FLUSH)
		op->error = flush(op);
	else if (!range_is_possible(op))
		op->error = EINVAL;
	else
		op->error = op->len == 0 ? 0 : carry_out[op->verb](op);
}
