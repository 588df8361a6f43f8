/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pairs of files in tests/config: NAME.in, and what is printed when it is read: NAME.ok (the
 * effective configuration) or NAME.err (the errors). What was printed is read again and has to
 * print the same. With CONFIG_GOLDEN_WRITE set, the answers are written instead of compared.
 */
#include "config.h"

#include <dirent.h>
#include <err.h>
#include <stdio.h>

#include "broker/configuration.h"
#include "tests/unit/unit.h"

#define DIR_MARK "@localstatedir@"

static struct config_errors errors;

static char *
path_of(const char *name, const char *suffix)
{
	const char *src = getenv("srcdir");
	char *path;

	if (asprintf(&path, "%s/tests/config/%s%s", src != NULL ? src : ".", name, suffix) == -1)
		err(1, NULL);
	return (path);
}

/* NULL: there is no such file. */
static char *
read_text(const char *name, const char *suffix, size_t *len)
{
	char *path = path_of(name, suffix), *text = NULL;
	FILE *f = fopen(path, "r");

	free(path);
	if (f == NULL)
		return (NULL);
	if ((text = calloc(1, 65536)) == NULL)
		err(1, NULL);
	*len = fread(text, 1, 65535, f);
	fclose(f);
	return (text);
}

static void
write_text(const char *name, const char *suffix, const char *text)
{
	char *path = path_of(name, suffix);
	FILE *f = fopen(path, "w");

	if (f == NULL || fputs(text, f) == EOF || fclose(f) == EOF)
		err(1, "%s", path);
	free(path);
}

/* Where the state directory is depends on the build. */
static char *
mark_dir(char *text)
{
	char *at = strstr(text, " " LOCALSTATEDIR "/lib/cellblock\n"), *marked;

	if (at == NULL)
		return (text);
	if (asprintf(&marked, "%.*s " DIR_MARK "%s", (int)(at - text), text,
	    at + 1 + strlen(LOCALSTATEDIR)) == -1)
		err(1, NULL);
	free(text);
	return (marked);
}

static char *
print_result(const struct config *c)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (f == NULL)
		err(1, NULL);
	if (c != NULL)
		config_print(f, c);
	else
		config_errors_print(f, &errors);
	fclose(f);
	return (text);
}

/* Reads text from a buffer that ends where it does. */
static struct config *
parse(const char *name, const char *text, size_t len)
{
	char *exact = (char *)exact_copy(text, len), file[256];
	struct config *c;

	snprintf(file, sizeof(file), "%s.in", name);
	c = config_parse(file, exact, len, &errors);
	free(exact);
	assert_true((c == NULL) == (errors.n > 0));
	return (c);
}

static void
same_when_read_again(const char *name, const char *printed)
{
	struct config *c = parse(name, printed, strlen(printed));
	char *again = print_result(c);

	assert_string_equal(again, printed);
	config_free(c);
	free(again);
}

static void
one_pair(void **state)
{
	const char *name = *state, *suffix;
	size_t len = 0;
	char *in = read_text(name, ".in", &len), *out, *want;
	struct config *c;

	assert_non_null(in);
	c = parse(name, in, len);
	out = print_result(c);
	suffix = c != NULL ? ".ok" : ".err";
	if (c != NULL)
		same_when_read_again(name, out);
	config_free(c);
	out = mark_dir(out);
	if (getenv("CONFIG_GOLDEN_WRITE") != NULL)
		write_text(name, suffix, out);
	if ((want = read_text(name, suffix, &len)) == NULL)
		fail_msg("%s%s is missing, found: %s", name, suffix, out);
	assert_string_equal(out, want);
	free(in);
	free(out);
	free(want);
}

/* A file that ends anywhere is either right or wrong, never both and never a crash. */
static void
every_truncation(void **state)
{
	size_t len = 0;
	char *in = read_text("full", ".in", &len);

	(void)state;
	assert_non_null(in);
	for (size_t n = 0; n < len; n++)
		config_free(parse("full", in, n));
	free(in);
}

static int
is_input(const struct dirent *d)
{
	size_t len = strlen(d->d_name);

	return (len > 3 && strcmp(d->d_name + len - 3, ".in") == 0);
}

int
main(void)
{
	char *dir = path_of("", "");
	struct dirent **entries;
	struct CMUnitTest *tests;
	int ret, n = scandir(dir, &entries, is_input, alphasort);

	if (n <= 0 || (tests = calloc((size_t)n + 1, sizeof(*tests))) == NULL)
		err(1, "%s", dir);
	for (int i = 0; i < n; i++) {
		char *name = entries[i]->d_name;

		name[strlen(name) - 3] = '\0';
		tests[i] = (struct CMUnitTest)cmocka_unit_test_prestate(one_pair, name);
		tests[i].name = name;
	}
	tests[n] = (struct CMUnitTest)cmocka_unit_test(every_truncation);
	ret = _cmocka_run_group_tests("config_golden", tests, (size_t)n + 1, NULL, NULL);
	for (int i = 0; i < n; i++)
		free(entries[i]);
	free(entries);
	free(tests);
	free(dir);
	return (ret);
}
