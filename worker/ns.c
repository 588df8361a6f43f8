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

struct ns_table ns_none;

static int
ns_check(struct ns_table *table, const struct ipc_ns *id)
{
	uint64_t bytes;

	if (id->nsid == 0 || id->nsid >= NVME_NSID_ALL - 1 || id->nlbas == 0 ||
	    block_shift(id->block_size) == 0)
		return (EINVAL);
	if (!size_mul(id->nlbas, id->block_size, &bytes) || bytes > INT64_MAX)
		return (EOVERFLOW);
	if (ns_find(table, id->nsid) != NULL)
		return (EEXIST);
	return (table->n == IPC_MAX_NS ? ENOSPC : 0);
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

/* The old table with one more row, or NULL. */
static struct ns_table *
with_one_more(const struct ns_table *old, const struct ns *ns)
{
	struct ns_table *t = malloc(sizeof(*t) + (old->n + 1) * sizeof(t->ns[0]));
	uint32_t at = 0;

	if (t == NULL)
		return (NULL);
	while (at < old->n && old->ns[at].id.nsid < ns->id.nsid)
		at++;
	memcpy(t->ns, old->ns, at * sizeof(t->ns[0]));
	t->ns[at] = *ns;
	memcpy(t->ns + at + 1, old->ns + at, (old->n - at) * sizeof(t->ns[0]));
	t->n = old->n + 1;
	return (t);
}

/* ---- telling the other lanes ---- */

/* A new table on its way. Its descriptor goes into each engine before the table is used there. */
struct news {
	struct controller *ctrl;
	struct ns_table *table, *old;
	struct ns *ns;			/* the new row */
	unsigned away;
	struct word { struct mail mail; struct news *news; struct lane *lane; } words[LANES_MAX];
};

/* Later tables, made meanwhile, have a copy of the row: lane 0's has the one that counts. */
static void
news_done(struct news *news)
{
	struct lane *lane = news->ctrl->lane;
	struct ns *ns = ns_find(lane->ns, news->ns->id.nsid);

	if (!engine_needs_fd(lane->engine)) {
		close(ns->fd);
		ns->fd = -1;
	}
	if (news->old != &ns_none)
		free(news->old);
	free(news);
}

static void
word_back(struct mail *m)
{
	struct news *news = ((struct word *)m->arg)->news;

	if (--news->away == 0)
		news_done(news);
}

static void
word_there(struct mail *m)
{
	struct word *word = m->arg;
	struct news *news = word->news;

	/* where it cannot be had, I/O of this lane to it fails with EBADF */
	(void)engine_file_set(word->lane->engine, news->ns->file, news->ns->fd);
	word->lane->ns = news->table;
	m->deliver = word_back;
	mail_post(word->lane, news->ctrl->lane, m);
}

static void
tell_all(struct news *news)
{
	struct lane *lane0 = news->ctrl->lane;

	news->away = 1;
	for (unsigned i = 1; i < lane0->nlanes; i++) {
		struct word *word = &news->words[i];

		*word = (struct word){ .mail = { .deliver = word_there, .arg = word },
		    .news = news, .lane = &lane0->all[i] };
		news->away++;
		mail_post(lane0, word->lane, &word->mail);
	}
	if (--news->away == 0)
		news_done(news);
}

int
ns_add(struct controller *c, const struct ipc_ns *id, int fd)
{
	struct lane *lane = c->lane;
	struct ns_table *old = lane->ns, *table = NULL;
	struct ns ns = { .id = *id, .fd = fd, .file = old->n };
	struct news *news = NULL;
	int error = ns_check(old, id);

	if (error != 0)
		goto fail;
	ns.lbads = block_shift(id->block_size);
	map_ram(&ns, fd);
	if ((news = calloc(1, sizeof(*news))) == NULL ||
	    (ns.losses = calloc(1, sizeof(*ns.losses))) == NULL ||
	    (table = with_one_more(old, &ns)) == NULL ||
	    engine_file_set(lane->engine, ns.file, fd) == -1) {
		error = errno;
		goto fail;
	}
	lane->ns = table;
	*news = (struct news){ .ctrl = c, .table = table, .old = old,
	    .ns = ns_find(table, id->nsid) };
	tell_all(news);
	return (0);
 fail:
	if (ns.map != NULL)
		munmap(ns.map, ns.map_len);
	free(table);
	free(news);
	free(ns.losses);
	close(fd);
	errno = error;
	return (-1);
}

void
ns_free_all(struct controller *c)
{
	struct ns_table *table = c->lane->ns;

	for (uint32_t i = 0; i < table->n; i++) {
		if (table->ns[i].map != NULL)
			munmap(table->ns[i].map, table->ns[i].map_len);
		if (table->ns[i].fd != -1)
			close(table->ns[i].fd);
		free(table->ns[i].losses);
	}
	if (table != &ns_none)
		free(table);
	c->lane->ns = &ns_none;
}

struct ns *
ns_after(struct ns_table *table, uint32_t nsid)
{
	uint32_t low = 0, high = table->n;

	while (low < high) {
		uint32_t mid = (low + high) / 2;

		if (table->ns[mid].id.nsid <= nsid)
			low = mid + 1;
		else
			high = mid;
	}
	return (low < table->n ? &table->ns[low] : NULL);
}

struct ns *
ns_find(struct ns_table *table, uint32_t nsid)
{
	struct ns *ns = nsid == 0 ? NULL : ns_after(table, nsid - 1);

	return (ns != NULL && ns->id.nsid == nsid ? ns : NULL);
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

int
ns_flush_error(struct eng_op *op)
{
	struct losses *l = op->losses;

	if (op->error != 0) {
		__atomic_store_n(&l->owed, false, __ATOMIC_RELEASE);
		__atomic_fetch_add(&l->told, 1, __ATOMIC_ACQ_REL);
	} else if (__atomic_load_n(&l->told, __ATOMIC_ACQUIRE) != op->losses_told ||
	    __atomic_exchange_n(&l->owed, false, __ATOMIC_ACQ_REL))
		return (EIO);
	return (op->error);
}

void
ns_durable_failed(struct eng_op *op)
{
	__atomic_store_n(&op->losses->owed, true, __ATOMIC_RELEASE);
	__atomic_fetch_add(&op->losses->told, 1, __ATOMIC_ACQ_REL);
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
