/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What workers ask about reservations: see reserve.h. A worker has one question at a time. It may
 * come twice, when a broker has ended in between: a change that is in force already is not made
 * again, but waited for and answered as it would have been.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "broker/reserve.h"

static void serve(struct reserve *);

/* ---- answers ---- */

static void
answer(struct session *s, uint32_t token, uint16_t status)
{
	struct ipc_resv_answer m = { .token = token, .status = status };

	s->reserve.answered = token;
	SESSION_SEND(s, RESV_ANSWER, &m);
}

static void
answer_report(struct session *s, uint32_t token, const struct reserve *r)
{
	struct ipc_resv_report m = { .token = token };

	if (r != NULL) {
		const struct reservation *now = &r->page.now;

		m.gen = now->gen;
		m.type = now->type;
		m.ptpl = now->ptpl;
		m.n = now->n;
		for (uint32_t i = 0; i < now->n; i++) {
			memcpy(m.reg[i].hostid, now->reg[i].hostid, sizeof(m.reg[i].hostid));
			m.reg[i].key = now->reg[i].key;
			m.holds[i] = reservation_holds(now, i);
		}
	}
	s->reserve.answered = token;
	SESSION_SEND(s, RESV_REPORT, &m);
}

/* ---- notices ---- */

static bool
may_be_told(struct session *s)
{
	uint64_t passed = (loop_now_ms() - s->reserve.credit_ms) / 1000;

	if (passed > 0) {
		s->reserve.credit += passed > 1 ? RESERVE_BURST : RESERVE_PER_S;
		if (s->reserve.credit > RESERVE_BURST)
			s->reserve.credit = RESERVE_BURST;
		s->reserve.credit_ms = loop_now_ms();
	}
	return (s->reserve.credit > 0);
}

static void
feed(void *ctx)
{
	struct session *s = ctx;
	struct ipc_resv_notice m;

	while (s->reserve.n > 0) {
		if (!may_be_told(s)) {
			timer_set(s->reserve.feed, 1000);
			return;
		}
		m = s->reserve.notice[0];
		s->reserve.credit--;
		s->reserve.n--;
		memmove(&s->reserve.notice[0], &s->reserve.notice[1],
		    s->reserve.n * sizeof(s->reserve.notice[0]));
		SESSION_SEND(s, RESV_NOTICE, &m);
	}
}

/* A host can make many of them for another one: that one's worker does not end for them. */
static void
notify(struct session *s, const struct ipc_resv_notice *m)
{
	if (s->reserve.feed == NULL)
		s->reserve.feed = timer_new(feed, s);
	if (s->reserve.n == RESERVE_NOTICES)
		memmove(&s->reserve.notice[0], &s->reserve.notice[1],
		    --s->reserve.n * sizeof(s->reserve.notice[0]));
	s->reserve.notice[s->reserve.n++] = *m;
	feed(s);
}

static void
send_notices(const struct reserve *r)
{
	const struct reservation_effect *e = &r->effect;
	struct ipc_resv_notice m = { .nsid = r->be->ns->nsid };
	struct session *s;

	for (uint32_t i = 0; i < e->n; i++)
		RB_FOREACH(s, session_tree, &r->be->broker->sessions) {
			const struct ipc_record_ns *ns;

			if (s->phase != SESSION_CONTROLLER || !channel_is_open(&s->ch) ||
			    memcmp(s->record->hostid, e->notice[i].hostid,
			    RESERVATION_HOSTID) != 0 ||
			    (ns = record_ns(s, r->be->ns->nsid)) == NULL ||
			    session_backend(s, ns) != r->be)
				continue;
			m.type = e->notice[i].type;
			notify(s, &m);
		}
}

/* The change is over, one way or the other. Who asked may be gone. */
static void
finish(struct reserve *r, uint16_t status)
{
	struct session *s = session_find(r->be->broker, r->child);

	if (s != NULL && s->reserve.asked && s->reserve.m.token == r->token) {
		s->reserve.asked = false;
		answer(s, r->token, status);
	}
	r->step = RESERVE_IDLE;
}

/* May its host protect what it may write? Only where that survives the loss of power. */
static bool
may_protect(const struct session *s)
{
	const struct config_subsystem *sub = config_find_subsystem(s->broker->config,
	    s->record->subnqn);
	const struct config_host *host = sub == NULL ? NULL :
	    config_find_host(sub, s->record->hostnqn);

	return (host != NULL && host->may_write_protect && reserve_can_persist(s->broker));
}

/* ---- a change, step by step ---- */

static void
fenced(void *ctx)
{
	struct reserve *r = ctx;

	send_notices(r);
	finish(r, 0);
	serve(r);
}

static bool
is_preempted(const struct reserve *r, const struct session *s)
{
	for (uint32_t i = 0; i < r->effect.n; i++)
		if (r->effect.notice[i].type == NVME_RESV_REGISTRATION_PREEMPTED &&
		    memcmp(r->effect.notice[i].hostid, s->record->hostid, RESERVATION_HOSTID) == 0)
			return (true);
	return (false);
}

/* Is its row another one: may its host do less now, or more? Or is it preempted: what it has under
 * way ends then, whatever it may do. was NULL: it is not known how it was. */
static bool
is_concerned(const struct reserve *r, const struct session *s, const struct reservation *was)
{
	const struct reservation *now = &r->page.now;
	const uint8_t *host = s->record->hostid;

	if (was == NULL || was->ptpl != now->ptpl ||
	    was->wprotect != now->wprotect || is_preempted(r, s))
		return (true);
	for (int write = 0; write <= 1; write++)
		if (reservation_permits(was, host, write) != reservation_permits(now, host, write))
			return (true);
	return (false);
}

/* Has it the namespace, or had it, and may write there still? */
static bool
reaches(const struct session *s, const struct backend *be)
{
	const struct ipc_record *rec = s->record;

	for (uint32_t i = 0; rec != NULL && i < rec->nns; i++)
		if (rec->ns[i].nsid == be->ns->nsid &&
		    memcmp(rec->ns[i].claim, be->key, HELD_KEY_SIZE) == 0)
			return (true);
	return (false);
}

/* Those that are dead and whose writes may still arrive among them. */
static void
tell(struct reserve *r, const struct reservation *was)
{
	struct broker *b = r->be->broker;
	struct fence *f = fence_new(b, fenced, r);
	struct session *s;

	RB_FOREACH(s, session_tree, &b->sessions)
		if (reaches(s, r->be) && is_concerned(r, s, was))
			fence_tell(f, s, r->be->ns->nsid);
}

static void
say(const struct reserve *r, const char *what, int error)
{
	log_warnx("namespace %u of %s: what a host asked for was refused: %s: %s", r->be->ns->nsid,
	    r->be->subsystem->nqn, what, strerror(error));
}

/* It is durable, if it has to be. */
static void
commit(struct reserve *r)
{
	struct reserve_page before = r->page;

	r->page.unsure = 0;
	r->page.child = r->child;
	r->page.token = r->token;
	r->page.now = r->next;
	r->page.effect = r->effect;
	if (reserve_keep(r) == -1) {
		say(r, "it cannot be kept", errno);
		r->page = before;
		r->page.unsure = 1;	/* and this broker remembers it */
		finish(r, NVME_SC_INTERNAL_DEVICE_ERROR);
		return;
	}
	r->step = RESERVE_FENCING;
	tell(r, &before.now);
}

static void
stored(void *ctx, struct opener_result *result)
{
	struct reserve *r = ctx;

	if (result->ok)
		commit(r);
	else {
		say(r, r->be->broker->config->service.state_dir, (int)result->why.error);
		finish(r, NVME_SC_INTERNAL_DEVICE_ERROR);
	}
	serve(r);
}

/* The warden hears first that the file may say something else: a broker after us goes on from what
 * was in force, and writes the file again. */
static void
store(struct reserve *r)
{
	struct ipc_store m = { 0 };

	r->page.unsure = 1;
	if (reserve_keep(r) == -1) {
		say(r, "it cannot be kept", errno);
		finish(r, NVME_SC_INTERNAL_DEVICE_ERROR);
		return;
	}
	reservation_name(m.name, r->id);
	m.size = (uint32_t)reservation_encode(&r->next, r->id, m.data);
	r->step = RESERVE_STORING;
	if (opener_store(r->be->broker, &m, stored, r) == NULL) {
		say(r, "out of memory", ENOMEM);
		finish(r, NVME_SC_INTERNAL_DEVICE_ERROR);
	}
}

static uint16_t
set_persistence(struct reserve *r, const struct ipc_resv *m, bool can_persist)
{
	if (m->cdw10 > 1 || (m->cdw10 == 1 && !can_persist))
		return (NVME_SC_INVALID_FIELD | NVME_SC_DNR);
	r->next.ptpl = m->cdw10;
	memset(&r->effect, 0, sizeof(r->effect));
	return (0);
}

/* Of one host, for all. Who may not write because of another's reservation changes it no more than the
 * data. */
static uint16_t
set_protection(struct reserve *r, const struct session *s, const struct ipc_resv *m)
{
	if (!may_protect(s))
		return (NVME_SC_FEATURE_NOT_CHANGEABLE | NVME_SC_DNR);
	if (m->cdw10 > NVME_WPS_WRITE_PROTECT)
		return (NVME_SC_INVALID_FIELD | NVME_SC_DNR);
	if (!reservation_permits(&r->next, s->record->hostid, true))
		return (NVME_SC_RESERVATION_CONFLICT | NVME_SC_DNR);
	r->next.wprotect = m->cdw10;
	memset(&r->effect, 0, sizeof(r->effect));
	return (0);
}

/* Would a loss of power leave something else, or is that not known? */
static bool
must_store(const struct reserve *r)
{
	struct reservation was, is;

	reservation_lasting(&was, &r->page.now);
	reservation_lasting(&is, &r->next);
	return (r->page.unsure || memcmp(&was, &is, sizeof(is)) != 0);
}

/* Into next and effect: 0 or a status. */
static uint16_t
decide(struct reserve *r, const struct session *s, const struct ipc_resv *m)
{
	struct reservation_command c = { .opc = (uint8_t)m->opc, .cdw10 = m->cdw10,
	    .crkey = m->crkey, .key2 = m->key2, .can_persist = reserve_can_persist(s->broker) };

	r->next = r->page.now;
	if (m->opc == IPC_RESV_PTPL)
		return (set_persistence(r, m, c.can_persist));
	if (m->opc == IPC_RESV_WPROTECT)
		return (set_protection(r, s, m));
	memcpy(c.hostid, s->record->hostid, sizeof(c.hostid));
	return (reservation_do(&r->next, &c, &r->effect));
}

static void
begin(struct reserve *r, struct session *s)
{
	const struct ipc_resv *m = &s->reserve.m;
	uint16_t status;

	r->child = s->child;
	r->token = m->token;
	if (r->before.child == s->child && r->before.token == m->token) {
		/* in force since before this broker; whether all have seen it, is not known */
		r->effect = r->before.effect;
		r->step = RESERVE_FENCING;
		tell(r, NULL);
		return;
	}
	status = decide(r, s, m);
	if (status != 0 || memcmp(&r->next, &r->page.now, sizeof(r->next)) == 0)
		finish(r, status);
	else if (must_store(r))
		store(r);
	else
		commit(r);
}

/* Whose turn it is, until there is something to wait for. */
static void
serve(struct reserve *r)
{
	struct session *s;

	while (r->step == RESERVE_IDLE && (s = TAILQ_FIRST(&r->waiting)) != NULL) {
		TAILQ_REMOVE(&r->waiting, s, reserve.entry);
		s->reserve.on = NULL;
		begin(r, s);
	}
}

/* ---- questions ---- */

static bool
is_known(uint32_t opc)
{
	return (opc == NVME_NVM_RESERVATION_REGISTER || opc == NVME_NVM_RESERVATION_ACQUIRE ||
	    opc == NVME_NVM_RESERVATION_RELEASE || opc == NVME_NVM_RESERVATION_REPORT ||
	    opc == IPC_RESV_PTPL || opc == IPC_RESV_WPROTECT);
}

int
reserve_ask(struct session *s, const struct ipc_resv *m)
{
	const struct ipc_record_ns *ns = record_ns(s, m->nsid);
	struct backend *be = ns == NULL ? NULL : session_backend(s, ns);
	struct reserve *r;

	if (!is_known(m->opc) || m->token == 0)
		return (-1);
	if (s->reserve.asked)		/* again, because of RESV_AGAIN; or out of turn */
		return (m->token == s->reserve.m.token ? 0 : -1);
	if (m->token == s->reserve.answered)
		return (0);
	if (be == NULL)
		answer(s, m->token, NVME_SC_INVALID_NS_OR_FORMAT | NVME_SC_DNR);
	else if (be->damaged)
		answer(s, m->token, NVME_SC_NS_NOT_READY);
	else if (m->opc == NVME_NVM_RESERVATION_REPORT)
		answer_report(s, m->token, be->reserve);
	else if (ns->readonly && m->opc == IPC_RESV_WPROTECT)
		answer(s, m->token, NVME_SC_FEATURE_NOT_CHANGEABLE | NVME_SC_DNR);
	else if (ns->readonly)		/* who may only read does not shut out who may write */
		answer(s, m->token, NVME_SC_OPERATION_DENIED | NVME_SC_DNR);
	else if ((r = reserve_of(be)) == NULL)
		answer(s, m->token, NVME_SC_INTERNAL_DEVICE_ERROR);
	else {
		s->reserve.m = *m;
		s->reserve.asked = true;
		s->reserve.on = r;
		TAILQ_INSERT_TAIL(&r->waiting, s, reserve.entry);
		serve(r);
	}
	return (0);
}

void
reserve_forget(struct session *s)
{
	if (s->reserve.on != NULL)
		TAILQ_REMOVE(&s->reserve.on->waiting, s, reserve.entry);
	s->reserve.on = NULL;
	s->reserve.asked = false;
	s->reserve.n = 0;
	timer_free(s->reserve.feed);
	s->reserve.feed = NULL;
}

/* ---- a namespace's row ---- */

bool
reserve_can_persist(const struct broker *b)
{
	return (b->state_path != NO_PATH);
}

bool
reserve_protects(const struct backend *be)
{
	return (be->reserve != NULL && be->reserve->page.now.wprotect != 0);
}

void
reserve_row(const struct session *s, const struct backend *be, struct ipc_ns *m)
{
	const uint8_t *host = s->record->hostid;
	const struct reservation *now;

	m->rescap = NVME_RESCAP_TYPES | NVME_RESCAP_IEKEY13 |
	    (reserve_can_persist(s->broker) ? NVME_RESCAP_PTPL : 0);
	m->nwpc = !m->readonly && may_protect(s) ? NVME_NWPC_WRITE_PROTECT : 0;
	m->no_read = m->no_write = be->damaged;
	if (be->damaged || be->reserve == NULL)
		return;
	now = &be->reserve->page.now;
	m->ptpl = now->ptpl;
	m->wprotect = (uint16_t)now->wprotect;
	m->no_read = !reservation_permits(now, host, false);
	m->no_write = !reservation_permits(now, host, true);
}

/* ---- a new broker ---- */

/* What the old one changed last is heard by all now, as everything is (live.c). */
void
reserve_takeover(struct broker *b)
{
	reserve_refresh(b);
}

/* ... and it may have ended before its answer. */
void
reserve_again(struct broker *b)
{
	struct ipc_empty again = { 0 };
	struct session *s;

	RB_FOREACH(s, session_tree, &b->sessions)
		if (s->phase == SESSION_CONTROLLER && !s->record->discovery)
			SESSION_SEND(s, RESV_AGAIN, &again);
}
