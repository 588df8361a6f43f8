/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fused Compare and Write, and writes that wait for ranges of others: a queue with the real command
 * set over memory and a file, the broker played by the test.
 */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/transport_world.h"

enum { RAM = 1, FILE_NS = 2, BLOCKS = 128, BLOCK = 512, DEV = BLOCKS * BLOCK };
enum { WRITE = NVME_NVM_WRITE, COMPARE = NVME_NVM_COMPARE, READ = NVME_NVM_READ,
	ZERO = NVME_NVM_WRITE_ZEROES };
enum { FIRST = NVME_FUSE_FIRST, SECOND = NVME_FUSE_SECOND };

static uint8_t ram[DEV];
static int disk;
static struct losses losses[2];
static uint8_t ones[2 * 4096], twos[2 * 4096];

static int
setup_with(void **state, int (*how)(void **))
{
	static const struct ipc_ns id[2] = {
		{ .nsid = RAM, .block_size = BLOCK, .nlbas = BLOCKS, .ram = 1 },
		{ .nsid = FILE_NS, .block_size = BLOCK, .nlbas = BLOCKS },
	};
	struct ns_table *t = calloc(1, sizeof(*t) + 2 * sizeof(t->at[0]));
	char path[] = "/tmp/cellblock-fused.XXXXXX";

	if (how(state) != 0 || t == NULL || (disk = mkstemp(path)) == -1)
		return (-1);
	unlink(path);
	memset(ram, 0, sizeof(ram));
	memset(ones, 1, sizeof(ones));
	memset(twos, 2, sizeof(twos));
	assert_int_equal(ftruncate(disk, DEV), 0);
	t->n = 2;
	for (unsigned i = 0; i < 2; i++) {
		struct ns *ns = aligned_alloc(64, sizeof(*ns) + sizeof(ns->use[0]));

		assert_non_null(ns);
		memset(ns, 0, sizeof(*ns) + sizeof(ns->use[0]));
		ns->id = id[i];
		ns->file = i;
		ns->lbads = 9;
		ns->losses = &losses[i];
		t->at[i].nsid = id[i].nsid;
		t->at[i].ns = ns;
	}
	t->at[0].ns->map = ram;
	t->at[0].ns->map_len = DEV;
	assert_int_equal(engine_file_set(world.lane.engine, 1, disk), 0);
	world.lane.ns = t;
	return (0);
}

static int
setup(void **state)
{
	return (setup_with(state, begin));
}

static int
setup_digests(void **state)
{
	return (setup_with(state, begin_digests));
}

static int
teardown(void **state)
{
	struct ns_table *t = world.lane.ns;
	int r = end(state);

	assert_null(world.lane.holds);
	assert_true(LIST_EMPTY(&world.lane.desk.holds));
	assert_true(TAILQ_EMPTY(&world.lane.held.ops));
	assert_int_equal(world.lane.held.bytes, 0);
	close(disk);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(t->at[i].ns->use[0].users, 0);
		free(t->at[i].ns);
	}
	free(t);
	free(world.lane.pairs);		/* and what it has stays: it is a process' */
	return (r);
}

/* ---- what the host does ---- */

static size_t
put_cmd(uint8_t *out, uint8_t opc, unsigned fuse, uint16_t cid, uint32_t nsid, uint64_t slba,
    uint32_t nlb, const uint8_t *data)
{
	struct nvme_sqe sqe = { .opc = opc, .fuse_psdt = (uint8_t)fuse, .cid = le16(cid),
	    .nsid = le32(nsid), .cdw10 = le32((uint32_t)slba), .cdw12 = le32(nlb - 1) };

	return (capsule_of(out, &sqe, opc == ZERO ? 0 : nlb * BLOCK, data));
}

/* Its data is in the capsule, or, NULL, to be asked for. */
static void
send_cmd(uint8_t opc, unsigned fuse, uint16_t cid, uint32_t nsid, uint64_t slba, uint32_t nlb,
    const uint8_t *data)
{
	uint8_t buf[20480];

	put(buf, put_cmd(buf, opc, fuse, cid, nsid, slba, nlb, data));
}

/* If these are ones, they become twos; cids 1 and 2. */
static void
send_pair(uint32_t nsid, uint64_t slba, uint32_t nlb, const uint8_t *is, const uint8_t *becomes)
{
	send_cmd(COMPARE, FIRST, 1, nsid, slba, nlb, is);
	send_cmd(WRITE, SECOND, 2, nsid, slba, nlb, becomes);
}

static void
answered(uint16_t first, uint16_t second)
{
	expect_response(1, first);
	expect_response(2, second);
}

/* ---- what the broker hears and says ---- */

static uint64_t
asked(unsigned nth, const char *what)
{
	for (unsigned i = 0; world.nasked <= nth && i < 100; i++) {
		turns(1);
		usleep(1000);
	}
	assert_true(world.nasked > nth);
	assert_string_equal(world.asked[nth].what, what);
	return (world.asked[nth].token);
}

static void
hold(uint64_t token, uint32_t nsid, uint64_t offset, uint64_t len)
{
	const struct ipc_range m = { .token = token, .nsid = nsid, .offset = offset, .len = len,
	    .answer = 1 };

	assert_int_equal(range_hold(&world.lane, &m), 0);
	turns(2);
}

static void
set_free(uint64_t token)
{
	range_free(&world.lane, token);
	turns(2);
}

/* As the broker does when nobody else is there. */
static void
grant(unsigned nth, uint64_t token)
{
	uint64_t t = asked(nth, "lock");
	struct ipc_range m = world.asked[nth].range;

	m.token = token;
	m.answer = 1;
	assert_int_equal(range_hold(&world.lane, &m), 0);
	assert_int_equal(asked(nth + 1, "held"), token);
	range_grant(&world.lane, t);
	turns(2);
}

static void
ended(unsigned nth, uint64_t token)
{
	assert_int_equal(asked(nth, "unlock"), world.asked[nth - 2].token);
	set_free(token);
}

static bool
stored(uint32_t nsid, uint64_t slba, uint32_t nlb, const uint8_t *what)
{
	uint8_t buf[8192];

	if (nsid == RAM)
		memcpy(buf, ram + slba * BLOCK, nlb * BLOCK);
	else
		assert_int_equal(pread(disk, buf, nlb * BLOCK, (off_t)slba * BLOCK), nlb * BLOCK);
	return (memcmp(buf, what, nlb * BLOCK) == 0);
}

static void
preset(uint32_t nsid, uint8_t with)
{
	uint8_t all[DEV];

	memset(all, with, sizeof(all));
	if (nsid == RAM)
		memcpy(ram, all, sizeof(ram));
	else
		assert_int_equal(pwrite(disk, all, sizeof(all), 0), DEV);
}

/* ---- pairs ---- */

static void
a_pair(void **state)
{
	(void)state;
	for (uint32_t nsid = RAM; nsid <= FILE_NS; nsid++) {
		world.nasked = 0;
		preset(nsid, 1);
		send_pair(nsid, 8, 8, ones, twos);
		assert_int_equal(world.asked[0].range.nsid, nsid);
		assert_int_equal(world.asked[0].range.offset, 8 * BLOCK);
		assert_int_equal(world.asked[0].range.len, 8 * BLOCK);
		nothing_comes();
		assert_true(stored(nsid, 8, 8, ones));
		grant(0, 77);
		answered(0, 0);
		assert_true(stored(nsid, 8, 8, twos));
		assert_true(stored(nsid, 7, 1, ones) && stored(nsid, 16, 1, ones));
		ended(2, 77);
		assert_int_equal(world.nasked, 3);
	}
}

static void
a_miscompare(void **state)
{
	(void)state;
	for (uint32_t nsid = RAM; nsid <= FILE_NS; nsid++) {
		world.nasked = 0;
		preset(nsid, 1);
		send_pair(nsid, 8, 1, twos, twos);
		grant(0, 77);
		answered(NVME_SC_COMPARE_FAILURE, NVME_SC_FAILED_FUSED);
		assert_true(stored(nsid, 8, 1, ones));
		ended(2, 77);
	}
}

/* Data that is asked for; that of the second comes first. */
static void
a_pair_with_r2t(void **state)
{
	uint16_t ttag[2];

	(void)state;
	preset(FILE_NS, 1);
	send_pair(FILE_NS, 0, 2, NULL, NULL);
	ttag[0] = expect_r2t(1, 1024);
	ttag[1] = expect_r2t(2, 1024);
	h2cdata(2, ttag[1], 0, twos, 1024, true, true);
	assert_int_equal(world.nasked, 0);
	h2cdata(1, ttag[0], 0, ones, 1024, true, true);
	grant(0, 5);
	answered(0, 0);
	assert_true(stored(FILE_NS, 0, 2, twos));
	ended(2, 5);
}

static void
mixed_ways_of_data(void **state)
{
	uint16_t ttag;

	(void)state;
	send_cmd(COMPARE, FIRST, 1, RAM, 0, 1, ram);
	send_cmd(WRITE, SECOND, 2, RAM, 0, 1, NULL);
	ttag = expect_r2t(2, 512);
	h2cdata(2, ttag, 0, ones, 512, true, true);
	grant(0, 5);
	answered(0, 0);
	assert_true(stored(RAM, 0, 1, ones));
	ended(2, 5);
}

/* What is received is used again for what comes next: a pair may not rely on it. */
static void
both_in_one_segment(void **state)
{
	uint8_t buf[4096];
	size_t n;

	(void)state;
	n = put_cmd(buf, COMPARE, FIRST, 1, RAM, 0, 1, ram);
	n += put_cmd(buf + n, WRITE, SECOND, 2, RAM, 0, 1, ones);
	put(buf, n);
	send_cmd(WRITE, 0, 3, RAM, 64, 8, twos);
	expect_response(3, 0);
	grant(0, 5);
	answered(0, 0);
	assert_true(stored(RAM, 0, 1, ones));
	ended(2, 5);
}

/* ---- what is no pair ---- */

static void
wrong_pairs(void **state)
{
	static const struct {
		const char *name;
		struct { uint8_t opc; unsigned fuse; uint64_t slba; uint32_t nlb; } c[2];
		uint16_t status[2];
	} rows[] = {
		{ "not a Compare", { { WRITE, FIRST, 0, 1 }, { WRITE, SECOND, 0, 1 } },
		    { NVME_SC_INVALID_FIELD, NVME_SC_FAILED_FUSED } },
		{ "not a Write", { { COMPARE, FIRST, 0, 1 }, { COMPARE, SECOND, 0, 1 } },
		    { NVME_SC_INVALID_FIELD, NVME_SC_INVALID_FIELD } },
		{ "another block", { { COMPARE, FIRST, 0, 1 }, { WRITE, SECOND, 1, 1 } },
		    { NVME_SC_INVALID_FIELD, NVME_SC_INVALID_FIELD } },
		{ "another length", { { COMPARE, FIRST, 0, 2 }, { WRITE, SECOND, 0, 1 } },
		    { NVME_SC_INVALID_FIELD, NVME_SC_INVALID_FIELD } },
		{ "too long", { { COMPARE, FIRST, 0, 9 }, { WRITE, SECOND, 0, 9 } },
		    { NVME_SC_ATOMIC_WRITE_UNIT_EXCEEDED, NVME_SC_FAILED_FUSED } },
		{ "beyond the end", { { COMPARE, FIRST, BLOCKS, 1 }, { WRITE, SECOND, BLOCKS, 1 } },
		    { NVME_SC_LBA_OUT_OF_RANGE, NVME_SC_FAILED_FUSED } },
		{ "reserved", { { COMPARE, NVME_FUSE_RESERVED, 0, 1 }, { WRITE, SECOND, 0, 1 } },
		    { NVME_SC_INVALID_FIELD, NVME_SC_MISSING_FUSED } },
		{ "no first", { { WRITE, 0, 0, 1 }, { WRITE, SECOND, 0, 1 } },
		    { 0, NVME_SC_MISSING_FUSED } },
		{ "no second", { { COMPARE, FIRST, 0, 1 }, { WRITE, 0, 4, 1 } },
		    { NVME_SC_MISSING_FUSED, 0 } },
		{ "something between", { { COMPARE, FIRST, 0, 1 }, { READ, 0, BLOCKS, 1 } },
		    { NVME_SC_MISSING_FUSED, NVME_SC_LBA_OUT_OF_RANGE } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		for (unsigned k = 0; k < 2; k++)
			send_cmd(rows[i].c[k].opc, rows[i].c[k].fuse, (uint16_t)(k + 1), RAM,
			    rows[i].c[k].slba, rows[i].c[k].nlb,
			    rows[i].c[k].opc == READ ? NULL : ones);
		answered(rows[i].status[0], rows[i].status[1]);
		assert_int_equal(world.nasked, 0);
		/* and nothing of it is left */
		send_cmd(WRITE, SECOND, 9, RAM, 0, 1, ones);
		expect_response(9, NVME_SC_MISSING_FUSED);
	}
}

static void
a_first_and_another_one(void **state)
{
	(void)state;
	send_cmd(COMPARE, FIRST, 7, RAM, 0, 1, ram);
	send_pair(RAM, 8, 1, ram, ones);
	expect_response(7, NVME_SC_MISSING_FUSED);
	grant(0, 5);
	answered(0, 0);
	ended(2, 5);
}

static void
the_second_does_not_come(void **state)
{
	(void)state;
	world.ctrl.hello.transfer_timeout_ms = 20;
	send_cmd(COMPARE, FIRST, 1, RAM, 0, 1, ram);
	usleep(30000);
	expect_response(1, NVME_SC_MISSING_FUSED);
	send_cmd(WRITE, SECOND, 2, RAM, 0, 1, ones);
	expect_response(2, NVME_SC_FAILED_FUSED);
	assert_true(stored(RAM, 0, 1, ram + 512));
}

/* A wrong digest in the middle: neither is done. */
static void
bad_data(void **state)
{
	uint8_t buf[4096];
	uint16_t ttag;
	size_t n;

	(void)state;
	preset(RAM, 1);
	n = put_cmd(buf, COMPARE, FIRST, 1, RAM, 0, 1, ones);
	put(buf, n);
	send_cmd(WRITE, SECOND, 2, RAM, 0, 1, NULL);
	ttag = expect_r2t(2, 512);
	h2cdata(2, ttag, 0, twos, 512, true, false);
	answered(NVME_SC_FAILED_FUSED, NVME_SC_TRANSIENT_TRANSPORT_ERROR);
	assert_int_equal(world.nasked, 0);
	assert_true(stored(RAM, 0, 1, ones));
}

/* ---- ends in the middle ---- */

static void
the_queue_closes(void **state)
{
	static const char *const at[] = { "alone", "second asks for data", "asked", "granted" };

	for (unsigned i = 0; i < ARRAY_LEN(at); i++) {
		if (i > 0) {
			teardown(state);
			assert_int_equal(setup(state), 0);
		}
		send_cmd(COMPARE, FIRST, 1, FILE_NS, 0, 1, ram);
		if (i > 0)
			send_cmd(WRITE, SECOND, 2, FILE_NS, 0, 1, i == 1 ? NULL : ones);
		if (i == 3) {
			uint64_t t = asked(0, "lock");

			range_grant(&world.lane, t);	/* and the device has the Compare */
		}
		close(world.host);
		world.host = -1;
		for (unsigned k = 0; !world.closed && k < 1000; k++) {
			turns(1);
			usleep(1000);
		}
		assert_true(world.closed);
		if (i == 2) {			/* the grant comes too late: it is given back */
			range_grant(&world.lane, world.asked[0].token);
			turns(1);
		}
		if (i >= 2)
			asked(1, "unlock");
		assert_int_equal(world.lane.pairs == NULL ? 0 : world.nasked, i < 2 ? 0 : 2);
	}
}

static void
aborted(void **state)
{
	(void)state;
	for (uint16_t cid = 1; cid <= 2; cid++) {
		world.nasked = 0;
		send_pair(RAM, 0, 1, ram, ones);
		asked(0, "lock");
		assert_int_equal(qp_abort(world.qp, cid, NULL), ABORT_DONE);
		answered(cid == 1 ? NVME_SC_ABORT_REQUESTED : NVME_SC_FAILED_FUSED,
		    cid == 2 ? NVME_SC_ABORT_REQUESTED : NVME_SC_FAILED_FUSED);
		range_grant(&world.lane, world.asked[0].token);
		asked(1, "unlock");
		assert_true(stored(RAM, 0, 1, ram + 512));
	}
	/* the first alone */
	send_cmd(COMPARE, FIRST, 1, RAM, 0, 1, ram);
	assert_int_equal(qp_abort(world.qp, 1, NULL), ABORT_DONE);
	expect_response(1, NVME_SC_ABORT_REQUESTED);
	send_cmd(WRITE, SECOND, 2, RAM, 0, 1, ones);
	expect_response(2, NVME_SC_FAILED_FUSED);
}

/* Its namespace changed while it waited. */
static void
judged_again(void **state)
{
	(void)state;
	send_pair(RAM, 0, 1, ram, ones);
	asked(0, "lock");
	assert_int_equal(world.lane.ns->at[0].ns->use[0].users, 0);	/* it has not begun */
	world.lane.ns->at[0].ns->id.readonly = 1;
	world.lane.ns->version++;
	range_grant(&world.lane, world.asked[0].token);
	turns(1);
	answered(NVME_SC_FAILED_FUSED, NVME_SC_NS_WRITE_PROTECTED);
	asked(1, "unlock");
	world.lane.ns->at[0].ns->id.readonly = 0;
	/* it may be another backend under the same number */
	world.nasked = 0;
	send_pair(RAM, 0, 1, ram, ones);
	asked(0, "lock");
	world.lane.ns->version++;
	range_grant(&world.lane, world.asked[0].token);
	turns(1);
	answered(NVME_SC_COMMAND_INTERRUPTED, NVME_SC_FAILED_FUSED);
	asked(1, "unlock");
	assert_true(stored(RAM, 0, 1, ram + 512));
}

/* ... or its namespace changed between the data of the one and of the other: the broker, which ends who
 * asks for what it does not have, is not asked. */
static void
judged_again_before_it_asks(void **state)
{
	uint16_t ttag;

	(void)state;
	send_cmd(COMPARE, FIRST, 1, RAM, 0, 1, NULL);
	send_cmd(WRITE, SECOND, 2, RAM, 0, 1, ones);
	ttag = expect_r2t(1, 512);
	world.lane.ns->at[0].ns->id.readonly = 1;
	world.lane.ns->version++;
	h2cdata(1, ttag, 0, ram, 512, true, true);
	answered(NVME_SC_FAILED_FUSED, NVME_SC_NS_WRITE_PROTECTED);
	assert_int_equal(world.nasked, 0);
	world.lane.ns->at[0].ns->id.readonly = 0;
}

/* One has its range asked for and the other stands in line when their namespace changes. */
static void
told_of_a_change(void **state)
{
	(void)state;
	send_pair(RAM, 0, 1, ram, ones);
	send_cmd(COMPARE, FIRST, 3, RAM, 8, 1, ram);
	send_cmd(WRITE, SECOND, 4, RAM, 8, 1, ones);
	asked(0, "lock");
	world.lane.ns->at[0].ns->id.readonly = 1;
	world.lane.ns->version++;
	fused_changed(&world.lane);
	answered(NVME_SC_FAILED_FUSED, NVME_SC_NS_WRITE_PROTECTED);
	expect_response(3, NVME_SC_FAILED_FUSED);
	expect_response(4, NVME_SC_NS_WRITE_PROTECTED);
	range_grant(&world.lane, world.asked[0].token);
	asked(1, "unlock");
	turns(2);
	assert_int_equal(world.nasked, 2);
	world.lane.ns->at[0].ns->id.readonly = 0;
}

static void
pairs_go_one_after_the_other(void **state)
{
	(void)state;
	send_pair(RAM, 0, 1, ram, ones);
	send_cmd(COMPARE, FIRST, 3, RAM, 0, 1, ones);
	send_cmd(WRITE, SECOND, 4, RAM, 0, 1, twos);
	assert_int_equal(world.nasked, 1);
	grant(0, 5);
	answered(0, 0);
	assert_int_equal(asked(2, "unlock"), world.asked[0].token);
	set_free(5);
	grant(3, 6);
	expect_response(3, 0);
	expect_response(4, 0);
	assert_true(stored(RAM, 0, 1, twos));
	ended(5, 6);
}

/* The channel is full while there is no broker; it is said when it goes. */
static void
the_broker_is_away(void **state)
{
	unsigned n;

	(void)state;
	world.broker_is_away = true;
	send_pair(RAM, 0, 1, ram, ones);
	asked(0, "lock");
	world.broker_is_away = false;
	n = world.nasked;
	for (unsigned i = 0; world.nasked == n && i < 1000; i++) {
		turns(1);
		usleep(1000);
	}
	world.asked[0] = world.asked[n];
	world.nasked = 1;
	grant(0, 5);
	answered(0, 0);
	ended(2, 5);
}

/* What the last broker was asked for is asked for again; what it granted is finished first. */
static void
a_new_broker(void **state)
{
	uint64_t old;

	(void)state;
	hold(70, RAM, 512, 512);
	asked(0, "held");
	world.nasked = 0;
	send_pair(RAM, 0, 1, ram, ones);
	old = asked(0, "lock");
	range_reset(&world.lane);
	asked(1, "reset");
	assert_int_not_equal(asked(2, "lock"), old);
	range_grant(&world.lane, old);		/* of the last one, under way meanwhile */
	nothing_comes();
	/* what was held stays so until this one has heard all */
	send_cmd(WRITE, 0, 3, RAM, 1, 1, ones);
	nothing_comes();
	set_free(0);
	expect_response(3, 0);
	range_grant(&world.lane, world.asked[2].token);
	answered(0, 0);
	asked(3, "unlock");
	world.nasked = 0;
	/* one that is granted, and reads */
	send_pair(FILE_NS, 0, 1, ram + 4096, ones);
	old = asked(0, "lock");
	range_grant(&world.lane, old);
	range_reset(&world.lane);
	assert_int_equal(world.nasked, 1);
	answered(0, 0);
	asked(1, "reset");
	assert_int_equal(world.nasked, 2);	/* no unlock: it was the last broker's */
}

/* ---- writes that wait ---- */

static void
writes_wait(void **state)
{
	static const struct { uint8_t opc; uint64_t slba; uint32_t nlb; bool waits; } rows[] = {
		{ WRITE, 8, 1, true },
		{ WRITE, 15, 1, true },
		{ WRITE, 7, 2, true },
		{ WRITE, 0, 32, true },
		{ WRITE, 7, 1, false },
		{ WRITE, 16, 1, false },
		{ ZERO, 15, 2, true },
		{ ZERO, 16, 2, false },
		{ COMPARE, 8, 1, false },
	};

	(void)state;
	for (uint32_t nsid = RAM; nsid <= FILE_NS; nsid++) {
		preset(nsid, 1);
		for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
			uint8_t data[32 * BLOCK];

			memset(data, 1, sizeof(data));
			world.nasked = 0;
			hold(70 + i, nsid, 8 * BLOCK, 8 * BLOCK);
			assert_int_equal(asked(0, "held"), 70 + i);
			send_cmd(rows[i].opc, 0, 1, nsid, rows[i].slba, rows[i].nlb,
			    rows[i].opc == ZERO ? NULL : data);
			if (rows[i].waits) {
				nothing_comes();
				set_free(70 + i);
			}
			expect_response(1, 0);
			if (!rows[i].waits)
				set_free(70 + i);
			preset(nsid, 1);
		}
		/* the other namespace is another one */
		hold(99, nsid, 0, DEV);
		send_cmd(WRITE, 0, 1, 3 - nsid, 8, 1, ones);
		expect_response(1, 0);
		set_free(99);
	}
	hold(100, UINT32_MAX, 0, UINT64_MAX);
	send_cmd(WRITE, 0, 1, RAM, 8, 1, ones);
	nothing_comes();
	set_free(100);
	expect_response(1, 0);
	hold(101, UINT32_MAX, 0, UINT64_MAX);
	send_cmd(WRITE, 0, 2, FILE_NS, 8, 1, ones);
	nothing_comes();
	set_free(101);
	expect_response(2, 0);
}

/* Its data is what it was, though the place where it was received has been used since. */
static void
what_waits_keeps_its_data(void **state)
{
	(void)state;
	hold(70, RAM, 0, 512);
	send_cmd(WRITE, 0, 1, RAM, 0, 1, twos);
	send_cmd(WRITE, 0, 2, RAM, 8, 1, ones);
	expect_response(2, 0);
	set_free(70);
	expect_response(1, 0);
	assert_true(stored(RAM, 0, 1, twos));
}

static void
two_holds(void **state)
{
	(void)state;
	hold(70, RAM, 0, 512);
	hold(71, RAM, 0, 1024);
	hold(71, RAM, 0, 1024);		/* twice is once */
	send_cmd(WRITE, 0, 1, RAM, 0, 1, twos);
	set_free(70);
	nothing_comes();
	set_free(71);
	expect_response(1, 0);
}

static void
what_waits_can_be_aborted(void **state)
{
	(void)state;
	hold(70, RAM, 0, 512);
	send_cmd(WRITE, 0, 1, RAM, 0, 1, twos);
	nothing_comes();
	assert_int_equal(qp_abort(world.qp, 1, NULL), ABORT_DONE);
	expect_response(1, NVME_SC_ABORT_REQUESTED);
	set_free(70);
	assert_true(stored(RAM, 0, 1, ram + 512));
}

static void
a_queue_closes_while_it_waits(void **state)
{
	(void)state;
	hold(70, FILE_NS, 0, 512);
	send_cmd(WRITE, 0, 1, FILE_NS, 0, 1, twos);
	close(world.host);
	world.host = -1;
	turns(3);
	assert_true(world.closed);
	set_free(70);
	assert_false(stored(FILE_NS, 0, 1, twos));
}

/* Zeroing of memory takes many turns: it is under way when the hold comes. */
static void
what_is_under_way_is_finished(void **state)
{
	static uint8_t big[8 << 20];
	struct ns *ns = world.lane.ns->at[0].ns;

	(void)state;
	ns->map = big;
	ns->map_len = sizeof(big);
	ns->id.nlbas = sizeof(big) / BLOCK;
	send_cmd(ZERO, 0, 1, RAM, 0, sizeof(big) / BLOCK, NULL);
	assert_false(TAILQ_EMPTY(&world.lane.memory.slow));
	assert_int_equal(range_hold(&world.lane, &(struct ipc_range){ .token = 70, .nsid = RAM,
	    .offset = 4096, .len = 512, .answer = 1 }), 0);
	assert_int_equal(range_hold(&world.lane, &(struct ipc_range){ .token = 71, .nsid = RAM,
	    .offset = sizeof(big), .len = 512, .answer = 1 }), 0);
	assert_int_equal(world.nasked, 1);		/* of the one that does not overlap */
	assert_int_equal(world.asked[0].token, 71);
	expect_response(1, 0);
	assert_int_equal(asked(1, "held"), 70);
	set_free(0);
	/* freed before it has answered: no answer */
	world.nasked = 0;
	send_cmd(ZERO, 0, 1, RAM, 0, sizeof(big) / BLOCK, NULL);
	assert_int_equal(range_hold(&world.lane, &(struct ipc_range){ .token = 72, .nsid = RAM,
	    .offset = 4096, .len = 512, .answer = 1 }), 0);
	range_free(&world.lane, 72);
	expect_response(1, 0);
	assert_int_equal(world.nasked, 0);
	/* taken back: nothing is under way any more */
	send_cmd(ZERO, 0, 1, RAM, 0, sizeof(big) / BLOCK, NULL);
	assert_int_equal(range_hold(&world.lane, &(struct ipc_range){ .token = 73, .nsid = RAM,
	    .offset = 4096, .len = 512, .answer = 1 }), 0);
	assert_int_equal(world.nasked, 0);
	assert_int_equal(qp_abort(world.qp, 1, NULL), ABORT_DONE);
	assert_int_equal(asked(0, "held"), 73);
	expect_response(1, NVME_SC_ABORT_REQUESTED);
	set_free(73);
}

/* Reads find buffers, whatever waits: what would be too much is told to come again. */
static void
not_too_much_waits(void **state)
{
	(void)state;
	hold(70, FILE_NS, 0, DEV);
	for (uint16_t cid = 1; cid <= 3; cid++)
		send_cmd(WRITE, 0, cid, FILE_NS, 0, 8, ones);
	nothing_comes();
	assert_int_equal(world.lane.held.bytes, 3 * 4096);
	send_cmd(WRITE, 0, 4, FILE_NS, 0, 16, ones);
	expect_response(4, NVME_SC_COMMAND_INTERRUPTED);
	set_free(70);
	for (uint16_t cid = 1; cid <= 3; cid++)
		expect_response(cid, 0);
}

/* No message, no list, no look at an operation while nobody has a range for itself. */
static void
it_costs_nothing_when_it_is_not_used(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		send_cmd(WRITE, 0, 1, i % 2 == 0 ? RAM : FILE_NS, i, 1, ones);
		expect_response(1, 0);
		send_cmd(ZERO, 0, 1, i % 2 == 0 ? RAM : FILE_NS, i, 1, NULL);
		expect_response(1, 0);
	}
	assert_int_equal(world.nasked, 0);
	assert_null(world.lane.holds);
	assert_null(world.lane.pairs);
	assert_false(world.lane.held.timer.set);
	assert_false(world.lane.desk.again.set);
	for (unsigned i = 0; i < SQSIZE; i++)
		assert_null(world.qp->slots[i].after);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_pair),
		TEST(a_miscompare),
		TEST(a_pair_with_r2t),
		TEST(mixed_ways_of_data),
		TEST(both_in_one_segment),
		TEST(wrong_pairs),
		TEST(a_first_and_another_one),
		TEST(the_second_does_not_come),
		cmocka_unit_test_setup_teardown(bad_data, setup_digests, teardown),
		TEST(the_queue_closes),
		TEST(aborted),
		TEST(judged_again),
		TEST(judged_again_before_it_asks),
		TEST(told_of_a_change),
		TEST(pairs_go_one_after_the_other),
		TEST(the_broker_is_away),
		TEST(a_new_broker),
		TEST(writes_wait),
		TEST(what_waits_keeps_its_data),
		TEST(two_holds),
		TEST(what_waits_can_be_aborted),
		TEST(a_queue_closes_while_it_waits),
		TEST(what_is_under_way_is_finished),
		TEST(not_too_much_waits),
		TEST(it_costs_nothing_when_it_is_not_used),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
