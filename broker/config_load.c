/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The files of a configuration: the one that is named, then conf.d beside it, in the order of
 * names. What somebody else may have written is refused: whoever writes here decides which device
 * goes to which host.
 */
#include "config.h"

#include <sys/stat.h>

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/config_parse.h"

/* Errors before a file has a number of its own. */
static void
file_error(struct parse *p, const char *name, const char *what)
{
	int file = config_add_file(p->cfg, name);

	parse_error(p, (struct config_mark){(uint32_t)file, 0}, "%s", what);
}

/* What is wrong with a file or directory that decides about others' data, or NULL. */
static const char *
distrust(const struct stat *st, mode_t type)
{
	if ((st->st_mode & S_IFMT) != type)
		return (type == S_IFDIR ? "expected a directory" : "expected a regular file");
	if (st->st_mode & S_IWOTH)
		return ("expected that not everybody may write to it: chmod o-w");
	return (NULL);
}

/* conf.d is not named by the one who starts us: its owner has to be trusted anyway. */
static const char *
distrust_owner(const struct stat *st, uid_t owner)
{
	if (st->st_uid == 0 || st->st_uid == geteuid() || st->st_uid == owner)
		return (NULL);
	return ("expected the owner to be root or the owner of the main file");
}

/* Up to one byte more than allowed, so that too much is seen. -1 with errno. */
static ssize_t
read_all(int fd, char *buf, size_t size)
{
	size_t n = 0;
	ssize_t r;

	while (n < size && (r = read(fd, buf + n, size - n)) != 0) {
		if (r == -1 && errno == EINTR)
			continue;
		if (r == -1)
			return (-1);
		n += (size_t)r;
	}
	return ((ssize_t)n);
}

/* O_NONBLOCK: a FIFO must not stop us. */
static int
open_file(struct parse *p, const char *name, const struct stat *like, struct stat *st)
{
	const char *wrong;
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd == -1 || fstat(fd, st) == -1) {
		file_error(p, name, strerror(errno));
		goto fail;
	}
	wrong = distrust(st, S_IFREG);
	if (wrong == NULL && like != NULL)
		wrong = distrust_owner(st, like->st_uid);
	if (wrong == NULL)
		return (fd);
	file_error(p, name, wrong);
 fail:
	if (fd != -1)
		close(fd);
	return (-1);
}

static int
read_file(struct parse *p, const char *name, const struct stat *like, struct stat *st)
{
	char *buf;
	ssize_t n;
	int fd = open_file(p, name, like, st);

	if (fd == -1)
		return (-1);
	buf = parse_alloc(1, CONFIG_FILE_MAX + 1);
	n = read_all(fd, buf, CONFIG_FILE_MAX + 1);
	if (n == -1)
		file_error(p, name, strerror(errno));
	else
		parse_text(p, name, buf, (size_t)n);
	free(buf);
	close(fd);
	return (n == -1 ? -1 : 0);
}

static int
is_yaml(const struct dirent *d)
{
	size_t len = strlen(d->d_name);

	return (d->d_name[0] != '.' && len > 5 && strcmp(d->d_name + len - 5, ".yaml") == 0);
}

/* By bytes, whatever the locale: the order is part of the meaning. */
static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return (strcmp((*a)->d_name, (*b)->d_name));
}

static char *
join(const char *dir, size_t dirlen, const char *name)
{
	char *path;

	if (asprintf(&path, "%.*s%s", (int)dirlen, dir, name) == -1)
		err(1, "configuration");
	return (path);
}

static void
read_directory(struct parse *p, const char *dir, const struct stat *like)
{
	struct dirent **entries = NULL;
	struct stat st;
	const char *wrong;
	int n;

	if (stat(dir, &st) == -1) {
		if (errno != ENOENT)
			file_error(p, dir, strerror(errno));
		return;
	}
	if ((wrong = distrust(&st, S_IFDIR)) != NULL ||
	    (wrong = distrust_owner(&st, like->st_uid)) != NULL) {
		file_error(p, dir, wrong);
		return;
	}
	if ((n = scandir(dir, &entries, is_yaml, by_name)) == -1)
		file_error(p, dir, strerror(errno));
	for (int i = 0; i < n; i++) {
		char *name = join(dir, strlen(dir), "/");
		char *path = join(name, strlen(name), entries[i]->d_name);

		read_file(p, path, like, &st);
		free(path);
		free(name);
		free(entries[i]);
	}
	free(entries);
}

struct config *
config_load(const char *file, struct config_errors *errors)
{
	struct parse p = {.errors = errors};
	const char *slash = strrchr(file, '/');
	struct stat st;
	char *dir;

	errors->n = 0;
	config_new(&p);
	if (read_file(&p, file, NULL, &st) == 0) {
		dir = join(file, slash != NULL ? (size_t)(slash + 1 - file) : 0, "conf.d");
		read_directory(&p, dir, &st);
		free(dir);
	}
	return (config_finish(&p));
}
