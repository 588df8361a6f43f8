/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The discovery log of this host, made by the broker for this host and its local address, given to
 * us as a sealed memory file. Nothing in it is looked at here; when its generation changes, a host
 * that wished for it is told.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "worker/worker.h"

#define PAGE_BYTES_MAX (16u << 20)	/* no broker makes a longer one */

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

static const uint8_t *
view(struct slot *s, uint64_t *size)
{
	*size = s->qp->ctrl->page.len;
	return (s->qp->ctrl->page.data);
}

const struct log log_discovery = {
	.lid = NVME_LID_DISCOVERY, .where = LOG_DISCOVERY, .view = view,
};
