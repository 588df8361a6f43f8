/* SPDX-License-Identifier: BSD-2-Clause */
/* Policy, row by row: who asks for what from where, with how many there already; what they get. */
#include "config.h"

#include <sys/socket.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "broker/admit.h"
#include "common/nvme.h"

#define SUB	"nqn.2026-11.example:sub"
#define OPEN	"nqn.2026-11.example:open"
#define HOST	"nqn.2026-11.example:host"
#define NEAR	"nqn.2026-11.example:near"
#define FEW	"nqn.2026-11.example:few"
#define CHECKED	"nqn.2026-11.example:checked"
#define OTHER	"nqn.2026-11.example:other"
#define DISC	NVME_DISCOVERY_NQN
#define OURS	"nqn.2026-11.example:discovery"

static const char text[] =
	"listeners: [{address: \"*:4420\"}]\n"
	"discovery: {nqn: " OURS "}\n"
	"transport: {header-digest: permit, data-digest: permit}\n"
	"limits: {controllers: 10, controllers-per-host: 3, discovery-controllers: 8}\n"
	"subsystems:\n"
	"  - nqn: " SUB "\n"
	"    namespaces: [{nsid: 1, ram: 1M}]\n"
	"    hosts:\n"
	"      - nqn: " HOST "\n"
	"      - {nqn: " NEAR ", addresses: [192.0.2.0/24]}\n"
	"      - {nqn: " FEW ", max-controllers: 1}\n"
	"      - {nqn: " CHECKED ", require-digests: header}\n"
	"  - nqn: " OPEN "\n"
	"    allow-any-host: true\n"
	"    namespaces: [{nsid: 1, ram: 1M}]\n";

static struct config *cfg;

static int
setup(void **state)
{
	struct config_errors errors = { 0 };

	(void)state;
	if ((cfg = config_parse("test", text, sizeof(text) - 1, &errors)) == NULL)
		config_errors_print(stderr, &errors);
	return (cfg == NULL ? -1 : 0);
}

static int
teardown(void **state)
{
	(void)state;
	config_free(cfg);
	return (0);
}

#define PARAM	(NVME_SC_CONNECT_INVALID_PARAMETERS | NVME_SC_DNR)
#define DENIED	(NVME_SC_CONNECT_INVALID_HOST | NVME_SC_DNR)
#define BUSY	NVME_SC_CONNECT_CONTROLLER_BUSY

struct row {
	const char *sub, *host;
	uint8_t last;			/* of the address: 192.0.2.last, or 198.51.100.1 for 0 */
	bool on_discovery;
	struct admit_counts n;
	enum admit_reason reason;
	uint16_t status;
	uint8_t iattr;
	uint16_t ipo;
};

static const struct row rows[] = {
	{ SUB, HOST, 0, false, { 0 }, ADMIT_OK, 0, 0, 0 },
	{ SUB, NEAR, 7, false, { 0 }, ADMIT_OK, 0, 0, 0 },
	{ SUB, CHECKED, 0, false, { 0 }, ADMIT_NO_HEADER_DIGEST, DENIED, 0, 0 },
	{ DISC, CHECKED, 0, false, { 0 }, ADMIT_OK, 0, 0, 0 },
	{ SUB, NEAR, 0, false, { 0 }, ADMIT_WRONG_ADDRESS, DENIED, 0, 0 },
	{ SUB, OTHER, 0, false, { 0 }, ADMIT_UNKNOWN_HOST, DENIED, 0, 0 },
	{ SUB "x", HOST, 0, false, { 0 }, ADMIT_UNKNOWN_SUBSYSTEM, PARAM, 1, 256 },
	{ OPEN, OTHER, 0, false, { 0 }, ADMIT_OK, 0, 0, 0 },
	{ "", HOST, 0, false, { 0 }, ADMIT_BAD_SUBNQN, PARAM, 1, 256 },
	{ SUB, "", 0, false, { 0 }, ADMIT_BAD_HOSTNQN, PARAM, 1, 512 },
	{ SUB, "nqn.\033[2J", 0, false, { 0 }, ADMIT_BAD_HOSTNQN, PARAM, 1, 512 },
	/* on a listener for discovery nothing else is */
	{ SUB, HOST, 0, true, { 0 }, ADMIT_DISCOVERY_ONLY, PARAM, 1, 256 },
	{ DISC, OTHER, 0, true, { 0 }, ADMIT_OK, 0, 0, 0 },
	{ DISC, OTHER, 0, false, { 0 }, ADMIT_OK, 0, 0, 0 },
	{ OURS, OTHER, 0, true, { 0 }, ADMIT_OK, 0, 0, 0 },
	{ OURS, OTHER, 0, false, { .discovery = 8 }, ADMIT_DISCOVERY_FULL, BUSY, 0, 0 },
	{ OURS "x", OTHER, 0, false, { 0 }, ADMIT_UNKNOWN_SUBSYSTEM, PARAM, 1, 256 },
	/* limits: one less is let in */
	{ SUB, HOST, 0, false, { .io = 9 }, ADMIT_OK, 0, 0, 0 },
	{ SUB, HOST, 0, false, { .io = 10 }, ADMIT_FULL, BUSY, 0, 0 },
	{ SUB, HOST, 0, false, { .io_of_host = 2 }, ADMIT_OK, 0, 0, 0 },
	{ SUB, HOST, 0, false, { .io_of_host = 3 }, ADMIT_HOST_FULL, BUSY, 0, 0 },
	{ OPEN, OTHER, 0, false, { .io_of_host = 3 }, ADMIT_HOST_FULL, BUSY, 0, 0 },
	{ SUB, FEW, 0, false, { .io_of_host = 0 }, ADMIT_OK, 0, 0, 0 },
	{ SUB, FEW, 0, false, { .io_of_host = 1 }, ADMIT_HOST_FULL, BUSY, 0, 0 },
	/* who has any name has one address: 10 / 4 + 1 */
	{ OPEN, OTHER, 0, false, { .nameless_of_source = 2 }, ADMIT_OK, 0, 0, 0 },
	{ OPEN, OTHER, 0, false, { .nameless_of_source = 3 }, ADMIT_NAMELESS_FULL, BUSY, 0, 0 },
	{ SUB, HOST, 0, false, { .nameless_of_source = 9 }, ADMIT_OK, 0, 0, 0 },
	/* one kind does not take the other's room */
	{ SUB, HOST, 0, false, { .discovery = 100, .discovery_of_source = 100 }, ADMIT_OK, 0, 0, 0 },
	{ DISC, HOST, 0, false, { .io = 100, .io_of_host = 100 }, ADMIT_OK, 0, 0, 0 },
	{ DISC, HOST, 0, false, { .discovery = 8 }, ADMIT_DISCOVERY_FULL, BUSY, 0, 0 },
	{ DISC, HOST, 0, false, { .discovery_of_source = 2 }, ADMIT_OK, 0, 0, 0 },
	{ DISC, HOST, 0, false, { .discovery_of_source = 3 }, ADMIT_SOURCE_FULL, BUSY, 0, 0 },
	/* controller ids are shared */
	{ SUB, HOST, 0, false, { .discovery = 64495 }, ADMIT_FULL, BUSY, 0, 0 },
	{ DISC, HOST, 0, false, { .io = 64495 }, ADMIT_DISCOVERY_FULL, BUSY, 0, 0 },
	/* a limit is no reason to tell a stranger more */
	{ SUB, OTHER, 0, false, { .io = 10 }, ADMIT_UNKNOWN_HOST, DENIED, 0, 0 },
};

static struct ipc_addr
address(uint8_t last)
{
	static const struct ipc_addr far = { .family = AF_INET, .addr = { 198, 51, 100, 1 } };

	if (last == 0)
		return (far);
	return ((struct ipc_addr){ .family = AF_INET, .addr = { 192, 0, 2, last } });
}

static struct ipc_connect
connect_of(const char *sub, const char *host)
{
	struct ipc_connect c;

	memset(&c, 0, sizeof(c));
	c.cntlid = NVME_CNTLID_DYNAMIC;
	c.hostid[0] = 1;
	snprintf(c.subnqn, sizeof(c.subnqn), "%s", sub);
	snprintf(c.hostnqn, sizeof(c.hostnqn), "%s", host);
	return (c);
}

static void
assert_verdict(const struct admit_verdict *v, const struct row *r)
{
	assert_int_equal(v->reason, r->reason);
	assert_int_equal(v->refuse.status, r->status);
	assert_int_equal(v->refuse.iattr, r->iattr);
	assert_int_equal(v->refuse.ipo, r->ipo);
}

static void
table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		struct ipc_connect c = connect_of(r->sub, r->host);
		struct admit_request request = { &c, address(r->last), r->on_discovery };
		struct admit_verdict v;

		admit_decide(cfg, &request, &r->n, &v);
		if (v.reason != r->reason)
			print_message("# row %zu: %s\n", i, admit_message(v.reason));
		assert_verdict(&v, r);
		assert_int_equal(v.discovery,
		    strcmp(r->sub, DISC) == 0 || strcmp(r->sub, OURS) == 0);
	}
}

static void
who(void **state)
{
	struct ipc_connect c = connect_of(SUB, NEAR);
	struct admit_request request = { &c, address(9), false };
	struct admit_counts none = { 0 };
	struct admit_verdict v;

	(void)state;
	admit_decide(cfg, &request, &none, &v);
	assert_ptr_equal(v.subsystem, config_find_subsystem(cfg, SUB));
	assert_ptr_equal(v.host, config_find_host(v.subsystem, NEAR));
	c = connect_of(OPEN, NEAR);
	admit_decide(cfg, &request, &none, &v);
	assert_null(v.host);
}

/* What is required (of everybody, of this host), what there is, and what comes of it. */
static void
digests(void **state)
{
	static const struct {
		uint32_t header, data, host;	/* of the service; IPC_DIGEST_ bits */
		uint8_t have;
		enum admit_reason io, discovery;
	} table[] = {
		{ 1, 1, 0, 0, ADMIT_OK, ADMIT_OK },
		{ 1, 1, 1, 0, ADMIT_NO_HEADER_DIGEST, ADMIT_OK },
		{ 1, 1, 1, 2, ADMIT_NO_HEADER_DIGEST, ADMIT_OK },
		{ 1, 1, 1, 1, ADMIT_OK, ADMIT_OK },
		{ 1, 1, 2, 1, ADMIT_NO_DATA_DIGEST, ADMIT_OK },
		{ 1, 1, 2, 2, ADMIT_OK, ADMIT_OK },
		{ 1, 1, 3, 0, ADMIT_NO_DIGESTS, ADMIT_OK },
		{ 1, 1, 3, 1, ADMIT_NO_DATA_DIGEST, ADMIT_OK },
		{ 1, 1, 3, 3, ADMIT_OK, ADMIT_OK },
		{ 2, 1, 0, 0, ADMIT_NO_HEADER_DIGEST, ADMIT_NO_HEADER_DIGEST },
		{ 2, 2, 0, 0, ADMIT_NO_DIGESTS, ADMIT_NO_DIGESTS },
		{ 1, 2, 1, 2, ADMIT_NO_HEADER_DIGEST, ADMIT_OK },
		{ 2, 2, 0, 3, ADMIT_OK, ADMIT_OK },
		{ 1, 1, 0, 4, ADMIT_BAD_REQUEST, ADMIT_BAD_REQUEST },
	};
	const struct admit_counts none = { 0 };
	struct config_host *host = &cfg->subsystems[0].hosts[0];

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct ipc_connect io = connect_of(SUB, HOST), disc = connect_of(DISC, HOST);
		struct admit_request ask_io = { &io, address(1), false };
		struct admit_request ask_disc = { &disc, address(1), false };
		struct admit_verdict v;

		cfg->transport.header_digest = table[i].header;
		cfg->transport.data_digest = table[i].data;
		host->require_digests = table[i].host;
		io.digests = disc.digests = table[i].have;
		admit_decide(cfg, &ask_io, &none, &v);
		assert_int_equal(v.reason, table[i].io);
		if (v.reason == ADMIT_OK)
			assert_int_equal(v.digests & ~table[i].have, 0);
		admit_decide(cfg, &ask_disc, &none, &v);
		assert_int_equal(v.reason, table[i].discovery);
	}
	cfg->transport.header_digest = cfg->transport.data_digest = CONFIG_DIGEST_PERMIT;
	host->require_digests = 0;
}

/* What a worker that is not itself any more could send. */
static void
impossible(void **state)
{
	struct ipc_connect c = connect_of(SUB, HOST);
	struct admit_request request = { &c, address(1), false };
	struct admit_counts none = { 0 };
	struct admit_verdict v;

	(void)state;
	c.qid = 1;
	admit_decide(cfg, &request, &none, &v);
	assert_int_equal(v.reason, ADMIT_BAD_REQUEST);
	c.qid = 0;
	c.cntlid = 5;
	admit_decide(cfg, &request, &none, &v);
	assert_int_equal(v.reason, ADMIT_BAD_REQUEST);
	c.cntlid = NVME_CNTLID_DYNAMIC;
	request.peer.family = 0;
	admit_decide(cfg, &request, &none, &v);
	assert_int_equal(v.reason, ADMIT_BAD_REQUEST);
	request.peer = address(1);
	memset(c.hostnqn, 'n', sizeof(c.hostnqn));
	admit_decide(cfg, &request, &none, &v);
	assert_int_equal(v.reason, ADMIT_BAD_HOSTNQN);
	memset(c.subnqn, 'n', sizeof(c.subnqn));
	admit_decide(cfg, &request, &none, &v);
	assert_int_equal(v.reason, ADMIT_BAD_SUBNQN);
}

static struct ipc_record
record(void)
{
	struct ipc_connect c = connect_of(SUB, HOST);
	struct ipc_record r;

	memset(&r, 0, sizeof(r));
	r.kind = RECORD_CONTROLLER;
	r.cntlid = 5;
	r.peer = address(1);
	r.hostid[0] = 1;
	memcpy(r.hostnqn, c.hostnqn, sizeof(r.hostnqn));
	memcpy(r.subnqn, c.subnqn, sizeof(r.subnqn));
	return (r);
}

static void
queues(void **state)
{
	static const struct row expect[] = {
		{ .reason = ADMIT_OK },
		{ .reason = ADMIT_OTHER_HOST, .status = PARAM, .iattr = 1, .ipo = 512 },
		{ .reason = ADMIT_OTHER_HOSTID, .status = PARAM, .iattr = 1, .ipo = 0 },
		{ .reason = ADMIT_OTHER_SUBSYSTEM, .status = PARAM, .iattr = 1, .ipo = 256 },
		{ .reason = ADMIT_OTHER_ADDRESS, .status = DENIED },
		{ .reason = ADMIT_NO_IO_QUEUES, .status = PARAM, .iattr = 0, .ipo = 42 },
		{ .reason = ADMIT_DISCOVERY_ONLY, .status = PARAM, .iattr = 1, .ipo = 256 },
		{ .reason = ADMIT_BAD_REQUEST, .status = NVME_SC_INVALID_FIELD | NVME_SC_DNR },
		{ .reason = ADMIT_NO_DATA_DIGEST, .status = DENIED },
		{ .reason = ADMIT_OK },
		{ .reason = ADMIT_BAD_REQUEST, .status = NVME_SC_INVALID_FIELD | NVME_SC_DNR },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(expect) / sizeof(expect[0]); i++) {
		struct ipc_connect c = connect_of(i == 3 ? OPEN : SUB, i == 1 ? OTHER : HOST);
		struct admit_request request = { &c, address(i == 4 ? 2 : 1), i == 6 };
		struct ipc_record r = record();
		struct admit_verdict v;

		c.qid = i == 7 ? 0 : 3;
		c.cntlid = 5;
		c.hostid[15] = i == 2;
		r.discovery = i == 5;
		r.digests = i >= 8 ? IPC_DIGEST_BOTH : 0;
		c.digests = i == 8 ? IPC_DIGEST_HEADER : i == 9 ? IPC_DIGEST_BOTH :
		    i == 10 ? 4 : 0;
		request.peer.port = (uint16_t)i;	/* never compared */
		admit_queue(&r, &request, &v);
		assert_verdict(&v, &expect[i]);
	}
}

/* The controller may be gone for a moment only: the host may try again. */
static void
queue_of_nobody(void **state)
{
	struct ipc_connect c = connect_of(SUB, HOST);
	struct admit_request request = { &c, address(1), false };
	struct row expect = { .reason = ADMIT_UNKNOWN_CNTLID,
	    .status = NVME_SC_CONNECT_INVALID_PARAMETERS, .iattr = 1, .ipo = 16 };
	struct admit_verdict v;

	(void)state;
	c.qid = 1;
	admit_queue(NULL, &request, &v);
	assert_verdict(&v, &expect);
}

static void
every_refusal(void **state)
{
	(void)state;
	for (int r = ADMIT_OK + 1; r < ADMIT_REASON_MAX; r++) {
		struct admit_verdict v;

		memset(&v, 0, sizeof(v));
		admit_refuse(&v, (enum admit_reason)r);
		assert_int_not_equal(v.refuse.status, 0);
		assert_int_not_equal(strlen(admit_message(v.reason)), 0);
		assert_non_null(admit_remedy(v.reason));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(who),
		cmocka_unit_test(digests),
		cmocka_unit_test(impossible),
		cmocka_unit_test(queues),
		cmocka_unit_test(queue_of_nobody),
		cmocka_unit_test(every_refusal),
	};

	return (cmocka_run_group_tests(tests, setup, teardown));
}
