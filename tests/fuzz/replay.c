/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A fuzz driver without a fuzzer: every file of the corpus goes through it, whole, cut at every
 * length, and with every bit turned. Inputs lie in allocations of exactly their size. Prints TAP.
 * The corpus is tests/corpus/NAME for a program replay_NAME, or the directory in the argument.
 */
#include "config.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

#define INPUT_MAX 65536

static void
run(const uint8_t *from, size_t len)
{
	uint8_t *p = malloc(len);

	if (p == NULL && len > 0)
		abort();
	if (len > 0)
		memcpy(p, from, len);
	LLVMFuzzerTestOneInput(p, len);
	free(p);
}

static void
run_all(uint8_t *in, size_t len)
{
	for (size_t n = 0; n <= len; n++)
		run(in, n);
	for (size_t bit = 0; bit < len * 8; bit++) {
		in[bit / 8] ^= (uint8_t)(1 << bit % 8);
		run(in, len);
		in[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

static int
run_file(const char *dir, const char *name)
{
	static uint8_t in[INPUT_MAX];
	char path[4096];
	size_t len;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if ((f = fopen(path, "rb")) == NULL)
		return (-1);
	len = fread(in, 1, sizeof(in), f);
	fclose(f);
	run_all(in, len);
	return (0);
}

static int
not_hidden(const struct dirent *d)
{
	return (d->d_name[0] != '.');
}

static void
corpus_of(const char *program, char *dir, size_t size)
{
	const char *srcdir = getenv("srcdir"), *name = strrchr(program, '_');

	snprintf(dir, size, "%s/tests/corpus/%s", srcdir != NULL ? srcdir : ".",
	    name != NULL ? name + 1 : program);
}

int
main(int argc, char **argv)
{
	struct dirent **files;
	char dir[2048];
	int n, failed = 0;

	corpus_of(argv[0], dir, sizeof(dir));
	if (argc > 1)
		snprintf(dir, sizeof(dir), "%s", argv[1]);
	if ((n = scandir(dir, &files, not_hidden, alphasort)) < 1) {
		printf("Bail out! %s: no corpus\n", dir);
		return (1);
	}
	printf("1..%d\n", n);
	for (int i = 0; i < n; i++) {
		int ret = run_file(dir, files[i]->d_name);

		failed |= ret;
		printf("%s %d - %s\n", ret == 0 ? "ok" : "not ok", i + 1, files[i]->d_name);
		free(files[i]);
	}
	free(files);
	return (failed == 0 ? 0 : 1);
}
