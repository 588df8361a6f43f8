/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The admin command set: a table by opcode. The commands with many parts are in rooms of their own
 * (identify.c, logpage.c, feature.c, aer.c); Abort and Keep Alive are here.
 */
#include "config.h"

#include "worker/worker.h"

static uint16_t
nothing_prepare(struct slot *s)
{
	(void)s;
	return (0);
}

static void
keep_alive_execute(struct slot *s)
{
	ctrl_keep_alive(s->qp->ctrl);
	slot_done(s, 0);
}

static uint16_t
abort_cid(const struct slot *s)
{
	return ((uint16_t)(s->cmd.cdw10 >> 16));
}

static struct seat *
abort_seat(const struct slot *s)
{
	return (&s->qp->ctrl->io[(s->cmd.cdw10 & 0xffff) - 1]);
}

static void
abort_back(struct mail *m)
{
	struct slot *s = m->arg;

	seat_back(abort_seat(s));
	slot_done(s, 0);
}

/* On the lane of the queue. */
static void
abort_there(struct mail *m)
{
	struct slot *s = m->arg;
	struct seat *seat = abort_seat(s);

	s->result = qp_abort(&seat->qp, abort_cid(s)) ? 0 : 1;
	seat_answer(seat, m, abort_back);
}

/* Bit 0 of the answer: 0 only when the command really will not be done. */
static void
abort_execute(struct slot *s)
{
	struct controller *c = s->qp->ctrl;
	uint16_t qid = (uint16_t)(s->cmd.cdw10 & 0xffff);
	struct seat *seat = seat_live(c, qid);

	s->result = 1;
	if (seat != NULL) {
		s->mail = (struct mail){ .deliver = abort_there, .arg = s };
		seat_tell(seat, &s->mail);
		return;
	}
	if (qid == 0 && (aer_abort(c, abort_cid(s)) || qp_abort(&c->admin, abort_cid(s))))
		s->result = 0;
	slot_done(s, 0);
}

static const struct cmd_rule rules[] = {
	{ NVME_ADMIN_GET_LOG_PAGE, "Get Log Page", logpage_prepare, logpage_execute,
	    RULE_DISCOVERY },
	{ NVME_ADMIN_IDENTIFY, "Identify", identify_prepare, identify_execute, RULE_DISCOVERY },
	{ NVME_ADMIN_ABORT, "Abort", nothing_prepare, abort_execute, RULE_DISCOVERY },
	{ NVME_ADMIN_SET_FEATURES, "Set Features", set_features_prepare, set_features_execute,
	    RULE_DISCOVERY },
	{ NVME_ADMIN_GET_FEATURES, "Get Features", get_features_prepare, get_features_execute,
	    RULE_DISCOVERY },
	{ NVME_ADMIN_ASYNC_EVENT_REQUEST, "Asynchronous Event Request", aer_prepare, aer_execute,
	    RULE_DISCOVERY },
	{ NVME_ADMIN_KEEP_ALIVE, "Keep Alive", nothing_prepare, keep_alive_execute,
	    RULE_DISCOVERY | RULE_DISABLED },
};

const struct cmd_rule *
admin_rule(uint8_t opc)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].opc == opc)
			return (&rules[i]);
	return (NULL);
}
