/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Namespaces of a controller: what the broker said of each, its descriptor, range checks, and what
 * an errno of its device is called in NVMe. Opens nothing, and knows no queue and no command.
 */
#include "config.h"

#include <sys/mman.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "worker/worker.h"

#define LBADS_MIN 9u
#define LBADS_MAX 16u

/* log2 of a block size that we can serve, or 0. */
static uint8_t
block_shift(uint32_t size)
{
	for (uint8_t i = LBADS_MIN; i <= LBADS_MAX; i++)
		if (size == 1u << i)
			return (i);
	return (0);
}

static int
ns_check(const struct controller *c, const struct ipc_ns *id)
{
	uint64_t bytes;

	if (id->nsid == 0 || id->nsid >= NVME_NSID_ALL - 1 || id->nlbas == 0 ||
	    block_shift(id->block_size) == 0)
		return (EINVAL);
	if (!size_mul(id->nlbas, id->block_size, &bytes) || bytes > INT64_MAX)
		return (EOVERFLOW);
	if (ns_find(c, id->nsid) != NULL)
		return (EEXIST);
	return (c->nns == IPC_MAX_NS ? ENOSPC : 0);
}

static int
drop(int fd, int error)
{
	close(fd);
	errno = error;
	return (-1);
}

/* A RAM disk is sealed against shrinking, so what is mapped stays. Where it cannot be mapped it is
 * a file like any other. */
static void
map_ram(struct ns *ns, int fd)
{
	uint64_t len = ns->id.nlbas << ns->lbads;
	void *map;

	if (!ns->id.ram || len > SIZE_MAX)
		return;
	map = mmap(NULL, len, PROT_READ | (ns->id.readonly ? 0 : PROT_WRITE), MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return;
	ns->map = map;
	ns->map_len = len;
}

int
ns_add(struct controller *c, const struct ipc_ns *id, int fd)
{
	int error = ns_check(c, id);
	uint32_t at = 0;

	if (error == 0 && c->ns == NULL) {
		c->ns = calloc(IPC_MAX_NS, sizeof(*c->ns));	/* grows no more: no mremap here */
		if (c->ns == NULL)
			error = ENOMEM;
	}
	if (error != 0)
		return (drop(fd, error));
	if (engine_file_set(c->lane->engine, c->nns, fd) == -1)
		return (drop(fd, errno));
	while (at < c->nns && c->ns[at].id.nsid < id->nsid)
		at++;
	memmove(&c->ns[at + 1], &c->ns[at], (c->nns - at) * sizeof(*c->ns));
	c->ns[at] = (struct ns){ .id = *id, .fd = fd, .file = c->nns,
	    .lbads = block_shift(id->block_size) };
	map_ram(&c->ns[at], fd);
	c->nns++;
	if (!engine_needs_fd(c->lane->engine)) {
		close(fd);
		c->ns[at].fd = -1;
	}
	return (0);
}

void
ns_free_all(struct controller *c)
{
	for (uint32_t i = 0; i < c->nns; i++) {
		if (c->ns[i].map != NULL)
			munmap(c->ns[i].map, c->ns[i].map_len);
		if (c->ns[i].fd != -1)
			close(c->ns[i].fd);
	}
	free(c->ns);
}

struct ns *
ns_after(const struct controller *c, uint32_t nsid)
{
	for (uint32_t i = 0; i < c->nns; i++)
		if (c->ns[i].id.nsid > nsid)
			return (&c->ns[i]);
	return (NULL);
}

struct ns *
ns_find(const struct controller *c, uint32_t nsid)
{
	struct ns *ns = nsid == 0 ? NULL : ns_after(c, nsid - 1);

	return (ns != NULL && ns->id.nsid == nsid ? ns : NULL);
}

uint16_t
ns_check_range(const struct ns *ns, uint64_t slba, uint64_t nlb)
{
	if (!range_ok(slba, nlb, ns->id.nlbas))
		return (NVME_SC_LBA_OUT_OF_RANGE | NVME_SC_DNR);
	return (0);
}

struct eng_op
ns_op(const struct ns *ns, enum eng_verb verb)
{
	return ((struct eng_op){
		.verb = verb, .file = ns->file, .never_blocks = ns->id.ram != 0,
		.page_cache = ns->id.direct == 0,
		.map = ns->map, .map_len = ns->map_len,
		.hole = ns->id.can_discard != 0, .zero_range = ns->id.can_zero != 0,
	});
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
ns_status(const struct ns *ns, enum eng_verb verb, int error)
{
	(void)ns;
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
