/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connect, done wrong: fields of the command and of its data, admin and I/O queues, and commands
 * that come before it. Refusals name the field (IATTR, IPO). NVMe over Fabrics, Connect.
 */
#include "config.h"

#include <string.h>

#include "tests/host/misbehave.h"

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

enum { SQE, DATA };	/* in extra: what at, width and value change */

static struct host_connect k;

static int
send_connect(struct mis *m, const struct mis_row *r)
{
	mis_patch(r->extra == DATA ? k.data : k.cmd.sqe, r);
	m->watch = &k.cmd;
	return (mis_submit(m, &k.cmd));
}

/* The admin queue's. */
static int
admin(struct mis *m, const struct mis_row *r)
{
	host_connect_fill(&k, m->q, &m->opts, HOST_CNTLID_ANY);
	return (send_connect(m, r));
}

/* An I/O queue's of a controller that is there, on a connection of its own. */
static int
io(struct mis *m, const struct mis_row *r)
{
	if (mis_second_queue(m, 1, 32) == NULL)
		return (MIS_SETUP);
	host_connect_fill(&k, m->q, &m->opts, m->ctrl.cntlid);
	return (send_connect(m, r));
}

/* A name: `at` says which; filled with `value` times 'x' behind the good prefix, 256: no end. */
static int
name(struct mis *m, const struct mis_row *r)
{
	static const char prefix[] = "nqn.2014-08.org.nvmexpress:";

	host_connect_fill(&k, m->q, &m->opts, HOST_CNTLID_ANY);
	memset(k.data + r->at, 0, 256);
	memset(k.data + r->at, 'x', r->value);
	memcpy(k.data + r->at, prefix,
	    r->value < sizeof(prefix) - 1 ? r->value : sizeof(prefix) - 1);
	m->watch = &k.cmd;
	return (mis_submit(m, &k.cmd));
}

static int
no_hostid(struct mis *m, const struct mis_row *r)
{
	(void)r;
	host_connect_fill(&k, m->q, &m->opts, HOST_CNTLID_ANY);
	memset(k.data + CONN_HOSTID, 0, 16);
	m->watch = &k.cmd;
	return (mis_submit(m, &k.cmd));
}

/* An I/O queue under another name or identifier than its admin queue: `at` in the data. */
static int
io_other(struct mis *m, const struct mis_row *r)
{
	if (mis_second_queue(m, 1, 32) == NULL)
		return (MIS_SETUP);
	host_connect_fill(&k, m->q, &m->opts, m->ctrl.cntlid);
	if (r->at == CONN_HOSTID)
		k.data[CONN_HOSTID + 15] ^= 1;
	else
		k.data[r->at + strlen((char *)k.data + r->at) - 1] ^= 1;
	m->watch = &k.cmd;
	return (mis_submit(m, &k.cmd));
}

/* `value` bytes of data instead of 1024. */
static int
data_len(struct mis *m, const struct mis_row *r)
{
	static uint8_t data[2048];

	host_connect_fill(&k, m->q, &m->opts, HOST_CNTLID_ANY);
	memcpy(data, k.data, sizeof(k.data));
	k.cmd.buf = data;
	k.cmd.len = (uint32_t)r->value;
	if (r->value == 0)
		k.cmd.dir = HOST_NODATA;
	m->watch = &k.cmd;
	return (mis_submit(m, &k.cmd));
}

/* The data not in the capsule: the target may ask for it, or refuse. */
static int
data_by_r2t(struct mis *m, const struct mis_row *r)
{
	(void)r;
	host_connect_fill(&k, m->q, &m->opts, HOST_CNTLID_ANY);
	k.cmd.flags = HOST_F_NO_ICD;
	m->watch = &k.cmd;
	return (mis_submit(m, &k.cmd));
}

/* The same qid a second time. */
static int
io_duplicate(struct mis *m, const struct mis_row *r)
{
	(void)r;
	if (mis_second_queue(m, m->ctrl.io[0]->qid, 32) == NULL)
		return (MIS_SETUP);
	host_connect_fill(&k, m->q, &m->opts, m->ctrl.cntlid);
	m->watch = &k.cmd;
	return (mis_submit(m, &k.cmd));
}

/* The controller is gone, its cntlid is used once more. */
static int
io_stale(struct mis *m, const struct mis_row *r)
{
	uint16_t cntlid = m->ctrl.cntlid;

	(void)r;
	m->q = NULL;
	if (host_ctrl_shutdown(&m->ctrl) == -1)
		return (mis_fail(m, "%s", m->ctrl.error.text));
	host_ctrl_close(&m->ctrl);
	if (mis_second_queue(m, 1, 32) == NULL)
		return (MIS_SETUP);
	host_connect_fill(&k, m->q, &m->opts, cntlid);
	m->watch = &k.cmd;
	return (mis_submit(m, &k.cmd));
}

/* Connect on a queue that is connected. */
static int
again(struct mis *m, const struct mis_row *r)
{
	host_connect_fill(&k, m->q, &m->opts, r->level == L_IO ? m->ctrl.cntlid : HOST_CNTLID_ANY);
	m->watch = &k.cmd;
	return (mis_submit(m, &k.cmd));
}

/* Two Connects at once on a fresh connection. */
static int
twice(struct mis *m, const struct mis_row *r)
{
	static struct host_connect second;

	(void)r;
	host_connect_fill(&k, m->q, &m->opts, HOST_CNTLID_ANY);
	host_connect_fill(&second, m->q, &m->opts, HOST_CNTLID_ANY);
	host_queue_submit(m->q, &k.cmd);
	m->watch = &second.cmd;
	return (mis_submit(m, &second.cmd));
}

/* Something else as the first command: opcode `value`, FCTYPE `extra`. */
static int
first_command(struct mis *m, const struct mis_row *r)
{
	host_fill(&m->cmd, (uint8_t)r->value, r->value == OPC_FABRICS ? r->extra : 1,
	    HOST_NODATA, NULL, 0);
	m->watch = &m->cmd;
	return (mis_submit(m, &m->cmd));
}

/* A keep alive timeout of `value` ms, and then nothing. */
static int
kato_expires(struct mis *m, const struct mis_row *r)
{
	host_connect_fill(&k, m->q, &m->opts, HOST_CNTLID_ANY);
	put32(k.cmd.sqe, SQE_KATO, (uint32_t)r->value);
	mis_submit(m, &k.cmd);
	return (mis_wait(m, &k.cmd));
}

/* A Connect, and gone before its answer. */
static int
leave(struct mis *m, const struct mis_row *r)
{
	(void)r;
	host_connect_fill(&k, m->q, &m->opts, HOST_CNTLID_ANY);
	mis_submit(m, &k.cmd);
	return (mis_gone(m));
}

#define SQSIZE_BAD {REFUSED_AT(0, SQE_SQSIZE)}
#define SUBNQN_BAD {REFUSED_AT(1, CONN_SUBNQN)}
#define HOSTNQN_BAD {REFUSED_AT(1, CONN_HOSTNQN)}
#define CNTLID_BAD {REFUSED_AT(1, CONN_CNTLID)}
#define NO_CTRL {REFUSED_AT(1, CONN_CNTLID), STATUS(ST_SEQUENCE)}
#define NOT_FIRST {STATUS(ST_SEQUENCE), STATUS(ST_OPCODE)}
#define LEN_BAD {REFUSED_AT(0, SQE_SGL_ADDR), STATUS(ST_SGL_LENGTH), STATUS(ST_FIELD)}

static const struct mis_row rows[] = {
	{ "identify-first", L_GREETED, first_command, 0, 0, OPC_IDENTIFY, NOT_FIRST, R_GONE, 0 },
	{ "read-first", L_GREETED, first_command, 0, 0, OPC_READ, NOT_FIRST, R_GONE, 0 },
	{ "keep-alive-first", L_GREETED, first_command, 0, 0, OPC_KEEP_ALIVE, NOT_FIRST, R_GONE,
	    0 },
	{ "prop-get-first", L_GREETED, first_command, 0, 0, OPC_FABRICS, NOT_FIRST, R_GONE,
	    FCT_PROP_GET },
	{ "disconnect-first", L_GREETED, first_command, 0, 0, OPC_FABRICS, NOT_FIRST, R_GONE,
	    FCT_DISCONNECT },
	{ "data-0", L_GREETED, data_len, 0, 0, 0, LEN_BAD, R_GONE, 0 },
	{ "data-512", L_GREETED, data_len, 0, 0, 512, LEN_BAD, R_GONE, 0 },
	{ "data-1020", L_GREETED, data_len, 0, 0, 1020, LEN_BAD, R_GONE, 0 },
	{ "data-1028", L_GREETED, data_len, 0, 0, 1028, LEN_BAD, R_GONE, 0 },
	{ "data-by-r2t", L_GREETED, data_by_r2t, 0, 0, 0, {SUCCESS, STATUS(ST_FIELD),
	    STATUS(ST_SGL_TYPE), REFUSED_AT(0, SQE_SGL_ADDR)}, R_GONE, 0 },
	{ "recfmt-1", L_GREETED, admin, SQE_RECFMT, 2, 1, {STATUS(ST_FORMAT)}, R_GONE, SQE },
	{ "recfmt-max", L_GREETED, admin, SQE_RECFMT, 2, 0xffff, {STATUS(ST_FORMAT)}, R_GONE, SQE },
	{ "sqsize-0", L_GREETED, admin, SQE_SQSIZE, 2, 0, SQSIZE_BAD, R_GONE, SQE },
	{ "sqsize-max", L_GREETED, admin, SQE_SQSIZE, 2, 0xffff, SQSIZE_BAD, R_GONE,
	    SQE },
	{ "cattr-reserved", L_GREETED, admin, SQE_CATTR, 1, 0xf0, {SUCCESS, STATUS(ST_FIELD),
	    REFUSED_AT(0, SQE_CATTR)}, R_GONE, SQE },
	{ "kato-1", L_GREETED, admin, SQE_KATO, 4, 1, {SUCCESS}, R_GONE, SQE },
	{ "kato-max", L_GREETED, admin, SQE_KATO, 4, 0xffffffff, {SUCCESS,
	    STATUS(ST_KATO)}, R_GONE, SQE },
	{ "hostid-zero", L_GREETED, no_hostid, 0, 0, 0, {REFUSED_AT(1, CONN_HOSTID)}, R_GONE, 0 },
	{ "cntlid-1", L_GREETED, admin, CONN_CNTLID, 2, 1, CNTLID_BAD, R_GONE, DATA },
	{ "cntlid-static", L_GREETED, admin, CONN_CNTLID, 2, 0xfffe, CNTLID_BAD, R_GONE, DATA },
	{ "subnqn-empty", L_GREETED, name, CONN_SUBNQN, 0, 0, SUBNQN_BAD, R_GONE, 0 },
	{ "subnqn-unknown", L_GREETED, name, CONN_SUBNQN, 0, 60, SUBNQN_BAD, R_GONE, 0 },
	{ "subnqn-223", L_GREETED, name, CONN_SUBNQN, 0, 223, SUBNQN_BAD, R_GONE, 0 },
	{ "subnqn-224", L_GREETED, name, CONN_SUBNQN, 0, 224, SUBNQN_BAD, R_GONE, 0 },
	{ "subnqn-unterminated", L_GREETED, name, CONN_SUBNQN, 0, 256, SUBNQN_BAD, R_GONE, 0 },
	{ "subnqn-nul-first", L_GREETED, admin, CONN_SUBNQN, 1, 0, SUBNQN_BAD, R_GONE, DATA },
	{ "subnqn-nul-inside", L_GREETED, admin, CONN_SUBNQN + 20, 1, 0, SUBNQN_BAD, R_GONE, DATA },
	{ "hostnqn-empty", L_GREETED, name, CONN_HOSTNQN, 0, 0, HOSTNQN_BAD, R_GONE, 0 },
	{ "hostnqn-223", L_GREETED, name, CONN_HOSTNQN, 0, 223, {SUCCESS, STATUS(ST_HOST),
	    REFUSED_AT(1, CONN_HOSTNQN)}, R_GONE, 0 },
	{ "hostnqn-224", L_GREETED, name, CONN_HOSTNQN, 0, 224, HOSTNQN_BAD, R_GONE, 0 },
	{ "hostnqn-unterminated", L_GREETED, name, CONN_HOSTNQN, 0, 256, HOSTNQN_BAD, R_GONE, 0 },
	{ "hostnqn-nul-first", L_GREETED, admin, CONN_HOSTNQN, 1, 0, HOSTNQN_BAD, R_GONE, DATA },
	{ "again", L_CONNECTED, again, 0, 0, 0, {STATUS(ST_SEQUENCE)}, 0, 0 },
	{ "again-enabled", L_ENABLED, again, 0, 0, 0, {STATUS(ST_SEQUENCE)}, 0, 0 },
	{ "again-io", L_IO, again, 0, 0, 0, {STATUS(ST_SEQUENCE)}, 0, 0 },
	{ "twice-at-once", L_GREETED, twice, 0, 0, 0, {STATUS(ST_SEQUENCE), CLOSE, TERM_ANY},
	    R_GONE, 0 },
	{ "leave", L_GREETED, leave, 0, 0, 0, {CLOSE}, 0, 0 },
	{ "kato-expires", L_GREETED, kato_expires, 0, 0, 1000, {CLOSE, TERM_ANY}, 0, 0 },
	{ "io-before-enable", L_CONNECTED, io, 0, 0, 0, {STATUS(ST_SEQUENCE),
	    REFUSED_AT(1, CONN_CNTLID)}, R_NVM, SQE },
	{ "io-of-discovery", L_ENABLED, io, 0, 0, 0, {REFUSED_AT(0, SQE_QID)}, R_DISCOVERY, SQE },
	/* the target may still see the controller: one for discovery has no I/O queues */
	{ "io-stale", L_ENABLED, io_stale, 0, 0, 0, {REFUSED_AT(1, CONN_CNTLID),
	    STATUS(ST_SEQUENCE), REFUSED_AT(0, SQE_QID)}, 0, 0 },
	{ "io-cntlid-other", L_ENABLED, io, CONN_CNTLID, 2, 0x7ea5, NO_CTRL, 0, DATA },
	{ "io-cntlid-0", L_ENABLED, io, CONN_CNTLID, 2, 0, NO_CTRL, 0, DATA },
	{ "io-cntlid-static", L_ENABLED, io, CONN_CNTLID, 2, 0xfffe, CNTLID_BAD, 0, DATA },
	{ "io-cntlid-dynamic", L_ENABLED, io, CONN_CNTLID, 2, 0xffff, CNTLID_BAD, 0, DATA },
	{ "io-duplicate", L_IO, io_duplicate, 0, 0, 0, {STATUS(ST_SEQUENCE),
	    REFUSED_AT(0, SQE_QID)}, 0, 0 },
	{ "io-qid-more", L_IO, io, SQE_QID, 2, 4000, {REFUSED_AT(0, SQE_QID)}, 0, SQE },
	{ "io-qid-max", L_IO, io, SQE_QID, 2, 0xffff, {REFUSED_AT(0, SQE_QID)}, 0, SQE },
	{ "io-sqsize-0", L_IO, io, SQE_SQSIZE, 2, 0, SQSIZE_BAD, 0, SQE },
	{ "io-sqsize-max", L_IO, io, SQE_SQSIZE, 2, 0xffff, SQSIZE_BAD, 0, SQE },
	{ "io-kato", L_IO, io, SQE_KATO, 4, 1000, {REFUSED_AT(0, SQE_KATO)}, 0, SQE },
	{ "io-other-hostid", L_IO, io_other, CONN_HOSTID, 0, 0, {REFUSED_AT(1, CONN_HOSTID),
	    REFUSED_AT(1, CONN_CNTLID)}, 0, 0 },
	{ "io-other-hostnqn", L_IO, io_other, CONN_HOSTNQN, 0, 0, {REFUSED_AT(1, CONN_HOSTNQN),
	    REFUSED_AT(1, CONN_CNTLID), STATUS(ST_HOST)}, 0, 0 },
	{ "io-other-subnqn", L_IO, io_other, CONN_SUBNQN, 0, 0, {REFUSED_AT(1, CONN_SUBNQN),
	    REFUSED_AT(1, CONN_CNTLID)}, 0, 0 },
};

const struct mis_table mis_rows_connect = { "connect", rows, ROWS(rows) };
