/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Common headers, done wrong, where a greeter reads them (with Connect) and where a controller
 * does. NVMe/TCP transport, PDU common header; all are fatal for the connection.
 */
#include "config.h"

#include <string.h>

#include "tests/host/misbehave.h"

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

/* A good command with data in its capsule: Connect, or a write of a block. */
static void
good_capsule(struct mis *m, const struct mis_row *r)
{
	static struct host_connect k;

	if (r->level == L_IO) {
		host_fill_write(&m->cmd, m->ns.nsid, 0, 1, m->buf, m->ns.block);
		m->watch = &m->cmd;
	} else {
		host_connect_fill(&k, m->q, &m->opts, HOST_CNTLID_ANY);
		m->watch = &k.cmd;
	}
	mis_capsule(m, m->watch);
}

/* One field of the header changed; digests stay right where there are any. */
static int
field(struct mis *m, const struct mis_row *r)
{
	good_capsule(m, r);
	mis_patch(m->pdu, r);
	if (r->at != CH_HLEN)
		mis_seal(m);
	return (mis_send(m));
}

/* The type, in a header that is right for that type: `extra` is its length. */
static int
foreign_type(struct mis *m, const struct mis_row *r)
{
	m->pdu[CH_TYPE] = (uint8_t)r->value;
	m->pdu[CH_HLEN] = (uint8_t)r->extra;
	put32(m->pdu, CH_PLEN, r->extra);
	m->pdu_len = r->extra;
	if (r->value == SPEC_C2HDATA) {
		m->pdu[CH_FLAGS] = SPEC_F_LAST;
		m->pdu[CH_PDO] = 24;
		put32(m->pdu, CH_PLEN, 24 + 512);
		put32(m->pdu, DATA_LENGTH, 512);
		m->pdu_len = 24 + 512;
	}
	return (mis_send(m));
}

/* Only the first bytes of a good capsule, then the end. */
static int
leave(struct mis *m, const struct mis_row *r)
{
	good_capsule(m, r);
	m->pdu_len = r->extra;
	mis_send(m);
	return (mis_gone(m));
}

/* An H2CTermReq, changed: nobody answers that with a C2HTermReq. */
static int
h2c_termreq(struct mis *m, const struct mis_row *r)
{
	memset(m->pdu, 0, 256);
	m->pdu[CH_TYPE] = SPEC_H2CTERM;
	m->pdu[CH_HLEN] = SPEC_TERM_LEN;
	put32(m->pdu, CH_PLEN, SPEC_TERM_LEN + 72);
	put16(m->pdu, TERM_FES, SPEC_FES_FIELD);
	m->pdu_len = SPEC_TERM_LEN + 72;
	mis_patch(m->pdu, r);
	return (mis_send(m));
}

#define BAD_TYPE {TERM(1, 0), TERM(2, X_ANY)}

/* Where the greeter reads, and where the controller's worker does. */
#define FIELDS(name, level)								\
	{ name "/flag-last", level, field, CH_FLAGS, 1, SPEC_F_LAST, {TERM(1, 1)}, 0, 0 },\
	{ name "/flag-reserved", level, field, CH_FLAGS, 1, 0x80, {TERM(1, 1)}, 0, 0 },	\
	{ name "/hdgstf", level, field, CH_FLAGS, 1, SPEC_F_HDGST, {TERM(1, 1)}, 0, 0 },\
	{ name "/ddgstf", level, field, CH_FLAGS, 1, SPEC_F_DDGST, {TERM(1, 1)}, 0, 0 },\
	{ name "/no-hdgstf", level, field, CH_FLAGS, 1, SPEC_F_DDGST, {TERM(1, 1)}, R_DIGEST, 0 },\
	{ name "/no-ddgstf", level, field, CH_FLAGS, 1, SPEC_F_HDGST, {TERM(1, 1)}, R_DIGEST, 0 },\
	{ name "/hlen-0", level, field, CH_HLEN, 1, 0, {TERM(1, 2)}, 0, 0 },		\
	{ name "/hlen-71", level, field, CH_HLEN, 1, 71, {TERM(1, 2)}, 0, 0 },		\
	{ name "/hlen-73", level, field, CH_HLEN, 1, 73, {TERM(1, 2)}, 0, 0 },		\
	{ name "/hlen-255", level, field, CH_HLEN, 1, 255, {TERM(1, 2)}, 0, 0 },	\
	{ name "/pdo-0", level, field, CH_PDO, 1, 0, {TERM(1, 3), TERM(1, 4)}, 0, 0 },	\
	{ name "/pdo-in-header", level, field, CH_PDO, 1, 68, {TERM(1, 3)}, 0, 0 },	\
	{ name "/pdo-in-digest", level, field, CH_PDO, 1, 72, {TERM(1, 3)}, R_DIGEST, 0 },\
	{ name "/pdo-odd", level, field, CH_PDO, 1, 74, {TERM(1, 3)}, 0, 0 },		\
	{ name "/plen-0", level, field, CH_PLEN, 4, 0, {TERM(1, 4), TERM(1, 3)}, 0, 0 },\
	{ name "/plen-71", level, field, CH_PLEN, 4, 71, {TERM(1, 4), TERM(1, 3)}, 0, 0 },\
	{ name "/plen-max", level, field, CH_PLEN, 4, 0xffffffff, {TERM(1, 4)}, 0, 0 },	\
	{ name "/plen-2G", level, field, CH_PLEN, 4, 0x80000000, {TERM(1, 4)}, 0, 0 },	\
	{ name "/type-unknown", level, foreign_type, 0, 0, 0x0b, BAD_TYPE, 0, 72 },	\
	{ name "/type-8", level, foreign_type, 0, 0, 0x08, BAD_TYPE, 0, 72 },		\
	{ name "/type-255", level, foreign_type, 0, 0, 0xff, BAD_TYPE, 0, 72 },		\
	{ name "/icresp", level, foreign_type, 0, 0, SPEC_ICRESP, BAD_TYPE, 0, 128 },	\
	{ name "/capsuleresp", level, foreign_type, 0, 0, SPEC_RESP, BAD_TYPE, 0, 24 },	\
	{ name "/c2hdata", level, foreign_type, 0, 0, SPEC_C2HDATA, BAD_TYPE, 0, 24 },	\
	{ name "/r2t", level, foreign_type, 0, 0, SPEC_R2T, BAD_TYPE, 0, 24 },		\
	{ name "/c2htermreq", level, foreign_type, 0, 0, SPEC_C2HTERM,			\
	    {TERM(1, 0), TERM(2, X_ANY), CLOSE}, 0, 24 },				\
	{ name "/h2ctermreq", level, h2c_termreq, 0, 0, 0, {CLOSE}, 0, 0 },		\
	{ name "/h2ctermreq-fes", level, h2c_termreq, TERM_FES, 2, 0xffff, {CLOSE}, 0, 0 },\
	{ name "/h2ctermreq-short", level, h2c_termreq, CH_PLEN, 4, 23, {CLOSE}, 0, 0 },\
	{ name "/h2ctermreq-long", level, h2c_termreq, CH_PLEN, 4, 153, {CLOSE}, 0, 0 },\
	{ name "/h2ctermreq-max", level, h2c_termreq, CH_PLEN, 4, 0xffffffff, {CLOSE}, 0, 0 },\
	{ name "/leave-in-common", level, leave, 0, 0, 0, {CLOSE}, 0, 5 },		\
	{ name "/leave-in-header", level, leave, 0, 0, 0, {CLOSE}, 0, 50 },		\
	{ name "/leave-in-data", level, leave, 0, 0, 0, {CLOSE}, 0, 200 }

static const struct mis_row rows[] = {
	FIELDS("greeter", L_GREETED),
	FIELDS("io", L_IO),
};

const struct mis_table mis_rows_header = { "header", rows, ROWS(rows) };
