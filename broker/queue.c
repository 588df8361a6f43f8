/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An I/O Connect, from its arrival to QUEUE_GIVE or REFUSE. The greeter that met it and the worker
 * whose controller it is for never speak to each other: the broker compares who they serve, asks
 * the one, answers the other, and carries the connection across.
 */
#include "config.h"

#include <sodium.h>
#include <string.h>

#include "broker/broker.h"
#include "common/nvme.h"

/* The record of the greeter's controller, if it has one. */
static struct session *
controller_of(struct session *greeter)
{
	struct session *s = session_by_cntlid(greeter->broker, greeter->connect.cntlid);

	return (s != NULL && s->phase == SESSION_CONTROLLER && channel_is_open(&s->ch) ? s : NULL);
}

static struct session *
by_token(struct broker *b, uint32_t token)
{
	struct session *s;

	RB_FOREACH(s, session_tree, &b->sessions)
		if (s->token == token)
			return (s);
	return (NULL);
}

static uint32_t
new_token(struct broker *b)
{
	uint32_t token;

	do
		token = randombytes_random();
	while (token == 0 || by_token(b, token) != NULL);
	return (token);
}

void
queue_begin(struct session *g)
{
	struct admit_request request = { .connect = &g->connect, .peer = g->peer,
	    .discovery_listener = session_on_discovery(g) };
	struct session *controller = controller_of(g);
	struct admit_verdict v;
	struct ipc_queue_ask ask = { 0 };

	admit_queue(controller != NULL ? controller->record : NULL, &request, &v);
	if (v.reason != ADMIT_OK) {
		session_refuse(g, &v);
		return;
	}
	g->phase = SESSION_ASKING;
	g->token = new_token(g->broker);
	ask.token = g->token;
	ask.sqsize = g->connect.sqsize;
	ask.qid = g->connect.qid;
	ask.cattr = g->connect.cattr;
	SESSION_SEND(controller, QUEUE_ASK, &ask);
}

/* A refusal comes from a worker: only what a refusal can be is passed on. */
static bool
refusal_ok(const struct ipc_refuse *r)
{
	return ((r->status & 0x7fff) == r->status && r->iattr <= 1);
}

void
queue_answered(struct session *controller, const struct ipc_queue_answer *m)
{
	struct session *g = m->token != 0 ? by_token(controller->broker, m->token) : NULL;
	struct ipc_queue_ref ok = { .token = m->token };
	struct ipc_refuse no = m->refuse;

	/* a greeter that is gone meanwhile; its QUEUE_CANCEL is on the way */
	if (g == NULL || g->phase != SESSION_ASKING || controller_of(g) != controller)
		return;
	if (no.status == 0) {
		g->phase = SESSION_GIVING;
		g->ch.peer.state = S_GIVE;
		SESSION_SEND(g, QUEUE_OK, &ok);
		return;
	}
	g->token = 0;
	if (!refusal_ok(&no))
		no = (struct ipc_refuse){ .status = NVME_SC_INVALID_FIELD | NVME_SC_DNR };
	logline(g, LOG_NOTICE, NULL, "queue %u refused by its controller, status %xh",
	    g->connect.qid, no.status);
	SESSION_SEND(g, REFUSE, &no);
	session_over(g, GREET_REFUSED);
}

/* What was judged is what is handed over. */
static unsigned
digests_of(const struct ipc_queue_handoff *m)
{
	if (m->hdgst > 1 || m->ddgst > 1)
		return (UINT32_MAX);
	return ((m->hdgst ? IPC_DIGEST_HEADER : 0) | (m->ddgst ? IPC_DIGEST_DATA : 0));
}

static bool
handoff_ok(const struct session *g, const struct ipc_queue_handoff *m)
{
	return (m->token == g->token && m->qid == g->connect.qid &&
	    m->sqsize == g->connect.sqsize && m->cattr == g->connect.cattr && m->noflow <= 1 &&
	    digests_of(m) == g->connect.digests && m->hpda <= 31 && m->cpda <= 31 && m->maxr2t >= 1);
}

int
queue_hand(struct session *g, const struct ipc_queue_handoff *m, int fd)
{
	struct session *controller = controller_of(g);
	struct ipc_queue_handoff give = *m;

	if (!handoff_ok(g, m))
		return (-1);
	/* where it came from is the listener's word, not the greeter's */
	give.peer = g->peer;
	give.local = g->local;
	memset(give.reserved, 0, sizeof(give.reserved));
	if (controller != NULL) {
		SESSION_SEND_FD(controller, QUEUE_GIVE, &give, &fd);
		logline(controller, LOG_DEBUG, NULL, "queue %u handed over", give.qid);
	}
	g->token = 0;
	session_over(g, GREET_HANDED);
	return (0);
}

/* A greeter that ends in between gives the queue back; a controller that ends refuses it. */
void
queue_cancel(struct session *s)
{
	struct session *g, *controller;
	struct admit_verdict v = { 0 };

	if (s->token != 0) {
		struct ipc_queue_ref m = { .token = s->token };

		s->token = 0;
		if ((controller = controller_of(s)) != NULL)
			SESSION_SEND(controller, QUEUE_CANCEL, &m);
	}
	if (s->phase != SESSION_CONTROLLER)
		return;
	admit_refuse(&v, ADMIT_UNKNOWN_CNTLID);
	RB_FOREACH(g, session_tree, &s->broker->sessions) {
		if (g->phase != SESSION_ASKING || s->record == NULL ||
		    g->connect.cntlid != s->record->cntlid)
			continue;
		g->token = 0;
		session_refuse(g, &v);
	}
}
