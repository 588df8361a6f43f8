/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who a worker is, sealed and kept by the warden, so that a new broker knows it. Only brokers write
 * records, and still one is judged whole before it is believed: an older program may have made it.
 */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/broker.h"
#include "common/addr.h"
#include "common/nqn.h"
#include "common/nvme.h"

static void
describe_greeter(const struct session *s, struct ipc_record *r)
{
	memset(r, 0, sizeof(*r));
	r->version = IPC_RECORD_VERSION;
	r->kind = RECORD_GREETER;
	r->child = s->child;
	r->peer = s->peer;
	r->local = s->local;
	r->since_ms = loop_wall_ms();
}

/* A controller's record is made by its admission; a greeter's is made here. */
int
record_keep(struct session *s)
{
	int fd;

	if (s->record == NULL && (s->record = malloc(sizeof(*s->record))) == NULL)
		return (-1);
	if (s->phase == SESSION_GREETING)
		describe_greeter(s, s->record);
	if ((fd = ipc_sealed("cellblock-record", s->record, sizeof(*s->record))) == -1)
		return (-1);
	warden_record(s->broker, s->child, fd);
	close(fd);
	return (0);
}

static bool
is_nqn(const char text[IPC_NQN_SIZE])
{
	return (ipc_text_ok(text, IPC_NQN_SIZE) && nqn_valid((const uint8_t *)text));
}

bool
record_ok(const struct ipc_record *r, uint32_t child)
{
	if (r->version != IPC_RECORD_VERSION || r->child != child || r->nns > RECORD_NS_MAX ||
	    r->digests > IPC_DIGEST_BOTH ||
	    !addr_ok(&r->peer, false) || !addr_ok(&r->local, false))
		return (false);
	if (r->kind == RECORD_GREETER)
		return (r->nns == 0);
	return (r->kind == RECORD_CONTROLLER && r->cntlid >= 1 && r->cntlid <= NVME_CNTLID_MAX &&
	    is_nqn(r->hostnqn) && is_nqn(r->subnqn));
}

int
record_read(int fd, uint32_t child, struct ipc_record *r)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return (-1);
	errno = EINVAL;
	if (st.st_size != (off_t)sizeof(*r) ||
	    pread(fd, r, sizeof(*r), 0) != (ssize_t)sizeof(*r) || !record_ok(r, child))
		return (-1);
	return (0);
}

bool
record_names(const struct ipc_record *r, const uint8_t key[HELD_KEY_SIZE])
{
	for (uint32_t i = 0; i < r->nns; i++)
		if (memcmp(r->ns[i].claim, key, HELD_KEY_SIZE) == 0)
			return (true);
	return (false);
}

bool
record_writes(const struct ipc_record *r, const uint8_t key[HELD_KEY_SIZE])
{
	for (uint32_t i = 0; i < r->nns; i++)
		if (!r->ns[i].readonly && memcmp(r->ns[i].claim, key, HELD_KEY_SIZE) == 0)
			return (true);
	return (false);
}

/* ---- namespaces that come and go ---- */

bool
record_is_last(const struct ipc_record *r, uint32_t i)
{
	for (uint32_t j = 0; j < r->nns; j++)
		if (j != i && r->ns[j].nsid == r->ns[i].nsid && r->ns[j].state != RECORD_NS_LEAVING)
			return (false);
	return (true);
}

void
record_leave(struct ipc_record *r, uint32_t nsid)
{
	for (uint32_t i = 0; i < r->nns; i++)
		if (r->ns[i].nsid == nsid)
			r->ns[i].state = RECORD_NS_LEAVING;
}

const struct ipc_record_ns *
record_leaving(const struct ipc_record *r, uint32_t nsid)
{
	for (uint32_t i = 0; i < r->nns; i++)
		if (r->ns[i].nsid == nsid && r->ns[i].state == RECORD_NS_LEAVING)
			return (&r->ns[i]);
	return (NULL);
}

void
record_forget(struct ipc_record *r, const struct ipc_record_ns *ns)
{
	uint32_t i = (uint32_t)(ns - r->ns);

	memmove(&r->ns[i], &r->ns[i + 1], (r->nns - i - 1) * sizeof(r->ns[0]));
	r->nns--;
	memset(&r->ns[r->nns], 0, sizeof(r->ns[0]));
}

void
record_coming(struct ipc_record *r, const uint8_t key[HELD_KEY_SIZE],
    const struct ipc_record_ns *like)
{
	struct ipc_record_ns *ns = &r->ns[r->nns++];

	*ns = *like;
	ns->state = RECORD_NS_COMING;
	memcpy(ns->claim, key, sizeof(ns->claim));
}
