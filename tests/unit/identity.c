/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Identities: made once and found again, the bits that mark them, and that a file of them that is
 * torn or strange stops everything and stays as it is.
 */
#include "config.h"

#include <sys/stat.h>

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "broker/config_parse.h"
#include "broker/identity.h"
#include "broker/identity_store.h"
#include "tests/unit/unit.h"

static const uint8_t key[IDENTITY_KEY_SIZE] = "a machine";
static const uint8_t other_key[IDENTITY_KEY_SIZE] = "another machine";
static struct config_errors errors;
static char dir[64];

static const char *
path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return (path);
}

static int
make_dir(void **state)
{
	(void)state;
	strlcpy(dir, "/tmp/cellblock-test.XXXXXX", sizeof(dir));
	return (mkdtemp(dir) != NULL ? 0 : -1);
}

static int
remove_dir(void **state)
{
	(void)state;
	unlink(path_of("identities"));
	unlink(path_of("identities.new"));
	unlink(path_of("elsewhere"));
	return (rmdir(dir));
}

static char *
slurp(const char *name)
{
	char *text = calloc(1, 65536);
	FILE *f = fopen(path_of(name), "r");
	size_t n = 0;

	assert_non_null(text);
	if (f != NULL) {
		n = fread(text, 1, 65535, f);
		fclose(f);
	}
	text[n] = '\0';
	return (text);
}

static void
spill(const char *name, const char *text, size_t len)
{
	FILE *f = fopen(path_of(name), "w");

	if (f == NULL || fwrite(text, 1, len, f) != len || fclose(f) == EOF)
		err(1, "%s", name);
}

#define NS(n) "      - {nsid: " #n ", path: /dev/" #n "}\n"
#define GIVEN "      - {nsid: 9, path: /dev/9, uuid: f81d4fae-7dec-11d0-a765-00a0c91e6bf6}\n"

/* state_dir NULL: none. */
static struct config *
make(const char *state_dir, const char *namespaces)
{
	struct config *c;
	char *text;

	if (asprintf(&text, "service: {state-dir: %s}\nlisteners: [{address: '*:4420'}]\n"
	    "subsystems:\n  - nqn: nqn.2026-01.example:one\n    allow-any-host: true\n"
	    "    namespaces:\n%s", state_dir != NULL ? state_dir : "none", namespaces) == -1)
		err(1, NULL);
	c = config_parse("test", text, strlen(text), &errors);
	free(text);
	if (c == NULL)
		fail_msg("%s", errors.text[0]);
	return (c);
}

static struct config *
filled(const char *state_dir, const uint8_t *k, const char *namespaces)
{
	struct config *c = make(state_dir, namespaces);

	if (identity_fill(c, k, &errors) == -1)
		fail_msg("%s", errors.text[0]);
	return (c);
}

static bool
same(const struct config_namespace *a, const struct config_namespace *b)
{
	return (memcmp(a->uuid, b->uuid, 16) == 0 && memcmp(a->nguid, b->nguid, 16) == 0 &&
	    memcmp(a->eui64, b->eui64, 8) == 0);
}

static bool
distinct(const struct config_namespace *a, const struct config_namespace *b)
{
	return (memcmp(a->uuid, b->uuid, 16) != 0 && memcmp(a->nguid, b->nguid, 16) != 0 &&
	    memcmp(a->eui64, b->eui64, 8) != 0);
}

static void
assert_forms(const struct config_namespace *ns, int version)
{
	assert_int_equal(ns->uuid[6] >> 4, version);
	assert_int_equal(ns->uuid[8] >> 6, 2);
	assert_int_equal(ns->nguid[8] & 3, 2);
	assert_int_equal(ns->eui64[0] & 3, 2);
}

static void
derived_is_the_same_at_every_start(void **state)
{
	struct config *a = filled(NULL, key, NS(1) NS(2)), *b = filled(NULL, key, NS(2) NS(1));
	struct config *c = filled(NULL, other_key, NS(1));
	const struct config_namespace *ns = a->subsystems[0].namespaces;

	(void)state;
	assert_forms(&ns[0], 8);
	assert_forms(&ns[1], 8);
	assert_true(distinct(&ns[0], &ns[1]));
	assert_true(same(&ns[0], &b->subsystems[0].namespaces[1]));
	assert_true(distinct(&ns[0], &c->subsystems[0].namespaces[0]));
	assert_int_equal(strlen(a->subsystems[0].serial), 18);
	assert_string_equal(a->subsystems[0].serial, b->subsystems[0].serial);
	assert_string_not_equal(a->subsystems[0].serial, c->subsystems[0].serial);
	config_free(a);
	config_free(b);
	config_free(c);
}

static void
what_is_given_is_taken(void **state)
{
	struct config *c = filled(NULL, key, GIVEN);
	const struct config_namespace *ns = c->subsystems[0].namespaces;

	(void)state;
	assert_int_equal(ns->uuid[0], 0xf8);
	assert_int_equal(ns->uuid[6] >> 4, 1);
	assert_int_equal(ns->nguid[8] & 3, 2);
	config_free(c);
}

static void
made_once(void **state)
{
	struct config *a = filled(dir, NULL, NS(1) NS(2)), *b;
	char *before = slurp("identities"), *after;
	struct stat st;

	(void)state;
	assert_forms(&a->subsystems[0].namespaces[0], 4);
	assert_true(distinct(&a->subsystems[0].namespaces[0], &a->subsystems[0].namespaces[1]));
	assert_int_equal(stat(path_of("identities"), &st), 0);
	assert_int_equal(st.st_mode & 07, 0);
	b = filled(dir, NULL, NS(2) NS(1));
	assert_true(same(&a->subsystems[0].namespaces[0], &b->subsystems[0].namespaces[1]));
	assert_string_equal(a->subsystems[0].serial, b->subsystems[0].serial);
	after = slurp("identities");
	assert_string_equal(before, after);
	assert_int_not_equal(access(path_of("identities.new"), F_OK), 0);
	config_free(a);
	config_free(b);
	free(before);
	free(after);
}

static void
discovery_nqn(void **state)
{
	static const char prefix[] = "nqn.2014-08.org.nvmexpress:uuid:";
	struct config *a = filled(NULL, key, NS(1)), *b = filled(NULL, key, NS(2)),
	    *c = filled(NULL, other_key, NS(1)), *d = filled(dir, NULL, NS(1)),
	    *e = filled(dir, NULL, NS(2)), *f = make(NULL, NS(1));
	uint8_t uuid[16];

	(void)state;
	assert_string_equal(a->discovery.nqn, b->discovery.nqn);
	assert_string_not_equal(a->discovery.nqn, c->discovery.nqn);
	assert_string_equal(d->discovery.nqn, e->discovery.nqn);
	assert_string_not_equal(a->discovery.nqn, d->discovery.nqn);
	assert_memory_equal(d->discovery.nqn, prefix, strlen(prefix));
	assert_true(value_nqn(d->discovery.nqn));
	assert_true(value_uuid(d->discovery.nqn + strlen(prefix), uuid));
	assert_int_equal(uuid[6] >> 4, 8);
	strcpy(f->discovery.nqn, "nqn.2026-01.example:given");
	assert_int_equal(identity_fill(f, key, &errors), 0);
	assert_string_equal(f->discovery.nqn, "nqn.2026-01.example:given");
	for (size_t i = 0; i < 6; i++)
		config_free((struct config *[]){ a, b, c, d, e, f }[i]);
}

/* A namespace that is away for a while is the same disk when it comes back. */
static void
kept_when_removed(void **state)
{
	struct config *a = filled(dir, NULL, NS(1) NS(2)), *b = filled(dir, NULL, NS(1) NS(3)),
	    *c = filled(dir, NULL, NS(2));

	(void)state;
	assert_true(same(&a->subsystems[0].namespaces[1], &c->subsystems[0].namespaces[0]));
	assert_true(distinct(&a->subsystems[0].namespaces[1], &b->subsystems[0].namespaces[1]));
	config_free(a);
	config_free(b);
	config_free(c);
}

static void
directory_is_made(void **state)
{
	struct config *c;

	(void)state;
	assert_int_equal(rmdir(dir), 0);
	c = filled(dir, NULL, NS(1));
	config_free(c);
	assert_int_equal(access(path_of("identities"), F_OK), 0);
}

static void
refused(const char *want)
{
	struct config *c = make(dir, NS(1));

	assert_int_equal(identity_fill(c, NULL, &errors), -1);
	assert_int_equal(errors.n, 1);
	if (strstr(errors.text[0], want) == NULL || strstr(errors.text[0], dir) == NULL)
		fail_msg("expected '%s', found '%s'", want, errors.text[0]);
	config_free(c);
}

/* Cut anywhere, even the last newline off: an error, and the file stays. */
static void
torn_file_is_never_made_anew(void **state)
{
	char *whole, *after;
	size_t len;

	(void)state;
	config_free(filled(dir, NULL, NS(1)));
	whole = slurp("identities");
	len = strlen(whole);
	assert_true(len > 100);
	for (size_t n = 0; n < len; n++) {
		spill("identities", whole, n);
		refused("identities:");
		after = slurp("identities");
		assert_int_equal(strlen(after), n);
		free(after);
	}
	spill("identities", whole, len);
	config_free(filled(dir, NULL, NS(1)));
	free(whole);
}

#define HEAD "cellblock identities 1\n"
#define SERIAL "serial CB0 nqn.2026-01.example:one\n"
#define IDS " e24a2639-1d7b-4248-b577-06bb4f89e92c 6e3302db76e62f043a7ec0bbd20b5b2b " \
	"ba19816a8525c6bb nqn.2026-01.example:one\n"

static void
strange_files(void **state)
{
	static const struct {
		const char *text;
		unsigned line;		/* 0: right */
	} cases[] = {
		{HEAD "end 0\n", 0},
		{HEAD SERIAL "namespace 1" IDS "end 2\n", 0},
		{"", 1},
		{"\n", 1},
		{"cellblock identities 2\nend 0\n", 1},
		{HEAD, 2},
		{"cellblock identities 1", 2},
		{HEAD "\nend 0\n", 2},
		{HEAD "end 1\n", 2},
		{HEAD "end\n", 2},
		{HEAD "end 0", 2},
		{HEAD "end 0\n\n", 2},
		{HEAD "end 0\nend 0\n", 2},
		{HEAD SERIAL SERIAL "end 2\n", 3},
		{HEAD "namespace 0" IDS "end 1\n", 2},
		{HEAD "namespace 1025" IDS "end 1\n", 2},
		{HEAD "namespace x" IDS "end 1\n", 2},
		{HEAD "namespace 1" IDS "namespace 1" IDS "end 2\n", 3},
		{HEAD "namespace 1\nend 1\n", 2},
		{HEAD "serial CB0\nend 1\n", 2},
		{HEAD "serial\nend 1\n", 2},
		{HEAD "serial 123456789012345678901 nqn.2026-01.example:one\nend 1\n", 2},
		{HEAD "serial CB0 one\nend 1\n", 2},
		{HEAD "controller 1\nend 1\n", 2},
		{HEAD "namespace 1 x 6e3302db76e62f043a7ec0bbd20b5b2b ba19816a8525c6bb "
		    "nqn.2026-01.example:one\nend 1\n", 2},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct identity_store s;
		char *text = (char *)exact_copy(cases[i].text, strlen(cases[i].text) + 1);

		identity_store_init(&s);
		if (identity_store_parse(&s, text) != cases[i].line)
			fail_msg("case %zu: %s", i, cases[i].text);
		identity_store_free(&s);
		free(text);
	}
}

static void
nul_bytes(void **state)
{
	static const char text[] = HEAD "end 0\n\0";

	(void)state;
	spill("identities", text, sizeof(text));
	refused("identities:");
}

static void
links_and_open_doors(void **state)
{
	(void)state;
	spill("elsewhere", HEAD "end 0\n", strlen(HEAD "end 0\n"));
	assert_int_equal(symlink("elsewhere", path_of("identities")), 0);
	refused("identities:");
	unlink(path_of("identities"));
	assert_int_equal(chmod(dir, 0777), 0);
	refused("not everybody may write");
	assert_int_equal(chmod(dir, 0700), 0);
}

static void
no_place_for_it(void **state)
{
	struct config *c = make("/proc/nowhere/cellblock", NS(1));

	(void)state;
	assert_int_equal(identity_fill(c, NULL, &errors), -1);
	assert_non_null(strstr(errors.text[0], "state-dir /proc/nowhere/cellblock: "));
	config_free(c);
}

/* An identity that was copied into the configuration of another disk is found. */
static void
taken_twice(void **state)
{
	struct config *a = filled(dir, NULL, NS(1)), *b;
	char uuid[VALUE_SIZE], *text;

	(void)state;
	format_uuid(a->subsystems[0].namespaces[0].uuid, uuid);
	assert_true(asprintf(&text, NS(1) "      - {nsid: 2, path: /dev/2, uuid: %s}\n", uuid) > 0);
	b = make(dir, text);
	assert_int_equal(identity_fill(b, NULL, &errors), -1);
	assert_non_null(strstr(errors.text[0], "expected another UUID"));
	config_free(a);
	config_free(b);
	free(text);
}

static int
machine_key(const char *text, uint8_t out[IDENTITY_KEY_SIZE])
{
	spill("elsewhere", text, strlen(text));
	return (identity_key_from_file(path_of("elsewhere"), out));
}

static void
machine_ids(void **state)
{
	uint8_t a[IDENTITY_KEY_SIZE], b[IDENTITY_KEY_SIZE];

	(void)state;
	assert_int_equal(machine_key("3d1219c7c4c5404aaa1f6d2a48adfda4\n", a), 0);
	assert_int_equal(machine_key("3D1219C7-C4C5-404A-AA1F-6D2A48ADFDA4", b), 0);
	assert_memory_equal(a, b, sizeof(a));
	assert_int_equal(machine_key("3d1219c7c4c5404aaa1f6d2a48adfda5\n", b), 0);
	assert_memory_not_equal(a, b, sizeof(a));
	assert_int_equal(machine_key("", b), -1);
	assert_int_equal(machine_key("uninitialized\n", b), -1);
	assert_int_equal(machine_key("00000000000000000000000000000000\n", b), -1);
	assert_int_equal(machine_key("3d1219c7c4c5404aaa1f6d2a48adfda\n", b), -1);
	assert_int_equal(machine_key("3d1219c7c4c5404aaa1f6d2a48adfda4a\n", b), -1);
	assert_int_equal(identity_key_from_file(path_of("missing"), b), -1);
}

#define IN_DIR(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(derived_is_the_same_at_every_start),
		cmocka_unit_test(what_is_given_is_taken),
		IN_DIR(discovery_nqn),
		IN_DIR(made_once),
		IN_DIR(kept_when_removed),
		IN_DIR(directory_is_made),
		IN_DIR(torn_file_is_never_made_anew),
		cmocka_unit_test(strange_files),
		IN_DIR(nul_bytes),
		IN_DIR(links_and_open_doors),
		cmocka_unit_test(no_place_for_it),
		IN_DIR(taken_twice),
		IN_DIR(machine_ids),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
