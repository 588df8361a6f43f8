/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An admin Connect, from its arrival to ADMIT or REFUSE. The verdict is admit.c's; here the
 * namespaces are opened for this worker alone, all at a time, each through an opener. Nothing is
 * handed over before everything is there and the warden has the record of it. A namespace whose
 * device waits is left out; one that a dead worker of this host may still be writing to is waited
 * for, and if that takes too long the host is told to come again.
 */
#include "config.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/broker.h"
#include "common/addr.h"
#include "common/nqn.h"
#include "common/nvme.h"

enum want_state { WANT_DRAIN, WANT_OPENER, WANT_HAVE, WANT_LEFT_OUT };

/* One namespace on its way to the worker. */
struct want {
	struct admission *admission;
	struct backend *backend;
	enum want_state state;
	bool readonly;
	uint64_t lock_offset;
	struct opener_job *job;
	int fd;
};

struct admission {
	struct session *session;
	struct admit_verdict verdict;
	bool feeding;			/* all is there: it is being told */
	uint32_t fed;			/* of want[] */
	uint32_t n;
	struct want want[];
};

static void advance(struct admission *);

/* ---- counting ---- */

/* Is it a controller, or about to be one? */
static bool
counts_as_controller(const struct session *s)
{
	return (!s->gone && (s->phase == SESSION_ADMITTING || s->phase == SESSION_CONTROLLER));
}

static const char *
host_of(const struct session *s)
{
	return (s->phase == SESSION_CONTROLLER ? s->record->hostnqn : s->connect.hostnqn);
}

static bool
is_discovery(const struct session *s)
{
	return (s->phase == SESSION_CONTROLLER ? s->record->discovery :
	    nqn_is_discovery(s->connect.subnqn));
}

static bool
is_same_host(const struct session *a, const struct session *b)
{
	return (nqn_equal((const uint8_t *)host_of(a), (const uint8_t *)host_of(b)));
}

/* Of a subsystem that any host may use: its name says nothing. */
static bool
is_nameless(const struct session *s)
{
	const char *nqn = s->phase == SESSION_CONTROLLER ? s->record->subnqn : s->connect.subnqn;
	const struct config_subsystem *sub = config_find_subsystem(s->broker->config, nqn);

	return (sub != NULL && sub->allow_any_host);
}

static void
count(struct session *asking, struct admit_counts *n)
{
	struct session *s;

	memset(n, 0, sizeof(*n));
	RB_FOREACH(s, session_tree, &asking->broker->sessions) {
		if (s == asking || !counts_as_controller(s))
			continue;
		if (is_discovery(s)) {
			n->discovery++;
			n->discovery_of_source += addr_same_source(&s->peer, &asking->peer);
		} else {
			n->io++;
			n->io_of_host += is_same_host(s, asking);
			n->nameless_of_source += addr_same_source(&s->peer, &asking->peer) &&
			    is_nameless(s);
		}
	}
}

/* Two machines cloned from one image look like one host. It is allowed; data may suffer. */
static void
look_for_twin(struct session *s)
{
	char addr[ADDR_TEXT_SIZE];
	struct session *t;

	RB_FOREACH(t, session_tree, &s->broker->sessions)
		if (t != s && counts_as_controller(t) && !is_discovery(t) && is_same_host(t, s) &&
		    !addr_same_host(&t->peer, &s->peer)) {
			logline(s, LOG_WARNING, "give every machine a host NQN of its own "
			    "(nvme gen-hostnqn)", "a host of the same name is connected from %s",
			    addr_format_host(&t->peer, addr));
			return;
		}
}

/* ---- namespaces ---- */

static uint64_t
new_lock_offset(void)
{
	uint64_t r;

	randombytes_buf(&r, sizeof(r));
	return ((UINT64_C(1) << 62) | (r >> 3));	/* behind any data, below INT64_MAX */
}

static void
leave_out(struct want *w, const char *why)
{
	w->state = WANT_LEFT_OUT;
	logline(w->admission->session, LOG_NOTICE, NULL, "namespace %u is left out: %s",
	    w->backend->ns->nsid, why);
}

static void
opened(void *ctx, struct opener_result *r)
{
	struct want *w = ctx;

	w->job = NULL;
	if (r->ok) {
		w->state = WANT_HAVE;
		w->fd = r->fd;
		r->fd = -1;
	} else {
		leave_out(w, "it cannot be opened now");
		backend_stalled(w->backend, &r->why);
	}
	advance(w->admission);
}

static void
open_want(struct want *w)
{
	const struct session *s = w->admission->session;

	if (w->backend->state != NS_ONLINE) {
		leave_out(w, "its device is waiting");
		return;
	}
	if (!w->readonly && drain_is_pending(s->broker, s->connect.hostnqn, w->backend->key)) {
		w->state = WANT_DRAIN;
		return;
	}
	w->state = WANT_OPENER;
	w->lock_offset = new_lock_offset();
	w->job = opener_reopen(w->backend, w->lock_offset, w->readonly, opened, w);
	if (w->job == NULL)
		leave_out(w, "out of memory");
}

/* Of the subsystem, what this host may see. Returns how many. */
static uint32_t
choose(struct broker *b, const struct admit_verdict *v, struct want *want)
{
	const struct config_subsystem *s = v->subsystem;
	uint32_t n = 0;

	for (size_t i = 0; i < s->nnamespaces && n < IPC_MAX_NS; i++) {
		const struct config_namespace *ns = &s->namespaces[i];
		struct backend *be = backend_find(b, s, ns->nsid);

		if (be == NULL || !config_may_see(v->host, ns->nsid))
			continue;
		want[n].backend = be;
		want[n].readonly = !config_may_write(ns, v->host) || be->info.readonly;
		want[n].fd = -1;
		n++;
	}
	return (n);
}

static struct admission *
admission_new(struct session *s, const struct admit_verdict *v)
{
	struct admission *a = calloc(1, sizeof(*a) + IPC_MAX_NS * sizeof(a->want[0]));

	if (a == NULL)
		return (NULL);
	a->session = s;
	a->verdict = *v;
	s->admission = a;
	if (!v->discovery)
		a->n = choose(s->broker, v, a->want);
	for (uint32_t i = 0; i < a->n; i++)
		a->want[i].admission = a;
	return (a);
}

void
admission_cancel(struct session *s)
{
	struct admission *a = s->admission;

	if (a == NULL)
		return;
	s->admission = NULL;
	for (uint32_t i = 0; i < a->n; i++) {
		if (a->want[i].job != NULL)
			opener_forget(a->want[i].job);
		if (a->want[i].fd != -1)
			close(a->want[i].fd);
	}
	free(a);
}

/* ---- the record ---- */

/* Not to be guessed: a stranger who knows it could ask for queues of that controller. */
static uint16_t
new_cntlid(struct broker *b)
{
	uint16_t id;

	do
		id = (uint16_t)(1 + randombytes_uniform(NVME_CNTLID_MAX));
	while (session_by_cntlid(b, id) != NULL);
	return (id);
}

static void
record_ns(struct ipc_record *r, const struct want *w)
{
	struct ipc_record_ns *ns = &r->ns[r->nns++];

	ns->nsid = w->backend->ns->nsid;
	ns->readonly = w->readonly;
	ns->lock_offset = w->lock_offset;
	memcpy(ns->claim, w->backend->key, sizeof(ns->claim));
}

static int
make_record(struct admission *a)
{
	struct session *s = a->session;
	struct ipc_record *r = s->record;
	uint16_t cntlid = new_cntlid(s->broker);

	if (r == NULL && (r = s->record = malloc(sizeof(*r))) == NULL)
		return (-1);
	memset(r, 0, sizeof(*r));
	r->version = IPC_RECORD_VERSION;
	r->kind = RECORD_CONTROLLER;
	r->child = s->child;
	r->cntlid = cntlid;
	r->discovery = a->verdict.discovery;
	r->peer = s->peer;
	r->local = s->local;
	r->since_ms = loop_wall_ms();
	memcpy(r->hostid, s->connect.hostid, sizeof(r->hostid));
	memcpy(r->hostnqn, s->connect.hostnqn, sizeof(r->hostnqn));
	memcpy(r->subnqn, s->connect.subnqn, sizeof(r->subnqn));
	for (uint32_t i = 0; i < a->n; i++)
		if (a->want[i].state == WANT_HAVE)
			record_ns(r, &a->want[i]);
	return (record_keep(s));
}

/* ---- telling the worker ---- */

static int
tell_ns(struct admission *a, struct want *w)
{
	const struct ipc_claimed *c = &w->backend->info;
	const struct config_namespace *ns = w->backend->ns;
	struct ipc_ns m = {
		.nsid = ns->nsid,
		.block_size = c->block_size,
		.nlbas = c->size / c->block_size,
		.readonly = w->readonly,
		.ram = c->kind == BACKEND_RAM,
		.direct = c->align != 0,
		.align = c->align,
		.can_discard = c->can_discard,
		.can_zero = c->can_zero,
		.phys_block_size = c->phys_block_size,
		.opt_io_size = c->opt_io_size,
		.discard_max = c->discard_max,
		.discard_gran = c->discard_gran,
	};

	memcpy(m.uuid, ns->uuid, sizeof(m.uuid));
	memcpy(m.nguid, ns->nguid, sizeof(m.nguid));
	memcpy(m.eui64, ns->eui64, sizeof(m.eui64));
	if (IPC_SEND_FD(a->session->ch.peer.fd, NS, &m, &w->fd) == -1)
		return (-1);
	close(w->fd);	/* no duplicate: the lock must go with the worker's last write */
	w->fd = -1;
	return (0);
}

static uint32_t
largest_nsid(const struct config_subsystem *s)
{
	uint32_t nn = 0;

	for (size_t i = 0; i < s->nnamespaces; i++)
		if (s->namespaces[i].nsid > nn)
			nn = s->namespaces[i].nsid;
	return (nn);
}

static int
tell_admit(struct admission *a)
{
	const struct config_subsystem *sub = a->verdict.subsystem;
	struct session *s = a->session;
	struct ipc_admit m;

	memset(&m, 0, sizeof(m));
	m.cntlid = s->record->cntlid;
	m.discovery = s->record->discovery;
	m.nns = s->record->nns;
	memcpy(m.subnqn, s->record->subnqn, sizeof(m.subnqn));
	strlcpy(m.model, "Cellblock", sizeof(m.model));
	if (sub != NULL) {
		m.nn = largest_nsid(sub);
		strlcpy(m.serial, sub->serial, sizeof(m.serial));
		strlcpy(m.model, sub->model, sizeof(m.model));
	}
	return (IPC_SEND(s->ch.peer.fd, ADMIT, &m));
}

static void
admitted(struct session *s)
{
	admission_cancel(s);
	s->phase = SESSION_CONTROLLER;
	s->ch.peer.state = S_CTRL;
	s->heard_ms = loop_now_ms();
	s->outcome = GREET_ADMITTED;
	listener_greeted(s);
	timer_stop(s->deadline);
	logline(s, LOG_INFO, NULL, "controller admitted to %s, %u namespaces",
	    s->record->discovery ? "discovery" : s->record->subnqn, s->record->nns);
	session_title(s->broker);
}

/* As much as the worker's channel takes; the rest when it has read some. */
static void
feed(struct admission *a)
{
	struct session *s = a->session;

	for (; a->fed < a->n; a->fed++) {
		struct want *w = &a->want[a->fed];

		if (w->state == WANT_HAVE && tell_ns(a, w) == -1)
			break;
	}
	if (a->fed == a->n && tell_admit(a) == 0)
		admitted(s);
	else
		timer_set(s->deadline, FEED_MS);
}

static void
refuse(struct session *s, enum admit_reason reason)
{
	struct admit_verdict v = { 0 };

	admission_cancel(s);
	admit_refuse(&v, reason);
	session_refuse(s, &v);
}

static bool
any_is(const struct admission *a, enum want_state state)
{
	for (uint32_t i = 0; i < a->n; i++)
		if (a->want[i].state == state)
			return (true);
	return (false);
}

/* Goes on when nothing is being waited for any more. May free a. */
static void
advance(struct admission *a)
{
	struct session *s = a->session;

	if (a->feeding || any_is(a, WANT_DRAIN) || any_is(a, WANT_OPENER))
		return;
	if (make_record(a) == -1 || (a->verdict.discovery && discovery_send(s) == -1)) {
		refuse(s, ADMIT_NO_RESOURCES);
		return;
	}
	a->feeding = true;
	feed(a);
}

/* ---- from outside ---- */

static uint64_t
time_left_ms(const struct session *s)
{
	/* the worker's own deadline ends it: the answer has to be there some time before */
	uint64_t ms = s->broker->config->limits.greeting_timeout_ms * 4 / 5;
	uint64_t used = loop_now_ms() - s->greeted_ms;

	return (used < ms ? ms - used : 0);
}

void
admission_begin(struct session *s)
{
	struct broker *b = s->broker;
	struct admit_request request = { .connect = &s->connect, .peer = s->peer,
	    .discovery_listener = session_on_discovery(s) };
	struct admit_counts counts = { 0 };
	struct admit_verdict v;
	struct admission *a = NULL;

	s->phase = SESSION_ADMITTING;
	if (ipc_text_ok(s->connect.hostnqn, IPC_NQN_SIZE) &&
	    ipc_text_ok(s->connect.subnqn, IPC_NQN_SIZE))
		count(s, &counts);
	admit_decide(b->config, &request, &counts, &v);
	if (v.reason == ADMIT_OK && b->phase != BROKER_IN_CHARGE)
		admit_refuse(&v, ADMIT_LEAVING);
	if (v.reason == ADMIT_OK && (a = admission_new(s, &v)) == NULL)
		admit_refuse(&v, ADMIT_NO_RESOURCES);
	if (v.reason != ADMIT_OK) {
		session_refuse(s, &v);
		return;
	}
	if (!v.discovery)
		look_for_twin(s);
	timer_set(s->deadline, time_left_ms(s));
	for (uint32_t i = 0; i < a->n; i++)
		if (!a->want[i].readonly)
			drain_ask(b, s->connect.hostnqn, a->want[i].backend->key);
	for (uint32_t i = 0; i < a->n; i++)
		open_want(&a->want[i]);
	advance(a);
}

/* What is not open by now is left out; what is not drained by now means: come again. */
void
admission_late(struct session *s)
{
	struct admission *a = s->admission;

	if (a == NULL)
		return;
	if (a->feeding) {
		if (loop_now_ms() - s->greeted_ms >
		    s->broker->config->limits.greeting_timeout_ms + GRACE_MS)
			session_kill(s, "it does not read");
		else
			feed(a);
		return;
	}
	if (any_is(a, WANT_DRAIN)) {
		refuse(s, ADMIT_NOT_DRAINED);
		return;
	}
	for (uint32_t i = 0; i < a->n; i++) {
		struct want *w = &a->want[i];

		if (w->state != WANT_OPENER)
			continue;
		opener_forget(w->job);
		w->job = NULL;
		leave_out(w, "its device does not answer");
	}
	advance(a);
}

void
admission_drained(struct broker *b)
{
	struct session *s;

	RB_FOREACH(s, session_tree, &b->sessions) {
		struct admission *a = s->admission;

		if (a == NULL || a->feeding)
			continue;
		for (uint32_t i = 0; i < a->n; i++)
			if (a->want[i].state == WANT_DRAIN)
				open_want(&a->want[i]);
		advance(a);
	}
}
