/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reservations: every command of every role under every type, by table; then what a table cannot
 * say: fields, the generation, the bound. Host H holds (or would), R is registered as well, O is
 * neither; their keys are 1, 2 and 3.
 */
#include "config.h"

#include "broker/reservation.h"
#include "tests/unit/unit.h"

#define REGISTER NVME_NVM_RESERVATION_REGISTER
#define ACQUIRE NVME_NVM_RESERVATION_ACQUIRE
#define RELEASE NVME_NVM_RESERVATION_RELEASE
#define CONFLICT 0x4083
#define INVALID 0x4002
#define WRONG 99

enum { H, R, O, ROLES };

static struct reservation_effect e;

static const uint8_t *
id(unsigned host)
{
	static uint8_t buf[4][16];
	static unsigned at;
	uint8_t *p = buf[at++ % 4];

	memset(p, 0xab, 16);
	p[0] = (uint8_t)(host + 1);
	p[15] = (uint8_t)(host >> 8);
	return (p);
}

static uint16_t
run(struct reservation *r, uint8_t opc, unsigned host, uint32_t cdw10, uint64_t crkey, uint64_t key2)
{
	struct reservation_command c = { .opc = opc, .cdw10 = cdw10, .crkey = crkey, .key2 = key2,
	    .can_persist = true };
	struct reservation was = *r;
	uint16_t status;

	memcpy(c.hostid, id(host), 16);
	status = reservation_do(r, &c, &e);
	if (status != 0) {
		assert_memory_equal(r, &was, sizeof(was));
		assert_int_equal(e.n, 0);
	}
	assert_true(reservation_ok(r));
	return (status);
}

/* H and R are registered, and H has acquired that type (0: nobody has). */
static struct reservation
given(uint32_t type)
{
	struct reservation r = { 0 };

	assert_int_equal(run(&r, REGISTER, H, 0, 0, 1), 0);
	assert_int_equal(run(&r, REGISTER, R, 0, 0, 2), 0);
	if (type != 0)
		assert_int_equal(run(&r, ACQUIRE, H, type << 8, 1, 0), 0);
	return (r);
}

/* ---- who may read and write ---- */

static void
permits(void **state)
{
	static const struct { const char *h, *r, *o; } rows[NVME_RESV_TYPE_MAX] = {
		[0] = { "rw", "rw", "rw" },
		[NVME_RESV_WRITE_EXCLUSIVE] = { "rw", "r-", "r-" },
		[NVME_RESV_EXCLUSIVE_ACCESS] = { "rw", "--", "--" },
		[NVME_RESV_WRITE_EXCLUSIVE_REGISTRANTS] = { "rw", "rw", "r-" },
		[NVME_RESV_EXCLUSIVE_ACCESS_REGISTRANTS] = { "rw", "rw", "--" },
		[NVME_RESV_WRITE_EXCLUSIVE_ALL] = { "rw", "rw", "r-" },
		[NVME_RESV_EXCLUSIVE_ACCESS_ALL] = { "rw", "rw", "--" },
	};

	(void)state;
	for (uint32_t type = 0; type < NVME_RESV_TYPE_MAX; type++) {
		struct reservation r = given(type);
		const char *want[ROLES] = { rows[type].h, rows[type].r, rows[type].o };

		for (unsigned host = H; host < ROLES; host++) {
			assert_int_equal(reservation_permits(&r, id(host), false), want[host][0] == 'r');
			assert_int_equal(reservation_permits(&r, id(host), true), want[host][1] == 'w');
		}
	}
}

/* ---- the table ---- */

enum class { NONE, SINGLE, REGISTRANTS, ALL, CLASSES };

static const struct {
	enum class class;
	uint32_t type, other;
} kinds[] = {
	{ NONE, 0, 0 },
	{ SINGLE, 1, 2 }, { SINGLE, 2, 5 },
	{ REGISTRANTS, 3, 1 }, { REGISTRANTS, 4, 6 },
	{ ALL, 5, 6 }, { ALL, 6, 3 },
};

enum rtype { NO_TYPE, SAME, OTHER };

/*
 * What comes of it, for H, R and O in turn: the status (0, Conflict or Invalid field); the notice to
 * H and to R (P: registration preempted, L: reservation released, X: reservation preempted); who
 * holds it then (n: nobody, h, r, a: all); how many are registered.
 */
#define OWN UINT64_MAX		/* the key of who does it */
static const struct row {
	const char *name;
	uint8_t opc;
	uint32_t action;
	enum rtype rtype;
	uint64_t key2;
	const char *want[CLASSES][ROLES];
} rows[] = {
	{ "register the same key", REGISTER, 0, NO_TYPE, OWN, {
	    { "0--n2", "0--n2", "0--n3" }, { "0--h2", "0--h2", "0--h3" },
	    { "0--h2", "0--h2", "0--h3" }, { "0--a2", "0--a2", "0--a3" } } },
	{ "register another key", REGISTER, 0, NO_TYPE, 9, {
	    { "C--n2", "C--n2", "0--n3" }, { "C--h2", "C--h2", "0--h3" },
	    { "C--h2", "C--h2", "0--h3" }, { "C--a2", "C--a2", "0--a3" } } },
	{ "register no key", REGISTER, 0, NO_TYPE, 0, {
	    { "I--n2", "I--n2", "I--n2" }, { "I--h2", "I--h2", "I--h2" },
	    { "I--h2", "I--h2", "I--h2" }, { "I--a2", "I--a2", "I--a2" } } },
	{ "unregister", REGISTER, 1, NO_TYPE, 0, {
	    { "0--n1", "0--n1", "C--n2" }, { "0--n1", "0--h1", "C--h2" },
	    { "0-Ln1", "0--h1", "C--h2" }, { "0--a1", "0--a1", "C--a2" } } },
	{ "replace", REGISTER, 2, NO_TYPE, 9, {
	    { "0--n2", "0--n2", "C--n2" }, { "0--h2", "0--h2", "C--h2" },
	    { "0--h2", "0--h2", "C--h2" }, { "0--a2", "0--a2", "C--a2" } } },
	{ "replace by no key", REGISTER, 2, NO_TYPE, 0, {
	    { "I--n2", "I--n2", "I--n2" }, { "I--h2", "I--h2", "I--h2" },
	    { "I--h2", "I--h2", "I--h2" }, { "I--a2", "I--a2", "I--a2" } } },
	{ "replace, IEKEY", REGISTER, 2 | NVME_RESV_IEKEY, NO_TYPE, 9, {
	    { "0--n2", "0--n2", "0--n3" }, { "0--h2", "0--h2", "0--h3" },
	    { "0--h2", "0--h2", "0--h3" }, { "0--a2", "0--a2", "0--a3" } } },
	{ "acquire", ACQUIRE, 0, SAME, 0, {
	    { "0--h2", "0--r2", "C--n2" }, { "0--h2", "C--h2", "C--h2" },
	    { "0--h2", "C--h2", "C--h2" }, { "0--a2", "0--a2", "C--a2" } } },
	{ "acquire another type", ACQUIRE, 0, OTHER, 0, {
	    { "0--h2", "0--r2", "C--n2" }, { "C--h2", "C--h2", "C--h2" },
	    { "C--h2", "C--h2", "C--h2" }, { "C--a2", "C--a2", "C--a2" } } },
	{ "preempt H", ACQUIRE, 1, SAME, 1, {
	    { "0--n1", "0P-n1", "C--n2" }, { "0--h2", "0P-r1", "C--h2" },
	    { "0--h2", "0P-r1", "C--h2" }, { "0--a1", "0P-a1", "C--a2" } } },
	{ "preempt H, another type", ACQUIRE, 1, OTHER, 1, {
	    { "0--n1", "0P-n1", "C--n2" }, { "0-Lt2", "0P-t1", "C--h2" },
	    { "0-Lt2", "0P-t1", "C--h2" }, { "0--a1", "0P-a1", "C--a2" } } },
	{ "preempt and abort H", ACQUIRE, 2, SAME, 1, {
	    { "0--n1", "0P-n1", "C--n2" }, { "0--h2", "0P-r1", "C--h2" },
	    { "0--h2", "0P-r1", "C--h2" }, { "0--a1", "0P-a1", "C--a2" } } },
	{ "preempt R", ACQUIRE, 1, SAME, 2, {
	    { "0-Pn1", "0--n1", "C--n2" }, { "0-Ph1", "0--h1", "C--h2" },
	    { "0-Ph1", "0--h1", "C--h2" }, { "0-Pa1", "0--a1", "C--a2" } } },
	{ "preempt everybody", ACQUIRE, 1, SAME, 0, {
	    { "I--n2", "I--n2", "C--n2" }, { "I--h2", "I--h2", "C--h2" },
	    { "I--h2", "I--h2", "C--h2" }, { "0-Pa1", "0P-a1", "C--a2" } } },
	{ "preempt everybody, another type", ACQUIRE, 1, OTHER, 0, {
	    { "I--n2", "I--n2", "C--n2" }, { "I--h2", "I--h2", "C--h2" },
	    { "I--h2", "I--h2", "C--h2" }, { "0-Pt1", "0P-t1", "C--a2" } } },
	{ "preempt nobody", ACQUIRE, 1, SAME, 9, {
	    { "C--n2", "C--n2", "C--n2" }, { "C--h2", "C--h2", "C--h2" },
	    { "C--h2", "C--h2", "C--h2" }, { "C--a2", "C--a2", "C--a2" } } },
	{ "release", RELEASE, 0, SAME, 0, {
	    { "0--n2", "0--n2", "C--n2" }, { "0--n2", "0--h2", "C--h2" },
	    { "0-Ln2", "0--h2", "C--h2" }, { "0-Ln2", "0L-n2", "C--a2" } } },
	{ "release another type", RELEASE, 0, OTHER, 0, {
	    { "0--n2", "0--n2", "C--n2" }, { "I--h2", "0--h2", "C--h2" },
	    { "I--h2", "0--h2", "C--h2" }, { "I--a2", "I--a2", "C--a2" } } },
	{ "clear", RELEASE, 1, NO_TYPE, 0, {
	    { "0-Xn0", "0X-n0", "C--n2" }, { "0-Xn0", "0X-n0", "C--h2" },
	    { "0-Xn0", "0X-n0", "C--h2" }, { "0-Xn0", "0X-n0", "C--a2" } } },
};

static char
notice_to(unsigned host)
{
	char c = '-';

	for (uint32_t i = 0; i < e.n; i++)
		if (memcmp(e.notice[i].hostid, id(host), 16) == 0) {
			assert_int_equal(c, '-');
			c = "-PLX"[e.notice[i].type];
		}
	return (c);
}

/* The host that holds it, by its index; all_hold types have one answer for all. */
static char
holder(const struct reservation *r)
{
	if (r->type == NVME_RESV_NONE)
		return ('n');
	if (r->type >= NVME_RESV_WRITE_EXCLUSIVE_ALL) {
		for (uint32_t i = 0; i < r->n; i++)
			assert_true(reservation_holds(r, i));
		return ('a');
	}
	for (uint32_t i = 0; i < r->n; i++)
		assert_int_equal(reservation_holds(r, i), i == r->holder);
	return (memcmp(r->reg[r->holder].hostid, id(H), 16) == 0 ? 'h' : 'r');
}

static void
result(char out[8], uint16_t status, const struct reservation *r)
{
	out[0] = status == 0 ? '0' : status == CONFLICT ? 'C' : status == INVALID ? 'I' : '?';
	out[1] = notice_to(H);
	out[2] = notice_to(R);
	out[3] = holder(r);
	out[4] = (char)('0' + r->n);
	out[5] = '\0';
	assert_int_equal(notice_to(O), '-');
}

static uint32_t
rtype_of(const struct row *row, unsigned kind)
{
	uint32_t same = kinds[kind].type != 0 ? kinds[kind].type : 1;

	return (row->rtype == NO_TYPE ? 0 : row->rtype == SAME ? same :
	    kinds[kind].type != 0 ? kinds[kind].other : 4);
}

static void
try_row(const struct row *row, unsigned kind, unsigned host)
{
	struct reservation r = given(kinds[kind].type), was = r;
	uint32_t rtype = rtype_of(row, kind);
	char got[8], want[8];
	uint16_t status;

	status = run(&r, row->opc, host, row->action | rtype << 8, host + 1,
	    row->key2 == OWN ? host + 1 : row->key2);
	result(got, status, &r);
	memcpy(want, row->want[kinds[kind].class][host], 6);
	if (want[3] == 't')		/* who does it has it, of the other type */
		want[3] = rtype >= NVME_RESV_WRITE_EXCLUSIVE_ALL ? 'a' : host == H ? 'h' : 'r';
	if (strcmp(got, want) != 0)
		fail_msg("%s, type %u, host %u: %s, not %s", row->name, kinds[kind].type, host, got,
		    want);
	if (status == 0 && want[3] != 'n' && row->opc == ACQUIRE && row->rtype == OTHER &&
	    row->want[kinds[kind].class][host][3] == 't')
		assert_int_equal(r.type, rtype);
	assert_int_equal(r.gen, was.gen + (status == 0 && (row->opc == REGISTER ||
	    (row->opc == ACQUIRE && row->action != 0) || (row->opc == RELEASE && row->action == 1))));
}

static void
commands(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (unsigned kind = 0; kind < ARRAY_LEN(kinds); kind++)
			for (unsigned host = H; host < ROLES; host++)
				try_row(&rows[i], kind, host);
}

/* A wrong key is a conflict for whoever is registered, too. */
static void
wrong_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct row *row = &rows[i];

		for (unsigned kind = 0; kind < ARRAY_LEN(kinds); kind++) {
			struct reservation r = given(kinds[kind].type);

			if (row->want[kinds[kind].class][H][0] != '0' ||
			    (row->opc == REGISTER && (row->action == 0 || row->action > 2)))
				continue;
			assert_int_equal(run(&r, row->opc, H, row->action |
			    rtype_of(row, kind) << 8, WRONG, row->key2), CONFLICT);
		}
	}
}

/* ---- fields ---- */

static void
fields(void **state)
{
	static const struct { uint8_t opc; uint32_t cdw10; } bad[] = {
		{ REGISTER, 3 }, { REGISTER, 7 }, { REGISTER, 1u << 30 },
		{ ACQUIRE, 3 | 1 << 8 }, { ACQUIRE, 7 | 1 << 8 },
		{ ACQUIRE, 0 }, { ACQUIRE, 7 << 8 }, { ACQUIRE, 0xff << 8 }, { ACQUIRE, 1 },
		{ ACQUIRE, 1 | 7 << 8 }, { ACQUIRE, NVME_RESV_IEKEY | 1 << 8 },
		{ RELEASE, 2 | 1 << 8 }, { RELEASE, 7 | 1 << 8 }, { RELEASE, NVME_RESV_IEKEY | 1 << 8 },
		{ RELEASE, 1 | NVME_RESV_IEKEY },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct reservation r = given(1);

		assert_int_equal(run(&r, bad[i].opc, H, bad[i].cdw10, 1, 1), INVALID);
		assert_int_equal(run(&r, bad[i].opc, O, bad[i].cdw10, 3, 3), INVALID);
	}
	for (unsigned opc = 0; opc < 256; opc++) {
		struct reservation r = given(1);

		if (opc != REGISTER && opc != ACQUIRE && opc != RELEASE)
			assert_int_equal(run(&r, (uint8_t)opc, H, 0, 1, 1), 0x4001);
	}
}

static void
persistence(void **state)
{
	struct reservation_command c = { .opc = REGISTER, .cdw10 = 3u << 30, .key2 = 1 };
	struct reservation r = { 0 };

	(void)state;
	assert_int_equal(reservation_do(&r, &c, &e), INVALID);		/* not to be had */
	assert_int_equal(r.n, 0);
	assert_int_equal(run(&r, REGISTER, H, 3u << 30, 0, 1), 0);
	assert_int_equal(r.ptpl, 1);
	assert_int_equal(run(&r, REGISTER, H, 0, 0, 1), 0);
	assert_int_equal(r.ptpl, 1);
	assert_int_equal(run(&r, REGISTER, O, 2u << 30 | 1, 0, 0), CONFLICT);
	assert_int_equal(r.ptpl, 1);
	assert_int_equal(run(&r, REGISTER, H, 2u << 30 | 1, 1, 0), 0);
	assert_int_equal(r.ptpl, 0);
	assert_int_equal(r.n, 0);
}

/* ---- many ---- */

static void
bound(void **state)
{
	struct reservation r = { 0 };

	(void)state;
	for (unsigned i = 0; i < RESERVATION_REGISTRANTS; i++)
		assert_int_equal(run(&r, REGISTER, i, 0, 0, 7), 0);
	assert_int_equal(run(&r, REGISTER, 200, 0, 0, 7), 0x4006);
	assert_int_equal(run(&r, REGISTER, 200, 2 | NVME_RESV_IEKEY, 0, 7), 0x4006);
	assert_int_equal(run(&r, REGISTER, 5, 0, 0, 7), 0);	/* one of them may again */
	assert_int_equal(run(&r, ACQUIRE, 9, 3 << 8, 7, 0), 0);
	/* all have the holder's key: everybody else goes */
	assert_int_equal(run(&r, ACQUIRE, 60, 2 | 3 << 8, 7, 7), 0);
	assert_int_equal(r.n, 1);
	assert_int_equal(e.n, RESERVATION_REGISTRANTS - 1);
	assert_true(reservation_holds(&r, 0));
	assert_true(reservation_permits(&r, id(60), true));
	assert_false(reservation_permits(&r, id(9), true));
}

/* Whoever goes, the reservation stays with who has it. */
static void
holder_stays(void **state)
{
	(void)state;
	for (unsigned gone = 0; gone < 8; gone++) {
		struct reservation r = { 0 };

		for (unsigned i = 0; i < 8; i++)
			assert_int_equal(run(&r, REGISTER, i, 0, 0, i + 1), 0);
		assert_int_equal(run(&r, ACQUIRE, 4, 3 << 8, 5, 0), 0);
		assert_int_equal(run(&r, REGISTER, gone, 1, gone + 1, 0), 0);
		assert_int_equal(e.n, gone == 4 ? 7 : 0);
		if (gone == 4)
			assert_int_equal(r.type, NVME_RESV_NONE);
		else
			assert_memory_equal(r.reg[r.holder].hostid, id(4), 16);
	}
}

/* A reservation of all ends with the last one that is registered. */
static void
last_of_all(void **state)
{
	struct reservation r = given(5);

	(void)state;
	assert_int_equal(run(&r, REGISTER, H, 1, 1, 0), 0);
	assert_int_equal(r.type, 5);
	assert_int_equal(run(&r, ACQUIRE, R, 1 | 5 << 8, 2, 2), 0);	/* itself */
	assert_int_equal(r.type, NVME_RESV_NONE);
	assert_int_equal(r.n, 0);
}

static void
generation_wraps(void **state)
{
	struct reservation r = given(0);

	(void)state;
	r.gen = UINT32_MAX;
	assert_int_equal(run(&r, REGISTER, H, 0, 0, 1), 0);
	assert_int_equal(r.gen, 0);
}

static void
nonsense(void **state)
{
	struct reservation good = given(1), r;

	(void)state;
	assert_true(reservation_ok(&good));
	r = good;
	r.n = RESERVATION_REGISTRANTS + 1;
	assert_false(reservation_ok(&r));
	r = good;
	r.type = NVME_RESV_TYPE_MAX;
	assert_false(reservation_ok(&r));
	r = good;
	r.holder = 2;
	assert_false(reservation_ok(&r));
	r = good;
	r.ptpl = 2;
	assert_false(reservation_ok(&r));
	r = good;
	r.type = NVME_RESV_NONE;
	r.holder = 1;
	assert_false(reservation_ok(&r));
	r = good;
	r.reg[1] = r.reg[0];
	assert_false(reservation_ok(&r));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(permits),
		cmocka_unit_test(commands),
		cmocka_unit_test(wrong_keys),
		cmocka_unit_test(fields),
		cmocka_unit_test(persistence),
		cmocka_unit_test(bound),
		cmocka_unit_test(holder_stays),
		cmocka_unit_test(last_of_all),
		cmocka_unit_test(generation_wraps),
		cmocka_unit_test(nonsense),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
