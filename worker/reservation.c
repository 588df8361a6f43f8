/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reservation Register, Acquire, Release and Report, and the features that a namespace has for all
 * hosts: judged for form here and decided by the broker, to which a controller puts one question at a
 * time. A command that waits holds no namespace: the
 * broker's answer may need just those commands finished that hold it. Nothing takes its slot away
 * while it waits: a broker that is gone has a successor, which is asked again.
 */
#include "config.h"

#include <string.h>

#include "worker/worker.h"

#define ASK_AGAIN_MS 10
#define DATA_MAX 4096u		/* some hosts send more than the command has use for */

static void advance(struct controller *);

static bool
wants_report(const struct slot *s)
{
	return (s->len_out > 0);
}

/* ---- form ---- */

static uint16_t
prepare_keys(struct slot *s, uint32_t len)
{
	if (slot_ns(s) == NULL)
		return (slot_no_ns(s));
	if (s->cmd.sgl_len < len || s->cmd.sgl_len > DATA_MAX)
		return (NVME_SC_DATA_SGL_LENGTH_INVALID | NVME_SC_DNR);
	s->len_in = s->cmd.sgl_len;
	return (0);
}

uint16_t
resv_register_prepare(struct slot *s)
{
	return (prepare_keys(s, sizeof(struct nvme_resv_keys)));
}

uint16_t
resv_release_prepare(struct slot *s)
{
	return (prepare_keys(s, sizeof(struct le64)));
}

/* Host identifiers have 128 bits here, so only the extended structure can say them. */
uint16_t
resv_report_prepare(struct slot *s)
{
	uint64_t len = ((uint64_t)s->cmd.cdw10 + 1) * 4;

	if (slot_ns(s) == NULL)
		return (slot_no_ns(s));
	if ((s->cmd.cdw11 & NVME_RESV_EDS) == 0)
		return (NVME_SC_HOST_ID_INCONSISTENT | NVME_SC_DNR);
	if (len > s->qp->ctrl->hello.max_transfer)
		return (NVME_SC_INVALID_FIELD | NVME_SC_DNR);
	if (s->cmd.sgl_len < len)
		return (NVME_SC_DATA_SGL_LENGTH_INVALID | NVME_SC_DNR);
	s->len_out = (uint32_t)len;
	return (0);
}

/* ---- what is forbidden ---- */

static bool
row_forbids(const struct ns *ns, unsigned flags)
{
	return (((flags & RULE_READS) != 0 && ns->id.no_read) ||
	    ((flags & RULE_WRITES) != 0 && ns->id.no_write));
}

bool
resv_forbids(const struct slot *s)
{
	const struct ns_table *table = s->qp->lane->ns;
	unsigned flags = s->qp->qid == 0 ? 0 : s->rule->flags;
	const struct ns *ns;

	if ((flags & (RULE_READS | RULE_WRITES)) == 0)
		return (false);
	if (s->cmd.nsid != NVME_NSID_ALL)
		return ((ns = ns_find(table, s->cmd.nsid)) != NULL && row_forbids(ns, flags));
	for (ns = ns_after(table, 0); ns != NULL; ns = ns_after(table, ns->id.nsid))
		if (row_forbids(ns, flags))
			return (true);
	return (false);
}

/* ---- the answer, on the lane of the command ---- */

/* As much of the structure as there is room for, piece by piece. */
static void
put(struct slot *s, size_t at, const void *p, size_t len)
{
	if (at >= s->len_out)
		return;
	memcpy(s->buf + at, p, len < s->len_out - at ? len : s->len_out - at);
}

static void
build_report(struct slot *s, const struct ipc_resv_report *r)
{
	struct nvme_resv_report head = { .gen = le32(r->gen), .rtype = (uint8_t)r->type,
	    .regstrnt = le16((uint16_t)r->n), .ptpls = (uint8_t)r->ptpl };

	memset(s->buf, 0, s->len_out);
	put(s, 0, &head, sizeof(head));
	for (uint32_t i = 0; i < r->n && i < IPC_RESV_REGISTRANTS; i++) {
		/* our controllers are dynamic: their numbers say nothing of a host */
		struct nvme_resv_registrant e = { .cntlid = le16(NVME_CNTLID_DYNAMIC),
		    .rcsts = r->holds[i] ? NVME_RCSTS_HOLDS : 0, .rkey = le64(r->reg[i].key) };

		memcpy(e.hostid, r->reg[i].hostid, sizeof(e.hostid));
		put(s, sizeof(head) + i * sizeof(e), &e, sizeof(e));
	}
}

static void
answer_back(struct mail *m)
{
	struct controller *c = m->arg;

	c->resv.away = false;
	advance(c);
}

static void
answer_there(struct mail *m)
{
	struct controller *c = m->arg;
	struct slot *s = c->resv.to;
	uint16_t status = c->resv.status;
	bool report = status == 0 && wants_report(s);

	if (report)
		build_report(s, &c->resv.report);
	/* before the command is answered: with that its queue may be gone, and the controller */
	m->deliver = answer_back;
	mail_post(s->qp->lane, c->lane, m);
	if (report)
		slot_done_data(s, s->len_out);
	else
		slot_done(s, status);
}

/* Set Features of all namespaces: one after the other. */
static bool
goes_on(struct controller *c, struct slot *s, uint16_t status)
{
	const struct ns *ns;

	if (s->qp->qid != 0 || s->cmd.nsid != NVME_NSID_ALL || status != 0 ||
	    (ns = ns_after(c->lane->ns, s->parts)) == NULL)
		return (false);
	s->parts = ns->id.nsid;
	TAILQ_INSERT_HEAD(&c->resv.waiting, s, held);
	advance(c);
	return (true);
}

static void
settle(struct controller *c, uint16_t status)
{
	struct resv *r = &c->resv;
	struct slot *s = TAILQ_FIRST(&r->waiting);

	TAILQ_REMOVE(&r->waiting, s, held);
	r->asked = false;
	if (goes_on(c, s, status))
		return;
	r->to = s;
	r->status = status;
	r->away = true;
	r->word.deliver = answer_there;
	mail_post(c->lane, s->qp->lane, &r->word);
}

/* Of one namespace: all of them is asked one by one. */
static uint32_t
asked_nsid(const struct slot *s)
{
	return (s->qp->qid == 0 && s->cmd.nsid == NVME_NSID_ALL ? s->parts : s->cmd.nsid);
}

void
resv_protected(struct controller *c, uint16_t status)
{
	settle(c, status);
}

void
resv_answered(struct controller *c, const struct ipc_resv_answer *m)
{
	struct resv *r = &c->resv;
	uint16_t status = (uint16_t)m->status;
	struct slot *s = TAILQ_FIRST(&r->waiting);

	if (!r->asked || r->flushing != NULL || m->token != r->token)
		return;
	if (status == 0 && protect_needs_flush(s)) {
		protect_flush(c, asked_nsid(s));
		return;
	}
	/* a report is told in another way */
	if (status == 0 && wants_report(s))
		status = NVME_SC_INTERNAL_DEVICE_ERROR;
	settle(c, status);
}

void
resv_reported(struct controller *c, const struct ipc_resv_report *m)
{
	struct resv *r = &c->resv;

	if (!r->asked || m->token != r->token || !wants_report(TAILQ_FIRST(&r->waiting)))
		return;
	r->report = *m;
	settle(c, 0);
}

/* ---- the question, on lane 0 ---- */

static struct ipc_resv
question(const struct controller *c, const struct slot *s)
{
	struct ipc_resv m = { .token = c->resv.token, .nsid = asked_nsid(s), .opc = s->cmd.opc,
	    .cdw10 = s->cmd.cdw10 };
	struct nvme_resv_keys keys = { 0 };

	if (s->qp->qid == 0) {
		m.opc = (s->cmd.cdw10 & 0xff) == NVME_FID_RESERVATION_PERSISTENCE ?
		    IPC_RESV_PTPL : IPC_RESV_WPROTECT;
		m.cdw10 = s->cmd.cdw11 & 1;
	} else if (s->len_in > 0) {
		memcpy(&keys, s->buf, s->len_in < sizeof(keys) ? s->len_in : sizeof(keys));
		m.crkey = le64_get(keys.crkey);
		m.key2 = le64_get(keys.nrkey);
	}
	return (m);
}

static void
send(struct controller *c)
{
	struct ipc_resv m = question(c, TAILQ_FIRST(&c->resv.waiting));

	if (ask_reservation(&m) == -1)
		timer_set(&c->lane->timers, &c->resv.again, ASK_AGAIN_MS);
}

static void
again_due(struct timer *t)
{
	resv_ask_again(t->arg);
}

void
resv_ask_again(struct controller *c)
{
	if (c->resv.asked && c->resv.flushing == NULL)
		send(c);
}

static void
advance(struct controller *c)
{
	struct resv *r = &c->resv;

	if (r->asked || r->away || TAILQ_EMPTY(&r->waiting))
		return;
	if (++r->token == 0)
		r->token = 1;
	r->asked = true;
	send(c);
}

static void
ask_here(struct mail *m)
{
	struct slot *s = m->arg;
	struct controller *c = s->qp->ctrl;

	TAILQ_INSERT_TAIL(&c->resv.waiting, s, held);
	advance(c);
}

void
resv_execute(struct slot *s)
{
	slot_hold(s, NULL);
	s->mail = (struct mail){ .deliver = ask_here, .arg = s };
	mail_post(s->qp->lane, s->qp->ctrl->lane, &s->mail);
}

/* The broker has it for all hosts, and tells it in the namespace's row. */
void
resv_set(struct slot *s)
{
	const struct ns *first = ns_after(s->qp->ctrl->lane->ns, 0);

	if (s->cmd.nsid == NVME_NSID_ALL && first == NULL) {
		slot_done(s, 0);
		return;
	}
	if (s->cmd.nsid == NVME_NSID_ALL)
		s->parts = first->id.nsid;
	resv_execute(s);
}

/* ---- the controller ---- */

void
resv_init(struct controller *c)
{
	TAILQ_INIT(&c->resv.waiting);
	c->resv.again = (struct timer){ .name = "reservation", .fire = again_due, .arg = c };
	c->resv.word.arg = c;
}

void
resv_reset(struct controller *c)
{
	c->resv.notices = 0;
	c->resv.first = c->resv.n = 0;
	memset(c->resv.mask, 0, sizeof(c->resv.mask));
}
