/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the broker says to the warden, which alone can start, hold and end. It is trusted and
 * reads without end, so this channel may be waited for (never for long); a warden that does not
 * read is a service that is ending, and then so does the broker.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/broker.h"

#define WARDEN_READS_MS 5000

static void
say(struct broker *b, uint32_t type, const void *payload, size_t size, const int *fd)
{
	struct pollfd p = { .fd = b->warden.peer.fd, .events = POLLOUT };

	while (ipc_send(p.fd, type, payload, size, fd, fd != NULL) == -1) {
		if (errno == EPIPE || errno == ECONNRESET)
			exit(0);	/* as at the end of its channel */
		if (errno != EAGAIN && errno != EWOULDBLOCK && errno != ENOBUFS)
			broker_fatal("warden: %s", strerror(errno));
		if (poll(&p, 1, WARDEN_READS_MS) == 0)
			broker_fatal("warden: does not read");
	}
}

#define SAY(b, NAME, p)		say((b), IPC_##NAME, (p), sizeof(*(p)), NULL)
#define SAY_FD(b, NAME, p, f)	say((b), IPC_##NAME, (p), sizeof(*(p)), (f))

/* The broker and the listener have the first uids of the range, workers those from 16 on. */
void
warden_settings(struct broker *b)
{
	const struct config_service *s = &b->config->service;
	struct ipc_settings m = {
		.uid_base = s->uids.first,
		.uid_count = s->uids.last - s->uids.first + 1,
		.require = s->sandbox == CONFIG_SANDBOX_REQUIRE,
	};

	SAY(b, SETTINGS, &m);
}

void
warden_path(struct broker *b, uint32_t index, const char *path)
{
	struct ipc_path_add m = { .index = index };

	snprintf(m.path, sizeof(m.path), "%s", path);
	SAY(b, PATH_ADD, &m);
}

static struct ipc_held
name_of(const struct held *h)
{
	struct ipc_held m = { .kind = h->kind };

	memcpy(m.key, h->key, sizeof(m.key));
	return (m);
}

void
warden_hold(struct broker *b, const struct held *h)
{
	struct ipc_held m = name_of(h);

	SAY_FD(b, HOLD, &m, &h->fd);
}

void
warden_drop(struct broker *b, const struct held *h)
{
	struct ipc_held m = name_of(h);

	SAY(b, DROP, &m);
}

uint32_t
warden_spawn(struct broker *b, enum role role, uint32_t path)
{
	struct ipc_spawn m = { .role = role, .path = path };

	if (++b->last_ticket == 0)
		b->last_ticket = 1;
	m.ticket = b->last_ticket;
	SAY(b, SPAWN, &m);
	return (m.ticket);
}

void
warden_kill(struct broker *b, uint32_t child)
{
	struct ipc_child_ref m = { .child = child };

	SAY(b, KILL, &m);
}

void
warden_record(struct broker *b, uint32_t child, int fd)
{
	struct ipc_child_ref m = { .child = child };

	SAY_FD(b, RECORD, &m, &fd);
}

void
warden_release(struct broker *b, uint32_t child)
{
	struct ipc_child_ref m = { .child = child };

	SAY(b, RELEASE, &m);
}

void
warden_ready(struct broker *b)
{
	struct ipc_empty m = { 0 };

	SAY(b, BROKER_READY, &m);
}

void
warden_alive(struct broker *b, const char *text)
{
	struct ipc_status m;

	memset(&m, 0, sizeof(m));
	snprintf(m.text, sizeof(m.text), "%s", text);
	SAY(b, ALIVE, &m);
}

void
warden_drained(struct broker *b)
{
	struct ipc_empty m = { 0 };

	SAY(b, DRAINED, &m);
}
