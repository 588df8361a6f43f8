/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A power cut after every step of replacing a reservation's file. The disk is a model that keeps
 * what was synced and loses, by every choice it has, what was not: data in part, names in part. What
 * is found then must be the old state or the new one; after success the new one only. The same is
 * tried with a writer that forgets a sync, to see that the model would notice.
 */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "broker/durable.h"
#include "broker/reservation_file.h"
#include "tests/unit/unit.h"

enum { INODES = 4, CHANGES = 8, STEPS = 16, DIR = 100, PIECE = 40 };

struct inode {
	uint8_t data[RESERVATION_FILE_MAX];
	size_t size, synced;		/* bytes; of data those that last */
};

/* A change of the directory: name now means inode (-1: nothing). */
struct change {
	char name[DURABLE_NAME];
	int inode;
};

static struct {
	struct inode inodes[INODES];
	int ninodes;
	struct change names[CHANGES];	/* all that ever happened, in order */
	int nnames, nsynced;		/* the first ones last */
	int step, stop_at;		/* the power fails before this step */
	int fail_at;			/* this step fails; -1: none */
	bool no_file_sync, no_dir_sync;
} disk;

static uint8_t nsid_id[RESERVATION_ID];

/* Is there still power? And does the step succeed? */
static bool
step(void)
{
	int now = disk.step++;

	if (now >= disk.stop_at) {
		errno = EIO;
		return (false);
	}
	if (now == disk.fail_at) {
		errno = ENOSPC;
		return (false);
	}
	return (true);
}

static int
look_up(const char *name, int upto)
{
	int found = -1;

	for (int i = 0; i < upto; i++)
		if (strcmp(disk.names[i].name, name) == 0)
			found = disk.names[i].inode;
	return (found);
}

static void
change(const char *name, int inode)
{
	struct change *c = &disk.names[disk.nnames++];

	assert_true(disk.nnames <= CHANGES);
	snprintf(c->name, sizeof(c->name), "%s", name);
	c->inode = inode;
}

static int
model_create(int dir, const char *name)
{
	assert_int_equal(dir, DIR);
	if (!step())
		return (-1);
	assert_int_equal(look_up(name, disk.nnames), -1);
	assert_true(disk.ninodes < INODES);
	change(name, disk.ninodes);
	return (disk.ninodes++);
}

/* In small pieces, so that a cut leaves a part. */
static ssize_t
model_write(int fd, const void *p, size_t n, off_t at)
{
	struct inode *i = &disk.inodes[fd];

	if (!step())
		return (-1);
	if (n > PIECE)
		n = PIECE;
	memcpy(i->data + at, p, n);
	if (i->size < (size_t)at + n)
		i->size = (size_t)at + n;
	return ((ssize_t)n);
}

static int
model_sync(int fd)
{
	if (!step())
		return (-1);
	if (fd == DIR && !disk.no_dir_sync)
		disk.nsynced = disk.nnames;
	else if (fd != DIR && !disk.no_file_sync)
		disk.inodes[fd].synced = disk.inodes[fd].size;
	return (0);
}

static int
model_close(int fd)
{
	(void)fd;
	return (step() ? 0 : -1);
}

static int
model_rename(int dir, const char *from, const char *to)
{
	int inode = look_up(from, disk.nnames);

	assert_int_equal(dir, DIR);
	if (!step())
		return (-1);
	assert_int_not_equal(inode, -1);
	change(to, inode);
	return (0);
}

static int
model_unlink(int dir, const char *name)
{
	assert_int_equal(dir, DIR);
	if (!step())
		return (-1);
	if (look_up(name, disk.nnames) == -1) {
		errno = ENOENT;
		return (-1);
	}
	change(name, -1);
	return (0);
}

static const struct durable_ops model = { model_create, model_write, model_sync, model_close,
    model_rename, model_unlink };

/* ---- states ---- */

static struct reservation
state_of(uint32_t n, uint32_t gen)
{
	struct reservation r = { .gen = gen, .n = n, .ptpl = 1, .type = n > 0 ? 3 : 0 };

	for (uint32_t i = 0; i < n; i++) {
		memset(r.reg[i].hostid, (int)(i + 1), RESERVATION_HOSTID);
		r.reg[i].key = gen * 1000 + i;
	}
	return (r);
}

/* The file of a namespace, as the disk has it at first. */
static void
begin(const struct reservation *old)
{
	char name[RESERVATION_NAME];

	memset(&disk, 0, sizeof(disk));
	disk.fail_at = -1;
	disk.stop_at = 1000;
	reservation_name(name, nsid_id);
	if (old == NULL)
		return;
	disk.inodes[0].size = disk.inodes[0].synced = reservation_encode(old, nsid_id,
	    disk.inodes[0].data);
	change(name, 0);
	disk.ninodes = 1;
	disk.nsynced = 1;
}

static int
replace(const struct reservation *new)
{
	uint8_t bytes[RESERVATION_FILE_MAX];
	char name[RESERVATION_NAME];

	reservation_name(name, nsid_id);
	return (durable_replace(&model, DIR, name, bytes, reservation_encode(new, nsid_id, bytes)));
}

enum found { OLD, NEW, TORN, NOTHING };

/* After the cut: the first `names` changes of the directory have lasted, and `size` bytes of the
 * data that was not synced; the rest of a file that grew is zeros. */
static enum found
found(const struct reservation *old, const struct reservation *new, int names, size_t size)
{
	uint8_t bytes[RESERVATION_FILE_MAX] = { 0 };
	char name[RESERVATION_NAME];
	const struct inode *i;
	struct reservation r;
	int at;

	reservation_name(name, nsid_id);
	if ((at = look_up(name, names)) == -1)
		return (old == NULL ? OLD : NOTHING);
	i = &disk.inodes[at];
	memcpy(bytes, i->data, size < i->synced ? i->synced : size < i->size ? size : i->size);
	if (reservation_decode(&r, nsid_id, bytes, i->size) == -1)
		return (TORN);
	if (old != NULL && memcmp(&r, old, sizeof(r)) == 0)
		return (OLD);
	return (memcmp(&r, new, sizeof(r)) == 0 ? NEW : TORN);
}

/* Everything that this cut may leave; as bits of enum found. */
static unsigned
outcomes(const struct reservation *old, const struct reservation *new)
{
	unsigned seen = 0;

	for (int names = disk.nsynced; names <= disk.nnames; names++)
		for (size_t size = 0; size <= RESERVATION_FILE_MAX; size += 7)
			seen |= 1u << found(old, new, names, size);
	return (seen);
}

/* Every prefix of its steps. */
static unsigned
cut_everywhere(const struct reservation *old, const struct reservation *new, bool no_file_sync,
    bool no_dir_sync)
{
	unsigned seen = 0;
	int r = -1;

	for (int stop = 0; r == -1; stop++) {
		begin(old);
		disk.stop_at = stop;
		disk.no_file_sync = no_file_sync;
		disk.no_dir_sync = no_dir_sync;
		r = replace(new);
		seen |= outcomes(old, new);
		if (r == 0 && outcomes(old, new) != 1u << NEW)
			seen |= 1u << TORN;	/* success that does not last */
		assert_true(stop < 200);
	}
	return (seen);
}

static void
old_or_new(void **state)
{
	static const struct { uint32_t from, to; } rows[] = { { 0, 1 }, { 1, 0 }, { 1, 1 }, { 3, 4 },
	    { 0, RESERVATION_REGISTRANTS }, { RESERVATION_REGISTRANTS, 2 },
	    { RESERVATION_REGISTRANTS, RESERVATION_REGISTRANTS } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct reservation old = state_of(rows[i].from, 1), new = state_of(rows[i].to, 2);

		assert_int_equal(cut_everywhere(&old, &new, false, false), 1u << OLD | 1u << NEW);
		assert_int_equal(cut_everywhere(NULL, &new, false, false), 1u << OLD | 1u << NEW);
	}
}

/* Write protection, without anything of reservations that would last. */
static void
protection(void **state)
{
	struct reservation off = { 0 }, on = { .wprotect = 1 }, both = state_of(2, 1), back;
	uint8_t bytes[RESERVATION_FILE_MAX];

	(void)state;
	both.wprotect = 1;
	assert_int_equal(cut_everywhere(&off, &on, false, false), 1u << OLD | 1u << NEW);
	assert_int_equal(cut_everywhere(&on, &off, false, false), 1u << OLD | 1u << NEW);
	assert_int_equal(cut_everywhere(NULL, &on, false, false), 1u << OLD | 1u << NEW);
	assert_int_equal(cut_everywhere(&on, &both, false, false), 1u << OLD | 1u << NEW);
	assert_int_not_equal(cut_everywhere(&on, &off, true, false) & 1u << TORN, 0);
	/* what does not last is not written */
	both.ptpl = 0;
	assert_int_equal(reservation_decode(&back, nsid_id, bytes,
	    reservation_encode(&both, nsid_id, bytes)), 0);
	assert_memory_equal(&back, &on, sizeof(back));
}

static void
the_model_notices(void **state)
{
	struct reservation old = state_of(3, 1), new = state_of(4, 2);

	(void)state;
	assert_int_not_equal(cut_everywhere(&old, &new, true, false) & 1u << TORN, 0);
	assert_int_not_equal(cut_everywhere(&old, &new, false, true) & 1u << TORN, 0);
}

/* A step that fails is told, and leaves the old one or the new one as well. */
static void
failures(void **state)
{
	struct reservation old = state_of(3, 1), new = state_of(4, 2);
	int r = -1, failed = 0;

	(void)state;
	for (int at = 0; r == -1; at++) {
		begin(&old);
		disk.fail_at = at;
		r = replace(&new);
		if (r == -1) {
			failed++;
			assert_int_equal(errno, ENOSPC);
		}
		assert_int_equal(outcomes(&old, &new) & ~(1u << OLD | 1u << NEW), 0);
	}
	assert_true(failed > 5);
}

/* One who did not come to the end has left his file. */
static void
left_over(void **state)
{
	struct reservation old = state_of(3, 1), new = state_of(4, 2);

	(void)state;
	begin(&old);
	disk.stop_at = 4;
	assert_int_equal(replace(&new), -1);
	disk.stop_at = 1000;
	assert_int_equal(replace(&new), 0);
	assert_int_equal(outcomes(&old, &new), 1u << NEW);
}

static void
names(void **state)
{
	char name[80];

	(void)state;
	begin(NULL);
	memset(name, 'x', sizeof(name));
	name[DURABLE_NAME - 4] = '\0';
	assert_int_equal(durable_replace(&model, DIR, name, "", 0), -1);
	assert_int_equal(durable_replace(&model, DIR, "../x", "", 0), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(disk.step, 0);
	name[DURABLE_NAME - 5] = '\0';
	assert_int_equal(durable_replace(&model, DIR, name, "", 0), 0);
}

/* ---- a real one ---- */

static void
on_a_disk(void **state)
{
	struct reservation old = state_of(3, 1), new = state_of(4, 2), r;
	char dir[] = "/tmp/cellblock-durable.XXXXXX", name[RESERVATION_NAME];
	uint8_t bytes[RESERVATION_FILE_MAX];
	struct stat st;
	int fd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	fd = open(dir, O_RDONLY | O_DIRECTORY);
	reservation_name(name, nsid_id);
	assert_int_equal(reservation_read(&r, fd, nsid_id), 0);
	assert_int_equal(r.n, 0);
	assert_int_equal(durable_replace(&durable_files, fd, name, bytes,
	    reservation_encode(&old, nsid_id, bytes)), 0);
	assert_int_equal(durable_replace(&durable_files, fd, name, bytes,
	    reservation_encode(&new, nsid_id, bytes)), 0);
	assert_int_equal(reservation_read(&r, fd, nsid_id), 0);
	assert_memory_equal(&r, &new, sizeof(r));
	assert_int_equal(fstatat(fd, name, &st, 0), 0);
	assert_int_equal(st.st_mode & 07, 0);
	/* persistence switched off: nothing of it counts */
	new.ptpl = 0;
	assert_int_equal(durable_replace(&durable_files, fd, name, bytes,
	    reservation_encode(&new, nsid_id, bytes)), 0);
	assert_int_equal(reservation_read(&r, fd, nsid_id), 0);
	assert_int_equal(r.n + r.type + r.ptpl, 0);
	/* cut off, and too long */
	assert_int_equal(truncate((snprintf((char *)bytes, 200, "%s/%s", dir, name), (char *)bytes),
	    90), 0);
	assert_int_equal(reservation_read(&r, fd, nsid_id), -1);
	assert_int_equal(errno, EBADMSG);
	assert_int_equal(truncate((char *)bytes, 8192), 0);
	assert_int_equal(reservation_read(&r, fd, nsid_id), -1);
	assert_int_equal(unlinkat(fd, name, 0), 0);
	assert_int_equal(mkdirat(fd, name, 0700), 0);	/* not even a file */
	assert_int_equal(reservation_read(&r, fd, nsid_id), -1);
	assert_int_equal(unlinkat(fd, name, AT_REMOVEDIR), 0);
	close(fd);
	assert_int_equal(rmdir(dir), 0);
}

/* ---- the format ---- */

static void
round_trip(void **state)
{
	(void)state;
	for (uint32_t n = 0; n <= RESERVATION_REGISTRANTS; n++) {
		struct reservation r = state_of(n, n), back;
		uint8_t bytes[RESERVATION_FILE_MAX];
		size_t len = reservation_encode(&r, nsid_id, bytes);

		assert_int_equal(reservation_decode(&back, nsid_id, bytes, len), 0);
		assert_memory_equal(&r, &back, sizeof(r));
	}
}

/* Any length but the right one, any bit that is another, another namespace's. */
static void
torn(void **state)
{
	struct reservation r = state_of(3, 1), back;
	uint8_t bytes[RESERVATION_FILE_MAX + 1] = { 0 }, other[RESERVATION_ID];
	size_t len = reservation_encode(&r, nsid_id, bytes);

	(void)state;
	for (size_t n = 0; n <= len + 1; n++) {
		uint8_t *copy = exact_copy(bytes, n);

		assert_int_equal(reservation_decode(&back, nsid_id, copy, n), n == len ? 0 : -1);
		free(copy);
	}
	for (size_t bit = 0; bit < len * 8; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(reservation_decode(&back, nsid_id, bytes, len), -1);
		assert_int_equal(back.n, 0);
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	reservation_id(other, "nqn.2026-01.example:other", 1, (const uint8_t[16]){ 1 });
	assert_int_equal(reservation_decode(&back, other, bytes, len), -1);
	/* whole, but not to be: a holder who is not there */
	r.holder = 3;
	len = reservation_encode(&r, nsid_id, bytes);
	assert_int_equal(reservation_decode(&back, nsid_id, bytes, len), -1);
}

static void
identities(void **state)
{
	static const uint8_t u1[16] = { 1 }, u2[16] = { 2 };
	uint8_t a[RESERVATION_ID], b[RESERVATION_ID];
	char na[RESERVATION_NAME], nb[RESERVATION_NAME];

	(void)state;
	reservation_id(a, "nqn.2026-01.example:one", 1, u1);
	reservation_id(b, "nqn.2026-01.example:one", 1, u1);
	assert_memory_equal(a, b, sizeof(a));
	reservation_name(na, a);
	assert_int_equal(strlen(na), 12 + 32);
	assert_true(strlen(na) + 4 < DURABLE_NAME);
	reservation_id(b, "nqn.2026-01.example:one", 2, u1);
	reservation_name(nb, b);
	assert_string_not_equal(na, nb);
	reservation_id(b, "nqn.2026-01.example:one", 1, u2);
	assert_memory_not_equal(a, b, sizeof(a));
	reservation_id(b, "nqn.2026-01.example:two", 1, u1);
	assert_memory_not_equal(a, b, sizeof(a));
}

static int
setup(void **state)
{
	(void)state;
	reservation_id(nsid_id, "nqn.2026-01.example:one", 1, (const uint8_t[16]){ 1 });
	return (0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(torn),
		cmocka_unit_test(identities),
		cmocka_unit_test(old_or_new),
		cmocka_unit_test(protection),
		cmocka_unit_test(the_model_notices),
		cmocka_unit_test(failures),
		cmocka_unit_test(left_over),
		cmocka_unit_test(names),
		cmocka_unit_test(on_a_disk),
	};

	return (cmocka_run_group_tests(tests, setup, NULL));
}
