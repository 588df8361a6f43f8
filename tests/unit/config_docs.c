/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What people read about the configuration is true: the manual has every key and its default, its
 * examples and contrib/cellblock.yaml are accepted.
 */
#include "config.h"

#include <ctype.h>
#include <err.h>
#include <stdio.h>

#include "broker/config_parse.h"
#include "tests/unit/unit.h"

enum { BLOCKS_MAX = 16, TEXT_MAX = 65536 };

static struct config_errors errors;
static char manual[TEXT_MAX], example[TEXT_MAX];

static const char *const headings[] = {
	[SEC_TOP] = "", [SEC_SERVICE] = "SERVICE", [SEC_LISTENER] = "LISTENERS",
	[SEC_DISCOVERY] = "DISCOVERY", [SEC_REFERRAL] = "REFERRALS",
	[SEC_TRANSPORT] = "TRANSPORT", [SEC_LIMITS] = "LIMITS", [SEC_SUBSYSTEM] = "SUBSYSTEMS",
	[SEC_NAMESPACE] = "NAMESPACES", [SEC_HOST] = "HOSTS",
	[SEC_ANA_GROUP] = "ANA GROUPS", [SEC_ANA_LISTENER] = "ANA GROUPS",
};

static void
read_file(const char *name, char *text)
{
	const char *src = getenv("srcdir");
	char path[1024];
	size_t n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", src != NULL ? src : ".", name);
	if ((f = fopen(path, "r")) == NULL)
		err(1, "%s", path);
	n = fread(text, 1, TEXT_MAX - 1, f);
	text[n] = '\0';
	fclose(f);
}

static int
read_both(void **state)
{
	(void)state;
	read_file("broker/cellblock.yaml.5.in", manual);
	read_file("contrib/cellblock.yaml", example);
	return (0);
}

/* The text of a key in its section, up to the next key; to be freed. NULL: it is not there. */
static char *
paragraph(const struct config_key *k)
{
	char heading[64], item[64], *at, *end, *text;

	snprintf(heading, sizeof(heading), "\n.Sh %s\n", headings[k->in]);
	snprintf(item, sizeof(item), "\n.It Ic %s", k->name);
	if ((at = strstr(manual, heading)) == NULL)
		return (NULL);
	end = strstr(at + 1, "\n.Sh ");
	do {
		if ((at = strstr(at + 1, item)) == NULL || at > end)
			return (NULL);
	} while (!isspace((unsigned char)at[strlen(item)]));
	for (const char *stop = "\n.It \0\n.El\0"; *stop != '\0'; stop += strlen(stop) + 1) {
		char *here = strstr(at + 1, stop);

		if (here != NULL && here < end)
			end = here;
	}
	assert_true(asprintf(&text, "%.*s", (int)(end - at), at) >= 0);
	return (text);
}

static const char *
default_of(const struct config_key *k)
{
	if (strcmp(k->name, "state-dir") == 0)
		return ("@localstatedir@/lib/cellblock");
	return (k->text);
}

static void
manual_has_every_key(void **state)
{
	(void)state;
	for (size_t i = 0; i < config_nkeys; i++) {
		const struct config_key *k = &config_keys[i];
		char *text, *says;

		if (k->in == SEC_TOP)
			continue;
		if ((text = paragraph(k)) == NULL)
			fail_msg("%s: '%s' is missing", section_name(k->in), k->name);
		says = strstr(text, "Default:");
		if (k->text != NULL && (says == NULL || strstr(says, default_of(k)) == NULL))
			fail_msg("'%s': the default is %s, found:%s", k->name, k->text, text);
		free(text);
	}
}

static void
example_has_every_key(void **state)
{
	(void)state;
	for (size_t i = 0; i < config_nkeys; i++) {
		char key[64];

		if (config_keys[i].kind == KIND_UUID || config_keys[i].kind == KIND_HEX ||
		    strcmp(config_keys[i].name, "state-dir") == 0)
			continue;
		snprintf(key, sizeof(key), "%s:", config_keys[i].name);
		if (strstr(example, key) == NULL)
			fail_msg("'%s' is missing", key);
	}
}

static void
accepted(const char *text)
{
	struct config *c = config_parse("example", text, strlen(text), &errors);

	if (c == NULL)
		fail_msg("%s\n%s", errors.text[0], text);
	config_free(c);
}

static void
example_is_accepted(void **state)
{
	(void)state;
	accepted(example);
}

/* Without the lines that exclude each other, everything in it is right. */
static void
example_with_all_comments_undone(void **state)
{
	static char text[TEXT_MAX];
	char *out = text;

	(void)state;
	for (const char *line = example; *line != '\0';) {
		size_t len = strcspn(line, "\n") + 1;
		bool skip = memmem(line, len, "allow-any-host", 14) != NULL;

		size_t off = line[0] == '#';

		if (line[0] == '#' && line[1] == ' ' && line[2] != ' ')
			skip = true;		/* words for people */
		memcpy(out, line + off, skip ? 0 : len - off);
		out += skip ? 0 : len - off;
		line += len;
	}
	*out = '\0';
	accepted(text);
}

/* The literal blocks of the manual, one after the other. */
static size_t
manual_blocks(char *blocks[BLOCKS_MAX])
{
	static const char begin[] = "\n.Bd -literal -offset indent\n", end[] = "\n.Ed";
	size_t n = 0;

	for (char *at = manual; n < BLOCKS_MAX && (at = strstr(at, begin)) != NULL; n++) {
		char *stop = strstr(at += strlen(begin), end);

		assert_non_null(stop);
		assert_true(asprintf(&blocks[n], "%.*s\n", (int)(stop - at), at) > 0);
	}
	return (n);
}

static void
accepted_together(const char *head, char *const blocks[], size_t n)
{
	static char text[TEXT_MAX];

	strlcpy(text, head, sizeof(text));
	for (size_t i = 0; i < n; i++)
		strlcat(text, blocks[i], sizeof(text));
	accepted(text);
}

static void
manual_examples_are_accepted(void **state)
{
	char *b[BLOCKS_MAX];
	size_t n = manual_blocks(b);

	(void)state;
	assert_int_equal(n, 11);
	accepted_together("", b, 6);		/* service to subsystems */
	accepted_together("listeners: [{address: '*:1'}]\n"
	    "subsystems:\n  - nqn: nqn.2026-01.com.example:x\n", b + 6, 2);
	accepted_together("listeners: [{address: '*:1'}]\nsubsystems:\n", b + 8, 1);
	accepted_together("", b + 9, 1);
	accepted_together("listeners: [{address: '*:1'}]\n", b + 10, 1);
	for (size_t i = 0; i < n; i++)
		free(b[i]);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(manual_has_every_key),
		cmocka_unit_test(manual_examples_are_accepted),
		cmocka_unit_test(example_has_every_key),
		cmocka_unit_test(example_is_accepted),
		cmocka_unit_test(example_with_all_comments_undone),
	};

	return (cmocka_run_group_tests(tests, read_both, NULL));
}
