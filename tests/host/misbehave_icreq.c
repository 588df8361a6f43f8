/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The greeting, done wrong: ICReq fields one by one, and ICReqs that come twice, late, in pieces or
 * not at all. NVMe/TCP transport, connection establishment.
 */
#include "config.h"

#include <sys/socket.h>

#include <string.h>
#include <unistd.h>

#include "tests/host/misbehave.h"

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

/* One field changed. */
static int
field(struct mis *m, const struct mis_row *r)
{
	host_icreq_fill(&m->opts, m->pdu);
	m->pdu_len = SPEC_IC_LEN;
	mis_patch(m->pdu, r);
	m->watch_ready = r->level == L_TCP;
	return (mis_send(m));
}

static int
byte_by_byte(struct mis *m, const struct mis_row *r)
{
	host_icreq_fill(&m->opts, m->pdu);
	m->watch_ready = true;
	for (unsigned i = 0; i < SPEC_IC_LEN; i++) {
		host_conn_raw_send(&m->q->conn, m->pdu + i, 1);
		usleep((useconds_t)r->value);
	}
	return (0);
}

/* `extra` bytes, then the end: nobody waits for an answer, the others must not notice. */
static int
leave(struct mis *m, const struct mis_row *r)
{
	struct linger hard = {.l_onoff = 1, .l_linger = 0};

	host_icreq_fill(&m->opts, m->pdu);
	m->pdu_len = r->extra;
	mis_send(m);
	if (r->value)
		setsockopt(m->q->conn.fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	return (mis_gone(m));
}

/* `extra` bytes, then silence. */
static int
stall(struct mis *m, const struct mis_row *r)
{
	host_icreq_fill(&m->opts, m->pdu);
	m->pdu_len = r->extra;
	return (mis_send(m));
}

/* ICReq and Connect in one segment: legal, and nothing of it may be lost. */
static int
with_connect(struct mis *m, const struct mis_row *r)
{
	static struct host_connect k;
	uint8_t icreq[SPEC_IC_LEN];

	(void)r;
	host_icreq_fill(&m->opts, icreq);
	host_connect_fill(&k, m->q, &m->opts, HOST_CNTLID_ANY);
	mis_capsule(m, &k.cmd);
	memmove(m->pdu + SPEC_IC_LEN, m->pdu, m->pdu_len);
	memcpy(m->pdu, icreq, SPEC_IC_LEN);
	m->pdu_len += SPEC_IC_LEN;
	m->watch = &k.cmd;
	return (mis_send(m));
}

static const struct mis_row rows[] = {
	{ "type-command", L_TCP, field, CH_TYPE, 1, SPEC_CMD, {TERM(1, 0), TERM(2, X_ANY)}, 0, 0 },
	{ "type-unknown", L_TCP, field, CH_TYPE, 1, 0x0a, {TERM(1, 0)}, 0, 0 },
	{ "type-icresp", L_TCP, field, CH_TYPE, 1, SPEC_ICRESP, {TERM(1, 0)}, 0, 0 },
	{ "flags", L_TCP, field, CH_FLAGS, 1, 1, {TERM(1, 1)}, 0, 0 },
	{ "flags-all", L_TCP, field, CH_FLAGS, 1, 0xff, {TERM(1, 1)}, 0, 0 },
	{ "hlen-0", L_TCP, field, CH_HLEN, 1, 0, {TERM(1, 2)}, 0, 0 },
	{ "hlen-127", L_TCP, field, CH_HLEN, 1, 127, {TERM(1, 2)}, 0, 0 },
	{ "hlen-255", L_TCP, field, CH_HLEN, 1, 255, {TERM(1, 2)}, 0, 0 },
	{ "pdo", L_TCP, field, CH_PDO, 1, 128, {TERM(1, 3)}, 0, 0 },
	{ "plen-0", L_TCP, field, CH_PLEN, 4, 0, {TERM(1, 4)}, 0, 0 },
	{ "plen-127", L_TCP, field, CH_PLEN, 4, 127, {TERM(1, 4)}, 0, 0 },
	{ "plen-132", L_TCP, field, CH_PLEN, 4, 132, {TERM(1, 4)}, 0, 0 },
	{ "plen-max", L_TCP, field, CH_PLEN, 4, 0xffffffff, {TERM(1, 4)}, 0, 0 },
	{ "pfv-1", L_TCP, field, IC_PFV, 2, 1, {TERM(6, 8)}, 0, 0 },
	{ "pfv-max", L_TCP, field, IC_PFV, 2, 0xffff, {TERM(6, 8)}, 0, 0 },
	{ "hpda-32", L_TCP, field, IC_PDA, 1, 32, {TERM(1, 10)}, 0, 0 },
	{ "hpda-255", L_TCP, field, IC_PDA, 1, 255, {TERM(1, 10)}, 0, 0 },
	{ "dgst-reserved", L_TCP, field, IC_DGST, 1, 4, {TERM(1, 11)}, 0, 0 },
	{ "dgst-all", L_TCP, field, IC_DGST, 1, 0xff, {TERM(1, 11)}, 0, 0 },
	{ "maxr2t-max", L_TCP, field, IC_MAX, 4, 0xffffffff, {SUCCESS}, 0, 0 },
	{ "twice", L_GREETED, field, 0, 0, 0, {TERM(1, 0), TERM(2, X_ANY)}, 0, 0 },
	{ "after-connect", L_CONNECTED, field, 0, 0, 0, {TERM(1, 0), TERM(2, X_ANY)}, 0, 0 },
	{ "after-enable", L_IO, field, 0, 0, 0, {TERM(1, 0), TERM(2, X_ANY)}, 0, 0 },
	{ "byte-by-byte", L_TCP, byte_by_byte, 0, 0, 2000, {SUCCESS}, 0, 0 },
	{ "with-connect", L_TCP, with_connect, 0, 0, 0, {SUCCESS}, R_GONE, 0 },
	{ "leave-at-once", L_TCP, leave, 0, 0, 0, {CLOSE}, 0, 0 },
	{ "leave-half", L_TCP, leave, 0, 0, 0, {CLOSE}, 0, 64 },
	{ "leave-after", L_TCP, leave, 0, 0, 0, {CLOSE}, 0, SPEC_IC_LEN },
	{ "reset-at-once", L_TCP, leave, 0, 0, 1, {CLOSE}, 0, 0 },
	{ "reset-after", L_TCP, leave, 0, 0, 1, {CLOSE}, 0, SPEC_IC_LEN },
	{ "silent", L_TCP, stall, 0, 0, 0, {CLOSE, TERM_ANY}, R_SLOW, 0 },
	{ "silent-half", L_TCP, stall, 0, 0, 0, {CLOSE, TERM_ANY}, R_SLOW, 64 },
	{ "silent-after", L_GREETED, stall, 0, 0, 0, {CLOSE, TERM_ANY}, R_SLOW, 0 },
};

const struct mis_table mis_rows_icreq = { "icreq", rows, ROWS(rows) };
