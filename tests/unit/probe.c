/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an opener finds and does, on files: sizes, claims that exclude each other, kinds that are
 * refused, descriptions of their own, drain locks that live as long as a description.
 */
#include "config.h"

#include <sys/stat.h>

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

#include "broker/probe.h"

#define SIZE (1 << 20)
#define OFFSET ((UINT64_C(1) << 62) + 12345)

static char dir[] = "/tmp/cellblock-probe.XXXXXX";
static char file[64];
static const struct probe_limits none;
static struct ipc_claimed got;
static struct ipc_open_failed why;

static int
setup(void **state)
{
	static char fresh[sizeof(dir)];
	int fd;

	(void)state;
	memcpy(fresh, "/tmp/cellblock-probe.XXXXXX", sizeof(fresh));
	if (mkdtemp(fresh) == NULL)
		return (-1);
	memcpy(dir, fresh, sizeof(dir));
	snprintf(file, sizeof(file), "%s/disk", dir);
	memset(&why, 0xee, sizeof(why));
	if ((fd = open(file, O_RDWR | O_CREAT, 0600)) == -1 || ftruncate(fd, SIZE) == -1)
		return (-1);
	return (close(fd));
}

static int
teardown(void **state)
{
	(void)state;
	unlink(file);
	return (rmdir(dir));
}

static int
claim(const char *path, uint32_t readonly, uint32_t block_size)
{
	struct ipc_claim want = { .readonly = readonly, .block_size = block_size };

	return (probe_claim(path, &none, &want, &got, &why));
}

static void
measured(void **state)
{
	int fd = claim(file, 0, 0);
	struct stat st;

	(void)state;
	assert_int_not_equal(fd, -1);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, SIZE);	/* no probe makes it larger */
	assert_int_equal(got.kind, BACKEND_FILE);
	assert_int_equal(got.size, SIZE);
	assert_int_equal(got.block_size, 512);
	assert_int_equal(got.readonly, 0);
	assert_int_equal(got.volatile_cache, 1);
	assert_true((got.dio_mem == 0) == (got.dio_offset == 0));
	assert_int_equal(got.ino, st.st_ino);
	close(fd);
	fd = claim(file, 0, 4096);
	assert_int_not_equal(fd, -1);
	assert_int_equal(got.block_size, 4096);
	close(fd);
}

static void
exclusive(void **state)
{
	int a = claim(file, 0, 0), b, c;

	(void)state;
	assert_int_not_equal(a, -1);
	assert_int_equal(claim(file, 0, 0), -1);
	assert_int_equal(why.stage, STAGE_CLAIM);
	assert_int_equal(claim(file, 1, 0), -1);
	assert_int_equal(why.stage, STAGE_CLAIM);
	close(a);
	b = claim(file, 1, 0);
	c = claim(file, 1, 0);
	assert_int_not_equal(b, -1);
	assert_int_not_equal(c, -1);
	assert_int_equal(got.readonly, 1);
	close(b);
	close(c);
}

static void
refused(const char *path, enum open_stage stage, int error)
{
	assert_int_equal(claim(path, 0, 0), -1);
	assert_int_equal(why.stage, stage);
	assert_int_equal(why.error, error);
}

static void
not_disks(void **state)
{
	char path[128];
	int fd;

	(void)state;
	refused("/dev/null", STAGE_TYPE, ENOTBLK);
	refused(dir, STAGE_TYPE, EISDIR);
	snprintf(path, sizeof(path), "%s/missing", dir);
	refused(path, STAGE_OPEN, ENOENT);
	snprintf(path, sizeof(path), "%s/small", dir);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	assert_int_equal(ftruncate(fd, 511), 0);
	close(fd);
	refused(path, STAGE_SIZE, ENOSPC);
	unlink(path);
}

/* What is said of direct I/O is true: a description that was opened for it can read so. */
static void
direct(void **state)
{
	struct ipc_reopen want = { .lock_offset = OFFSET, .direct = 1 };
	int fd = claim(file, 0, 0), mine;
	uint32_t align = got.dio_mem > got.dio_offset ? got.dio_mem : got.dio_offset;
	void *buf;

	(void)state;
	assert_int_not_equal(fd, -1);
	if (align == 0) {
		close(fd);
		skip();
	}
	assert_int_not_equal(mine = probe_reopen(fd, &want, &why), -1);
	assert_int_equal(posix_memalign(&buf, align, align), 0);
	assert_int_equal(pread(mine, buf, align, align), align);
	free(buf);
	close(mine);
	close(fd);
}

/* The lock is the description's: neither the claim nor a closed duplicate matters. */
static void
drain_lock(void **state)
{
	struct ipc_reopen want = { .lock_offset = OFFSET };
	int fd = claim(file, 0, 0), mine, copy;

	(void)state;
	assert_int_equal(probe_is_locked(fd, OFFSET), 0);
	mine = probe_reopen(fd, &want, &why);
	assert_int_not_equal(mine, -1);
	assert_int_equal(probe_is_locked(fd, OFFSET), 1);
	assert_int_equal(probe_is_locked(fd, OFFSET + 1), 0);
	assert_int_equal(probe_reopen(fd, &want, &why), -1);
	assert_int_equal(why.stage, STAGE_LOCK);
	copy = dup(mine);
	close(mine);
	assert_int_equal(probe_is_locked(fd, OFFSET), 1);
	close(copy);
	assert_int_equal(probe_is_locked(fd, OFFSET), 0);
	close(fd);
}

static void
own_description(void **state)
{
	struct ipc_reopen ro = { .lock_offset = OFFSET, .readonly = 1 };
	struct ipc_reopen rw = { .lock_offset = OFFSET + 1 };
	int fd = claim(file, 0, 0), r, w;

	(void)state;
	r = probe_reopen(fd, &ro, &why);
	w = probe_reopen(fd, &rw, &why);
	assert_int_equal(fcntl(r, F_GETFL) & O_ACCMODE, O_RDONLY);
	assert_int_equal(fcntl(w, F_GETFL) & O_ACCMODE, O_RDWR);
	assert_int_equal(pwrite(r, "x", 1, 0), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(lseek(r, 100, SEEK_SET), 100);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 0);
	close(r);
	close(w);
	close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(measured),
		TEST(exclusive),
		TEST(not_disks),
		TEST(direct),
		TEST(drain_lock),
		TEST(own_description),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
