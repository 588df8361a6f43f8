/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The worker's side of reservations: what is asked of the broker, how an answer finds its command,
 * what a report looks like, and what a namespace's row forbids.
 */
#include "config.h"

#include "tests/unit/resv_world.h"

#define REGISTER NVME_NVM_RESERVATION_REGISTER
#define REPORT NVME_NVM_RESERVATION_REPORT
#define ACQUIRE NVME_NVM_RESERVATION_ACQUIRE
#define RELEASE NVME_NVM_RESERVATION_RELEASE

static struct slot *
command(uint8_t opc, uint32_t nsid, uint32_t cdw10, uint32_t len)
{
	return (fake_nvm(&(struct cmd){ .opc = opc, .nsid = nsid, .cdw10 = cdw10,
	    .cdw11 = opc == REPORT, .sgl_len = len }, keys));
}

static void
asks(void **state)
{
	struct slot *s = command(ACQUIRE, NS_4K, 0x301, 16);
	const struct ipc_resv *m = asked();

	(void)state;
	assert_int_equal(fake.nasked, 1);
	assert_int_equal(m->nsid, NS_4K);
	assert_int_equal(m->opc, ACQUIRE);
	assert_int_equal(m->cdw10, 0x301);
	assert_true(m->crkey == 0x0807060504030201u && m->key2 == 0x1817161514131211u);
	assert_int_not_equal(m->token, 0);
	assert_false(fake_answered(s));
	answer(m->token + 1, 0);		/* somebody else's */
	assert_false(fake_answered(s));
	answer(m->token, CONFLICT);
	assert_int_equal(fake_status(s), CONFLICT);
	fake_release(s);
	answer(m->token, 0);			/* finds nobody */
	s = command(RELEASE, NS_512, 0, 8);	/* has one key only */
	assert_true(asked()->crkey == 0x0807060504030201u && asked()->key2 == 0);
	answer(asked()->token, 0);
	assert_int_equal(fake_status(s), 0);
	fake_release(s);
}

/* However many there are: the next one is asked when the first is answered. */
static void
one_at_a_time(void **state)
{
	struct slot *s[5];
	uint32_t token = 0;

	(void)state;
	for (uint32_t i = 0; i < 5; i++)
		s[i] = command(REGISTER, NS_512, i, 16);
	for (uint32_t i = 0; i < 5; i++) {
		assert_int_equal(fake.nasked, i + 1);
		assert_int_equal(asked()->cdw10, i);
		assert_int_not_equal(asked()->token, token);
		token = asked()->token;
		assert_false(fake_answered(s[i]));
		answer(token, 0);
		assert_int_equal(fake_status(s[i]), 0);
		fake_release(s[i]);
	}
}

/* A new broker says so: what its predecessor did not answer is asked again, as it was. */
static void
asks_again(void **state)
{
	struct slot *s = command(REGISTER, NS_512, 0, 16);
	struct ipc_resv first = *asked();

	(void)state;
	resv_ask_again(fake.c);
	assert_int_equal(fake.nasked, 2);
	assert_memory_equal(asked(), &first, sizeof(first));
	answer(first.token, 0);
	fake_release(s);
	resv_ask_again(fake.c);			/* nothing is open */
	assert_int_equal(fake.nasked, 2);
	fake.no_room = true;
	s = command(REGISTER, NS_512, 0, 16);
	assert_int_equal(fake.nasked, 2);
	fake.no_room = false;
	fake_pass(1000);
	assert_int_equal(fake.nasked, 3);
	answer(asked()->token, 0);
	assert_int_equal(fake_status(s), 0);
	fake_release(s);
}

/* A change of the namespace does not wait for a command that waits for the broker: it may be the
 * broker's answer that waits for the change. */
static void
holds_nothing(void **state)
{
	struct slot *s = command(ACQUIRE, NS_512, 0x100, 16);
	struct ipc_ns row = ns_find(fake.lane.ns, NS_512)->id;

	(void)state;
	row.fence = 77;
	row.no_write = 1;
	assert_int_equal(ns_change(fake.c, &row), 0);
	assert_int_equal(fake.fenced[(fake.nfenced - 1) % ARRAY_LEN(fake.fenced)], 77);
	assert_false(fake_answered(s));
	answer(asked()->token, 0);
	fake_release(s);
}

static void
form(void **state)
{
	static const struct { uint8_t opc; uint32_t nsid, cdw10, cdw11, len; uint16_t status; } rows[] = {
		{ REGISTER, NS_NONE, 0, 0, 16, NVME_SC_INVALID_FIELD },
		{ REGISTER, 0, 0, 0, 16, NVME_SC_INVALID_NS_OR_FORMAT },
		{ REGISTER, NVME_NSID_ALL, 0, 0, 16, NVME_SC_INVALID_NS_OR_FORMAT },
		{ REGISTER, NS_512, 0, 0, 15, NVME_SC_DATA_SGL_LENGTH_INVALID },
		{ REGISTER, NS_512, 0, 0, 0, NVME_SC_DATA_SGL_LENGTH_INVALID },
		{ REGISTER, NS_512, 0, 0, 4097, NVME_SC_DATA_SGL_LENGTH_INVALID },
		{ ACQUIRE, NS_NONE, 0, 0, 16, NVME_SC_INVALID_FIELD },
		{ ACQUIRE, NS_512, 0, 0, 8, NVME_SC_DATA_SGL_LENGTH_INVALID },
		{ RELEASE, NS_512, 0, 0, 7, NVME_SC_DATA_SGL_LENGTH_INVALID },
		{ RELEASE, NVME_NSID_ALL, 0, 0, 8, NVME_SC_INVALID_NS_OR_FORMAT },
		{ REPORT, NS_NONE, 15, 1, 64, NVME_SC_INVALID_FIELD },
		{ REPORT, NS_512, 15, 0, 64, NVME_SC_HOST_ID_INCONSISTENT },
		{ REPORT, NS_512, 15, 1, 60, NVME_SC_DATA_SGL_LENGTH_INVALID },
		{ REPORT, NS_512, UINT32_MAX, 1, UINT32_MAX, NVME_SC_INVALID_FIELD },
		{ REPORT, NS_512, (1 << 18), 1, UINT32_MAX, NVME_SC_INVALID_FIELD },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(fake_nvm_status(&(struct cmd){ .opc = rows[i].opc,
		    .nsid = rows[i].nsid, .cdw10 = rows[i].cdw10, .cdw11 = rows[i].cdw11,
		    .sgl_len = rows[i].len }, keys), DNR(rows[i].status));
	assert_int_equal(fake.nasked, 0);
}

/* ---- the report ---- */

static struct ipc_resv_report
report_of(uint32_t n)
{
	struct ipc_resv_report r = { .token = asked()->token, .gen = 0x01020304, .type = 3, .ptpl = 1,
	    .n = n };

	for (uint32_t i = 0; i < n; i++) {
		memset(r.reg[i].hostid, (int)i + 1, 16);
		r.reg[i].key = 0x1000 + i;
	}
	r.holds[1] = 1;
	return (r);
}

static void
reports(void **state)
{
	static const uint32_t lengths[] = { 4, 8, 24, 60, 64, 68, 100, 128, 192, 256, 4096, 16384 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		uint32_t len = lengths[i];
		struct slot *s = command(REPORT, NS_512, len / 4 - 1, len);
		struct ipc_resv_report r = report_of(2);
		uint8_t want[16384] = { 4, 3, 2, 1, 3, 2, 0, 0, 0, 1 };

		for (uint32_t e = 0; e < 2; e++) {
			uint8_t *p = want + 64 + e * 64;

			p[0] = p[1] = 0xff;
			p[2] = e == 1;
			p[8] = (uint8_t)e;
			p[9] = 0x10;
			memset(p + 16, (int)e + 1, 16);
		}
		resv_reported(fake.c, &r);
		assert_int_equal(fake_status(s), 0);
		assert_int_equal(fake_len(s), len);
		assert_memory_equal(s->buf, want, len);
		fake_release(s);
	}
}

static void
largest_report(void **state)
{
	struct slot *s = command(REPORT, NS_512, 16384 / 4 - 1, 16384);
	struct ipc_resv_report r = report_of(IPC_RESV_REGISTRANTS);

	(void)state;
	resv_reported(fake.c, &r);
	assert_int_equal(fake_status(s), 0);
	assert_int_equal(s->buf[5], IPC_RESV_REGISTRANTS);
	assert_int_equal(s->buf[64 + 127 * 64 + 16], 128);
	assert_int_equal(s->buf[64 + 128 * 64], 0);
	fake_release(s);
	/* an answer of the wrong kind */
	s = command(REPORT, NS_512, 15, 64);
	answer(asked()->token, 0);
	assert_int_equal(fake_status(s), NVME_SC_INTERNAL_DEVICE_ERROR);
	fake_release(s);
	s = command(REGISTER, NS_512, 0, 16);
	r.token = asked()->token;
	resv_reported(fake.c, &r);
	assert_false(fake_answered(s));
	answer(asked()->token, 0);
	fake_release(s);
	s = command(REPORT, NS_512, 15, 64);
	answer(asked()->token, DNR(NVME_SC_INVALID_NS_OR_FORMAT));
	assert_int_equal(fake_status(s), DNR(NVME_SC_INVALID_NS_OR_FORMAT));
	fake_release(s);
}

/* ---- what is forbidden ---- */

static bool
forbids(uint8_t opc, uint32_t nsid)
{
	struct slot s = { .qp = &fake.c->io[0].qp, .cmd = { .opc = opc, .nsid = nsid },
	    .rule = nvm_rule(opc) };

	if (s.rule == NULL)
		return (false);
	return (s.qp->lane->ns->restricted && resv_forbids(&s));
}

static void
forbid(uint32_t no_read, uint32_t no_write)
{
	struct ipc_ns row = ns_find(fake.lane.ns, NS_512)->id;

	row.no_read = no_read;
	row.no_write = no_write;
	assert_int_equal(ns_change(fake.c, &row), 0);
}

static void
forbidden(void **state)
{
	static const uint8_t reads[] = { NVME_NVM_READ, NVME_NVM_COMPARE, NVME_NVM_VERIFY,
	    NVME_NVM_COPY };
	static const uint8_t writes[] = { NVME_NVM_FLUSH, NVME_NVM_WRITE, NVME_NVM_WRITE_ZEROES,
	    NVME_NVM_DATASET_MANAGEMENT, NVME_NVM_WRITE_UNCORRECTABLE, NVME_NVM_COPY };
	static const uint8_t never[] = { REGISTER, REPORT, ACQUIRE, RELEASE };

	(void)state;
	for (unsigned opc = 0; opc < 256; opc++)	/* whatever else there is */
		if (nvm_rule((uint8_t)opc) != NULL &&
		    (nvm_rule((uint8_t)opc)->flags & RULE_CHANGES) != 0)
			assert_int_not_equal(nvm_rule((uint8_t)opc)->flags & RULE_WRITES, 0);
	for (unsigned verdict = 0; verdict < 4; verdict++) {
		bool no_read = verdict & 1, no_write = verdict & 2;

		forbid(no_read, no_write);
		assert_int_equal(fake.lane.ns->restricted, verdict != 0);
		for (size_t i = 0; i < ARRAY_LEN(reads); i++)
			if (reads[i] != NVME_NVM_COPY && nvm_rule(reads[i]) != NULL)
				assert_int_equal(forbids(reads[i], NS_512), no_read);
		for (size_t i = 0; i < ARRAY_LEN(writes); i++)
			if (writes[i] != NVME_NVM_COPY && nvm_rule(writes[i]) != NULL)
				assert_int_equal(forbids(writes[i], NS_512), no_write);
		if (nvm_rule(NVME_NVM_COPY) != NULL)
			assert_int_equal(forbids(NVME_NVM_COPY, NS_512), no_read || no_write);
		for (size_t i = 0; i < ARRAY_LEN(never); i++)
			assert_false(forbids(never[i], NS_512));
		assert_false(forbids(NVME_NVM_WRITE, NS_4K));
		assert_false(forbids(NVME_NVM_WRITE, NS_NONE));
		assert_int_equal(forbids(NVME_NVM_FLUSH, NVME_NSID_ALL), no_write);
	}
}

/* ---- what Identify says ---- */

static void
identified(void **state)
{
	struct nvme_id_ns id = { 0 };
	struct nvme_id_ns_independent in = { 0 };

	(void)state;
	row_of(NS_512, 0xfe, 0);
	identify_ns(ns_find(fake.lane.ns, NS_512), &id);
	assert_int_equal(id.rescap, 0xfe);
	identify_ns_independent(ns_find(fake.lane.ns, NS_512), &in);
	assert_int_equal(in.rescap, 0xfe);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fake_io, fake_end)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(asks),
		TEST(one_at_a_time),
		TEST(asks_again),
		TEST(holds_nothing),
		TEST(form),
		TEST(reports),
		TEST(largest_report),
		TEST(forbidden),
		TEST(identified),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
