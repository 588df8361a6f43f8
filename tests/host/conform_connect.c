/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connect, field by field: what is refused, and that IATTR and IPO name the field. NVMe Base 2.0
 * section 6.3.
 */
#include "config.h"

#include <string.h>

#include "tests/host/conform.h"

enum { SQE, DATA };		/* in cdw10: what `patch` changes; cdw11: the IPO expected */
#define BAD_FIELD(at) .cdw11 = (at)

static int
send(struct conf *c, const struct conf_row *r, struct host_queue *q, uint16_t cntlid)
{
	struct host_connect k;
	uint8_t *to = r->cdw10 == DATA ? k.data : k.cmd.sqe;

	host_connect_fill(&k, q, &c->ctrl.opts, cntlid);
	if (r->patch.width == 1)
		to[r->patch.at] = (uint8_t)r->patch.value;
	else if (r->patch.width == 2)
		put16(to, r->patch.at, (uint16_t)r->patch.value);
	else if (r->patch.width == 4)
		put32(to, r->patch.at, (uint32_t)r->patch.value);
	if (r->arg != 0)	/* a name without an end */
		memset(k.data + r->arg, 'x', 256);
	k.cmd.flags = HOST_F_SHORT;
	if (host_queue_exec(q, &k.cmd) == -1)
		return (conf_fail(c, "%s", q->conn.error.text));
	c->cmd = k.cmd;
	if ((k.cmd.status & ST_SC_MASK) == ST_PARAMETER && k.cmd.dw0 !=
	    (r->cdw11 | (r->cdw10 == DATA ? 1u << 16 : 0)))
		return (conf_fail(c, "DW0 %#x does not name the field: IATTR %u, IPO %u",
		    k.cmd.dw0, r->cdw10, r->cdw11));
	return (0);
}

static int
on_a_connection(struct conf *c, const struct conf_row *r, uint16_t qid, uint16_t cntlid)
{
	struct host_queue *q = host_queue_new(qid, 32, &c->ctrl.opts);
	int ret;

	if (q == NULL || host_queue_open(q, &c->ctrl.opts) == -1)
		ret = conf_fail(c, "%s", q == NULL ? "out of memory" : q->conn.error.text);
	else
		ret = send(c, r, q, cntlid);
	host_queue_free(q);
	return (ret);
}

static int
admin(struct conf *c, const struct conf_row *r)
{
	return (on_a_connection(c, r, 0, HOST_CNTLID_ANY));
}

/* A subsystem that nobody has. */
static int
unknown(struct conf *c, const struct conf_row *r)
{
	const char *known = c->ctrl.opts.subnqn;
	int ret;

	c->ctrl.opts.subnqn = "nqn.2026-01.example:nobody-has-this";
	ret = admin(c, r);
	c->ctrl.opts.subnqn = known;
	return (ret);
}

/* Of the row's controller, which has asked for its queues. */
static int
io(struct conf *c, const struct conf_row *r)
{
	struct host_cmd *set = &c->other[0];

	if (c->ctrl.nio == 0 && c->at != P_DISABLED) {
		host_fill_set_feature(set, 7, 1 | 1 << 16);
		if (conf_exec(c, c->ctrl.admin, set) == -1)
			return (-1);
	}
	return (on_a_connection(c, r, 2, c->ctrl.cntlid));
}

#define AT(where, a, w, v) .cdw10 = (where), BAD_FIELD(a), .patch = { (a), (w), (v) }
#define IO .run = io, .flags = C_FRESH
#define NAME "Base 2.0, 4.5: NQNs"

static const struct conf_row rows[] = {
	{ "recfmt", "Base 2.0, 6.3: RECFMT", DNR(ST_FORMAT), .run = admin,
	    AT(SQE, SQE_RECFMT, 2, 1) },
	{ "sqsize-0", "Base 2.0, 6.3: SQSIZE 0", DNR(ST_PARAMETER), .run = admin,
	    AT(SQE, SQE_SQSIZE, 2, 0) },
	{ "sqsize-over-4096", "Base 2.0, 6.3: SQSIZE of an admin queue", DNR(ST_PARAMETER),
	    .run = admin, AT(SQE, SQE_SQSIZE, 2, 0xffff) },
	{ "cattr-reserved", "Base 2.0, 1.4: reserved bits", DNR(ST_PARAMETER), { W_SUCCESS },
	    .run = admin, AT(SQE, SQE_CATTR, 1, 0xf0) },
	{ "cntlid-static", "Base 2.0, 6.3: a dynamic controller is asked for by FFFFh",
	    DNR(ST_PARAMETER), .run = admin, AT(DATA, CONN_CNTLID, 2, 5) },
	{ "cntlid-fffe", "Base 2.0, 6.3: any static controller", DNR(ST_PARAMETER), .run = admin,
	    AT(DATA, CONN_CNTLID, 2, 0xfffe) },
	{ "subnqn-endless", NAME, DNR(ST_PARAMETER), .run = admin, .cdw10 = DATA,
	    BAD_FIELD(CONN_SUBNQN), .arg = CONN_SUBNQN },
	{ "subnqn-unknown", "Base 2.0, 6.3: SUBNQN", ANY(ST_PARAMETER), .run = unknown,
	    .cdw10 = DATA, BAD_FIELD(CONN_SUBNQN) },
	{ "hostnqn-endless", NAME, DNR(ST_PARAMETER), .run = admin, .cdw10 = DATA,
	    BAD_FIELD(CONN_HOSTNQN), .arg = CONN_HOSTNQN },
	{ "io-qid-again", "Base 2.0, 6.3: a queue that exists", ANY(ST_SEQUENCE),
	    { ANY(ST_PARAMETER) }, .run = io, .place = P_IO, AT(SQE, SQE_QID, 2, 1) },
	{ "io-qid-max", "Base 2.0, 6.3: QID", DNR(ST_PARAMETER), IO,
	    AT(SQE, SQE_QID, 2, 0xffff) },
	{ "io-sqsize-0", "Base 2.0, 6.3: SQSIZE 0", DNR(ST_PARAMETER), IO,
	    AT(SQE, SQE_SQSIZE, 2, 0) },
	{ "io-sqsize-max", "Base 2.0, 6.3: SQSIZE above CAP.MQES", DNR(ST_PARAMETER), IO,
	    AT(SQE, SQE_SQSIZE, 2, 0xffff) },
	{ "io-kato", "Base 2.0, 6.3: KATO is reserved for I/O queues", DNR(ST_PARAMETER),
	    { W_SUCCESS }, IO, AT(SQE, SQE_KATO, 4, 5000) },
	{ "io-cntlid-any", "Base 2.0, 6.3: CNTLID of an I/O queue", DNR(ST_PARAMETER), IO,
	    AT(DATA, CONN_CNTLID, 2, 0xffff) },
	{ "io-cntlid-unknown", "Base 2.0, 6.3: CNTLID of an I/O queue", ANY(ST_PARAMETER), IO,
	    AT(DATA, CONN_CNTLID, 2, 0xffe0) },
	{ "io-disabled", "Base 2.0, 3.5.2: I/O queues after CSTS.RDY", ANY(ST_SEQUENCE),
	    .run = io, .place = P_DISABLED },
	{ "io", "Base 2.0, 6.3", 0, IO },
};

CONF_TABLE(connect, "Base 2.0, 6.3", "Connect", false);
