/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reservations of two hosts: actions, keys and types that are refused, and for each type what the
 * other host may do. A row is a script of steps; all but the last have to succeed, and the last is
 * judged. NVMe Base 2.0 sections 7.2 to 7.5 and 8.19.
 *
 * A step is the host (1 or 2), a letter, and for some of them a digit (the type, or an action):
 * R register, U unregister, X replace the key by itself, A acquire, P preempt the other, L release,
 * C clear; w write, r read, c compare, z zeroes, d deallocate, f flush, v verify.
 */
#include "config.h"

#include <string.h>

#include "tests/host/conform_range.h"

enum { TYPES = 6, EXCLUSIVE = 2, WRITE_EXCLUSIVE = 1 };

static uint64_t
key(unsigned host)
{
	return (0x1000 + host);
}

/* One of the four commands; data of 16 bytes, of Release 8. */
static void
fill(struct conf *c, struct host_cmd *cmd, uint8_t opc, uint32_t cdw10, uint64_t one, uint64_t two)
{
	put64(c->buf, 0, one);
	put64(c->buf, 8, two);
	host_fill(cmd, opc, N_RAM, HOST_TO_TARGET, c->buf, opc == OPC_RESV_RELEASE ? 8 : 16);
	put32(cmd->sqe, SQE_CDW10, cdw10);
}

static void
fill_io(struct conf *c, struct host_cmd *cmd, uint8_t opc)
{
	bool data = opc == OPC_WRITE || opc == OPC_READ || opc == OPC_COMPARE;

	memset(c->buf, 0, 512);
	host_fill_write(cmd, N_RAM, 0, 1, c->buf, data ? 512 : 0);
	cmd->sqe[SQE_OPC] = opc;
	cmd->dir = !data ? HOST_NODATA : opc == OPC_READ ? HOST_FROM_TARGET : HOST_TO_TARGET;
	if (opc == OPC_DSM) {
		host_dsm_range(c->buf, 0, 0, 1);
		host_fill_deallocate(cmd, N_RAM, c->buf, 1);
	}
	cmd->flags = HOST_F_SHORT;
}

static void
fill_step(struct conf *c, struct host_cmd *cmd, unsigned host, char verb, unsigned digit)
{
	static const struct { char verb; uint8_t opc; } io[] = {
		{ 'w', OPC_WRITE }, { 'r', OPC_READ }, { 'c', OPC_COMPARE },
		{ 'z', OPC_WRITE_ZEROES }, { 'd', OPC_DSM }, { 'f', OPC_FLUSH },
		{ 'v', OPC_VERIFY },
	};
	uint32_t type = digit << 8;

	for (unsigned i = 0; i < sizeof(io) / sizeof(io[0]); i++)
		if (io[i].verb == verb)
			fill_io(c, cmd, io[i].opc);
	if (verb == 'R')
		fill(c, cmd, OPC_RESV_REGISTER, digit, 0, key(host));
	else if (verb == 'U')
		fill(c, cmd, OPC_RESV_REGISTER, 1, key(host), 0);
	else if (verb == 'X')
		fill(c, cmd, OPC_RESV_REGISTER, 2, key(host), key(host));
	else if (verb == 'A')
		fill(c, cmd, OPC_RESV_ACQUIRE, type, key(host), 0);
	else if (verb == 'P')
		fill(c, cmd, OPC_RESV_ACQUIRE, 1 | type, key(host), key(3 - host));
	else if (verb == 'L')
		fill(c, cmd, OPC_RESV_RELEASE, type, key(host), 0);
	else if (verb == 'C')
		fill(c, cmd, OPC_RESV_RELEASE, 1, key(host), 0);
}

static struct host_queue *
queue_of(struct conf *c, unsigned host)
{
	return (host == 1 ? c->ctrl.io[0] : c->second.io[0]);
}

/* Nobody is registered and nothing is held, whatever a row before this one left. */
static int
clean(struct conf *c)
{
	struct host_cmd *cmd = &c->other[0];

	fill(c, cmd, OPC_RESV_REGISTER, 2 | 1 << 3, 0, key(1));	/* IEKEY */
	if (conf_exec(c, queue_of(c, 1), cmd) == -1)
		return (-1);
	if (cmd->status != 0) {
		fill(c, cmd, OPC_RESV_REGISTER, 0, 0, key(1));
		if (conf_good(c, queue_of(c, 1), cmd) == -1)
			return (-1);
	}
	fill(c, cmd, OPC_RESV_RELEASE, 1, key(1), 0);
	return (conf_good(c, queue_of(c, 1), cmd));
}

/* r->script, then the row itself if it has an opcode (as host 1). */
static int
script(struct conf *c, const struct conf_row *r)
{
	const char *s = r->script;

	if (conf_second(c) == -1 || clean(c) == -1)
		return (-1);
	while (s != NULL && *s != '\0') {
		unsigned host = (unsigned)(s[0] - '0'), digit = 0;
		char verb = s[1];

		s += 2;
		if (*s >= '0' && *s <= '9')
			digit = (unsigned)(*s++ - '0');
		s += *s == ' ';
		fill_step(c, &c->cmd, host, verb, digit);
		if (*s == '\0' && r->opc == 0)
			return (conf_exec(c, queue_of(c, host), &c->cmd));
		if (conf_good(c, queue_of(c, host), &c->cmd) == -1)
			return (-1);
	}
	memset(c->buf, 0, SPEC_IDENTIFY_LEN);
	put64(c->buf, 0, key(1));
	put64(c->buf, 8, key(3));
	return (conf_plain(c, r));
}

/* Report, extended: generation, type, and as many registrants as it says, one of them this host. */
static const char *
check_report(struct conf *c, const struct conf_row *r)
{
	const uint8_t *one = c->buf + 64;

	if (c->buf[4] != r->arg || get16(c->buf, 5) != 2)
		return ("not this type, or not two registrants");
	for (unsigned i = 0; i < 2; i++, one += 64)
		if (memcmp(one + 16, c->ctrl.opts.hostid, 16) == 0)
			return (get64(one, 8) == key(1) && (one[2] & 1) == (r->arg != 0) ? NULL :
			    "its key, or whether it is the holder");
	return ("this host is not among them");
}

#define DO(steps) .run = script, .place = P_IO, .script = (steps)
#define SQE(o, dw10) .opc = (o), .nsid = N_RAM, .cdw10 = (dw10), .dir = HOST_TO_TARGET, \
	.len = (o) == OPC_RESV_RELEASE ? 8 : 16
#define REPORT(dw10, dw11, bytes) .opc = OPC_RESV_REPORT, .nsid = N_RAM, .cdw10 = (dw10), \
	.cdw11 = (dw11), .dir = HOST_FROM_TARGET, .len = (bytes)
#define CONFLICT ANY(ST_CONFLICT)
#define REGISTER "Base 2.0, 7.3"
#define ACQUIRE "Base 2.0, 7.2"
#define RELEASE "Base 2.0, 7.4"
#define TYPE "Base 2.0, 8.19.2: what a type permits others"

static const struct conf_row rows[] = {
	{ "register", REGISTER, 0, DO("1R") },
	{ "register-again", REGISTER, 0, DO("1R 1R") },
	{ "register-other-key", "Base 2.0, 8.19.3: another key", CONFLICT, DO("1R"),
	    SQE(OPC_RESV_REGISTER, 0) },
	{ "register-action-3", REGISTER, DNR(ST_FIELD), DO(""), SQE(OPC_RESV_REGISTER, 3) },
	{ "register-cptpl-1", "Base 2.0, 7.3: CPTPL 01b is reserved", DNR(ST_FIELD), DO(""),
	    SQE(OPC_RESV_REGISTER, 1u << 30) },
	{ "register-short", SGL_SHORT, DNR(ST_SGL_LENGTH), DO(""), .opc = OPC_RESV_REGISTER,
	    .nsid = N_RAM, .dir = HOST_TO_TARGET, .len = 8 },
	{ "register-nsid-0", INVALID, DNR(ST_NAMESPACE), DO(""), .opc = OPC_RESV_REGISTER,
	    .nsid = N_ZERO, .dir = HOST_TO_TARGET, .len = 16 },
	{ "register-nsid-inactive", INACTIVE, DNR(ST_FIELD), DO(""), .opc = OPC_RESV_REGISTER,
	    .nsid = N_INACTIVE, .dir = HOST_TO_TARGET, .len = 16 },
	{ "unregister", REGISTER, 0, DO("1R 1U") },
	{ "unregister-nobody", REGISTER, CONFLICT, DO("2R 1U") },
	{ "replace", REGISTER, 0, DO("1R 1X") },
	{ "replace-nobody", REGISTER, CONFLICT, DO("2R 1X") },
	{ "acquire-nobody", ACQUIRE, CONFLICT, DO("2R 1A1") },
	{ "acquire-type-0", ACQUIRE, DNR(ST_FIELD), DO("1R 1A0") },
	{ "acquire-type-7", ACQUIRE, DNR(ST_FIELD), DO("1R 1A7") },
	{ "acquire-action-3", ACQUIRE, DNR(ST_FIELD), DO("1R"), SQE(OPC_RESV_ACQUIRE, 3 | 1 << 8) },
	{ "acquire-iekey", "Base 2.0, 7.2: IEKEY", DNR(ST_FIELD), DO("1R"),
	    SQE(OPC_RESV_ACQUIRE, 1 << 3 | 1 << 8) },
	{ "acquire-short", SGL_SHORT, DNR(ST_SGL_LENGTH), DO("1R"), .opc = OPC_RESV_ACQUIRE,
	    .nsid = N_RAM, .cdw10 = 1 << 8, .dir = HOST_TO_TARGET, .len = 8 },
	{ "acquire", ACQUIRE, 0, DO("1R 1A1") },
	{ "acquire-again", ACQUIRE, 0, DO("1R 1A1 1A1") },
	{ "acquire-another-type", ACQUIRE, CONFLICT, DO("1R 1A1 1A2") },
	{ "acquire-held", ACQUIRE, CONFLICT, DO("1R 2R 1A1 2A1") },
	{ "preempt", ACQUIRE, 0, DO("1R 2R 1A1 2P1") },
	{ "preempted-writes", ACQUIRE, CONFLICT, DO("1R 2R 1A1 2P1 1w") },
	{ "preempted-is-nobody", ACQUIRE, CONFLICT, DO("1R 2R 1A1 2P1 1L1") },
	{ "preempt-unknown-key", ACQUIRE, CONFLICT, DO("1R 1P1") },
	{ "release", RELEASE, 0, DO("1R 1A1 1L1") },
	{ "release-then-write", RELEASE, 0, DO("1R 1A1 1L1 2w") },
	{ "release-nothing", RELEASE, 0, DO("1R 1L1") },
	{ "release-not-the-holder", RELEASE, 0, DO("1R 2R 1A1 2L1") },
	{ "release-still-held", RELEASE, CONFLICT, DO("1R 2R 1A1 2L1 2w") },
	{ "release-another-type", RELEASE, DNR(ST_FIELD), DO("1R 1A1 1L2") },
	{ "release-nobody", RELEASE, CONFLICT, DO("2R 1L1") },
	{ "release-action-2", RELEASE, DNR(ST_FIELD), DO("1R"), SQE(OPC_RESV_RELEASE, 2 | 1 << 8) },
	{ "release-iekey", "Base 2.0, 7.4: IEKEY", DNR(ST_FIELD), DO("1R 1A1"),
	    SQE(OPC_RESV_RELEASE, 1 << 3 | 1 << 8) },
	{ "clear", RELEASE, 0, DO("1R 2R 1A1 2C") },
	{ "clear-then-write", RELEASE, 0, DO("1R 2R 1A2 1C 2w") },
	{ "clear-all-are-gone", RELEASE, CONFLICT, DO("1R 2R 1C 2U") },
	{ "unregister-releases", "Base 2.0, 8.19.4", 0, DO("1R 1A1 1U 2w") },
	{ "report", "Base 2.0, 7.5", 0, DO("1R 2R 1A3"), .check = check_report, .arg = 3,
	    REPORT(47, 1, 192) },
	{ "report-no-holder", "Base 2.0, 7.5", 0, DO("1R 2R"), .check = check_report,
	    REPORT(47, 1, 192) },
	{ "report-cut", "Base 2.0, 7.5: NUMD", 0, DO("1R 2R"), REPORT(5, 1, 24) },
	{ "report-short", SGL_SHORT, DNR(ST_SGL_LENGTH), DO("1R"), REPORT(47, 1, 64) },
	{ "report-not-extended", "Base 2.0, 7.5: EDS with Host Identifiers of 128 bits",
	    DNR(ST_HOSTID), DO("1R"), REPORT(15, 0, 64) },
	/* what a host that is not registered may do */
	{ "1-others-read", TYPE, 0, DO("1R 1A1 2r") },
	{ "1-others-write", TYPE, CONFLICT, DO("1R 1A1 2w") },
	{ "1-others-zero", TYPE, CONFLICT, DO("1R 1A1 2z") },
	{ "1-others-deallocate", TYPE, CONFLICT, DO("1R 1A1 2d") },
	{ "1-others-flush", TYPE, CONFLICT, DO("1R 1A1 2f") },
	{ "1-others-compare", TYPE, 0, DO("1R 1A1 2c") },
	{ "1-others-verify", TYPE, 0, DO("1R 1A1 2v") },
	{ "1-registrants-write", TYPE, CONFLICT, DO("1R 2R 1A1 2w") },
	{ "1-holder-writes", TYPE, 0, DO("1R 2R 1A1 1w") },
	{ "2-others-read", TYPE, CONFLICT, DO("1R 1A2 2r") },
	{ "2-others-write", TYPE, CONFLICT, DO("1R 1A2 2w") },
	{ "2-others-compare", TYPE, CONFLICT, DO("1R 1A2 2c") },
	{ "2-others-verify", TYPE, CONFLICT, DO("1R 1A2 2v") },
	{ "2-registrants-read", TYPE, CONFLICT, DO("1R 2R 1A2 2r") },
	{ "3-others-read", TYPE, 0, DO("1R 1A3 2r") },
	{ "3-others-write", TYPE, CONFLICT, DO("1R 1A3 2w") },
	{ "3-registrants-write", TYPE, 0, DO("1R 2R 1A3 2w") },
	{ "4-others-read", TYPE, CONFLICT, DO("1R 1A4 2r") },
	{ "4-registrants-write", TYPE, 0, DO("1R 2R 1A4 2w") },
	{ "5-others-write", TYPE, CONFLICT, DO("1R 1A5 2w") },
	{ "5-registrants-write", TYPE, 0, DO("1R 2R 1A5 2w") },
	{ "5-all-hold", "Base 2.0, 8.19.2: all registrants are holders", 0, DO("1R 2R 1A5 2L5") },
	{ "6-others-read", TYPE, CONFLICT, DO("1R 1A6 2r") },
	{ "6-registrants-read", TYPE, 0, DO("1R 2R 1A6 2r") },
	{ "none-after", RELEASE, 0, DO("1R 1C") },
};

CONF_TABLE(reservation, "Base 2.0, 7.2 to 7.5", "Reservations", false);
