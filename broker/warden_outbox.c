/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a broker has not read yet, in order. A takeover of a thousand workers is some thousand
 * messages: more than a socket takes at once, so the rest waits here for POLLOUT.
 */
#include "config.h"

#include <sys/queue.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/warden.h"

#define RETRY_MS 20

struct outgoing {
	STAILQ_ENTRY(outgoing) entry;
	uint32_t type;
	size_t size;
	unsigned nfds;
	int fds[IPC_MAX_FDS];	/* duplicates, ours */
	uint8_t payload[];
};

static void
outgoing_free(struct outgoing *m)
{
	for (unsigned i = 0; i < m->nfds; i++)
		close(m->fds[i]);
	free(m);
}

static struct outgoing *
outgoing_new(uint32_t type, const void *payload, size_t size, const int *fds, unsigned nfds)
{
	struct outgoing *m = malloc(sizeof(*m) + size);

	if (m == NULL)
		return (NULL);
	m->type = type;
	m->size = size;
	memcpy(m->payload, payload, size);
	for (m->nfds = 0; m->nfds < nfds; m->nfds++)
		if ((m->fds[m->nfds] = fcntl(fds[m->nfds], F_DUPFD_CLOEXEC, 0)) == -1) {
			outgoing_free(m);
			return (NULL);
		}
	return (m);
}

void
outbox_init(struct outbox *o)
{
	*o = (struct outbox){ .n = 0 };
	STAILQ_INIT(&o->list);
}

void
outbox_free(struct outbox *o)
{
	struct outgoing *m;

	while ((m = STAILQ_FIRST(&o->list)) != NULL) {
		STAILQ_REMOVE_HEAD(&o->list, entry);
		outgoing_free(m);
	}
	o->n = 0;
}

void
outbox_put(struct outbox *o, int sock, uint32_t type, const void *payload, size_t size,
    const int *fds, unsigned nfds)
{
	struct outgoing *m;

	if (o->failed)
		return;
	if (o->n >= WARDEN_OUT_MAX || (m = outgoing_new(type, payload, size, fds, nfds)) == NULL) {
		o->failed = true;
		return;
	}
	STAILQ_INSERT_TAIL(&o->list, m, entry);
	o->n++;
	if (o->n == 1)
		outbox_flush(o, sock, warden_now_ms());
}

void
outbox_flush(struct outbox *o, int sock, uint64_t now_ms)
{
	struct outgoing *m;

	if (now_ms < o->retry_ms)
		return;
	o->retry_ms = 0;
	while ((m = STAILQ_FIRST(&o->list)) != NULL) {
		if (ipc_send(sock, m->type, m->payload, m->size, m->fds, m->nfds) == -1) {
			/* an ordinary user's descriptors under way are limited; POLLOUT would not
			 * tell when there is room again */
			if (errno == ETOOMANYREFS || errno == ENOBUFS || errno == ENOMEM)
				o->retry_ms = now_ms + RETRY_MS;
			else if (errno != EAGAIN && errno != EWOULDBLOCK)
				outbox_free(o);	/* its end is closed: read will tell */
			return;
		}
		STAILQ_REMOVE_HEAD(&o->list, entry);
		o->n--;
		outgoing_free(m);
	}
}
