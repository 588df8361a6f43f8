/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The processes of a target: the warden and its children, and what all of them have in memory.
 */
#include "config.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/bench.h"

static pid_t
parent_of(pid_t pid, char *name, size_t size)
{
	char path[64], text[512] = "", *open, *close;
	int parent = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if ((f = fopen(path, "r")) == NULL)
		return (0);
	if (fgets(text, sizeof(text), f) == NULL)
		text[0] = '\0';
	fclose(f);
	open = strchr(text, '(');
	close = strrchr(text, ')');
	if (open == NULL || close == NULL || sscanf(close + 1, " %*c %d", &parent) != 1)
		return (0);
	*close = '\0';
	snprintf(name, size, "%s", open + 1);
	return (parent);
}

/* Calls back for the warden and each of its children; name is the beginning of the program's. */
void
family_each(const struct target *t, void (*call)(pid_t, const char *name, void *), void *arg)
{
	DIR *d = opendir("/proc");
	char name[64];
	struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL) {
		pid_t pid = (pid_t)strtol(e->d_name, NULL, 10), parent;

		if (pid <= 0)
			continue;
		parent = parent_of(pid, name, sizeof(name));
		if (pid == t->pid || parent == t->pid)
			call(pid, name, arg);
	}
	if (d != NULL)
		closedir(d);
}

static void
add_pss(pid_t pid, const char *name, void *arg)
{
	struct family_memory *m = arg;
	uint64_t pss = mem_rollup_kib(pid, "Pss:"), shmem = mem_rollup_kib(pid, "Pss_Shmem:");

	m->processes++;
	m->pss_kib += pss - shmem;
	m->ram_kib += shmem;
	if (strncmp(name, "cellblock-work", 14) == 0)
		m->workers++;
}

void
family_memory(const struct target *t, struct family_memory *m)
{
	*m = (struct family_memory){ .processes = 0 };
	family_each(t, add_pss, m);
}
