/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A namespace: what the broker said of it, range checks, operations on it, and what an errno of its
 * device is called in NVMe. Opens nothing, and knows no queue and no command.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "worker/worker.h"

#define LBADS_MIN 9u
#define LBADS_MAX 16u

uint8_t
ns_block_shift(const struct ipc_ns *id)
{
	for (uint8_t i = LBADS_MIN; i <= LBADS_MAX; i++)
		if (id->block_size == 1u << i)
			return (i);
	return (0);
}

bool
ns_is_possible(const struct ipc_ns *id)
{
	uint64_t bytes;

	return (id->nsid != 0 && id->nsid < NVME_NSID_ALL - 1 && id->nlbas != 0 &&
	    ns_block_shift(id) != 0 &&
	    size_mul(id->nlbas, id->block_size, &bytes) && bytes <= INT64_MAX);
}

/* By its ANA state. The host tries another path, so never DNR. */
uint16_t
ns_reach(const struct ns *ns)
{
	switch (ns->id.ana_state) {
	case NVME_ANA_INACCESSIBLE:
		return (NVME_SC_ANA_INACCESSIBLE);
	case NVME_ANA_PERSISTENT_LOSS:
		return (NVME_SC_ANA_PERSISTENT_LOSS);
	case NVME_ANA_CHANGE:
		return (NVME_SC_ANA_TRANSITION);
	default:
		return (0);
	}
}

uint16_t
ns_check_range(const struct ns *ns, uint64_t slba, uint64_t nlb)
{
	if (!range_ok(slba, nlb, ns->id.nlbas))
		return (NVME_SC_LBA_OUT_OF_RANGE | NVME_SC_DNR);
	return (0);
}

/* Member by member: it is done for every command, and what is the engine's is as it left it. */
void
ns_op(struct eng_op *op, const struct ns *ns, enum eng_verb verb)
{
	op->verb = verb;
	op->nsid = ns->id.nsid;
	op->file = ns->file;
	op->fua = op->may_unmap = false;
	op->never_blocks = ns->id.ram != 0;
	op->page_cache = ns->id.direct == 0;
	op->hole = ns->id.can_discard != 0;
	op->zero_range = ns->id.can_zero != 0;
	op->map = ns->map;
	op->map_len = ns->map_len;
	op->losses = ns->losses;
	op->buf = NULL;
	op->offset = op->len = 0;
}

void
ns_flush_op(struct eng_op *op, const struct ns *ns)
{
	ns_op(op, ns, ENG_FLUSH);
	op->losses_told = __atomic_load_n(&op->losses->told, __ATOMIC_ACQUIRE);
}

bool
ns_has_to_flush(const struct ns *ns)
{
	return (!ns->id.readonly || ns->was_writable);
}

/* Another host had the range for too long, or a ring had no thread: the kernel has told nothing by it,
 * and nothing is lost. */
static bool
was_not_done(const struct eng_op *op)
{
	return (op->error == EAGAIN);
}

int
ns_flush_error(struct eng_op *op)
{
	struct losses *l = op->losses;

	if (op->error != 0 && !was_not_done(op)) {
		__atomic_store_n(&l->owed, false, __ATOMIC_RELEASE);
		__atomic_fetch_add(&l->told, 1, __ATOMIC_ACQ_REL);
	} else if (__atomic_load_n(&l->told, __ATOMIC_ACQUIRE) != op->losses_told ||
	    (op->error == 0 && __atomic_exchange_n(&l->owed, false, __ATOMIC_ACQ_REL)))
		return (EIO);
	return (op->error);
}

void
ns_durable_failed(struct eng_op *op)
{
	if (was_not_done(op))
		return;
	__atomic_store_n(&op->losses->owed, true, __ATOMIC_RELEASE);
	__atomic_fetch_add(&op->losses->told, 1, __ATOMIC_ACQ_REL);
}

int
ns_durable_error(struct eng_op *op)
{
	if (op->error != 0)
		ns_durable_failed(op);
	else if (__atomic_load_n(&op->losses->told, __ATOMIC_ACQUIRE) != op->losses_told)
		return (EIO);		/* which the host was told with another command, too */
	return (op->error);
}

/* What does not depend on the direction. */
static const struct { int error; uint16_t status; } errors[] = {
	{ ENOSPC, NVME_SC_CAPACITY_EXCEEDED },
	{ EDQUOT, NVME_SC_CAPACITY_EXCEEDED },
	{ EFBIG, NVME_SC_CAPACITY_EXCEEDED | NVME_SC_DNR },
	{ ENODEV, NVME_SC_NS_NOT_READY },
	{ ENXIO, NVME_SC_NS_NOT_READY },
	{ ENOMEM, NVME_SC_INTERNAL_DEVICE_ERROR },
	{ EAGAIN, NVME_SC_COMMAND_INTERRUPTED },
	{ ETIMEDOUT, NVME_SC_COMMAND_INTERRUPTED },
	{ EBADE, NVME_SC_RESERVATION_CONFLICT | NVME_SC_DNR },	/* the device's own */
	{ EINVAL, NVME_SC_INTERNAL_DEVICE_ERROR | NVME_SC_DNR },
};

/* Is it the descriptor, opened O_RDONLY, that says no? */
static bool
is_read_only(int error)
{
	return (error == EROFS || error == EBADF || error == EPERM || error == EACCES);
}

uint16_t
ns_status(enum eng_verb verb, int error)
{
	/* a hint that the device cannot take is no error */
	if (error == 0 || (verb == ENG_DISCARD && error == EOPNOTSUPP))
		return (0);
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (errors[i].error == error)
			return (errors[i].status);
	if (is_read_only(error) && verb != ENG_READ)
		return (NVME_SC_NS_WRITE_PROTECTED | NVME_SC_DNR);
	if (error == ENODATA || error == EILSEQ)	/* the medium, or its checksums: for good */
		return ((verb == ENG_READ ? NVME_SC_UNRECOVERED_READ_ERROR : NVME_SC_WRITE_FAULT) |
		    NVME_SC_DNR);
	return (verb == ENG_READ ? NVME_SC_UNRECOVERED_READ_ERROR : NVME_SC_WRITE_FAULT);
}
