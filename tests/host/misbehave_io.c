/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * I/O commands, done wrong: ranges that end or wrap, more than MDTS, ranges of Dataset Management,
 * namespaces and opcodes that are not there. Each gets a status, and not a byte is touched.
 */
#include "config.h"

#include <sys/socket.h>

#include <string.h>

#include "tests/host/misbehave.h"

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

enum { OPC_RESERVE = 0x0d, OPC_REPORT = 0x0e };
enum { END = 1 };	/* in extra: value counts from the end of the namespace */

static uint64_t
lba_of(const struct mis *m, const struct mis_row *r)
{
	return (r->extra == END ? m->ns.nlbas + r->value : r->value);
}

/* `width` blocks at LBA `value`, opcode `at`, with data where the opcode says so. */
static int
range(struct mis *m, const struct mis_row *r)
{
	uint32_t len = r->width * m->ns.block;
	uint8_t opc = (uint8_t)r->at;

	if (opc == OPC_READ)
		host_fill_read(&m->cmd, m->ns.nsid, lba_of(m, r), r->width, m->buf, len);
	else if (opc == OPC_WRITE_ZEROES)
		host_fill_zeroes(&m->cmd, m->ns.nsid, lba_of(m, r), r->width);
	else
		host_fill_write(&m->cmd, m->ns.nsid, lba_of(m, r), r->width, m->buf, len);
	m->cmd.sqe[SQE_OPC] = opc;
	m->watch = &m->cmd;
	return (mis_submit(m, &m->cmd));
}

/* One block more than MDTS, or as many as a command can name; nothing is sent in the capsule. */
static int
over_mdts(struct mis *m, const struct mis_row *r)
{
	uint32_t nlb = r->value != 0 ? (uint32_t)r->value : m->ctrl.mdts / m->ns.block + 1;
	uint32_t len = nlb * m->ns.block;

	if (len <= m->ctrl.mdts)
		return (mis_skip(m, "the block size is too small"));
	host_fill_read(&m->cmd, m->ns.nsid, 0, nlb, m->buf, len);
	if (r->at != OPC_READ) {
		host_fill_write(&m->cmd, m->ns.nsid, 0, nlb, m->buf, len);
		m->cmd.flags = HOST_F_HOLD | HOST_F_NO_ICD;
	} else if (len > MIS_BUF_MAX) {
		return (mis_skip(m, "too long for a buffer"));
	}
	m->cmd.sqe[SQE_OPC] = (uint8_t)r->at;
	m->watch = &m->cmd;
	return (mis_submit(m, &m->cmd));
}

/* Dataset Management: `width` ranges announced, `extra` sent, the last one of `value` LBAs. */
static int
deallocate(struct mis *m, const struct mis_row *r)
{
	for (unsigned i = 0; i < r->extra; i++)
		host_dsm_range(m->buf, i, 0, 1);
	host_dsm_range(m->buf, r->extra - 1, r->at ? UINT64_MAX - 1 : m->ns.nlbas - 1,
	    (uint32_t)r->value);
	host_fill_deallocate(&m->cmd, m->ns.nsid, m->buf, r->extra);
	put32(m->cmd.sqe, SQE_CDW10, r->width - 1);
	m->watch = &m->cmd;
	return (mis_submit(m, &m->cmd));
}

/* Another namespace: NSID `value`, opcode `at`. */
static int
namespace(struct mis *m, const struct mis_row *r)
{
	if (r->at == OPC_READ)
		host_fill_read(&m->cmd, (uint32_t)r->value, 0, 1, m->buf, m->ns.block);
	else if (r->at == OPC_WRITE)
		host_fill_write(&m->cmd, (uint32_t)r->value, 0, 1, m->buf, m->ns.block);
	else
		host_fill(&m->cmd, (uint8_t)r->at, (uint32_t)r->value, HOST_NODATA, NULL, 0);
	m->watch = &m->cmd;
	return (mis_submit(m, &m->cmd));
}

/* Opcode `at` with CDW10 `value` and `extra` bytes of data. */
static int
opcode(struct mis *m, const struct mis_row *r)
{
	host_fill(&m->cmd, (uint8_t)r->at, m->ns.nsid, r->extra > 0 ? HOST_TO_TARGET : HOST_NODATA,
	    m->buf, r->extra);
	put32(m->cmd.sqe, SQE_CDW10, (uint32_t)r->value);
	m->watch = &m->cmd;
	return (mis_submit(m, &m->cmd));
}

/* Many reads, none of whose data is taken, then a reset. */
static int
reset_while_reading(struct mis *m, const struct mis_row *r)
{
	static struct host_cmd reads[30];
	struct linger hard = {.l_onoff = 1, .l_linger = 0};
	uint32_t len = m->ctrl.mdts < 65536 ? m->ctrl.mdts : 65536;

	(void)r;
	for (unsigned i = 0; i < 30 && host_queue_may_submit(m->q); i++) {
		host_fill_read(&reads[i], m->ns.nsid, 0, len / m->ns.block, m->buf, len);
		host_queue_submit(m->q, &reads[i]);
	}
	host_conn_send(&m->q->conn);
	setsockopt(m->q->conn.fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	return (mis_gone(m));
}

#define RANGE {STATUS(ST_LBA)}
#define BAD {STATUS(ST_FIELD)}
#define BAD_OPC {STATUS(ST_OPCODE)}
#define BAD_NS {STATUS(ST_NAMESPACE)}
#define OPTIONAL_RANGE {STATUS(ST_LBA), STATUS(ST_OPCODE)}
#define OPTIONAL_SHORT {STATUS(ST_FIELD), STATUS(ST_SGL_LENGTH), STATUS(ST_OPCODE)}

static const struct mis_row rows[] = {
	{ "read-at-end", L_IO, range, OPC_READ, 1, 0, RANGE, 0, END },
	{ "read-across-end", L_IO, range, OPC_READ, 2, (uint64_t)-1, RANGE, 0, END },
	{ "read-max", L_IO, range, OPC_READ, 1, UINT64_MAX, RANGE, 0, 0 },
	{ "read-wrap", L_IO, range, OPC_READ, 2, UINT64_MAX, RANGE, 0, 0 },
	{ "read-2^63", L_IO, range, OPC_READ, 1, 1ull << 63, RANGE, 0, 0 },
	{ "read-2^55", L_IO, range, OPC_READ, 1, 1ull << 55, RANGE, 0, 0 },
	{ "write-at-end", L_IO, range, OPC_WRITE, 1, 0, RANGE, 0, END },
	{ "write-across-end", L_IO, range, OPC_WRITE, 2, (uint64_t)-1, RANGE, 0, END },
	{ "write-long-across-end", L_IO, range, OPC_WRITE, 64, (uint64_t)-1, RANGE, 0, END },
	{ "write-wrap", L_IO, range, OPC_WRITE, 2, UINT64_MAX, RANGE, 0, 0 },
	{ "zeroes-at-end", L_IO, range, OPC_WRITE_ZEROES, 1, 0, OPTIONAL_RANGE, 0, END },
	{ "zeroes-across-end", L_IO, range, OPC_WRITE_ZEROES, 65536, (uint64_t)-1, OPTIONAL_RANGE,
	    0, END },
	{ "zeroes-wrap", L_IO, range, OPC_WRITE_ZEROES, 2, UINT64_MAX, OPTIONAL_RANGE, 0, 0 },
	{ "compare-wrap", L_IO, range, OPC_COMPARE, 2, UINT64_MAX, OPTIONAL_RANGE, 0, 0 },
	{ "read-over-mdts", L_IO, over_mdts, OPC_READ, 0, 0, BAD, R_MDTS, 0 },
	{ "write-over-mdts", L_IO, over_mdts, OPC_WRITE, 0, 0, BAD, R_MDTS, 0 },
	{ "write-65536-blocks", L_IO, over_mdts, OPC_WRITE, 0, 65536, {STATUS(ST_FIELD),
	    STATUS(ST_LBA)}, R_MDTS, 0 },
	{ "compare-over-mdts", L_IO, over_mdts, OPC_COMPARE, 0, 0, {STATUS(ST_FIELD),
	    STATUS(ST_OPCODE)}, R_MDTS, 0 },
	{ "dsm-short", L_IO, deallocate, 0, 256, 1, OPTIONAL_SHORT, 0, 1 },
	{ "dsm-short-by-one", L_IO, deallocate, 0, 4, 1, OPTIONAL_SHORT, 0, 3 },
	{ "dsm-across-end", L_IO, deallocate, 0, 1, 2, OPTIONAL_RANGE, 0, 1 },
	{ "dsm-long", L_IO, deallocate, 0, 2, 0xffffffff, OPTIONAL_RANGE, 0, 2 },
	{ "dsm-wrap", L_IO, deallocate, 1, 1, 0xffffffff, OPTIONAL_RANGE, 0, 1 },
	{ "nsid-0-read", L_IO, namespace, OPC_READ, 0, 0, BAD_NS, 0, 0 },
	{ "nsid-unknown-read", L_IO, namespace, OPC_READ, 0, 0xfffffffd, BAD_NS, 0, 0 },
	{ "nsid-fffffffe-read", L_IO, namespace, OPC_READ, 0, 0xfffffffe, BAD_NS, 0, 0 },
	{ "nsid-all-read", L_IO, namespace, OPC_READ, 0, HOST_NSID_ALL, BAD_NS, 0, 0 },
	{ "nsid-0-write", L_IO, namespace, OPC_WRITE, 0, 0, BAD_NS, 0, 0 },
	{ "nsid-all-write", L_IO, namespace, OPC_WRITE, 0, HOST_NSID_ALL, BAD_NS, 0, 0 },
	{ "nsid-0-flush", L_IO, namespace, OPC_FLUSH, 0, 0, BAD_NS, 0, 0 },
	{ "nsid-all-flush", L_IO, namespace, OPC_FLUSH, 0, HOST_NSID_ALL, {STATUS(ST_NAMESPACE),
	    SUCCESS}, 0, 0 },
	{ "copy", L_IO, opcode, OPC_COPY, 0, 0, {STATUS(ST_OPCODE), STATUS(ST_FIELD),
	    STATUS(ST_SGL_LENGTH)}, 0, 0 },
	{ "copy-short", L_IO, opcode, OPC_COPY, 0, 0, {STATUS(ST_OPCODE), STATUS(ST_FIELD),
	    STATUS(ST_SGL_LENGTH)}, 0, 16 },
	{ "reservation-register-short", L_IO, opcode, OPC_RESERVE, 0, 0, {STATUS(ST_SGL_LENGTH)}, 0,
	    8 },
	{ "reservation-report-none", L_IO, opcode, OPC_REPORT, 0, 0, {STATUS(0x018)}, 0, 0 },
	{ "opcode-reserved", L_IO, opcode, 0x03, 0, 0, BAD_OPC, 0, 0 },
	{ "opcode-bidirectional", L_IO, opcode, 0x83, 0, 0, BAD_OPC, 0, 0 },
	{ "opcode-identify", L_IO, opcode, OPC_IDENTIFY, 0, 1, BAD_OPC, 0, 0 },
	{ "opcode-keep-alive", L_IO, opcode, OPC_KEEP_ALIVE, 0, 0, BAD_OPC, 0, 0 },
	{ "opcode-max", L_IO, opcode, 0xff, 0, 0, BAD_OPC, 0, 0 },
	{ "opcode-max-with-data", L_IO, opcode, 0xfd, 0, 0, BAD_OPC, 0, 4096 },
	{ "reset-while-reading", L_IO, reset_while_reading, 0, 0, 0, {CLOSE}, 0, 0 },
};

const struct mis_table mis_rows_io = { "io", rows, ROWS(rows) };
