/* SPDX-License-Identifier: BSD-2-Clause */
/* Names from hosts: what is a name, when two are the same, and how any text is made harmless. */
#include "config.h"

#include "common/nqn.h"
#include "tests/unit/unit.h"

/* The text as it would lie in a field; zero behind it. */
static bool
valid(const char *text, size_t len)
{
	uint8_t field[NQN_FIELD_SIZE] = { 0 }, *exact;
	bool ok;

	memcpy(field, text, len);
	exact = exact_copy(field, sizeof(field));
	ok = nqn_valid(exact);
	free(exact);
	return (ok);
}

static void
decent_names_pass(void **state)
{
	static const char *const good[] = {
		"n", "nqn.2014-08.org.nvmexpress:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
		"nqn.2024-01.com.example:disk one", "nqn.2024-01.com.example:Gr\xc3\xbc\xc3\x9f",
		"\xe2\x82\xac", "\xf0\x9f\x92\xbe", "\xf4\x8f\xbf\xbd", "\xed\x9f\xbf", "\xee\x80\x80",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_true(valid(good[i], strlen(good[i])));
		assert_true(nqn_valid_text(good[i]));
	}
}

static void
controls_and_broken_utf8_are_refused(void **state)
{
	static const char *const bad[] = {
		"a\nb", "a\x1b[2Jb", "\x7f", "a\tb", "\x01",
		"\xc2\x85", "\xc2\x9b", "\xe2\x80\xae", "\xe2\x80\xa8", "\xe2\x81\xa6",
		"\x80", "\xbf", "\xc0\xaf", "\xc1\xbf", "\xe0\x80\xaf", "\xf0\x80\x80\xaf",
		"\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xfe",
		"\xc3", "\xe2\x82", "\xf0\x9f\x92", "\xe2\x28\xa1", "\xf0\x9f\x92\x41",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_false(valid(bad[i], strlen(bad[i])));
		assert_false(nqn_valid_text(bad[i]));
	}
}

static void
length_is_1_to_223(void **state)
{
	char text[NQN_FIELD_SIZE];

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_false(valid(text, 0));
	for (size_t len = 1; len <= sizeof(text); len++)
		assert_int_equal(valid(text, len), len <= 223);
}

/* The last sequence runs into the end of the field, which has no NUL. */
static void
cut_sequence_at_the_end(void **state)
{
	uint8_t *field = malloc(NQN_FIELD_SIZE);

	(void)state;
	assert_non_null(field);
	memset(field, 'x', NQN_FIELD_SIZE);
	field[NQN_FIELD_SIZE - 1] = 0xf0;
	assert_false(nqn_valid(field));
	free(field);
}

static void
equal_up_to_the_nul_over_all_bytes(void **state)
{
	uint8_t *a = malloc(NQN_FIELD_SIZE), *b = malloc(NQN_FIELD_SIZE);

	(void)state;
	assert_true(a != NULL && b != NULL);
	memset(a, 'x', NQN_FIELD_SIZE);
	memset(b, 'x', NQN_FIELD_SIZE);
	assert_true(nqn_equal(a, b));
	for (size_t i = 0; i < NQN_FIELD_SIZE; i++) {
		b[i] = 'y';
		assert_false(nqn_equal(a, b));
		b[i] = 'x';
	}
	a[20] = b[20] = '\0';
	b[21] = 'y';
	assert_true(nqn_equal(a, b));
	b[20] = 'x';
	assert_false(nqn_equal(a, b));
	free(a);
	free(b);
}

static void
discovery_name(void **state)
{
	(void)state;
	assert_true(nqn_is_discovery("nqn.2014-08.org.nvmexpress.discovery"));
	assert_false(nqn_is_discovery("nqn.2014-08.org.nvmexpress.discovery "));
	assert_false(nqn_is_discovery("nqn.2014-08.org.nvmexpress.discover"));
	assert_false(nqn_is_discovery(""));
}

static void
escapes(void **state)
{
	char out[64];

	(void)state;
	assert_int_equal(escape_text(out, sizeof(out), "plain text ~"), 12);
	assert_string_equal(out, "plain text ~");
	assert_int_equal(escape_text(out, sizeof(out), "a\\\x1b[0m\n\x7f\xc3\xbc"), 26);
	assert_string_equal(out, "a\\\\\\x1b[0m\\x0a\\x7f\\xc3\\xbc");
	assert_int_equal(escape_bytes(out, sizeof(out), (const uint8_t *)"a\0b", 3), 6);
	assert_string_equal(out, "a\\x00b");
	assert_int_equal(escape_text(out, sizeof(out), ""), 0);
	assert_string_equal(out, "");
	escape_also(out, sizeof(out), (const uint8_t *)"a b;c\\=", 7, " ;");
	assert_string_equal(out, "a\\x20b\\x3bc\\\\=");
}

/* Every byte value into every size: printable, terminated, no half escape. */
static void
escape_never_overruns(void **state)
{
	static const size_t whole[] = { 0, 0, 0, 0, 4, 4, 4, 4, 8 };
	uint8_t all[256];
	char *out;

	(void)state;
	for (unsigned i = 0; i < sizeof(all); i++)
		all[i] = (uint8_t)i;
	for (size_t size = 1; size <= 1100; size++) {
		assert_non_null(out = malloc(size));
		size_t n = escape_bytes(out, size, all, sizeof(all));

		assert_true(n < size && strlen(out) == n);
		for (size_t i = 0; i < n; i++)
			assert_true(out[i] >= 0x20 && out[i] < 0x7f);
		if (size <= ARRAY_LEN(whole))
			assert_int_equal(n, whole[size - 1]);
		free(out);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(decent_names_pass),
		cmocka_unit_test(controls_and_broken_utf8_are_refused),
		cmocka_unit_test(length_is_1_to_223),
		cmocka_unit_test(cut_sequence_at_the_end),
		cmocka_unit_test(equal_up_to_the_nul_over_all_bytes),
		cmocka_unit_test(discovery_name),
		cmocka_unit_test(escapes),
		cmocka_unit_test(escape_never_overruns),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
