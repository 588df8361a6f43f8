/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fused Compare and Write. The two are neighbours in one submission queue; each brings its data as
 * any command does. When both have it, their range is asked for (range_desk.c): from then on nobody
 * else, in whatever process, changes anything there. Then the one is done, and if all is equal the
 * other. Answers leave together, the first one's first. Whichever fails, both do.
 *
 * Few pairs are under way on a lane, so that all the buffers they can ever have are there: none waits
 * for a buffer that only another one's end would free.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "worker/nvm.h"

#define PAIRS_MAX	32u
#define WAIT_MS		25000u		/* for the range */
#define SCRATCH_BYTES	65536u		/* the largest block */
#define SCRATCH_ALIGN	4096u		/* as the buffers of a pool */

enum pair_state {
	PAIR_FREE,
	PAIR_OPEN,		/* the second command, or data, is missing */
	PAIR_ASKED,		/* for its range */
	PAIR_COMPARE,
	PAIR_WRITE,
	PAIR_BACK		/* nobody's any more, but the want is still lane 0's */
};

struct pair {
	struct range_want want;
	enum pair_state state;
	struct slot *slot[2];	/* Compare, Write; or NULL */
	bool ready[2];		/* its data is there */
	bool failed[2];		/* slot->status says how it ends */
	bool over[2];		/* nothing of it is under way: it can be answered */
	uint32_t version;	/* of the table of namespaces when its range was asked for */
	struct timer timer;
};

/* Of a lane. */
struct pairs {
	/* what is stored; one is enough, since the worker has one range at a time */
	_Alignas(SCRATCH_ALIGN) uint8_t scratch[SCRATCH_BYTES];
	unsigned n;		/* not free */
	struct pair pair[PAIRS_MAX];
};

static void	granted(struct mail *);
static void	over(struct mail *);

/* ---- pairs ---- */

static struct pairs *
pairs_of(struct lane *lane)
{
	struct pairs *p = lane->pairs;

	if (p != NULL || (p = aligned_alloc(SCRATCH_ALIGN, sizeof(*p))) == NULL)
		return (p);
	p->n = 0;
	memset(p->pair, 0, sizeof(p->pair));
	return (lane->pairs = p);
}

/* Half of a pool at most, or one pair. */
static bool
has_room(const struct slot *s)
{
	struct lane *lane = s->qp->lane;
	const struct pairs *p = pairs_of(lane);
	const struct ns *ns = nvm_ns(s);
	size_t each = ns == NULL ? 0 : (size_t)fused_blocks(ns->lbads) << ns->lbads;

	return (p != NULL && p->n < PAIRS_MAX &&
	    (p->n == 0 || (p->n + 1) * each <= lane->held.most));
}

static unsigned
side_of(const struct slot *s)
{
	return (s == s->pair->slot[0] ? 0 : 1);
}

/* Its commands are answered, or freed. */
static void
release(struct pair *p)
{
	struct lane *lane = p->want.lane;

	timer_stop(&lane->timers, &p->timer);
	if (p->state == PAIR_OPEN) {
		p->state = PAIR_FREE;
		lane->pairs->n--;
		return;
	}
	if (p->state == PAIR_ASKED)
		__atomic_store_n(&p->want.given_up, true, __ATOMIC_RELEASE);
	else {
		lane->through = NULL;
		range_give_back(&p->want);
	}
	if (p->state != PAIR_FREE)	/* on lane 0 it may be over already */
		p->state = PAIR_BACK;
}

static void
over(struct mail *m)
{
	struct pair *p = ((struct range_want *)m->arg)->owner;

	p->state = PAIR_FREE;
	p->want.lane->pairs->n--;
}

static void
answer_if_over(struct pair *p)
{
	struct slot *s[2] = { p->slot[0], p->slot[1] };

	for (unsigned i = 0; i < 2; i++)
		if (s[i] != NULL && !p->over[i])
			return;
	for (unsigned i = 0; i < 2; i++) {
		p->slot[i] = NULL;
		if (s[i] != NULL)
			s[i]->pair = NULL;
	}
	release(p);
	for (unsigned i = 0; i < 2; i++)
		if (s[i] != NULL)
			slot_answer(s[i], s[i]->status);
}

/* It ends like this, now or when its data has come or the device has answered. */
static void
doom(struct pair *p, unsigned i, uint16_t status)
{
	struct slot *s = p->slot[i];

	if (s == NULL || p->over[i])
		return;
	if (!p->failed[i])
		s->status = status;
	p->failed[i] = true;
	if (s->state == SLOT_WAIT_BUFFER && xfer_forget(s))
		s->state = SLOT_WAIT_FUSED;
	p->over[i] = s->state == SLOT_WAIT_FUSED;
}

static void
fail(struct pair *p, unsigned i, uint16_t status)
{
	struct slot *s = p->slot[i];

	if (s->qp->first == s) {
		s->qp->first = NULL;
		s->qp->fusing = FUSING_FAILED;
	}
	doom(p, i, status);
	doom(p, 1 - i, NVME_SC_FAILED_FUSED);
	answer_if_over(p);
}

/* It took too long: for the second command, for a buffer, or for the range. */
static void
late(struct timer *t)
{
	struct pair *p = t->arg;

	if (p->slot[1] == NULL) {
		fail(p, 0, NVME_SC_MISSING_FUSED);
		return;
	}
	doom(p, 1, NVME_SC_COMMAND_INTERRUPTED);
	if (p->slot[0] != NULL)
		doom(p, 0, NVME_SC_COMMAND_INTERRUPTED);
	answer_if_over(p);
}

/* ---- the commands come ---- */

static void
begin(struct slot *s)
{
	struct qpair *qp = s->qp;
	struct pairs *all = qp->lane->pairs;
	struct pair *p;

	qp->fusing = FUSING_FAILED;
	if (s->status != 0)
		return;
	for (p = all->pair; p->state != PAIR_FREE; p++)
		;
	memset(p, 0, sizeof(*p));
	all->n++;
	p->state = PAIR_OPEN;
	p->want.lane = qp->lane;
	p->want.owner = p;
	p->slot[0] = s;
	p->timer = (struct timer){ .name = "fused", .fire = late, .arg = p };
	timer_set(&qp->lane->timers, &p->timer, qp->ctrl->hello.transfer_timeout_ms);
	s->pair = p;
	qp->first = s;
	qp->fusing = FUSING_FIRST;
}

static bool
is_match(const struct cmd *a, const struct cmd *b)
{
	return (b->opc == NVME_NVM_WRITE && a->nsid == b->nsid && nvm_slba(a) == nvm_slba(b) &&
	    nvm_nlb(a) == nvm_nlb(b));
}

/* What is wrong with the second was found before; it will be answered when its capsule is read. */
static void
join(struct slot *first, struct slot *s)
{
	struct pair *p = first->pair;

	p->slot[1] = s;
	s->pair = p;
	if (s->status == 0)
		return;
	doom(p, 0, is_match(&first->cmd, &s->cmd) ? NVME_SC_FAILED_FUSED :
	    NVME_SC_INVALID_FIELD | NVME_SC_DNR);
}

void
fused_arrived(struct slot *s)
{
	struct qpair *qp = s->qp;
	struct slot *first = qp->first;

	qp->first = NULL;
	qp->fusing = FUSING_NONE;
	if (first != NULL && s->cmd.fuse == NVME_FUSE_SECOND)
		join(first, s);
	else if (first != NULL)
		fail(first->pair, 0, NVME_SC_MISSING_FUSED);
	if (s->cmd.fuse == NVME_FUSE_FIRST)
		begin(s);
}

/* ---- what is judged ---- */

static uint16_t
prepare(struct slot *s)
{
	uint16_t status = nvm_rule(s->cmd.opc)->prepare(s);

	s->in_place = false;	/* it is done later than its data comes */
	if (status == 0 && nvm_nlb(&s->cmd) > fused_blocks(nvm_ns(s)->lbads))
		status = NVME_SC_ATOMIC_WRITE_UNIT_EXCEEDED | NVME_SC_DNR;
	return (status);
}

static void	ready(struct slot *);

static const struct cmd_rule rules[2] = {
	{ NVME_NVM_COMPARE, "fused Compare", prepare, ready, RULE_READS },
	{ NVME_NVM_WRITE, "fused Write", prepare, ready, RULE_CHANGES | RULE_WRITES },
};

static uint16_t
check_first(struct slot *s)
{
	if (s->cmd.opc != NVME_NVM_COMPARE) {
		s->ploc = PLOC(1, 0);
		return (NVME_SC_INVALID_FIELD | NVME_SC_DNR);
	}
	s->rule = &rules[0];
	return (has_room(s) ? 0 : NVME_SC_COMMAND_INTERRUPTED);
}

static uint16_t
check_second(struct slot *s)
{
	const struct qpair *qp = s->qp;

	if (qp->fusing == FUSING_NONE)
		return (NVME_SC_MISSING_FUSED);
	if (qp->fusing == FUSING_FAILED)
		return (NVME_SC_FAILED_FUSED);
	if (!is_match(&qp->first->cmd, &s->cmd))
		return (NVME_SC_INVALID_FIELD | NVME_SC_DNR);
	s->rule = &rules[1];
	return (0);
}

uint16_t
fused_check(struct slot *s)
{
	if (s->qp->qid == 0 || s->cmd.opc == NVME_OPC_FABRICS ||
	    s->cmd.fuse == NVME_FUSE_RESERVED) {
		s->ploc = PLOC(1, 0);
		return (NVME_SC_INVALID_FIELD | NVME_SC_DNR);
	}
	return (s->cmd.fuse == NVME_FUSE_FIRST ? check_first(s) : check_second(s));
}

/* ---- both are there ---- */

/* By the namespaces of now, which both hold then. False: they have been answered. */
static bool
judge(struct pair *p)
{
	return (slot_begin(p->slot[0]) && slot_begin(p->slot[1]));
}

/* Only for what this host may write to: the broker ends who asks for anything else. */
static void
ask(struct pair *p)
{
	const struct slot *s = p->slot[0];
	const struct ns *ns;

	if (!judge(p))
		return;
	ns = nvm_ns(s);
	slot_hold(p->slot[0], NULL);
	slot_hold(p->slot[1], NULL);
	p->state = PAIR_ASKED;
	p->version = s->qp->lane->ns->version;
	p->want.nsid = ns->id.nsid;
	p->want.offset = nvm_slba(&s->cmd) << ns->lbads;
	p->want.len = s->len_in;
	p->want.granted = granted;
	p->want.over = over;
	timer_set(&s->qp->lane->timers, &p->timer, WAIT_MS);
	range_want(&p->want);
}

/* It has not begun yet: nobody who changes its namespace waits for it. */
static void
ready(struct slot *s)
{
	struct pair *p = s->pair;
	unsigned i = side_of(s);

	slot_hold(s, NULL);
	s->state = SLOT_WAIT_FUSED;
	p->ready[i] = true;
	if (p->failed[i]) {
		p->over[i] = true;
		answer_if_over(p);
	} else if (p->ready[1 - i])
		ask(p);
}

/* ---- the range is ours ---- */

static void
run(struct slot *s)
{
	s->state = SLOT_EXECUTE;
	s->op.done = NULL;	/* until it is submitted */
}

static void
compared(struct slot *s, const uint8_t *stored)
{
	if (memcmp(stored, s->buf, s->len_in) != 0) {
		slot_done(s, NVME_SC_COMPARE_FAILURE | NVME_SC_DNR);
		return;
	}
	ns_stat_read(s->qp->lane, nvm_ns(s)->file, s->len_in);
	slot_done(s, 0);
}

static void
read_done(struct eng_op *op)
{
	struct slot *s = op->arg;
	uint16_t status = nvm_op_status(s);

	if (status == 0)
		status = nvm_is_ending(s);
	if (status != 0)
		slot_done(s, status);
	else
		compared(s, s->qp->lane->pairs->scratch);
}

static void
compare(struct slot *s, uint16_t status)
{
	const struct ns *ns = nvm_ns(s);

	if (status != 0)
		slot_done(s, status);
	else if (ns->map != NULL)
		compared(s, ns->map + (nvm_slba(&s->cmd) << ns->lbads));
	else {
		nvm_range_op(s, ENG_READ, s->len_in);
		s->op.fua = false;
		s->op.buf = s->qp->lane->pairs->scratch;
		nvm_submit(s, read_done);
	}
}

/* A namespace that has changed may be another backend, of which this is not the range. */
static void
granted(struct mail *m)
{
	struct pair *p = ((struct range_want *)m->arg)->owner;

	if (p->state == PAIR_BACK) {
		range_give_back(&p->want);
		return;
	}
	timer_stop(&p->want.lane->timers, &p->timer);
	p->state = PAIR_COMPARE;
	if (!judge(p))
		return;
	if (p->version != p->want.lane->ns->version) {
		fail(p, 0, NVME_SC_COMMAND_INTERRUPTED);
		return;
	}
	run(p->slot[0]);
	nvm_settle(p->slot[0], compare);
}

static void
write_it(struct pair *p)
{
	p->state = PAIR_WRITE;
	p->want.lane->through = &p->slot[1]->op;
	run(p->slot[1]);
	nvm_write_execute(p->slot[1]);
}

/* A range that was asked for under the rows before is not what these two need. One that stands in line
 * for it leaves the line before the lane says that it knows the new rows, so that the broker, which may
 * have taken the namespace away then, is not asked. */
void
fused_changed(struct lane *lane)
{
	struct pairs *all = lane->pairs;

	for (unsigned i = 0; all != NULL && i < PAIRS_MAX; i++)
		if (all->pair[i].state == PAIR_ASKED && judge(&all->pair[i]))
			fail(&all->pair[i], 0, NVME_SC_COMMAND_INTERRUPTED);
}

/* ---- the ends ---- */

static bool
may_write(const struct pair *p)
{
	return (p->slot[1] != NULL && !p->failed[0] && !p->failed[1] &&
	    p->slot[1]->qp->state == QP_LIVE);
}

void
fused_done(struct slot *s, uint16_t status)
{
	struct pair *p = s->pair;
	unsigned i = side_of(s);

	s->state = SLOT_WAIT_FUSED;
	if (p->state == PAIR_COMPARE && i == 0 && status == 0 && may_write(p)) {
		s->status = 0;
		write_it(p);
	} else if (p->state == PAIR_WRITE && i == 1 && status == 0) {
		s->status = 0;
		p->over[0] = p->over[1] = true;
		answer_if_over(p);
	} else
		fail(p, i, status != 0 ? status : NVME_SC_FAILED_FUSED);
}

/* Its queue closes. What of the pair the device has is answered to nobody, later. */
void
fused_forget(struct slot *s)
{
	struct pair *p = s->pair;
	struct qpair *qp = s->qp;

	p->slot[side_of(s)] = NULL;
	s->pair = NULL;
	if (qp->first == s) {
		qp->first = NULL;
		qp->fusing = FUSING_NONE;
	}
	if (p->slot[0] == NULL && p->slot[1] == NULL)
		release(p);
}

/* Not a Compare whose Write is under way, nor one that ends already. */
bool
fused_may_abort(const struct slot *s)
{
	return (s->pair->state != PAIR_WRITE && !s->pair->over[side_of(s)]);
}
