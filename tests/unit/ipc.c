/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every row of every direction, made wrong in every way that a row can forbid: size, state,
 * repetition, descriptors, type, magic, control data cut off. Each time that peer is refused, its
 * handler is not called, no descriptor stays behind, and another peer goes on. The rows come from
 * the tables, so a new message is tested without a line here.
 */
#include "config.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/ipc.h"

#define MAGIC 0xcb10u
#define MANY_FDS 64

static struct { unsigned calls, nfds; int keep, kept; } heard;

static int
handler(void *ctx, const void *payload, int *fds)
{
	const uint8_t *p = payload;

	(void)ctx;
	heard.calls++;
	if (heard.keep) {
		heard.kept = fds[0];
		fds[0] = -1;
	}
	return (p[0] == 0xff ? -1 : 0);
}

#define ROW(NAME, fn, type, states_, times_, nfds_) \
	[IPC_##NAME] = { #NAME, sizeof(struct type), (states_), (times_), (nfds_), handler },
#define TABLE(LIST) \
	{ #LIST, (const struct ipc_rule[]){ LIST(ROW) }, LIST##_MAX }

static const struct ipc_table tables[] = {
	TABLE(IPC_WARDEN_TO_CHILD), TABLE(IPC_WARDEN_TO_BROKER), TABLE(IPC_BROKER_TO_WARDEN),
	TABLE(IPC_BROKER_TO_LISTENER), TABLE(IPC_LISTENER_TO_BROKER),
	TABLE(IPC_LISTENER_TO_WORKER), TABLE(IPC_BROKER_TO_WORKER), TABLE(IPC_WORKER_TO_BROKER),
	TABLE(IPC_BROKER_TO_OPENER), TABLE(IPC_OPENER_TO_BROKER), TABLE(IPC_CTL_TO_BROKER),
	TABLE(IPC_BROKER_TO_CTL),
};

/* What is put on the wire; starts as a good message of a row. */
struct wire {
	uint16_t magic;
	uint16_t type;
	uint32_t size;		/* in the head */
	size_t len;		/* bytes of payload really sent */
	size_t cut;		/* bytes of the head left out */
	unsigned nfds;
};

struct channel {
	int far;
	struct ipc_peer peer;
};

static unsigned
count_fds(void)
{
	unsigned n = 0;
	DIR *d = opendir("/proc/self/fd");

	assert_non_null(d);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return (n);
}

static struct channel
channel_open(const struct ipc_table *t, uint32_t state)
{
	struct channel c;
	int fd[2];

	assert_int_equal(ipc_pair(fd), 0);
	c.far = fd[1];
	c.peer = (struct ipc_peer){ .fd = fd[0], .in = t, .state = state };
	return (c);
}

static void
channel_close(struct channel *c)
{
	close(c->far);
	close(c->peer.fd);
}

static void
put(int fd, const struct wire *w)
{
	static uint8_t bytes[8 + IPC_MAX_PAYLOAD + 64];
	_Alignas(8) char control[CMSG_SPACE(MANY_FDS * sizeof(int))] = { 0 };
	struct iovec iov = { bytes + w->cut, 8 + w->len - w->cut };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	int fds[MANY_FDS];

	memset(bytes, 0, sizeof(bytes));
	memcpy(bytes, &w->magic, 2);
	memcpy(bytes + 2, &w->type, 2);
	memcpy(bytes + 4, &w->size, 4);
	if (w->nfds > 0) {
		struct cmsghdr *cm = (struct cmsghdr *)(void *)control;

		for (unsigned i = 0; i < w->nfds; i++)
			fds[i] = STDERR_FILENO;
		msg.msg_control = control;
		msg.msg_controllen = CMSG_SPACE(w->nfds * sizeof(int));
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(w->nfds * sizeof(int));
		memcpy(CMSG_DATA(cm), fds, w->nfds * sizeof(int));
	}
	assert_int_equal(sendmsg(fd, &msg, MSG_NOSIGNAL), (ssize_t)iov.iov_len);
}

static struct wire
good(const struct ipc_table *t, uint32_t type)
{
	return ((struct wire){ MAGIC, (uint16_t)type, (uint32_t)t->rules[type].size,
	    t->rules[type].size, 0, t->rules[type].nfds });
}

static uint32_t
a_state(const struct ipc_rule *r)
{
	return (r->states & -r->states);
}

static void
expect(const struct ipc_table *t, const char *row, const char *what, bool ok)
{
	if (!ok)
		fail_msg("%s %s: %s", t->direction, row, what);
}

/* Another peer, of the same table, is as before. */
static void
others_go_on(const struct ipc_table *t, struct channel *other)
{
	struct wire w = good(t, 0);
	unsigned calls = heard.calls;

	other->peer.seen = 0;
	put(other->far, &w);
	expect(t, t->rules[0].name, "the other peer", ipc_dispatch(&other->peer) == 1 &&
	    heard.calls == calls + 1);
}

static void
refused(const struct ipc_table *t, uint32_t type, uint32_t state, const struct wire *w,
    const char *what)
{
	const char *row = t->rules[type].name;
	unsigned before = count_fds();
	struct channel other = channel_open(t, a_state(&t->rules[0]));
	struct channel c = channel_open(t, state);

	heard.calls = 0;
	put(c.far, w);
	expect(t, row, what, ipc_dispatch(&c.peer) == -1);
	expect(t, row, "a reason", c.peer.why[0] != '\0');
	expect(t, row, "no handler", heard.calls == 0);
	channel_close(&c);
	others_go_on(t, &other);
	channel_close(&other);
	expect(t, row, "descriptors stayed", count_fds() == before);
}

typedef void row_test(const struct ipc_table *, uint32_t type);

static void
each_row(row_test *test)
{
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (uint32_t type = 0; type < tables[i].count; type++)
			test(&tables[i], type);
}

static void
row_accepted(const struct ipc_table *t, uint32_t type)
{
	const struct ipc_rule *r = &t->rules[type];
	struct wire w = good(t, type);
	unsigned before = count_fds();

	for (uint32_t state = 1; state < 0x100; state <<= 1) {
		struct channel c = channel_open(t, state);

		if ((r->states & state) != 0) {
			heard.calls = 0;
			put(c.far, &w);
			expect(t, r->name, "accepted", ipc_dispatch(&c.peer) == 1);
			expect(t, r->name, "handled", heard.calls == 1);
			expect(t, r->name, "nothing more", ipc_dispatch(&c.peer) == 0);
		}
		channel_close(&c);
	}
	expect(t, r->name, "descriptors stayed", count_fds() == before);
}

static void
row_size(const struct ipc_table *t, uint32_t type)
{
	const struct ipc_rule *r = &t->rules[type];
	struct wire w = good(t, type);

	for (w.len = 0; w.len < r->size; w.len += r->size > 64 && w.len + 33 < r->size ? 31 : 1)
		refused(t, type, a_state(r), &w, "shorter");
	w.len = r->size + 1;
	refused(t, type, a_state(r), &w, "one byte longer");
	w.len = IPC_MAX_PAYLOAD + 1;
	refused(t, type, a_state(r), &w, "longer than any");
	w = good(t, type);
	w.size--;
	refused(t, type, a_state(r), &w, "head says less");
	w.size = UINT32_MAX;
	refused(t, type, a_state(r), &w, "head says too much");
}

static void
row_state(const struct ipc_table *t, uint32_t type)
{
	const struct ipc_rule *r = &t->rules[type];
	struct wire w = good(t, type);

	for (uint32_t state = 1; state < 0x100; state <<= 1)
		if ((r->states & state) == 0)
			refused(t, type, state, &w, "in a wrong state");
	refused(t, type, 0, &w, "in no state");
}

static void
row_twice(const struct ipc_table *t, uint32_t type)
{
	const struct ipc_rule *r = &t->rules[type];
	struct wire w = good(t, type);
	struct channel c = channel_open(t, a_state(r));

	heard.calls = 0;
	put(c.far, &w);
	put(c.far, &w);
	expect(t, r->name, "first", ipc_dispatch(&c.peer) == 1);
	expect(t, r->name, "second", ipc_dispatch(&c.peer) == (r->times == IPC_ONCE ? -1 : 1));
	expect(t, r->name, "calls", heard.calls == (r->times == IPC_ONCE ? 1 : 2));
	channel_close(&c);
}

static void
row_descriptors(const struct ipc_table *t, uint32_t type)
{
	const struct ipc_rule *r = &t->rules[type];
	struct wire w = good(t, type);

	for (w.nfds = 0; w.nfds <= IPC_MAX_FDS + 2; w.nfds++)
		if (w.nfds != r->nfds)
			refused(t, type, a_state(r), &w, "a wrong number of descriptors");
	w.nfds = IPC_MAX_FDS + 3;
	refused(t, type, a_state(r), &w, "control data cut off");
	w.nfds = MANY_FDS;
	refused(t, type, a_state(r), &w, "control data cut off");
}

static void
row_head(const struct ipc_table *t, uint32_t type)
{
	const struct ipc_rule *r = &t->rules[type];
	struct wire w = good(t, type);

	w.magic ^= 1;
	refused(t, type, a_state(r), &w, "foreign magic");
	w = good(t, type);
	for (uint32_t unknown = t->count; unknown < 0x10000; unknown = unknown * 2 + 1) {
		w.type = (uint16_t)unknown;
		refused(t, type, 0xff, &w, "unknown type");
	}
	w = good(t, type);
	w.len = 0;
	for (w.cut = 1; w.cut <= 8; w.cut++)
		refused(t, type, a_state(r), &w, "less than a head");
}

static void
row_fits(const struct ipc_table *t, uint32_t type)
{
	const struct ipc_rule *r = &t->rules[type];

	expect(t, r->name, "small enough", r->size > 0 && r->size <= IPC_MAX_PAYLOAD);
	expect(t, r->name, "not too many descriptors", r->nfds <= IPC_MAX_FDS);
	expect(t, r->name, "permitted at some time", r->states != 0);
	expect(t, r->name, "a bit in `seen`", type < 32);
}

static void test_accepted(void **s) { (void)s; each_row(row_accepted); }
static void test_size(void **s) { (void)s; each_row(row_size); }
static void test_state(void **s) { (void)s; each_row(row_state); }
static void test_twice(void **s) { (void)s; each_row(row_twice); }
static void test_descriptors(void **s) { (void)s; each_row(row_descriptors); }
static void test_head(void **s) { (void)s; each_row(row_head); }
static void test_fits(void **s) { (void)s; each_row(row_fits); }

/* With room for one descriptor, two arrive as one: only the kernel's flag tells. */
static void
test_limit_of_files(void **state)
{
	const struct ipc_table *t = &tables[0];
	struct channel c = channel_open(t, S_NEW);
	struct wire w = good(t, IPC_JAIL);
	int lowest = dup(STDERR_FILENO), verdict, again;
	struct rlimit old, now;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	now = old;
	now.rlim_cur = (rlim_t)lowest + 1;
	close(lowest);
	w.nfds = 2;
	put(c.far, &w);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
	verdict = ipc_dispatch(&c.peer);
	again = dup(STDERR_FILENO);
	close(again);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_int_equal(verdict, -1);
	assert_int_equal(again, lowest);
	channel_close(&c);
}

static void
test_handler_keeps(void **state)
{
	const struct ipc_table *t = &tables[0];
	struct channel c = channel_open(t, S_NEW);
	struct wire w = good(t, IPC_JAIL);

	(void)state;
	heard.keep = 1;
	put(c.far, &w);
	assert_int_equal(ipc_dispatch(&c.peer), 1);
	heard.keep = 0;
	assert_true(fcntl(heard.kept, F_GETFD) & FD_CLOEXEC);
	close(heard.kept);
	channel_close(&c);
}

static void
test_handler_refuses(void **state)
{
	const struct ipc_table *t = &tables[0];
	struct channel c = channel_open(t, S_NEW);
	uint8_t payload[sizeof(struct ipc_jail)] = { 0xff };
	unsigned before = count_fds();
	int fd = STDERR_FILENO;

	(void)state;
	assert_int_equal(ipc_send(c.far, IPC_JAIL, payload, sizeof(payload), &fd, 1), 0);
	assert_int_equal(ipc_dispatch(&c.peer), -1);
	assert_string_equal(c.peer.why, "JAIL: refused");
	assert_int_equal(count_fds(), before);
	channel_close(&c);
}

static void
test_end_of_file(void **state)
{
	struct channel c = channel_open(&tables[0], S_NEW);

	(void)state;
	assert_int_equal(ipc_dispatch(&c.peer), 0);
	assert_int_equal(ipc_dispatch_wait(&c.peer, 1), -1);
	close(c.far);
	assert_int_equal(ipc_dispatch(&c.peer), -1);
	assert_string_equal(c.peer.why, "end of file");
	close(c.peer.fd);
}

/* It left something unread when it ended: what it has said is heard all the same. */
static void
test_last_words(void **state)
{
	const struct ipc_table *t = &tables[0];
	struct channel c = channel_open(t, a_state(&t->rules[0]));
	struct wire w = good(t, 0);

	(void)state;
	assert_int_equal(send(c.peer.fd, "unread", 6, MSG_DONTWAIT), 6);
	heard.calls = 0;
	put(c.far, &w);
	close(c.far);
	assert_int_equal(ipc_dispatch(&c.peer), 1);
	assert_int_equal(heard.calls, 1);
	assert_int_equal(ipc_dispatch(&c.peer), -1);
	assert_string_equal(c.peer.why, "end of file");
	close(c.peer.fd);
}

static void
test_send_never_blocks(void **state)
{
	struct channel c = channel_open(&tables[0], S_NEW);
	struct ipc_path path = { "x" };
	int sent = 0;

	(void)state;
	while (IPC_SEND(c.far, PATH, &path) == 0)
		sent++;
	assert_true(sent > 0 && (errno == EAGAIN || errno == EWOULDBLOCK));
	close(c.peer.fd);
	assert_int_equal(IPC_SEND(c.far, PATH, &path), -1);	/* and no SIGPIPE */
	assert_int_equal(ipc_send(c.far, 0, &path, IPC_MAX_PAYLOAD + 1, NULL, 0), -1);
	assert_int_equal(errno, EMSGSIZE);
	assert_int_equal(ipc_send(c.far, 0, &path, 1, NULL, IPC_MAX_FDS + 1), -1);
	assert_int_equal(errno, EMSGSIZE);
	close(c.far);
}

static void
test_no_fds(void **state)
{
	struct channel c = channel_open(&tables[0], S_NEW);
	struct ipc_jail jail = { 0 };
	int fd = STDERR_FILENO;

	(void)state;
	if (ipc_refuse_fds(c.peer.fd) == -1) {	/* Linux 6.16 */
		assert_int_equal(errno, ENOPROTOOPT);
		channel_close(&c);
		skip();
	}
	assert_int_equal(IPC_SEND_FD(c.far, JAIL, &jail, &fd), -1);
	assert_int_equal(errno, EPERM);
	channel_close(&c);
}

static void
test_sealed(void **state)
{
	char back[6];
	int fd = ipc_sealed("test", "sealed", 6);

	(void)state;
	assert_int_not_equal(fd, -1);
	assert_int_equal(pread(fd, back, 6, 0), 6);
	assert_memory_equal(back, "sealed", 6);
	assert_int_equal(pwrite(fd, "x", 1, 0), -1);
	assert_int_equal(ftruncate(fd, 100), -1);
	assert_ptr_equal(mmap(NULL, 6, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
	close(fd);
}

static void
test_text(void **state)
{
	(void)state;
	assert_true(ipc_text_ok("abc", 4));
	assert_false(ipc_text_ok("abc", 3));
	assert_true(ipc_text_ok("", 1));
	assert_false(ipc_text_ok("", 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fits),
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_state),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_head),
		cmocka_unit_test(test_limit_of_files),
		cmocka_unit_test(test_handler_keeps),
		cmocka_unit_test(test_handler_refuses),
		cmocka_unit_test(test_end_of_file),
		cmocka_unit_test(test_last_words),
		cmocka_unit_test(test_send_never_blocks),
		cmocka_unit_test(test_no_fds),
		cmocka_unit_test(test_sealed),
		cmocka_unit_test(test_text),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
