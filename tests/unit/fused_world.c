/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A queue with the real command set over memory and a file, for fused commands and what waits for
 * ranges of others: what the host sends, what the broker, played by the test, hears and says.
 */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/fused_world.h"

uint8_t ram[DEV];
static int disk;
static struct losses losses[2];
uint8_t ones[2 * 4096], twos[2 * 4096];

/* ---- what the command set asks of a controller ---- */

bool
feature_copy_2(const struct controller *c)
{
	(void)c;
	return (false);
}

bool
cache_is_off(const struct lane *lane)
{
	(void)lane;
	return (false);
}

bool
cache_makes_durable(struct slot *s)
{
	(void)s;
	return (false);
}

/* ---- the namespaces ---- */

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

int
setup(void **state)
{
	return (setup_with(state, begin));
}

int
setup_digests(void **state)
{
	return (setup_with(state, begin_digests));
}

int
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

size_t
put_cmd(uint8_t *out, uint8_t opc, unsigned fuse, uint16_t cid, uint32_t nsid, uint64_t slba,
    uint32_t nlb, const uint8_t *data)
{
	struct nvme_sqe sqe = { .opc = opc, .fuse_psdt = (uint8_t)fuse, .cid = le16(cid),
	    .nsid = le32(nsid), .cdw10 = le32((uint32_t)slba), .cdw12 = le32(nlb - 1) };

	return (capsule_of(out, &sqe, opc == ZERO ? 0 : nlb * BLOCK, data));
}

void
send_cmd(uint8_t opc, unsigned fuse, uint16_t cid, uint32_t nsid, uint64_t slba, uint32_t nlb,
    const uint8_t *data)
{
	uint8_t buf[20480];

	put(buf, put_cmd(buf, opc, fuse, cid, nsid, slba, nlb, data));
}

void
send_pair(uint32_t nsid, uint64_t slba, uint32_t nlb, const uint8_t *is, const uint8_t *becomes)
{
	send_cmd(COMPARE, FIRST, 1, nsid, slba, nlb, is);
	send_cmd(WRITE, SECOND, 2, nsid, slba, nlb, becomes);
}

void
answered(uint16_t first, uint16_t second)
{
	expect_response(1, first);
	expect_response(2, second);
}

/* ---- what the broker hears and says ---- */

uint64_t
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

void
hold(uint64_t token, uint32_t nsid, uint64_t offset, uint64_t len)
{
	const struct ipc_range m = { .token = token, .nsid = nsid, .offset = offset, .len = len,
	    .answer = 1 };

	assert_int_equal(range_hold(&world.lane, &m), 0);
	turns(2);
}

void
set_free(uint64_t token)
{
	range_free(&world.lane, &(struct ipc_range_ref){ .token = token });
	turns(2);
}

void
set_unknown_free(uint32_t nsid)
{
	range_free(&world.lane, &(struct ipc_range_ref){ .nsid = nsid });
	turns(2);
}

void
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

void
ended(unsigned nth, uint64_t token)
{
	assert_int_equal(asked(nth, "unlock"), world.asked[nth - 2].token);
	set_free(token);
}

/* ---- what the namespaces hold ---- */

bool
stored(uint32_t nsid, uint64_t slba, uint32_t nlb, const uint8_t *what)
{
	uint8_t buf[8192];

	if (nsid == RAM)
		memcpy(buf, ram + slba * BLOCK, nlb * BLOCK);
	else
		assert_int_equal(pread(disk, buf, nlb * BLOCK, (off_t)slba * BLOCK), nlb * BLOCK);
	return (memcmp(buf, what, nlb * BLOCK) == 0);
}

void
preset(uint32_t nsid, uint8_t with)
{
	uint8_t all[DEV];

	memset(all, with, sizeof(all));
	if (nsid == RAM)
		memcpy(ram, all, sizeof(ram));
	else
		assert_int_equal(pwrite(disk, all, sizeof(all), 0), DEV);
}
