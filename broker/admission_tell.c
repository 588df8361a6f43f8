/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end of an admission: the record for the warden, then the namespaces and the word ADMIT for
 * the worker. No descriptor leaves before the record is kept, and no duplicate of one stays.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/admission.h"
#include "common/nvme.h"

/* ---- the record ---- */

static void
note_ns(struct ipc_record *r, const struct want *w)
{
	struct ipc_record_ns *ns = &r->ns[r->nns++];

	ns->nsid = w->backend->ns->nsid;
	ns->readonly = w->readonly;
	ns->lock_offset = w->lock_offset;
	memcpy(ns->claim, w->backend->key, sizeof(ns->claim));
}

enum admit_reason
admission_record(struct admission *a)
{
	const struct config_subsystem *sub = a->verdict.subsystem;
	struct session *s = a->session;
	struct ipc_record *r = s->record;
	uint16_t cntlid = cntlid_new(s->broker, sub);

	if (cntlid == 0)
		return (ADMIT_NO_CNTLID);
	if (r == NULL && (r = s->record = malloc(sizeof(*r))) == NULL)
		return (ADMIT_NO_RESOURCES);
	memset(r, 0, sizeof(*r));
	r->version = IPC_RECORD_VERSION;
	r->kind = RECORD_CONTROLLER;
	r->child = s->child;
	r->cntlid = cntlid;
	r->discovery = a->verdict.discovery;
	r->digests = a->verdict.digests;
	r->ana = sub != NULL && sub->nana_groups > 0;
	r->peer = s->peer;
	r->local = s->local;
	r->since_ms = loop_wall_ms();
	memcpy(r->hostid, s->connect.hostid, sizeof(r->hostid));
	memcpy(r->hostnqn, s->connect.hostnqn, sizeof(r->hostnqn));
	memcpy(r->subnqn, s->connect.subnqn, sizeof(r->subnqn));
	for (uint32_t i = 0; i < a->n; i++)
		if (a->want[i].state == WANT_HAVE)
			note_ns(r, &a->want[i]);
	return (record_keep(s) == 0 ? ADMIT_OK : ADMIT_NO_RESOURCES);
}

/* ---- the worker ---- */

int
admission_tell_ns(struct admission *a, struct want *w)
{
	struct ipc_ns m;

	ns_row(a->session, w->backend, w->readonly, &m);
	if (IPC_SEND_FD(a->session->ch.peer.fd, NS, &m, &w->fd) == -1)
		return (-1);
	close(w->fd);	/* no duplicate: the lock must go with the worker's last write */
	w->fd = -1;
	return (0);
}

int
admission_tell_admit(struct admission *a)
{
	const struct config_subsystem *sub = a->verdict.subsystem;
	struct session *s = a->session;
	const struct config_discovery *d = &s->broker->config->discovery;
	struct ipc_admit m;

	if (session_range_admit(s) == -1)
		return (-1);
	memset(&m, 0, sizeof(m));
	m.cntlid = s->record->cntlid;
	m.discovery = s->record->discovery;
	m.nns = s->record->nns;
	memcpy(m.subnqn, s->record->subnqn, sizeof(m.subnqn));
	strlcpy(m.model, "Cellblock", sizeof(m.model));
	if (sub != NULL) {
		m.nn = CONFIG_NSID_MAX;	/* namespaces may come while it is connected */
		m.anatt = s->record->ana ? (uint8_t)(sub->anatt_ms / 1000) : 0;
		m.ana_groups = s->record->ana ? CONFIG_ANA_GROUPS_MAX : 0;
		strlcpy(m.serial, sub->serial, sizeof(m.serial));
		strlcpy(m.model, sub->model, sizeof(m.model));
	}
	/* whatever it was called: this is how a host knows it again on another port */
	if (m.discovery && d->nqn[0] != '\0')
		strlcpy(m.subnqn, d->nqn, sizeof(m.subnqn));
	return (IPC_SEND(s->ch.peer.fd, ADMIT, &m));
}
