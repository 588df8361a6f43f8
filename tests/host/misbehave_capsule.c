/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Command capsules whose SGL, data, identifier or fuse bits are wrong. The command fails, the queue
 * goes on; only a capsule that cannot be right as a PDU ends the connection.
 */
#include "config.h"

#include <string.h>

#include "tests/host/misbehave.h"

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

enum { F_READ = 1, F_NO_ICD = 2 };	/* in extra */

/* A read, or a write of a block, in the capsule or not; one field of the sqe changed. */
static int
field(struct mis *m, const struct mis_row *r)
{
	if (r->extra & F_READ)
		host_fill_read(&m->cmd, m->ns.nsid, 0, 1, m->buf, m->ns.block);
	else
		host_fill_write(&m->cmd, m->ns.nsid, 0, 1, m->buf, m->ns.block);
	m->cmd.flags = r->extra & F_NO_ICD ? HOST_F_NO_ICD | HOST_F_HOLD : HOST_F_SHORT;
	return (mis_sqe(m, r, &m->cmd));
}

/* Data in the capsule of a command that reads. */
static int
data_on_read(struct mis *m, const struct mis_row *r)
{
	host_fill_read(&m->cmd, m->ns.nsid, 0, 1, m->buf, m->ns.block);
	m->cmd.flags = HOST_F_SGL | HOST_F_IN_CAPSULE | HOST_F_SHORT;
	m->cmd.sqe[SQE_FLAGS] = SPEC_PSDT_SGL;
	put32(m->cmd.sqe, SQE_SGL_LEN, m->ns.block);
	m->cmd.sqe[SQE_SGL_TYPE] = (uint8_t)r->value;
	mis_capsule(m, &m->cmd);
	m->watch = &m->cmd;
	return (mis_send(m));
}

/* `value` bytes more in the capsule than it may have. */
static int
too_much_data(struct mis *m, const struct mis_row *r)
{
	uint32_t len = (m->q->icd_max / m->ns.block + (uint32_t)r->value) * m->ns.block;

	if (len > MIS_BUF_MAX)
		return (mis_skip(m, "IOCCSZ is very large"));
	host_fill_write(&m->cmd, m->ns.nsid, 0, len / m->ns.block, m->buf, len);
	m->cmd.flags = HOST_F_SGL | HOST_F_IN_CAPSULE;
	m->cmd.sqe[SQE_FLAGS] = SPEC_PSDT_SGL;
	put32(m->cmd.sqe, SQE_SGL_LEN, len);
	m->cmd.sqe[SQE_SGL_TYPE] = SPEC_SGL_ICD;
	mis_capsule(m, &m->cmd);
	m->watch = &m->cmd;
	return (mis_send(m));
}

/* A second command with the cid of one that is certainly in flight: it waits for its data. */
static int
duplicate_cid(struct mis *m, const struct mis_row *r)
{
	int e;

	(void)r;
	if ((e = mis_held_write(m, 32768)) != 0)
		return (e);
	host_fill_read(&m->other, m->ns.nsid, 0, 1, m->buf, m->ns.block);
	mis_capsule(m, &m->other);
	put16(m->pdu + SPEC_CH_LEN, SQE_CID, m->cmd.cid);
	mis_seal(m);
	return (mis_send(m));
}

/* The first of a fused pair, then the end. */
static int
half_a_pair(struct mis *m, const struct mis_row *r)
{
	host_fill_read(&m->cmd, m->ns.nsid, 0, 1, m->buf, m->ns.block);
	m->cmd.sqe[SQE_FLAGS] = (uint8_t)r->value;
	mis_submit(m, &m->cmd);
	return (mis_gone(m));
}

/* More commands than the queue has entries, in one piece. */
static int
overfull(struct mis *m, const struct mis_row *r)
{
	uint8_t *one = m->buf;
	size_t len, n = (size_t)m->q->size * (size_t)r->value;

	host_fill_read(&m->cmd, m->ns.nsid, 0, 1, m->buf + 4096, m->ns.block);
	mis_capsule(m, &m->cmd);
	memcpy(one, m->pdu, len = m->pdu_len);
	if (n * len > MIS_PDU_MAX)
		n = MIS_PDU_MAX / len;
	for (size_t i = 0; i < n; i++) {
		memcpy(m->pdu + i * len, one, len);
		put16(m->pdu + i * len + SPEC_CH_LEN, SQE_CID, (uint16_t)(i + 1));
	}
	m->pdu_len = n * len;
	mis_send(m);
	return (mis_drain(m));
}

/* A long write that is announced and never sent; the host goes away. */
static int
never_sent(struct mis *m, const struct mis_row *r)
{
	int e = mis_held_write(m, (uint32_t)r->value);

	return (e != 0 ? e : mis_gone(m));
}

#define TYPE_WRONG {STATUS(ST_SGL_TYPE), STATUS(ST_FIELD)}
#define LEN_WRONG {STATUS(ST_SGL_LENGTH), STATUS(ST_FIELD)}
#define SGL SQE_SGL_TYPE, 1

static const struct mis_row rows[] = {
	{ "sgl-data-block", L_IO, field, SGL, 0x00, TYPE_WRONG, 0, 0 },
	{ "sgl-icd-subtype", L_IO, field, SGL, 0x0f, TYPE_WRONG, 0, 0 },
	{ "sgl-bit-bucket", L_IO, field, SGL, 0x10, TYPE_WRONG, 0, F_READ },
	{ "sgl-segment", L_IO, field, SGL, 0x20, TYPE_WRONG, 0, F_NO_ICD },
	{ "sgl-last-segment", L_IO, field, SGL, 0x30, TYPE_WRONG, 0, F_NO_ICD },
	{ "sgl-segment-offset", L_IO, field, SGL, 0x31, TYPE_WRONG, 0, 0 },
	{ "sgl-keyed", L_IO, field, SGL, 0x40, TYPE_WRONG, 0, F_NO_ICD },
	{ "sgl-keyed-invalidate", L_IO, field, SGL, 0x4f, TYPE_WRONG, 0, F_READ },
	{ "sgl-transport-subtype", L_IO, field, SGL, 0x50, TYPE_WRONG, 0, F_READ },
	{ "sgl-transport-subtype-b", L_IO, field, SGL, 0x5b, TYPE_WRONG, 0, F_READ },
	{ "sgl-unknown", L_IO, field, SGL, 0xff, TYPE_WRONG, 0, F_READ },
	{ "sgl-transport-with-data", L_IO, field, SGL, SPEC_SGL_TRANSPORT, {STATUS(ST_FIELD),
	    STATUS(ST_SGL_TYPE), STATUS(ST_SGL_LENGTH)}, 0, 0 },
	{ "sgl-icd-without-data", L_IO, field, SGL, SPEC_SGL_ICD, LEN_WRONG, 0, F_NO_ICD },
	{ "sgl-icd-on-read", L_IO, field, SGL, SPEC_SGL_ICD, {STATUS(ST_FIELD),
	    STATUS(ST_SGL_TYPE), STATUS(ST_SGL_LENGTH)}, 0, F_READ },
	{ "icd-offset", L_IO, field, SQE_SGL_ADDR, 8, 4, {STATUS(ST_SGL_OFFSET),
	    STATUS(ST_FIELD)}, 0, 0 },
	{ "icd-offset-max", L_IO, field, SQE_SGL_ADDR, 8, UINT64_MAX, {STATUS(ST_SGL_OFFSET),
	    STATUS(ST_FIELD)}, 0, 0 },
	{ "icd-len-0", L_IO, field, SQE_SGL_LEN, 4, 0, LEN_WRONG, 0, 0 },
	{ "icd-len-more", L_IO, field, SQE_SGL_LEN, 4, 8192, LEN_WRONG, 0, 0 },
	{ "icd-len-max", L_IO, field, SQE_SGL_LEN, 4, 0xffffffff, LEN_WRONG, 0, 0 },
	{ "icd-too-much", L_IO, too_much_data, 0, 0, 1, {TERM_ANY}, 0, 0 },
	{ "icd-far-too-much", L_IO, too_much_data, 0, 0, 100, {TERM_ANY}, 0, 0 },
	{ "data-on-read", L_IO, data_on_read, 0, 0, SPEC_SGL_ICD, {STATUS(ST_FIELD),
	    STATUS(ST_SGL_TYPE), STATUS(ST_SGL_LENGTH)}, 0, 0 },
	{ "data-on-read-transport", L_IO, data_on_read, 0, 0, SPEC_SGL_TRANSPORT,
	    {STATUS(ST_FIELD), STATUS(ST_SGL_TYPE), STATUS(ST_SGL_LENGTH)}, 0, 0 },
	{ "write-len-0", L_IO, field, SQE_SGL_LEN, 4, 0, LEN_WRONG, 0, F_NO_ICD },
	{ "write-len-4G", L_IO, field, SQE_SGL_LEN, 4, 0xffffffff, LEN_WRONG, 0, F_NO_ICD },
	{ "write-len-more", L_IO, field, SQE_SGL_LEN, 4, 1 << 16, LEN_WRONG, 0, F_NO_ICD },
	{ "read-len-0", L_IO, field, SQE_SGL_LEN, 4, 0, LEN_WRONG, 0, F_READ },
	{ "read-len-less", L_IO, field, SQE_SGL_LEN, 4, 256, LEN_WRONG, 0, F_READ },
	{ "read-address", L_IO, field, SQE_SGL_ADDR, 8, 4, {STATUS(ST_SGL_OFFSET),
	    STATUS(ST_FIELD), SUCCESS}, 0, F_READ },
	{ "psdt-prp", L_IO, field, SQE_FLAGS, 1, 0, {STATUS(ST_FIELD)}, 0, F_READ },
	{ "psdt-prp-write", L_IO, field, SQE_FLAGS, 1, 0, {STATUS(ST_FIELD)}, 0, 0 },
	{ "psdt-reserved", L_IO, field, SQE_FLAGS, 1, 0xc0, {STATUS(ST_FIELD)}, 0, F_READ },
	{ "fuse-first", L_IO, field, SQE_FLAGS, 1, 0x41, {STATUS(ST_FIELD), STATUS(0x00a)}, 0,
	    F_READ },
	{ "fuse-second", L_IO, field, SQE_FLAGS, 1, 0x42, {STATUS(ST_FIELD), STATUS(0x00a)}, 0,
	    F_READ },
	{ "fuse-reserved", L_IO, field, SQE_FLAGS, 1, 0x43, {STATUS(ST_FIELD)}, 0, F_READ },
	{ "fuse-first-leave", L_IO, half_a_pair, 0, 0, 0x41, {CLOSE}, 0, 0 },
	{ "cid-duplicate", L_IO, duplicate_cid, 0, 0, 0, {STATUS(ST_CID), TERM_ANY, CLOSE}, R_GONE,
	    0 },
	{ "queue-overfull", L_IO, overfull, 0, 0, 8, {SUCCESS, TERM_ANY, CLOSE}, R_GONE, 0 },
	{ "write-never-sent", L_IO, never_sent, 0, 0, 65536, {CLOSE}, 0, 0 },
};

const struct mis_table mis_rows_capsule = { "capsule", rows, ROWS(rows) };
