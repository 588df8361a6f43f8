/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The opener as it runs: the real program in its sandbox, asked by a test that plays warden and
 * broker. It must answer with what it found, and be gone after one answer.
 */
#include "config.h"

#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/child.h"

#define OPENER "broker/cellblock-opener"
#define WAIT_MS 20000	/* only to end a test that fails */

static struct {
	char what;
	int fd;
	struct ipc_claimed claimed;
	struct ipc_open_failed failed;
} got;

IPC_RECEIVER(from_opener, IPC_OPENER_TO_BROKER)

static int
take(char what, int *fds, int nfds)
{
	got.what = what;
	got.fd = -1;
	if (nfds > 0) {
		got.fd = fds[0];
		fds[0] = -1;
	}
	return (0);
}

static int
on_claimed(void *ctx, const struct ipc_claimed *m, int *fds)
{
	(void)ctx;
	got.claimed = *m;
	return (take('c', fds, 1));
}

static int
on_reopened(void *ctx, const struct ipc_drain *m, int *fds)
{
	(void)ctx;
	(void)m;
	return (take('r', fds, 1));
}

static int
on_drain_done(void *ctx, const struct ipc_drain *m, int *fds)
{
	(void)ctx;
	(void)m;
	return (take('d', fds, 0));
}

static int
on_stored(void *ctx, const struct ipc_empty *m, int *fds)
{
	(void)ctx;
	(void)m;
	return (take('s', fds, 0));
}

static int
on_open_failed(void *ctx, const struct ipc_open_failed *m, int *fds)
{
	(void)ctx;
	got.failed = *m;
	return (take('f', fds, 0));
}

struct opener {
	struct ipc_peer peer;
	pid_t pid;
};

static struct opener
start(const char *path)
{
	struct opener o = { .peer = { .in = &from_opener, .state = S_NEW } };

	o.peer.fd = child_start(OPENER, NULL, ROLE_OPENER, path, -1, &o.pid);
	assert_int_not_equal(o.peer.fd, -1);
	memset(&got, 0, sizeof(got));
	return (o);
}

/* One answer, then a clean end. */
static char
answer(struct opener *o)
{
	int r = ipc_dispatch_wait(&o->peer, WAIT_MS);

	if (r != 1)
		print_message("# %s\n", o->peer.why);
	assert_int_equal(child_wait(o->pid), 0);
	close(o->peer.fd);
	return (r == 1 ? got.what : '-');
}

static char
claim(const char *path)
{
	struct opener o = start(path);
	struct ipc_claim m = { 0 };

	assert_int_equal(IPC_SEND(o.peer.fd, CLAIM, &m), 0);
	return (answer(&o));
}

static char
reopen(const char *path, int fd, const struct ipc_reopen *m)
{
	struct opener o = start(path);

	assert_int_equal(IPC_SEND_FD(o.peer.fd, REOPEN, m, &fd), 0);
	return (answer(&o));
}

enum { MANY = 40 };	/* each message has two descriptors */

/* So many descriptors are under way between processes of the opener's user, and nobody reads. */
static void
crowd(int pair[2])
{
	const int fds[2] = { STDIN_FILENO, STDIN_FILENO };
	pid_t pid;

	assert_int_equal(ipc_pair(pair), 0);
	if ((pid = fork()) == 0) {
		if (getuid() == 0 && setuid(CHILD_UID + ROLE_OPENER) == -1)
			_exit(1);
		for (int i = 0; i < MANY; i++)
			if (ipc_send(pair[0], 0, "x", 1, fds, 2) == -1)
				_exit(1);
		_exit(0);
	}
	assert_int_equal(child_wait(pid), 0);
}

static char file[] = "/tmp/cellblock-opener.XXXXXX";

static void
on_a_file(void **state)
{
	struct ipc_reopen m = { .lock_offset = UINT64_C(1) << 62 };
	struct ipc_drain drain = { m.lock_offset };
	int fd = mkstemp(file), held, pair[2];
	struct opener o;

	(void)state;
	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	close(fd);
	assert_int_equal(claim(file), 'c');
	assert_int_equal(got.claimed.size, 1 << 20);
	held = got.fd;
	assert_int_equal(claim(file), 'f');
	assert_int_equal(got.failed.stage, STAGE_CLAIM);
	crowd(pair);	/* the kernel counts them against who sends one more */
	assert_int_equal(reopen(file, held, &m), 'r');
	close(pair[0]);
	close(pair[1]);
	fd = got.fd;
	assert_int_equal(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDWR);

	o = start(file);
	assert_int_equal(IPC_SEND_FD(o.peer.fd, DRAIN, &drain, &held), 0);
	assert_int_equal(ipc_dispatch(&o.peer), 0);	/* it waits for the lock */
	close(fd);
	assert_int_equal(answer(&o), 'd');
	close(held);
	unlink(file);
}

static void
on_a_ram_disk(void **state)
{
	struct ipc_reopen m = { .lock_offset = UINT64_C(1) << 62, .readonly = 1 };
	int fd = memfd_create("disk", MFD_CLOEXEC);

	(void)state;
	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	assert_int_equal(reopen(NULL, fd, &m), 'r');
	assert_int_equal(fcntl(got.fd, F_GETFL) & O_ACCMODE, O_RDONLY);
	assert_int_equal(pwrite(got.fd, "x", 1, 0), -1);
	close(got.fd);
	close(fd);
}

/* ---- a file of the state directory ---- */

static char
store(const char *dir, const char *name, const char *text)
{
	struct opener o = start(dir);
	struct ipc_store m = { .size = (uint32_t)strlen(text) };

	snprintf(m.name, sizeof(m.name), "%s", name);
	memcpy(m.data, text, m.size);
	assert_int_equal(IPC_SEND(o.peer.fd, STORE, &m), 0);
	return (answer(&o));
}

static void
has(int dir, const char *name, const char *text)
{
	char buf[64];
	int fd = openat(dir, name, O_RDONLY);
	ssize_t n;

	assert_int_not_equal(fd, -1);
	n = read(fd, buf, sizeof(buf));
	close(fd);
	assert_int_equal(n, strlen(text));
	assert_memory_equal(buf, text, strlen(text));
}

static void
in_a_directory(void **state)
{
	char path[] = "/tmp/cellblock-state.XXXXXX";
	struct stat st;
	int dir;

	(void)state;
	assert_non_null(mkdtemp(path));
	dir = open(path, O_RDONLY | O_DIRECTORY);
	if (getuid() == 0)
		assert_int_equal(fchown(dir, CHILD_UID + ROLE_OPENER, (gid_t)-1), 0);
	assert_int_equal(store(path, "one", "first"), 's');
	has(dir, "one", "first");
	assert_int_equal(store(path, "one", "second"), 's');
	has(dir, "one", "second");
	assert_int_equal(fstatat(dir, "one", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	assert_int_equal(fstatat(dir, "one.new", &st, 0), -1);
	assert_int_equal(store(path, "../one", "x"), 'f');
	assert_int_equal(got.failed.stage, STAGE_STORE);
	assert_int_equal(store("/nonexistent", "one", "x"), 'f');
	assert_int_equal(got.failed.error, ENOENT);
	assert_int_equal(store(NULL, "one", "x"), 'f');
	has(dir, "one", "second");
	assert_int_equal(unlinkat(dir, "one", 0), 0);
	close(dir);
	assert_int_equal(rmdir(path), 0);
}

/* Another one is at it, or was killed and is not gone yet: it waits for it. */
static void
in_turn(void **state)
{
	char path[] = "/tmp/cellblock-state.XXXXXX";
	struct ipc_store m = { .name = "one", .size = 1, .data = "x" };
	struct opener o;
	int dir;

	(void)state;
	assert_non_null(mkdtemp(path));
	dir = open(path, O_RDONLY | O_DIRECTORY);
	if (getuid() == 0)
		assert_int_equal(fchown(dir, CHILD_UID + ROLE_OPENER, (gid_t)-1), 0);
	assert_int_equal(flock(dir, LOCK_EX), 0);
	o = start(path);
	assert_int_equal(IPC_SEND(o.peer.fd, STORE, &m), 0);
	assert_int_equal(ipc_dispatch(&o.peer), 0);
	assert_int_equal(faccessat(dir, "one", F_OK, 0), -1);
	assert_int_equal(flock(dir, LOCK_UN), 0);
	assert_int_equal(answer(&o), 's');
	has(dir, "one", "x");
	assert_int_equal(unlinkat(dir, "one", 0), 0);
	close(dir);
	assert_int_equal(rmdir(path), 0);
}

static void
fails(void **state)
{
	(void)state;
	assert_int_equal(claim("/dev/null"), 'f');
	assert_int_equal(got.failed.stage, STAGE_TYPE);
	assert_int_equal(claim("/nonexistent/disk"), 'f');
	assert_int_equal(got.failed.stage, STAGE_OPEN);
	assert_int_equal(got.failed.error, ENOENT);
	assert_int_equal(claim(NULL), 'f');
}

/* Neither the broker's end nor nonsense keeps it alive. */
static void
ends(void **state)
{
	struct opener o = start("/dev/null");
	struct ipc_empty nonsense = { 0 };

	(void)state;
	close(o.peer.fd);
	assert_int_not_equal(child_wait(o.pid), 0);
	o = start("/dev/null");
	assert_int_equal(ipc_send(o.peer.fd, 77, &nonsense, sizeof(nonsense), NULL, 0), 0);
	assert_true(WIFEXITED(child_wait(o.pid)));
	close(o.peer.fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(on_a_file),
		cmocka_unit_test(on_a_ram_disk),
		cmocka_unit_test(in_a_directory),
		cmocka_unit_test(in_turn),
		cmocka_unit_test(fails),
		cmocka_unit_test(ends),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
