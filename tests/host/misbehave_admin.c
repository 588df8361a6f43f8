/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Admin commands, done wrong: lengths and offsets of log pages, Identify of any size and structure,
 * too many events awaited, aborts of nothing, reserved features. Each gets a status, nothing else.
 */
#include "config.h"

#include <string.h>

#include "tests/host/misbehave.h"

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

/* Get Log Page: LID `at`, offset `value`, `extra` bytes. */
static int
get_log(struct mis *m, const struct mis_row *r)
{
	host_fill_log(&m->cmd, (uint8_t)r->at, r->value, m->buf, r->extra);
	m->cmd.flags = HOST_F_SHORT;
	m->watch = &m->cmd;
	return (mis_submit(m, &m->cmd));
}

/* NUMD of `value`, an SGL of `extra` bytes. */
static int
log_numd(struct mis *m, const struct mis_row *r)
{
	host_fill_log(&m->cmd, (uint8_t)r->at, 0, m->buf, 512);
	put32(m->cmd.sqe, SQE_CDW10, r->at | (uint32_t)(r->value & 0xffff) << 16);
	put32(m->cmd.sqe, SQE_CDW11, (uint32_t)(r->value >> 16));
	m->cmd.flags = HOST_F_SHORT | HOST_F_SGL;
	m->cmd.sqe[SQE_FLAGS] = SPEC_PSDT_SGL;
	put32(m->cmd.sqe, SQE_SGL_LEN, r->extra);
	m->cmd.sqe[SQE_SGL_TYPE] = SPEC_SGL_TRANSPORT;
	m->watch = &m->cmd;
	return (mis_submit(m, &m->cmd));
}

/* Identify: CNS `at`, NSID `value`, an SGL of `extra` bytes. */
static int
identify(struct mis *m, const struct mis_row *r)
{
	host_fill_identify(&m->cmd, (uint8_t)r->at, (uint32_t)r->value, m->buf, r->extra);
	m->cmd.flags = HOST_F_SHORT;
	m->watch = &m->cmd;
	return (mis_submit(m, &m->cmd));
}

/* No data: opcode `at`, CDW10 `value`, CDW11 `extra`. */
static int
plain(struct mis *m, const struct mis_row *r)
{
	host_fill(&m->cmd, (uint8_t)r->at, 0, HOST_NODATA, NULL, 0);
	put32(m->cmd.sqe, SQE_CDW10, (uint32_t)r->value);
	put32(m->cmd.sqe, SQE_CDW11, r->extra);
	m->watch = &m->cmd;
	return (mis_submit(m, &m->cmd));
}

/* Fabrics commands: FCTYPE `value`. */
static int
fabrics(struct mis *m, const struct mis_row *r)
{
	host_fill(&m->cmd, OPC_FABRICS, 0, HOST_NODATA, NULL, 0);
	m->cmd.sqe[SQE_FCTYPE] = (uint8_t)r->value;
	m->watch = &m->cmd;
	return (mis_submit(m, &m->cmd));
}

/* One event request more than AERL permits; all the others stay. */
static int
too_many_aers(struct mis *m, const struct mis_row *r)
{
	static struct host_cmd aer[257];
	unsigned n = m->ctrl.identify[259] + 1u;

	(void)r;
	for (unsigned i = 0; i <= n; i++) {
		if (!host_queue_may_submit(m->q))
			return (mis_skip(m, "AERL is more than the admin queue"));
		host_fill(&aer[i], OPC_AER, 0, HOST_NODATA, NULL, 0);
		host_queue_submit(m->q, m->watch = &aer[i]);
	}
	return (0);
}

/* Abort of itself: there is no such command before it, so nothing is aborted. */
static int
abort_self(struct mis *m, const struct mis_row *r)
{
	(void)r;
	host_fill_abort(&m->cmd, 0, 0);
	mis_capsule(m, &m->cmd);
	put16(m->pdu + SPEC_CH_LEN, SQE_CDW10 + 2, m->cmd.cid);
	m->watch = &m->cmd;
	return (mis_send(m));
}

#define BAD {STATUS(ST_FIELD)}
#define BAD_LEN {STATUS(ST_FIELD), STATUS(ST_SGL_LENGTH)}
#define BAD_LID {STATUS(ST_LOG), STATUS(ST_FIELD)}
#define BAD_OPC {STATUS(ST_OPCODE)}
#define BAD_NS {STATUS(ST_NAMESPACE)}
#define NOT_ABORTED {X_STATUS, 0, 1}

/* Log pages are tried on 02h (SMART) and 70h (discovery): each controller has one of them. */
static const struct mis_row rows[] = {
	{ "identify-disabled", L_CONNECTED, identify, 1, 0, 0, {STATUS(ST_SEQUENCE)}, 0, 4096 },
	{ "log-disabled", L_CONNECTED, get_log, 2, 0, 0, {STATUS(ST_SEQUENCE)}, 0, 512 },
	{ "aer-disabled", L_CONNECTED, plain, OPC_AER, 0, 0, {STATUS(ST_SEQUENCE)}, 0, 0 },
	{ "keep-alive-disabled", L_CONNECTED, plain, OPC_KEEP_ALIVE, 0, 0, {SUCCESS,
	    STATUS(ST_SEQUENCE)}, 0, 0 },
	{ "log-numd-max", L_ENABLED, log_numd, 1, 0, 0xffffffff, BAD_LEN, R_NVM, 512 },
	{ "log-numd-max-70", L_ENABLED, log_numd, 0x70, 0, 0xffffffff, BAD_LEN, R_DISCOVERY, 512 },
	{ "log-numd-wrap", L_ENABLED, log_numd, 1, 0, 0x3fffffff, BAD_LEN, R_NVM, 0 },
	{ "log-numd-more", L_ENABLED, log_numd, 1, 0, 255, BAD_LEN, R_NVM, 512 },
	{ "log-lpo-odd", L_ENABLED, get_log, 2, 0, 2, BAD, R_NVM, 512 },
	{ "log-lpo-odd-70", L_ENABLED, get_log, 0x70, 0, 3, BAD, R_DISCOVERY, 512 },
	{ "log-lpo-past", L_ENABLED, get_log, 2, 0, 1 << 20, BAD, R_NVM, 512 },
	{ "log-lpo-past-70", L_ENABLED, get_log, 0x70, 0, 1u << 30, BAD_LID, R_DISCOVERY, 512 },
	{ "log-lpo-4G-70", L_ENABLED, get_log, 0x70, 0, 1ull << 32, BAD_LID, R_DISCOVERY, 512 },
	{ "log-lpo-max", L_ENABLED, get_log, 2, 0, UINT64_MAX - 3, BAD, R_NVM, 512 },
	{ "log-lpo-max-70", L_ENABLED, get_log, 0x70, 0, UINT64_MAX - 3, BAD_LID, R_DISCOVERY,
	    512 },
	{ "log-lpo-2^63", L_ENABLED, get_log, 2, 0, 1ull << 63, BAD, R_NVM, 512 },
	{ "log-lid-reserved", L_ENABLED, get_log, 0x7f, 0, 0, BAD_LID, 0, 512 },
	{ "log-lid-vendor", L_ENABLED, get_log, 0xff, 0, 0, BAD_LID, 0, 512 },
	{ "identify-8192", L_ENABLED, identify, 1, 0, 0, {SUCCESS, STATUS(ST_FIELD),
	    STATUS(ST_SGL_LENGTH)}, 0, 8192 },
	{ "identify-1M", L_ENABLED, identify, 1, 0, 0, {SUCCESS, STATUS(ST_FIELD),
	    STATUS(ST_SGL_LENGTH)}, 0, 1 << 20 },
	{ "identify-4", L_ENABLED, identify, 1, 0, 0, {SUCCESS, STATUS(ST_FIELD),
	    STATUS(ST_SGL_LENGTH)}, 0, 4 },
	{ "identify-1", L_ENABLED, identify, 1, 0, 0, {SUCCESS, STATUS(ST_FIELD),
	    STATUS(ST_SGL_LENGTH)}, 0, 1 },
	{ "identify-cns-max", L_ENABLED, identify, 0xff, 0, 0, BAD, 0, 4096 },
	{ "identify-cns-reserved", L_ENABLED, identify, 0x3f, 0, 0, BAD, 0, 4096 },
	{ "identify-ns-0", L_ENABLED, identify, 0, 0, 0, BAD_NS, R_NVM, 4096 },
	{ "identify-ns-unknown", L_ENABLED, identify, 0, 0, 0xfffffffd, BAD_NS, R_NVM, 4096 },
	{ "identify-ns-fffffffe", L_ENABLED, identify, 0, 0, 0xfffffffe, BAD_NS, R_NVM, 4096 },
	{ "identify-ns-all", L_ENABLED, identify, 0, 0, 0xffffffff, BAD_NS, R_NVM, 4096 },
	{ "identify-list-fffffffe", L_ENABLED, identify, 2, 0, 0xfffffffe, {STATUS(ST_NAMESPACE),
	    STATUS(ST_FIELD)}, R_NVM, 4096 },
	{ "identify-descriptors-0", L_ENABLED, identify, 3, 0, 0, BAD_NS, R_NVM, 4096 },
	{ "aer-too-many", L_ENABLED, too_many_aers, 0, 0, 0, {STATUS(ST_AER_LIMIT)}, R_GONE, 0 },
	{ "abort-unknown", L_ENABLED, plain, OPC_ABORT, 0, 0x7777 << 16, {NOT_ABORTED}, R_NVM, 0 },
	{ "abort-unknown-queue", L_ENABLED, plain, OPC_ABORT, 0, 0xffff, {NOT_ABORTED,
	    STATUS(ST_FIELD)}, R_NVM, 0 },
	{ "abort-self", L_ENABLED, abort_self, 0, 0, 0, {NOT_ABORTED}, R_NVM, 0 },
	{ "set-feature-0", L_ENABLED, plain, OPC_SET_FEATURES, 0, 0, BAD, R_NVM, 0 },
	{ "set-feature-reserved", L_ENABLED, plain, OPC_SET_FEATURES, 0, 0x7f, BAD, R_NVM, 0 },
	{ "set-feature-queues-max", L_ENABLED, plain, OPC_SET_FEATURES, 0, 7, BAD, R_NVM,
	    0xffffffff },
	{ "get-feature-0", L_ENABLED, plain, OPC_GET_FEATURES, 0, 0, BAD, R_NVM, 0 },
	{ "get-feature-vendor", L_ENABLED, plain, OPC_GET_FEATURES, 0, 0xff, BAD, R_NVM, 0 },
	{ "opcode-create-sq", L_ENABLED, plain, 0x01, 0, 0, BAD_OPC, 0, 0 },
	{ "opcode-delete-cq", L_ENABLED, plain, 0x04, 0, 0, BAD_OPC, 0, 0 },
	{ "opcode-firmware", L_ENABLED, plain, 0x10, 0, 0, BAD_OPC, 0, 0 },
	{ "opcode-format", L_ENABLED, plain, 0x80, 0, 0, BAD_OPC, 0, 0 },
	{ "opcode-sanitize", L_ENABLED, plain, 0x84, 0, 0, BAD_OPC, 0, 0 },
	{ "opcode-bidirectional", L_ENABLED, plain, 0xbf, 0, 0, BAD_OPC, 0, 0 },
	{ "opcode-max", L_ENABLED, plain, 0xff, 0, 0, BAD_OPC, 0, 0 },
	{ "fctype-unknown", L_ENABLED, fabrics, 0, 0, 0x7f, {STATUS(ST_OPCODE), STATUS(ST_FIELD)},
	    0, 0 },
	{ "fctype-disconnect", L_ENABLED, fabrics, 0, 0, FCT_DISCONNECT, {STATUS(ST_QTYPE)}, R_NVM,
	    0 },
	{ "fctype-disconnect-70", L_ENABLED, fabrics, 0, 0, FCT_DISCONNECT, BAD_OPC, R_DISCOVERY, 0 },
};

const struct mis_table mis_rows_admin = { "admin", rows, ROWS(rows) };
