/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the broker keeps of a namespace: when it is stored, what of it is in force after a crash, and
 * write protection, which is kept with it.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/unit/reserve_world.h"

/* ---- the state directory ---- */

static void
not_stored(struct fake_peer *opener)
{
	struct ipc_open_failed m = { STAGE_STORE, ENOSPC };

	FAKE_SAY(opener, OPEN_FAILED, &m);
	fake_gone(&w, opener, 0);
	fake_close(opener);
}

/* What its opener would have done. */
static void
put(const struct ipc_store *m, uint32_t size)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", state_dir, m->name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_int_equal(write(fd, m->data, size), size);
	close(fd);
}

/* An opener that has done it, and is not heard. */
static void
put_store(void)
{
	struct fake_peer opener;
	struct ipc_store m = stores(&opener);

	put(&m, m.size);
	fake_close(&opener);
}

/* With PTPL nothing is in force, and nobody is answered, before it is on the disk. */
static void
durable_first(void **state)
{
	struct fake_peer opener;
	struct ipc_store m;

	(void)state;
	two_hosts();
	ask(&a, 1, 1, REGISTER, PTPL, 0, 10);
	m = stores(&opener);
	assert_int_equal(strncmp(m.name, "reservation-", 12), 0);
	assert_int_equal(report(&b, 1, 1).n, 0);
	assert_true(fake_hears_nothing(&a, IPC_RESV_ANSWER));
	stored(&opener);
	all_told(1, 1);
	assert_int_equal(answered(&a, 1), 0);
	assert_int_equal(report(&b, 2, 1).ptpl, 1);
	/* one that cannot be stored has not happened */
	ask(&b, 3, 1, REGISTER, 0, 0, 20);
	stores(&opener);
	not_stored(&opener);
	assert_int_equal(answered(&b, 3), NVME_SC_INTERNAL_DEVICE_ERROR);
	assert_int_equal(report(&b, 4, 1).n, 1);
	/* and what the file says is not known: it is written, whatever comes */
	ask(&a, 2, 1, IPC_RESV_PTPL, 0, 0, 0);
	stores(&opener);
	stored(&opener);
	all_told(1, 0);
	assert_int_equal(answered(&a, 2), 0);
	ask(&b, 5, 1, REGISTER, 0, 0, 20);
	assert_int_equal(answered(&b, 5), 0);
	over();
}

/* One that failed may be in the file all the same: also when nothing was to last. */
static void
unsure(void **state)
{
	struct fake_peer opener;

	(void)state;
	two_hosts();
	ask(&a, 1, 1, REGISTER, PTPL, 0, 10);
	stores(&opener);
	not_stored(&opener);
	assert_int_equal(answered(&a, 1), NVME_SC_INTERNAL_DEVICE_ERROR);
	new_broker();
	hears_all(&b, 1, 0, 0);
	ask(&b, 1, 1, REGISTER, 0, 0, 20);
	stores(&opener);
	stored(&opener);
	assert_int_equal(answered(&b, 1), 0);
	over();
}

/* The broker ends when the file may say it already: nothing has happened, and the file is written
 * again with whatever comes next. */
static void
ends_while_storing(void **state)
{
	struct fake_peer opener;

	(void)state;
	two_hosts();
	ask(&a, 1, 1, REGISTER, PTPL, 0, 10);
	put_store();
	new_broker();
	hears_all(&b, 1, 0, 0);
	assert_int_equal(report(&b, 1, 1).n, 0);
	ask(&b, 2, 1, REGISTER, 0, 0, 20);
	stores(&opener);
	stored(&opener);
	assert_int_equal(answered(&b, 2), 0);
	over();
}

/* The service starts anew with what was stored; a whole file of it, a part, none. */
static void
starts_anew(void **state)
{
	struct ipc_resv_report r;
	struct fake_peer opener, late;
	struct ipc_store m;

	(void)state;
	two_hosts();
	ask(&a, 1, 1, REGISTER, PTPL, 0, 10);
	stores(&opener);
	stored(&opener);
	all_told(1, 1);
	assert_int_equal(answered(&a, 1), 0);
	ask(&a, 2, 1, ACQUIRE, NVME_RESV_WRITE_EXCLUSIVE << 8, 10, 0);
	m = stores(&opener);
	stored(&opener);
	fenced(&b, told(&b, 1, 0, 1));
	assert_int_equal(answered(&a, 2), 0);
	over();

	put(&m, m.size);
	memset(&w, 0, sizeof(w));
	start_all();
	b = controller(OTHER, 2, 0, 2);
	r = report(&b, 1, 1);
	assert_int_equal(r.type, NVME_RESV_WRITE_EXCLUSIVE);
	assert_int_equal(r.ptpl, 1);
	assert_int_equal(r.n, 1);
	assert_true(r.reg[0].key == 10 && r.reg[0].hostid[0] == 1 && r.holds[0] == 1);
	a = b;
	fake_close(&b);
	world_end();

	put(&m, m.size - 1);
	memset(&w, 0, sizeof(w));
	start_all();
	late = controller(OTHER, 2, 0, 1);	/* namespace 5 only: 1 waits */
	fake_close(&late);
	world_end();
}

/* ---- write protection: of namespaces, by host b alone ---- */

static struct ipc_ns
row(struct fake_peer *p)
{
	return (*(const struct ipc_ns *)next_is(p, IPC_NS_CHANGE));
}

/* Host b's change of namespace 1, to its end. Returns what was stored. */
static struct ipc_store
protect(uint32_t token, uint32_t state)
{
	struct fake_peer opener;
	struct ipc_ns of_a, of_b;
	struct ipc_store m;

	ask(&b, token, 1, IPC_RESV_WPROTECT, state, 0, 0);
	m = stores(&opener);
	assert_true(fake_hears_nothing(&a, IPC_NS_CHANGE));	/* not in force yet */
	stored(&opener);
	of_a = row(&a);
	of_b = row(&b);
	assert_int_equal(of_a.wprotect, state);
	assert_int_equal(of_a.nwpc, 0);
	assert_int_equal(of_b.wprotect, state);
	assert_int_equal(of_b.nwpc, NVME_NWPC_WRITE_PROTECT);
	fenced(&b, of_b.fence);
	assert_true(fake_hears_nothing(&b, IPC_RESV_ANSWER));
	fenced(&a, of_a.fence);
	assert_int_equal(answered(&b, token), 0);
	return (m);
}

static void
protects(void **state)
{
	struct fake_peer opener;

	(void)state;
	two_hosts();
	protect(1, 1);
	ask(&b, 2, 1, IPC_RESV_WPROTECT, 1, 0, 0);	/* as it is */
	assert_int_equal(answered(&b, 2), 0);
	/* what does not last is not stored with it */
	ask(&a, 1, 1, REGISTER, 0, 0, 10);
	assert_int_equal(answered(&a, 1), 0);
	new_broker();
	for (struct fake_peer *p = &a; p != NULL; p = p == &a ? &b : NULL) {
		struct ipc_ns one = row(p);

		assert_int_equal(one.wprotect, 1);
		fenced(p, one.fence);
		fenced(p, told(p, 5, 0, 0));
		next_is(p, IPC_RESV_AGAIN);
	}
	protect(3, 0);
	ask(&b, 4, 1, IPC_RESV_WPROTECT, 1, 0, 0);
	stores(&opener);
	not_stored(&opener);
	assert_int_equal(answered(&b, 4), NVME_SC_INTERNAL_DEVICE_ERROR);
	assert_true(fake_hears_nothing(&a, IPC_NS_CHANGE));
	over();
}

static void
protection_refused(void **state)
{
	struct fake_peer r;

	(void)state;
	two_hosts();
	r = controller(READER, 3, 1, 2);
	ask(&a, 1, 1, IPC_RESV_WPROTECT, 1, 0, 0);	/* it may not */
	assert_int_equal(answered(&a, 1), NVME_SC_FEATURE_NOT_CHANGEABLE | NVME_SC_DNR);
	ask(&r, 1, 1, IPC_RESV_WPROTECT, 1, 0, 0);
	assert_int_equal(answered(&r, 1), NVME_SC_FEATURE_NOT_CHANGEABLE | NVME_SC_DNR);
	ask(&b, 1, 1, IPC_RESV_WPROTECT, 2, 0, 0);
	assert_int_equal(answered(&b, 1), NVME_SC_INVALID_FIELD | NVME_SC_DNR);
	ask(&b, 2, 9, IPC_RESV_WPROTECT, 1, 0, 0);
	assert_int_equal(answered(&b, 2), NVME_SC_INVALID_NS_OR_FORMAT | NVME_SC_DNR);
	ask(&a, 2, 1, REGISTER, 0, 0, 10);
	assert_int_equal(answered(&a, 2), 0);
	ask(&a, 3, 1, ACQUIRE, NVME_RESV_WRITE_EXCLUSIVE << 8, 10, 0);
	fenced(&b, told(&b, 1, 0, 1));
	fenced(&r, told(&r, 1, 0, 1));
	assert_int_equal(answered(&a, 3), 0);
	ask(&b, 3, 1, IPC_RESV_WPROTECT, 1, 0, 0);
	assert_int_equal(answered(&b, 3), CONFLICT);
	fake_close(&r);
	over();
}

/* Stored, and the service starts anew. */
static void
protected_from_before(void **state)
{
	struct fake_peer opener;
	struct ipc_store m;
	struct ipc_ns now;

	(void)state;
	two_hosts();
	m = protect(1, 1);
	over();
	put(&m, m.size);
	memset(&w, 0, sizeof(w));
	start_all();
	a = controller(HOST, 1, 0, 2);
	b = controller(OTHER, 2, 0, 2);
	assert_int_equal(report(&b, 1, 1).n, 0);
	ask(&b, 2, 1, IPC_RESV_PTPL, 1, 0, 0);	/* so that rows are told */
	stores(&opener);
	stored(&opener);
	now = row(&a);
	assert_int_equal(now.wprotect, 1);
	fenced(&a, now.fence);
	fenced(&b, row(&b).fence);
	assert_int_equal(answered(&b, 2), 0);
	over();
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, world_setup, world_teardown)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(durable_first),
		TEST(unsure),
		TEST(ends_while_storing),
		TEST(starts_anew),
		TEST(protects),
		TEST(protection_refused),
		TEST(protected_from_before),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
