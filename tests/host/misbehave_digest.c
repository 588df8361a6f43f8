/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Digests, made wrong. A header digest is fatal; a data digest fails its command, once, and the
 * queue goes on. NVMe/TCP transport, digest error handling.
 */
#include "config.h"

#include "tests/host/misbehave.h"

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

enum { LEN = 32768 };	/* of a write whose data is asked for */

static void
spoil_header(struct mis *m)
{
	unsigned hlen = m->pdu[CH_HLEN];

	put32(m->pdu, hlen, get32(m->pdu, hlen) ^ (uint32_t)1 << 7);
	m->fei = m->pdu + hlen;
}

static void
spoil_data(struct mis *m)
{
	m->pdu[m->pdu_len - 1] ^= 1;
}

/* A write of a block in its capsule; `value`: its LBA. */
static void
inline_write(struct mis *m, uint64_t lba)
{
	host_fill_write(&m->cmd, m->ns.nsid, lba, 1, m->buf, m->ns.block);
	mis_capsule(m, &m->cmd);
	m->watch = &m->cmd;
}

static int
header_of_command(struct mis *m, const struct mis_row *r)
{
	if (r->level == L_GREETED) {
		static struct host_connect k;

		host_connect_fill(&k, m->q, &m->opts, HOST_CNTLID_ANY);
		mis_capsule(m, &k.cmd);
	} else {
		inline_write(m, 0);
	}
	spoil_header(m);
	return (mis_send(m));
}

static int
header_of_data(struct mis *m, const struct mis_row *r)
{
	int e;

	(void)r;
	if ((e = mis_held_write(m, LEN)) != 0)
		return (e);
	mis_h2cdata(m, 0, m->cmd.r2t[0].len, true);
	spoil_header(m);
	return (mis_send(m));
}

static int
inline_data(struct mis *m, const struct mis_row *r)
{
	inline_write(m, r->value == 0 ? 0 : m->ns.nlbas);
	spoil_data(m);
	return (mis_send(m));
}

/* The first or the second half of a write's data; the other half is right. */
static int
half_of_data(struct mis *m, const struct mis_row *r)
{
	uint32_t half;
	int e;

	if ((e = mis_held_write(m, LEN)) != 0)
		return (e);
	half = m->cmd.r2t[0].len / 2;
	if (2 * half != LEN)
		return (mis_skip(m, "the target asks in small pieces"));
	mis_h2cdata(m, 0, half, false);
	if (r->value & 1)
		spoil_data(m);
	mis_send(m);
	mis_h2cdata(m, half, half, true);
	if (r->value & 2)
		spoil_data(m);
	return (mis_send(m));
}

/* The digest of the Connect data: the connection is not needed afterwards. */
static int
connect_data(struct mis *m, const struct mis_row *r)
{
	static struct host_connect k;

	(void)r;
	host_connect_fill(&k, m->q, &m->opts, HOST_CNTLID_ANY);
	mis_capsule(m, &k.cmd);
	spoil_data(m);
	m->watch = &k.cmd;
	return (mis_send(m));
}

#define BAD_DATA {STATUS(ST_TRANSPORT)}

static const struct mis_row rows[] = {
	{ "header-connect", L_GREETED, header_of_command, 0, 0, 0, {TERM(3, X_ANY)}, R_DIGEST, 0 },
	{ "header-command", L_IO, header_of_command, 0, 0, 0, {TERM(3, X_ANY)}, R_DIGEST, 0 },
	{ "header-h2cdata", L_IO, header_of_data, 0, 0, 0, {TERM(3, X_ANY)}, R_DIGEST, 0 },
	{ "data-connect", L_GREETED, connect_data, 0, 0, 0,
	    {STATUS(ST_TRANSPORT), CLOSE, TERM_ANY}, R_DIGEST, 0 },
	{ "data-inline", L_IO, inline_data, 0, 0, 0, BAD_DATA, R_DIGEST, 0 },
	{ "data-of-failed", L_IO, inline_data, 0, 0, 1, {STATUS(ST_TRANSPORT), STATUS(ST_LBA)},
	    R_DIGEST, 0 },
	{ "data-not-final", L_IO, half_of_data, 0, 0, 1, BAD_DATA, R_DIGEST, 0 },
	{ "data-final", L_IO, half_of_data, 0, 0, 2, BAD_DATA, R_DIGEST, 0 },
	{ "data-both", L_IO, half_of_data, 0, 0, 3, BAD_DATA, R_DIGEST, 0 },
};

const struct mis_table mis_rows_digest = { "digest", rows, ROWS(rows) };
