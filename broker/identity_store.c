/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file of identities. A first line names the format, then one line for each thing:
 *	serial SERIAL NQN
 *	namespace NSID UUID NGUID EUI64 NQN
 * and "end COUNT" is the last line, so that a file that was cut off is seen.
 */
#include "config.h"

#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/config_parse.h"
#include "broker/identity_store.h"

#define NAME "identities"
#define NAME_NEW "identities.new"
#define FIRST_LINE "cellblock identities 1"

enum { STORE_MAX = 16 << 20 };	/* bytes */

static int	identity_compare(const struct identity *, const struct identity *);
RB_GENERATE(identity_tree, identity, entry, identity_compare)

static int
identity_compare(const struct identity *a, const struct identity *b)
{
	if (a->nsid != b->nsid)
		return (a->nsid < b->nsid ? -1 : 1);
	return (strcmp(a->nqn, b->nqn));
}

void
identity_store_init(struct identity_store *s)
{
	RB_INIT(&s->tree);
	s->n = 0;
	s->changed = false;
}

void
identity_store_free(struct identity_store *s)
{
	struct identity *id;

	while ((id = RB_MIN(identity_tree, &s->tree)) != NULL) {
		RB_REMOVE(identity_tree, &s->tree, id);
		free(id);
	}
	s->n = 0;
}

struct identity *
identity_store_find(struct identity_store *s, const char *nqn, uint32_t nsid)
{
	struct identity like = {.nsid = nsid};

	strlcpy(like.nqn, nqn, sizeof(like.nqn));
	return (RB_FIND(identity_tree, &s->tree, &like));
}

/* Empty but for its name. NULL when there is one already. */
struct identity *
identity_store_add(struct identity_store *s, const char *nqn, uint32_t nsid)
{
	struct identity *id = calloc(1, sizeof(*id));

	if (id == NULL)
		err(1, "identities");
	strlcpy(id->nqn, nqn, sizeof(id->nqn));
	id->nsid = nsid;
	if (RB_INSERT(identity_tree, &s->tree, id) != NULL) {
		free(id);
		return (NULL);
	}
	s->n++;
	return (id);
}

/* The next word; the empty string where there is none. */
static char *
word(char **rest)
{
	static char none[] = "";
	char *w = strsep(rest, " ");

	return (w != NULL ? w : none);
}

static bool
parse_serial(struct identity_store *s, char *rest)
{
	char *serial = word(&rest);
	struct identity *id;

	if (rest == NULL || !value_nqn(rest) || !value_printable(serial) ||
	    strlen(serial) >= CONFIG_SERIAL_SIZE || (id = identity_store_add(s, rest, 0)) == NULL)
		return (false);
	strlcpy(id->serial, serial, sizeof(id->serial));
	return (true);
}

static bool
parse_namespace(struct identity_store *s, char *rest)
{
	const char *nsid = word(&rest), *uuid = word(&rest), *nguid = word(&rest);
	const char *eui64 = word(&rest);
	struct identity *id;
	uint64_t n;

	if (rest == NULL || !value_nqn(rest) || !value_number(nsid, &n) || n == 0 ||
	    n > CONFIG_NSID_MAX || (id = identity_store_add(s, rest, (uint32_t)n)) == NULL)
		return (false);
	return (value_uuid(uuid, id->uuid) && value_hex(nguid, id->nguid, sizeof(id->nguid)) &&
	    value_hex(eui64, id->eui64, sizeof(id->eui64)));
}

/* "end COUNT", and nothing behind it but what the last newline leaves. */
static bool
parse_end(const struct identity_store *s, const char *count, const char *behind)
{
	uint64_t n;

	return (count != NULL && value_number(count, &n) && n == s->n && behind != NULL &&
	    *behind == '\0');
}

unsigned
identity_store_parse(struct identity_store *s, char *text)
{
	unsigned line = 1;
	char *at = strsep(&text, "\n");

	if (strcmp(at, FIRST_LINE) != 0)
		return (line);
	while ((at = strsep(&text, "\n")) != NULL) {
		char *kind = word(&at);

		line++;
		if (strcmp(kind, "end") == 0)
			return (parse_end(s, at, text) ? 0 : line);
		if (strcmp(kind, "serial") == 0 ? !parse_serial(s, at) :
		    strcmp(kind, "namespace") != 0 || !parse_namespace(s, at))
			return (line);
	}
	return (line + 1);
}

static int
fail(char *wrong, size_t size, const char *what)
{
	snprintf(wrong, size, "%s: %s", what, strerror(errno));
	return (-1);
}

/* The whole file as a string; to be freed. NULL with errno; EFBIG also for what is no text. */
static char *
slurp(int fd)
{
	struct stat st;
	size_t n = 0, size;
	ssize_t r = 0;
	char *text;

	if (fstat(fd, &st) == -1)
		return (NULL);
	if (!S_ISREG(st.st_mode) || st.st_size > STORE_MAX) {
		errno = EFBIG;
		return (NULL);
	}
	size = (size_t)st.st_size;
	text = parse_alloc(size + 1, 1);
	while (n < size && (r = read(fd, text + n, size - n)) > 0)
		n += (size_t)r;
	if (r != -1 && memchr(text, '\0', n) == NULL)
		return (text);
	if (r != -1)
		errno = EFBIG;
	free(text);
	return (NULL);
}

int
identity_store_read(struct identity_store *s, int dirfd, char *wrong, size_t size)
{
	unsigned line;
	char *text;
	int fd = openat(dirfd, NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd == -1)
		return (errno == ENOENT ? 0 : fail(wrong, size, NAME));
	text = slurp(fd);
	close(fd);
	if (text == NULL)
		return (fail(wrong, size, NAME));
	line = identity_store_parse(s, text);
	free(text);
	if (line == 0)
		return (0);
	snprintf(wrong, size, NAME ":%u: not understood. Restore it from a copy; only if no host "
	    "has ever seen these disks, remove it", line);
	return (-1);
}

static void
print_identity(FILE *f, const struct identity *id)
{
	char uuid[VALUE_SIZE], nguid[VALUE_SIZE], eui64[VALUE_SIZE];

	if (id->nsid == 0)
		fprintf(f, "serial %s %s\n", id->serial, id->nqn);
	else
		fprintf(f, "namespace %" PRIu32 " %s %s %s %s\n", id->nsid,
		    format_uuid(id->uuid, uuid), format_hex(id->nguid, sizeof(id->nguid), nguid),
		    format_hex(id->eui64, sizeof(id->eui64), eui64), id->nqn);
}

/* For the group as well: the broker's user id is the configuration's choice and may change. */
static int
write_new(struct identity_store *s, int dirfd)
{
	struct identity *id;
	FILE *f;
	int fd, ret;

	unlinkat(dirfd, NAME_NEW, 0);
	fd = openat(dirfd, NAME_NEW, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0660);
	if (fd == -1)
		return (-1);
	if ((f = fdopen(fd, "w")) == NULL) {
		close(fd);
		return (-1);
	}
	fputs(FIRST_LINE "\n", f);
	RB_FOREACH(id, identity_tree, &s->tree)
		print_identity(f, id);
	fprintf(f, "end %zu\n", s->n);
	ret = fflush(f) == 0 && !ferror(f) && fsync(fd) == 0 ? 0 : -1;
	return (fclose(f) == 0 ? ret : -1);
}

int
identity_store_write(struct identity_store *s, int dirfd, char *wrong, size_t size)
{
	if (write_new(s, dirfd) == -1) {
		fail(wrong, size, NAME_NEW);
		unlinkat(dirfd, NAME_NEW, 0);
		return (-1);
	}
	if (renameat(dirfd, NAME_NEW, dirfd, NAME) == -1 || fsync(dirfd) == -1)
		return (fail(wrong, size, NAME));
	s->changed = false;
	return (0);
}
