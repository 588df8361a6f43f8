/* SPDX-License-Identifier: BSD-2-Clause */
/* States of ANA groups: as configured, set, kept for the next broker, and believed by it or not. */
#include "config.h"

#include "broker/ana.h"
#include "common/nvme.h"
#include "tests/unit/unit.h"

#define HEAD "listeners: [{address: '127.0.0.1:4420'}, {address: '127.0.0.2:4420', socket: two}]\n" \
    "subsystems:\n"
#define PLAIN "  - {nqn: nqn.2026-01.example:plain, allow-any-host: true}\n"
#define GROUPS(state) "  - nqn: nqn.2026-01.example:pair\n    allow-any-host: true\n" \
    "    ana-groups: [{id: 1}, {id: 7, state: " state ", listeners: [{listener: two, " \
    "state: non-optimized}]}]\n"

static struct config_errors errors;

static struct config *
parse(const char *text)
{
	struct config *c = config_parse("test", text, strlen(text), &errors);

	if (c == NULL)
		fail_msg("%s", errors.text[0]);
	return (c);
}

static struct ana_cell *
cell(struct ana *a, const struct config *c, uint32_t group, uint32_t listener)
{
	return (ana_find(a, config_find_subsystem(c, "nqn.2026-01.example:pair"), group, listener));
}

static void
as_configured(void **state)
{
	struct config *c = parse(HEAD PLAIN GROUPS("inaccessible"));
	struct ana *a = ana_new(c);

	(void)state;
	assert_int_equal(cell(a, c, 1, 0)->state, NVME_ANA_OPTIMIZED);
	assert_int_equal(cell(a, c, 7, 0)->state, NVME_ANA_INACCESSIBLE);
	assert_int_equal(cell(a, c, 7, 1)->state, NVME_ANA_NON_OPTIMIZED);
	assert_int_equal(cell(a, c, 7, CONFIG_NO_LISTENER)->state, NVME_ANA_INACCESSIBLE);
	assert_int_equal(cell(a, c, 7, 5)->state, NVME_ANA_INACCESSIBLE);
	assert_int_equal(cell(a, c, 7, 1)->count, 1);
	assert_null(cell(a, c, 2, 0));
	assert_null(ana_find(a, &c->subsystems[0], 1, 0));
	ana_free(a);
	config_free(c);
}

/* Only where access is given or taken is there a time in between. */
static void
transitions(void **state)
{
	static const struct { uint32_t from, to; bool is; } rows[] = {
		{ NVME_ANA_OPTIMIZED, NVME_ANA_OPTIMIZED, false },
		{ NVME_ANA_OPTIMIZED, NVME_ANA_NON_OPTIMIZED, false },
		{ NVME_ANA_OPTIMIZED, NVME_ANA_INACCESSIBLE, true },
		{ NVME_ANA_NON_OPTIMIZED, NVME_ANA_PERSISTENT_LOSS, true },
		{ NVME_ANA_INACCESSIBLE, NVME_ANA_PERSISTENT_LOSS, false },
		{ NVME_ANA_INACCESSIBLE, NVME_ANA_OPTIMIZED, true },
		{ NVME_ANA_PERSISTENT_LOSS, NVME_ANA_NON_OPTIMIZED, true },
		{ NVME_ANA_CHANGE, NVME_ANA_OPTIMIZED, true },
		{ NVME_ANA_CHANGE, NVME_ANA_INACCESSIBLE, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(ana_is_transition(rows[i].from, rows[i].to), rows[i].is);
}

static void
names(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 20; i++)
		if (ana_state_name(i) != NULL)
			assert_int_equal(ana_state_number(ana_state_name(i)), i);
	assert_string_equal(ana_state_name(0), "configured");
	assert_string_equal(ana_state_name(NVME_ANA_CHANGE), "change");
	assert_null(ana_state_name(5));
	assert_null(ana_state_name(UINT32_MAX));
	assert_int_equal(ana_state_number("optimised"), -1);
	assert_int_equal(ana_state_number(""), -1);
}

/* From one configuration into another; returns what the second makes of it. */
static struct ana *
hand_over(struct ana *from, const struct config *to)
{
	struct ana *a = ana_new(to);
	size_t size;
	void *page = ana_save(from, &size);

	assert_non_null(page);
	ana_restore(a, page, size);
	free(page);
	return (a);
}

static void
is_kept(void **state)
{
	struct config *c = parse(HEAD GROUPS("inaccessible") PLAIN);
	struct config *same = parse(HEAD PLAIN GROUPS("inaccessible"));
	struct ana *a = ana_new(c), *b;

	(void)state;
	cell(a, c, 7, 0)->target = NVME_ANA_OPTIMIZED;
	ana_set_state(cell(a, c, 7, 0), NVME_ANA_OPTIMIZED);
	ana_set_state(cell(a, c, 7, 0), NVME_ANA_OPTIMIZED);	/* counts once */
	b = hand_over(a, same);
	assert_int_equal(cell(b, same, 7, 0)->state, NVME_ANA_OPTIMIZED);
	assert_int_equal(cell(b, same, 7, 0)->count, 2);
	assert_int_equal(cell(b, same, 7, 1)->state, NVME_ANA_NON_OPTIMIZED);
	assert_int_equal(cell(b, same, 7, CONFIG_NO_LISTENER)->state, NVME_ANA_INACCESSIBLE);
	assert_int_equal(cell(b, same, 1, 0)->count, 1);
	ana_free(a);
	ana_free(b);
	config_free(c);
	config_free(same);
}

/* Whoever writes another state into the file means it. The count never goes back. */
static void
another_configuration_wins(void **state)
{
	struct config *c = parse(HEAD GROUPS("inaccessible"));
	struct config *other = parse(HEAD GROUPS("persistent-loss"));
	struct ana *a = ana_new(c), *b;

	(void)state;
	cell(a, c, 7, 0)->target = NVME_ANA_OPTIMIZED;
	ana_set_state(cell(a, c, 7, 0), NVME_ANA_OPTIMIZED);
	b = hand_over(a, other);
	assert_int_equal(cell(b, other, 7, 0)->state, NVME_ANA_PERSISTENT_LOSS);
	assert_int_equal(cell(b, other, 7, 0)->count, 3);
	ana_free(a);
	ana_free(b);
	config_free(c);
	config_free(other);
}

/* The broker ended between "change" and the new state. */
static void
on_its_way(void **state)
{
	struct config *c = parse(HEAD GROUPS("optimized"));
	struct ana *a = ana_new(c), *b;

	(void)state;
	cell(a, c, 1, 0)->target = NVME_ANA_INACCESSIBLE;
	ana_set_state(cell(a, c, 1, 0), NVME_ANA_CHANGE);
	b = hand_over(a, c);
	assert_int_equal(cell(b, c, 1, 0)->state, NVME_ANA_INACCESSIBLE);
	assert_int_equal(cell(b, c, 1, 0)->count, 3);
	ana_free(a);
	ana_free(b);
	config_free(c);
}

/* An older program may have made the page. */
static void
nonsense_is_not_believed(void **state)
{
	struct config *c = parse(HEAD GROUPS("optimized"));
	struct ana *a = ana_new(c), *b;
	uint8_t *page, *bad;
	size_t size;

	(void)state;
	cell(a, c, 1, 0)->target = NVME_ANA_INACCESSIBLE;
	ana_set_state(cell(a, c, 1, 0), NVME_ANA_INACCESSIBLE);
	page = ana_save(a, &size);
	assert_true(size > 0);
	for (size_t len = 0; len < size; len++) {
		b = ana_new(c);
		bad = exact_copy(page, len);
		ana_restore(b, bad, len);
		assert_int_equal(cell(b, c, 1, 0)->state, NVME_ANA_OPTIMIZED);
		free(bad);
		ana_free(b);
	}
	b = ana_new(c);
	bad = exact_copy(page, size);
	memset(bad, 'n', CONFIG_NQN_SIZE);	/* without an end */
	ana_restore(b, bad, size);
	memset(bad, 0xff, size);
	ana_restore(b, bad, size);
	assert_int_equal(cell(b, c, 1, 0)->state, NVME_ANA_OPTIMIZED);
	assert_int_equal(cell(b, c, 1, 0)->count, 1);
	free(bad);
	free(page);
	ana_free(a);
	ana_free(b);
	config_free(c);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_configured),
		cmocka_unit_test(transitions),
		cmocka_unit_test(names),
		cmocka_unit_test(is_kept),
		cmocka_unit_test(another_configuration_wins),
		cmocka_unit_test(on_its_way),
		cmocka_unit_test(nonsense_is_not_believed),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
