/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The discovery log (70h) of this host, made by the broker for this host and its local address,
 * given to us as a sealed memory file. When its generation changes, a host that wished for it is
 * told. A host may ask for another form of it (LSP, NVMe Base 2.1): extended entries (ours have no
 * attributes), or only what is reached by the address where it is; what else it asks for is not
 * there, and the page says so (DLPF).
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/nvme_data.h"
#include "worker/worker.h"

#define PAGE_BYTES_MAX (16u << 20)	/* no broker makes a longer one */
#define FORMS (NVMF_DISCOVERY_EXTENDED | NVMF_DISCOVERY_PORT_LOCAL)

static int
read_page(int fd, uint8_t *to, size_t size)
{
	size_t got = 0;

	while (got < size) {
		ssize_t n = pread(fd, to + got, size - got, (off_t)got);

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return (-1);
		got += (size_t)n;
	}
	return (0);
}

void
ctrl_page(struct controller *c, int fd, const struct ipc_page *p)
{
	uint8_t *data = NULL;

	if (p->size > 0 && p->size <= PAGE_BYTES_MAX)
		data = malloc(p->size);
	if (data == NULL || read_page(fd, data, p->size) == -1) {
		free(data);	/* the host keeps the page it has */
		close(fd);
		return;
	}
	close(fd);
	free(c->page.data);
	c->page.data = data;
	c->page.len = p->size;
	if (c->page.generation != 0 && c->page.generation != p->generation)
		aer_event(c, AER_EVENT_DISCOVERY);
	c->page.generation = p->generation;
}

/* ---- its forms ---- */

/* Where the next piece of the page goes, as far as the host asked for it. */
struct cut {
	uint64_t at;			/* of the piece in the page */
	uint64_t from, len;		/* what is asked for */
	uint8_t *to;
};

static void
put(struct cut *cut, const void *piece, size_t size)
{
	uint64_t first = cut->at > cut->from ? cut->at : cut->from;
	uint64_t end = cut->at + size, stop = cut->from + cut->len;

	if (stop < end)
		end = stop;
	if (first < end)
		memcpy(cut->to + (first - cut->from), (const uint8_t *)piece + (first - cut->at),
		    end - first);
	cut->at += size;
}

static const struct nvmf_discovery_entry *
entries(const struct controller *c, size_t *n)
{
	const size_t size = sizeof(struct nvmf_discovery_entry);

	*n = c->page.len / size > 0 ? c->page.len / size - 1 : 0;
	return (*n > 0 ? (const void *)(c->page.data + size) : NULL);
}

/* The first entry is where the host is. A referral is somebody else's, and no port of ours. */
static bool
is_shown(const struct nvmf_discovery_entry *e, const struct nvmf_discovery_entry *here,
    uint8_t form)
{
	return ((form & NVMF_DISCOVERY_PORT_LOCAL) == 0 || e->subtype == NVMF_SUBTYPE_REFERRAL ||
	    memcmp(e->traddr, here->traddr, sizeof(e->traddr)) == 0);
}

static uint64_t
entry_size(uint8_t form)
{
	return (sizeof(struct nvmf_discovery_entry) +
	    (form & NVMF_DISCOVERY_EXTENDED ? sizeof(struct nvmf_discovery_more) : 0));
}

static size_t
count_shown(const struct controller *c, uint8_t form)
{
	size_t n, shown = 0;
	const struct nvmf_discovery_entry *e = entries(c, &n);

	for (size_t i = 0; i < n; i++)
		shown += is_shown(&e[i], e, form);
	return (shown);
}

static uint8_t
form_of(const struct slot *s)
{
	return (log_lsp(s) & FORMS);
}

static uint64_t
measure(struct slot *s)
{
	const struct controller *c = s->qp->ctrl;
	uint8_t form = form_of(s);

	if (c->page.len < sizeof(struct nvmf_discovery_header))
		return (0);
	return (sizeof(struct nvmf_discovery_header) + count_shown(c, form) * entry_size(form));
}

static void
put_header(struct cut *cut, const struct controller *c, uint8_t form)
{
	struct nvmf_discovery_header head;
	size_t shown = count_shown(c, form);

	memcpy(&head, c->page.data, sizeof(head));
	head.numrec = le64(shown);
	head.dlpf = form;
	if (form & NVMF_DISCOVERY_EXTENDED)
		head.tdlpl = le32((uint32_t)(sizeof(head) + shown * entry_size(form)));
	put(cut, &head, sizeof(head));
}

static void
copy(struct slot *s, uint64_t offset, uint8_t *to, size_t len)
{
	const struct controller *c = s->qp->ctrl;
	struct cut cut = { .from = offset, .len = len, .to = to };
	uint8_t form = form_of(s);
	struct nvmf_discovery_more more = { .tel = le32((uint32_t)entry_size(form)) };
	size_t n;
	const struct nvmf_discovery_entry *e = entries(c, &n);

	memset(to, 0, len);
	if (c->page.len < sizeof(struct nvmf_discovery_header))
		return;			/* none yet */
	put_header(&cut, c, form);
	for (size_t i = 0; i < n; i++) {
		if (!is_shown(&e[i], e, form))
			continue;
		put(&cut, &e[i], sizeof(e[i]));
		if (form & NVMF_DISCOVERY_EXTENDED)
			put(&cut, &more, sizeof(more));
	}
}

const struct log log_discovery = {
	.lid = NVME_LID_DISCOVERY, .where = LOG_DISCOVERY, .lidsp = FORMS, .measure = measure,
	.copy = copy,
};
