/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reservations in the broker as it runs: what it says to whom and in which order, when the answer
 * goes out, what a new broker goes on with, and what it makes of a state directory. The tests play
 * the workers of two hosts, which have namespaces 1 (memory) and 5 (a file).
 */
#include "config.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "common/nvme.h"
#include "tests/unit/broker_world.h"
#include "tests/unit/unit.h"

#define REGISTER NVME_NVM_RESERVATION_REGISTER
#define ACQUIRE NVME_NVM_RESERVATION_ACQUIRE
#define RELEASE NVME_NVM_RESERVATION_RELEASE
#define CONFLICT (NVME_SC_RESERVATION_CONFLICT | NVME_SC_DNR)
#define PTPL (3u << 30)

static struct fake_peer a, b;

/* A controller of that host, whose identifier begins with this byte. */
static struct fake_peer
controller(const char *host, uint8_t hostid, uint32_t readonly, unsigned nns)
{
	struct ipc_connect m = connect_of(host, 0, 0);
	struct fake_peer g = greet(hostid);

	m.hostid[0] = hostid;
	FAKE_SAY(&g, CONNECT, &m);
	for (unsigned i = 0; i < nns; i++)
		answer_reopen(readonly);
	for (unsigned i = 0; i < nns; i++)
		next_is(&g, IPC_NS);
	next_is(&g, IPC_ADMIT);
	return (g);
}

static void
two_hosts(void)
{
	world_config_state();
	start_all();
	a = controller(HOST, 1, 0, 2);
	b = controller(OTHER, 2, 0, 2);
}

static void
over(void)
{
	fake_close(&a);
	fake_close(&b);
	world_end();
}

static void
ask(struct fake_peer *p, uint32_t token, uint32_t nsid, uint32_t opc, uint32_t cdw10, uint64_t crkey,
    uint64_t key2)
{
	struct ipc_resv m = { token, nsid, opc, cdw10, crkey, key2 };

	FAKE_SAY(p, RESV, &m);
}

static uint32_t
answered(struct fake_peer *p, uint32_t token)
{
	const struct ipc_resv_answer *m = next_is(p, IPC_RESV_ANSWER);

	assert_int_equal(m->token, token);
	return (m->status);
}

/* The row of nsid is told, with this verdict; returns the fence. */
static uint64_t
told(struct fake_peer *p, uint32_t nsid, uint32_t no_read, uint32_t no_write)
{
	const struct ipc_ns *ns = next_is(p, IPC_NS_CHANGE);

	assert_int_equal(ns->nsid, nsid);
	assert_int_equal(ns->no_read, no_read);
	assert_int_equal(ns->no_write, no_write);
	return (ns->fence);
}

static void
fenced(struct fake_peer *p, uint64_t fence)
{
	struct ipc_fence m = { fence };

	FAKE_SAY(p, FENCED, &m);
}

/* Both hear that reservations last now, or do not, and have seen it. */
static void
all_told(uint32_t nsid, uint32_t ptpl)
{
	struct fake_peer *p[] = { &a, &b };

	for (size_t i = 0; i < ARRAY_LEN(p); i++) {
		const struct ipc_ns *ns = next_is(p[i], IPC_NS_CHANGE);

		assert_int_equal(ns->nsid, nsid);
		assert_int_equal(ns->ptpl, ptpl);
		fenced(p[i], ns->fence);
	}
}

static struct ipc_resv_report
report(struct fake_peer *p, uint32_t token, uint32_t nsid)
{
	const struct ipc_resv_report *m;

	ask(p, token, nsid, NVME_NVM_RESERVATION_REPORT, 0, 0, 0);
	m = next_is(p, IPC_RESV_REPORT);
	assert_int_equal(m->token, token);
	return (*m);
}

static void
both_register(uint32_t nsid)
{
	ask(&a, 1, nsid, REGISTER, 0, 0, 10);
	assert_int_equal(answered(&a, 1), 0);
	ask(&b, 1, nsid, REGISTER, 0, 0, 20);
	assert_int_equal(answered(&b, 1), 0);
}

/* ---- order ---- */

/* Who asked is answered when everybody whose host may do less has seen it, and not before. */
static void
answers_last(void **state)
{
	uint64_t fence;

	(void)state;
	two_hosts();
	both_register(1);
	ask(&a, 2, 1, ACQUIRE, NVME_RESV_EXCLUSIVE_ACCESS << 8, 10, 0);
	fence = told(&b, 1, 1, 1);
	assert_int_equal(report(&b, 2, 1).type, NVME_RESV_EXCLUSIVE_ACCESS);	/* in force */
	assert_true(fake_hears_nothing(&a, IPC_RESV_ANSWER));
	fenced(&b, fence);
	assert_int_equal(answered(&a, 2), 0);
	ask(&b, 3, 1, ACQUIRE, NVME_RESV_EXCLUSIVE_ACCESS << 8, 20, 0);
	assert_int_equal(answered(&b, 3), CONFLICT);
	/* namespace 5 knows nothing of it */
	assert_int_equal(report(&b, 4, 5).n, 0);
	over();
}

/* Another change waits for the first one's answer; a report does not. */
static void
one_after_the_other(void **state)
{
	uint64_t fence;

	(void)state;
	two_hosts();
	both_register(1);
	ask(&a, 2, 1, ACQUIRE, NVME_RESV_WRITE_EXCLUSIVE << 8, 10, 0);
	fence = told(&b, 1, 0, 1);
	ask(&b, 2, 1, REGISTER, NVME_RREGA_UNREGISTER, 20, 0);
	ask(&a, 2, 1, ACQUIRE, NVME_RESV_WRITE_EXCLUSIVE << 8, 10, 0);	/* again: ignored */
	assert_true(fake_hears_nothing(&b, IPC_RESV_ANSWER));
	fenced(&b, fence);
	assert_int_equal(answered(&a, 2), 0);
	assert_int_equal(answered(&b, 2), 0);
	assert_int_equal(report(&a, 3, 1).n, 1);
	over();
}

/* Notices come before the answer, and only to those whom they concern. */
static void
notices(void **state)
{
	const struct ipc_resv_notice *m;
	uint64_t fence;

	(void)state;
	two_hosts();
	both_register(1);
	ask(&a, 2, 1, ACQUIRE, NVME_RACQA_PREEMPT | NVME_RESV_WRITE_EXCLUSIVE << 8, 10, 20);
	fence = told(&b, 1, 0, 0);
	assert_true(fake_hears_nothing(&b, IPC_RESV_NOTICE));
	fenced(&b, fence);
	m = next_is(&b, IPC_RESV_NOTICE);
	assert_int_equal(m->nsid, 1);
	assert_int_equal(m->type, NVME_RESV_REGISTRATION_PREEMPTED);
	assert_int_equal(answered(&a, 2), 0);
	over();
}

/* However many a host causes: the channel of one that does not read is not full of them. */
static void
many_notices(void **state)
{
	enum { MANY = 1000 };
	uint32_t token = 2;
	unsigned n = 0;

	(void)state;
	two_hosts();
	both_register(1);
	for (unsigned i = 0; i < MANY; i++) {
		ask(&a, token, 1, ACQUIRE, NVME_RESV_WRITE_EXCLUSIVE_REGISTRANTS << 8, 10, 0);
		assert_int_equal(answered(&a, token++), 0);
		ask(&a, token, 1, RELEASE, NVME_RESV_WRITE_EXCLUSIVE_REGISTRANTS << 8, 10, 0);
		assert_int_equal(answered(&a, token++), 0);
		fake_catch_up(&w);
	}
	assert_false(fake_has(&w.killed, b.child));
	b.got.type = IPC_RESV_NOTICE;
	ask(&b, 2, 1, NVME_NVM_RESERVATION_REPORT, 0, 0, 0);
	while (b.got.type != IPC_RESV_REPORT) {
		b.peer.ctx = &b;
		assert_int_equal(ipc_dispatch_wait(&b.peer, FAKE_WAIT_MS), 1);
		n += b.got.type == IPC_RESV_NOTICE;
	}
	assert_in_range(n, 16, 100);
	over();
}

/* So does one of which only writes are left: nobody is there to tell of what it missed. */
static void
no_notices_for_the_dead(void **state)
{
	struct ipc_drain drain;
	struct fake_peer opener;
	uint32_t token = 2;

	(void)state;
	two_hosts();
	both_register(5);
	fake_gone(&w, &b, SIGKILL);
	fake_spawned(&w, ROLE_OPENER, &opener);
	drain = *(const struct ipc_drain *)fake_expect(&opener, IPC_DRAIN);
	for (unsigned i = 0; i < 40; i++) {	/* more than anybody is told at once */
		ask(&a, token, 5, ACQUIRE, NVME_RESV_WRITE_EXCLUSIVE_REGISTRANTS << 8, 10, 0);
		assert_int_equal(answered(&a, token++), 0);
		ask(&a, token, 5, RELEASE, NVME_RESV_WRITE_EXCLUSIVE_REGISTRANTS << 8, 10, 0);
		assert_int_equal(answered(&a, token++), 0);
	}
	FAKE_SAY(&opener, DRAIN_DONE, &drain);
	fake_gone(&w, &opener, 0);
	FAKE_UNTIL(&w, fake_has(&w.released, b.child));
	sleep(2);		/* whatever is still to come for it */
	ask(&a, token, 5, NVME_NVM_RESERVATION_REPORT, 0, 0, 0);
	next_is(&a, IPC_RESV_REPORT);
	fake_close(&opener);
	over();
}

/* One that does not answer is ended; then its writes are waited for, and then the answer goes out. */
static void
ends_who_is_silent(void **state)
{
	struct ipc_drain drain;
	struct fake_peer opener;

	(void)state;
	two_hosts();
	both_register(5);
	ask(&b, 2, 5, ACQUIRE, NVME_RESV_WRITE_EXCLUSIVE << 8, 20, 0);
	fenced(&a, told(&a, 5, 0, 1));
	assert_int_equal(answered(&b, 2), 0);
	ask(&a, 2, 5, ACQUIRE, NVME_RACQA_PREEMPT_ABORT | NVME_RESV_WRITE_EXCLUSIVE << 8, 10, 20);
	fenced(&a, told(&a, 5, 0, 0));
	told(&b, 5, 0, 1);
	FAKE_UNTIL(&w, fake_has(&w.killed, b.child));
	fake_gone(&w, &b, SIGKILL);
	fake_spawned(&w, ROLE_OPENER, &opener);
	drain = *(const struct ipc_drain *)fake_expect(&opener, IPC_DRAIN);
	assert_true(fake_hears_nothing(&a, IPC_RESV_ANSWER));
	FAKE_SAY(&opener, DRAIN_DONE, &drain);
	assert_int_equal(answered(&a, 2), 0);
	fake_close(&opener);
	over();
}

/* ---- what nobody may ask ---- */

static void
refuses(void **state)
{
	struct fake_peer r;

	(void)state;
	two_hosts();
	r = controller(READER, 3, 1, 2);
	ask(&r, 1, 1, REGISTER, 0, 0, 30);
	assert_int_equal(answered(&r, 1), NVME_SC_OPERATION_DENIED | NVME_SC_DNR);
	assert_int_equal(report(&r, 2, 1).n, 0);
	ask(&a, 1, 2, REGISTER, 0, 0, 10);
	assert_int_equal(answered(&a, 1), NVME_SC_INVALID_NS_OR_FORMAT | NVME_SC_DNR);
	ask(&a, 2, 1, 0x01, 0, 0, 10);
	FAKE_UNTIL(&w, fake_has(&w.killed, a.child));
	ask(&b, 0, 1, REGISTER, 0, 0, 10);
	FAKE_UNTIL(&w, fake_has(&w.killed, b.child));
	ask(&r, 3, 1, IPC_RESV_PTPL, 2, 0, 0);
	assert_int_equal(answered(&r, 3), NVME_SC_OPERATION_DENIED | NVME_SC_DNR);
	fake_close(&r);
	over();
}

static void
two_at_a_time(void **state)
{
	(void)state;
	two_hosts();
	both_register(1);
	ask(&a, 2, 1, ACQUIRE, NVME_RESV_WRITE_EXCLUSIVE << 8, 10, 0);
	told(&b, 1, 0, 1);
	ask(&a, 3, 1, RELEASE, NVME_RESV_WRITE_EXCLUSIVE << 8, 10, 0);
	FAKE_UNTIL(&w, fake_has(&w.killed, a.child));
	over();
}

/* Who asked is gone: the change stays, the answer finds nobody, and others go on. */
static void
nobody_waits(void **state)
{
	uint64_t fence;

	(void)state;
	two_hosts();
	both_register(1);
	ask(&a, 2, 1, ACQUIRE, NVME_RESV_WRITE_EXCLUSIVE << 8, 10, 0);
	fence = told(&b, 1, 0, 1);
	fake_gone(&w, &a, SIGKILL);
	ask(&b, 2, 1, REGISTER, NVME_RREGA_UNREGISTER, 20, 0);
	fenced(&b, fence);
	assert_int_equal(answered(&b, 2), 0);
	assert_int_equal(report(&b, 3, 1).type, NVME_RESV_WRITE_EXCLUSIVE);
	over();
}

/* ---- another broker ---- */

static void
new_broker(void)
{
	struct fake_warden old;

	fake_catch_up(&w);
	old = w;
	fake_inherit(&w, &old);
	fake_stop(&old);
	fake_start(&w, config);
	FAKE_UNTIL(&w, w.ready);
	fake_child(&w, ROLE_LISTENER, &listener);
	fake_child(&w, ROLE_WORKER, &a);
	fake_child(&w, ROLE_WORKER, &b);
	fake_go(&w);
	fake_expect(&listener, IPC_UNLISTEN);
	fake_expect(&listener, IPC_LISTEN);
	heard_listen();
	fake_close(&spare);
	start_spare();
}

/* Everybody hears again what it may, and that it may ask again. */
static void
hears_all(struct fake_peer *p, uint32_t nsid, uint32_t no_read, uint32_t no_write)
{
	fenced(p, told(p, nsid, no_read, no_write));
	fenced(p, told(p, 5, 0, 0));
	next_is(p, IPC_RESV_AGAIN);
}

/* It ended between the change and its answer. Asked again, the change is not made again: a second
 * Unregister would be a conflict. */
static void
goes_on(void **state)
{
	uint64_t fence;

	(void)state;
	two_hosts();
	both_register(1);
	ask(&a, 2, 1, ACQUIRE, NVME_RESV_WRITE_EXCLUSIVE << 8, 10, 0);
	fenced(&b, told(&b, 1, 0, 1));
	assert_int_equal(answered(&a, 2), 0);
	ask(&a, 3, 1, REGISTER, NVME_RREGA_UNREGISTER, 10, 0);
	told(&b, 1, 0, 0);
	new_broker();
	hears_all(&a, 1, 0, 0);
	hears_all(&b, 1, 0, 0);
	ask(&a, 3, 1, REGISTER, NVME_RREGA_UNREGISTER, 10, 0);
	fenced(&a, told(&a, 1, 0, 0));
	fence = told(&b, 1, 0, 0);
	assert_true(fake_hears_nothing(&a, IPC_RESV_ANSWER));
	fenced(&b, fence);
	assert_int_equal(answered(&a, 3), 0);
	assert_int_equal(report(&b, 2, 1).n, 1);
	/* what it is asked now is new */
	ask(&a, 4, 1, REGISTER, NVME_RREGA_UNREGISTER, 10, 0);
	assert_int_equal(answered(&a, 4), CONFLICT);
	over();
}

/* Somebody else's change comes first: that of the broker before is known all the same. */
static void
goes_on_behind_another(void **state)
{
	(void)state;
	two_hosts();
	both_register(1);
	ask(&a, 2, 1, ACQUIRE, NVME_RESV_WRITE_EXCLUSIVE << 8, 10, 0);
	fenced(&b, told(&b, 1, 0, 1));
	assert_int_equal(answered(&a, 2), 0);
	ask(&a, 3, 1, REGISTER, NVME_RREGA_UNREGISTER, 10, 0);
	told(&b, 1, 0, 0);
	new_broker();
	hears_all(&a, 1, 0, 0);
	hears_all(&b, 1, 0, 0);
	ask(&b, 2, 1, REGISTER, NVME_RREGA_REPLACE, 20, 21);
	assert_int_equal(answered(&b, 2), 0);
	ask(&a, 3, 1, REGISTER, NVME_RREGA_UNREGISTER, 10, 0);
	fenced(&a, told(&a, 1, 0, 0));
	fenced(&b, told(&b, 1, 0, 0));
	assert_int_equal(answered(&a, 3), 0);
	over();
}

/* The old broker makes a change while the new one starts: the warden tells of it. */
static void
goes_on_meanwhile(void **state)
{
	struct fake_warden old;
	const struct fake_held *page;

	(void)state;
	two_hosts();
	ask(&a, 1, 1, REGISTER, 0, 0, 10);
	assert_int_equal(answered(&a, 1), 0);
	fake_catch_up(&w);
	old = w;
	fake_inherit(&w, &old);
	fake_start(&w, config);
	FAKE_UNTIL(&w, w.ready);
	ask(&b, 1, 1, REGISTER, 0, 0, 20);
	assert_int_equal(answered(&b, 1), 0);
	fake_catch_up(&old);
	assert_non_null(page = fake_find_held(&old, HOLD_PAGE, 0));
	FAKE_SAY_FD(&w.broker, HELD, &page->name, &page->fd);
	fake_stop(&old);
	fake_child(&w, ROLE_LISTENER, &listener);
	fake_child(&w, ROLE_WORKER, &a);
	fake_child(&w, ROLE_WORKER, &b);
	fake_go(&w);
	fake_expect(&listener, IPC_UNLISTEN);
	fake_expect(&listener, IPC_LISTEN);
	heard_listen();
	fake_close(&spare);
	start_spare();
	hears_all(&b, 1, 0, 0);
	assert_int_equal(report(&b, 2, 1).n, 2);
	over();
}

/* ---- the state directory ---- */

static struct ipc_store
stores(struct fake_peer *opener)
{
	fake_spawned(&w, ROLE_OPENER, opener);
	return (*(const struct ipc_store *)fake_expect(opener, IPC_STORE));
}

static void
stored(struct fake_peer *opener)
{
	struct ipc_empty m = { 0 };

	FAKE_SAY(opener, STORED, &m);
	fake_gone(&w, opener, 0);
	fake_close(opener);
}

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
		TEST(answers_last),
		TEST(one_after_the_other),
		TEST(notices),
		TEST(many_notices),
		TEST(no_notices_for_the_dead),
		TEST(ends_who_is_silent),
		TEST(refuses),
		TEST(two_at_a_time),
		TEST(nobody_waits),
		TEST(goes_on),
		TEST(goes_on_behind_another),
		TEST(goes_on_meanwhile),
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
