/* SPDX-License-Identifier: BSD-2-Clause */
/* The log: read whole, and put in order of what began and ended when. */
#include "config.h"

#include <sys/stat.h>

#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/durable/replay.h"

const char *const record_name[RECORD_TYPE_MAX] = {
#define X(name, text) [RECORD_##name] = text,
	RECORD_TYPES(X)
#undef X
};

static size_t
slurp(struct log *log, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t size, done = 0;
	struct stat st;
	ssize_t n;

	if (fd == -1 || fstat(fd, &st) == -1)
		err(2, "%s", path);
	/* a device says by its end how large it is */
	size = (size_t)(S_ISBLK(st.st_mode) ? lseek(fd, 0, SEEK_END) : st.st_size);
	lseek(fd, 0, SEEK_SET);
	if ((log->bytes = malloc(size + 1)) == NULL)
		err(2, "%s", path);
	while (done < size && (n = read(fd, log->bytes + done, size - done)) > 0)
		done += (size_t)n;
	close(fd);
	return (done);
}

/* Whole records only: the last one may be half written when logfs was killed. */
static void
find_entries(struct log *log, size_t size)
{
	size_t at = 0, room = 0;

	while (size - at >= sizeof(struct record)) {
		struct record r;

		memcpy(&r, log->bytes + at, sizeof(r));
		if (r.magic != RECORD_MAGIC || r.type >= RECORD_TYPE_MAX)
			errx(2, "the log is damaged at byte %zu", at);
		if (r.size > size - at - sizeof(r))
			break;
		if (log->n == room) {
			room = room == 0 ? 1024 : 2 * room;
			if ((log->entry = realloc(log->entry, room * sizeof(*log->entry))) == NULL)
				err(2, "log");
		}
		log->entry[log->n++] = (struct entry){ r, log->bytes + at + sizeof(r), NULL };
		at += sizeof(r) + r.size;
	}
}

static int
compare(const void *a, const void *b)
{
	uint64_t x = ((const struct moment *)a)->at, y = ((const struct moment *)b)->at;

	return (x < y ? -1 : x > y);
}

void
log_read(struct log *log, const char *path)
{
	size_t size;

	memset(log, 0, sizeof(*log));
	size = slurp(log, path);
	(log_is_dm(log->bytes, size) ? log_find_dm : find_entries)(log, size);
	if ((log->moment = calloc(2 * log->n + 1, sizeof(*log->moment))) == NULL)
		err(2, "log");
	for (size_t i = 0; i < log->n; i++) {
		const struct entry *e = &log->entry[i];

		log->moment[2 * i] = (struct moment){ e->r.begin, e, false };
		log->moment[2 * i + 1] = (struct moment){ e->r.end, e, true };
	}
	qsort(log->moment, 2 * log->n, sizeof(*log->moment), compare);
}

void
log_free(struct log *log)
{
	for (size_t i = 0; i < log->n; i++)
		free(log->entry[i].hash);
	free(log->bytes);
	free(log->entry);
	free(log->moment);
}

const char *
log_name_to(const struct entry *e)
{
	const char *end = memchr(e->data, '\0', e->r.size);

	return (end != NULL ? end + 1 : (const char *)e->data);
}

static bool
is_in_time(const struct lies *lies, const struct entry *e)
{
	return (e->r.end > lies->from && e->r.end < lies->to);
}

bool
lies_about(const struct lies *lies, const struct entry *e)
{
	if (lies->one == e || is_in_time(lies, e))
		return (true);
	return ((lies->fsync && e->r.type == RECORD_FSYNC) ||
	    (lies->fsyncdir && e->r.type == RECORD_FSYNCDIR));
}

bool
is_durable_write(const struct lies *lies, const struct entry *e)
{
	return ((e->r.flags & RECORD_DSYNC) != 0 && !lies->dsync && !is_in_time(lies, e));
}
