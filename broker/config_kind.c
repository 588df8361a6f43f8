/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One function per kind of value: a node into a member, within the bounds of its row. Each says
 * what it expected when the node is something else, and leaves the member alone then.
 */
#include "config.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "broker/config_parse.h"

typedef int kind_fn(struct parse *, const struct config_key *, const struct node *, void *field);

static int expected(struct parse *, const struct config_key *, const struct node *,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static int
expected(struct parse *p, const struct config_key *k, const struct node *n, const char *fmt, ...)
{
	char what[CONFIG_ERROR_SIZE / 2], found[FOUND_SIZE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	parse_error(p, n->at, "expected '%s' to be %s, found %s", k->name, what,
	    node_found(n, found));
	return (-1);
}

/* No value is right when it is empty, so that everything else may look like that. */
static const char *
text_of(const struct node *n)
{
	return (n->kind == NODE_SCALAR ? n->text : "");
}

static bool
within(const struct config_key *k, uint64_t v)
{
	return (v >= k->min && v <= k->max && (k->multiple == 0 || v % k->multiple == 0));
}

static int
parse_block(struct parse *p, const struct config_key *k, const struct node *n, void *field)
{
	if (n->kind == NODE_EMPTY)	/* its keys are all commented out */
		return (0);
	if (n->kind != NODE_MAP)
		return (expected(p, k, n, "a block of keys"));
	return (parse_map(p, k->items, n, field));
}

static int
parse_items(struct parse *p, const struct config_key *k, const struct node *n, void *field)
{
	size_t count = 0;

	if (n->kind != NODE_LIST)
		return (expected(p, k, n, "a list"));
	for (const struct node *item = n->first; item != NULL; item = item->next)
		count++;
	if (count > k->max)
		return (expected(p, k, n, "at most %llu members", (unsigned long long)k->max));
	return (parse_list(p, k, n, (char *)field - k->offset));
}

static int
parse_number(struct parse *p, const struct config_key *k, const struct node *n, void *field)
{
	uint64_t v;

	if (!value_number(text_of(n), &v) || !within(k, v))
		return (expected(p, k, n, "a number from %llu to %llu", (unsigned long long)k->min,
		    (unsigned long long)k->max));
	*(uint32_t *)field = (uint32_t)v;
	return (0);
}

static int
parse_number_or_auto(struct parse *p, const struct config_key *k, const struct node *n, void *field)
{
	uint64_t v = 0;

	if (strcmp(text_of(n), "auto") != 0 && (!value_number(text_of(n), &v) || !within(k, v)))
		return (expected(p, k, n, "auto or a number from %llu to %llu",
		    (unsigned long long)k->min, (unsigned long long)k->max));
	*(uint32_t *)field = (uint32_t)v;
	return (0);
}

static int
parse_size(struct parse *p, const struct config_key *k, const struct node *n, void *field)
{
	char min[VALUE_SIZE], max[VALUE_SIZE];
	uint64_t v;

	if (!value_size(text_of(n), &v) || !within(k, v))
		return (expected(p, k, n, "a size (K, M, G, T) from %s to %s, a multiple of %llu",
		    format_size(k->min, min), format_size(k->max, max),
		    (unsigned long long)k->multiple));
	*(uint64_t *)field = v;
	return (0);
}

static int
parse_size_or_unlimited(struct parse *p, const struct config_key *k, const struct node *n,
    void *field)
{
	char min[VALUE_SIZE], max[VALUE_SIZE];
	uint64_t v = 0;

	if (strcmp(text_of(n), "unlimited") != 0 && (!value_size(text_of(n), &v) || !within(k, v)))
		return (expected(p, k, n, "unlimited or a size (K, M, G, T) from %s to %s, a "
		    "multiple of %llu", format_size(k->min, min), format_size(k->max, max),
		    (unsigned long long)k->multiple));
	*(uint64_t *)field = v;
	return (0);
}

static int
parse_transfer(struct parse *p, const struct config_key *k, const struct node *n, void *field)
{
	char min[VALUE_SIZE], max[VALUE_SIZE];
	uint64_t v;

	if (!value_size(text_of(n), &v) || !within(k, v) || (v & (v - 1)) != 0)
		return (expected(p, k, n, "a power of two from %s to %s", format_size(k->min, min),
		    format_size(k->max, max)));
	*(uint64_t *)field = v;
	return (0);
}

static int
parse_block_size(struct parse *p, const struct config_key *k, const struct node *n, void *field)
{
	uint64_t v;

	if (!value_size(text_of(n), &v) || (v != k->min && v != k->max))
		return (expected(p, k, n, "%llu or %llu", (unsigned long long)k->min,
		    (unsigned long long)k->max));
	*(uint32_t *)field = (uint32_t)v;
	return (0);
}

static int
parse_duration(struct parse *p, const struct config_key *k, const struct node *n, void *field)
{
	char min[VALUE_SIZE], max[VALUE_SIZE];
	uint64_t v;

	if (!value_duration(text_of(n), &v) || !within(k, v))
		return (expected(p, k, n, "a time (%s) from %s to %s",
		    k->multiple != 0 ? "s, m" : "ms, s, m", format_duration(k->min, min),
		    format_duration(k->max, max)));
	*(uint32_t *)field = (uint32_t)v;
	return (0);
}

static const struct config_word booleans[] = {{"false", 0}, {"true", 1}, {NULL, 0}};
static const struct config_word permissions[] = {{"forbid", 0}, {"permit", 1}, {NULL, 0}};

/* The value of one of the words, or -1 with all of them named. */
static int64_t
one_of(struct parse *p, const struct config_key *k, const struct node *n,
    const struct config_word *words)
{
	char list[128] = "", hint[48] = "";
	const char *near = word_nearest(words, text_of(n));

	for (const struct config_word *w = words; w->name != NULL; w++) {
		if (strcmp(w->name, text_of(n)) == 0)
			return (w->value);
		if (w != words)
			strlcat(list, w[1].name == NULL ? " or " : ", ", sizeof(list));
		strlcat(list, w->name, sizeof(list));
	}
	if (near != NULL)
		snprintf(hint, sizeof(hint), " (did you mean '%s'?)", near);
	return (expected(p, k, n, "%s%s", list, hint));
}

static int
parse_flag(struct parse *p, const struct config_key *k, const struct node *n,
    const struct config_word *words, bool *field)
{
	int64_t v = one_of(p, k, n, words);

	if (v == -1)
		return (-1);
	*field = v != 0;
	return (0);
}

static int
parse_bool(struct parse *p, const struct config_key *k, const struct node *n, void *field)
{
	return (parse_flag(p, k, n, booleans, field));
}

static int
parse_permit(struct parse *p, const struct config_key *k, const struct node *n, void *field)
{
	return (parse_flag(p, k, n, permissions, field));
}

static int
parse_word(struct parse *p, const struct config_key *k, const struct node *n, void *field)
{
	int64_t v = one_of(p, k, n, k->words);

	if (v == -1)
		return (-1);
	*(uint32_t *)field = (uint32_t)v;
	return (0);
}

static int
parse_string(struct parse *p, const struct config_key *k, const struct node *n, void *field)
{
	const char *text = text_of(n);

	if (!value_printable(text) || strlen(text) > k->max)
		return (expected(p, k, n, "1 to %llu printable ASCII characters",
		    (unsigned long long)k->max));
	strlcpy(field, text, (size_t)k->max + 1);
	return (0);
}

static void
replace(char **field, const char *text)
{
	free(*field);
	*field = NULL;
	if (text != NULL && (*field = strdup(text)) == NULL)
		err(1, "configuration");
}

static int
path_error(struct parse *p, const struct config_key *k, const struct node *n, const char *or_none)
{
	return (expected(p, k, n, "%san absolute path without '.', '..' or '//', at most %llu "
	    "bytes", or_none, (unsigned long long)k->max));
}

static int
parse_path(struct parse *p, const struct config_key *k, const struct node *n, void *field)
{
	if (!value_path(text_of(n)) || strlen(n->text) > k->max)
		return (path_error(p, k, n, ""));
	replace(field, n->text);
	return (0);
}

static int
parse_path_or_none(struct parse *p, const struct config_key *k, const struct node *n, void *field)
{
	if (strcmp(text_of(n), "none") == 0) {
		replace(field, NULL);
		return (0);
	}
	if (!value_path(text_of(n)) || strlen(n->text) > k->max)
		return (path_error(p, k, n, "none or "));
	replace(field, n->text);
	return (0);
}

static int
parse_nqn(struct parse *p, const struct config_key *k, const struct node *n, void *field)
{
	if (!value_nqn(text_of(n)))
		return (expected(p, k, n, "an NQN (nqn.YYYY-MM.DOMAIN:NAME, at most %d bytes)",
		    CONFIG_NQN_SIZE - 1));
	strlcpy(field, n->text, CONFIG_NQN_SIZE);
	return (0);
}

static int
parse_uuid(struct parse *p, const struct config_key *k, const struct node *n, void *field)
{
	if (!value_uuid(text_of(n), field))
		return (expected(p, k, n, "a UUID (8-4-4-4-12 hexadecimal digits, not all zero)"));
	return (0);
}

static int
parse_hex(struct parse *p, const struct config_key *k, const struct node *n, void *field)
{
	if (!value_hex(text_of(n), field, k->max))
		return (expected(p, k, n, "%llu hexadecimal digits, not all zero",
		    2 * (unsigned long long)k->max));
	return (0);
}

static int
parse_address(struct parse *p, const struct config_key *k, const struct node *n, void *field)
{
	if (!value_address(text_of(n), field))
		return (expected(p, k, n, "192.0.2.1:4420, '[2001:db8::1]:4420' or '*:4420'"));
	return (0);
}

static int
parse_range(struct parse *p, const struct config_key *k, const struct node *n, void *field)
{
	char text[VALUE_SIZE], *dash;
	uint64_t first, last;

	strlcpy(text, text_of(n), sizeof(text));
	if ((dash = strchr(text, '-')) != NULL)
		*dash++ = '\0';
	if (dash == NULL || !value_number(text, &first) || !value_number(dash, &last) ||
	    !within(k, first) || !within(k, last) || first > last)
		return (expected(p, k, n, "FIRST-LAST, numbers from %llu to %llu",
		    (unsigned long long)k->min, (unsigned long long)k->max));
	*(struct config_range *)field = (struct config_range){(uint32_t)first, (uint32_t)last};
	return (0);
}

/* How many members a list of values has; -1, reported, when it is no list or not of 1 to max. An
 * empty list could mean "none" or "any", so it is never accepted. */
static int
count_values(struct parse *p, const struct config_key *k, const struct node *n, uint64_t max,
    const char *what)
{
	uint64_t count = 0;

	for (const struct node *v = n->first; v != NULL; v = v->next)
		count++;
	if (n->kind != NODE_LIST || count == 0 || count > max) {
		expected(p, k, n, "a list of 1 to %llu %s", (unsigned long long)max, what);
		return (-1);
	}
	return ((int)count);
}

static int
parse_nsids(struct parse *p, const struct config_key *k, const struct node *n, void *field)
{
	struct config_nsids *list = field;
	int count = count_values(p, k, n, CONFIG_NSID_MAX, "namespace ids");

	if (count == -1)
		return (-1);
	list->nsid = parse_alloc((size_t)count, sizeof(*list->nsid));
	for (const struct node *v = n->first; v != NULL; v = v->next) {
		if (parse_number(p, k, v, &list->nsid[list->n]) == -1)
			return (-1);
		list->n++;
	}
	return (0);
}

static int
parse_read_only(struct parse *p, const struct config_key *k, const struct node *n, void *field)
{
	struct config_read_only *ro = field;

	if (n->kind == NODE_LIST)
		return (parse_nsids(p, k, n, &ro->nsids));
	return (parse_bool(p, k, n, &ro->all));
}

static int
parse_prefixes(struct parse *p, const struct config_key *k, const struct node *n, void *field)
{
	struct config_prefixes *list = field;
	int count = count_values(p, k, n, k->max, "addresses");

	if (count == -1)
		return (-1);
	list->prefix = parse_alloc((size_t)count, sizeof(*list->prefix));
	for (const struct node *v = n->first; v != NULL; v = v->next) {
		if (!value_prefix(text_of(v), &list->prefix[list->n]))
			return (expected(p, k, v, "a list of ADDRESS or ADDRESS/BITS, with no bit set behind BITS"));
		list->n++;
	}
	return (0);
}

static kind_fn *const kinds[] = {
	[KIND_BLOCK] = parse_block,
	[KIND_LIST] = parse_items,
	[KIND_NUMBER] = parse_number,
	[KIND_SIZE] = parse_size,
	[KIND_TRANSFER] = parse_transfer,
	[KIND_BLOCK_SIZE] = parse_block_size,
	[KIND_DURATION] = parse_duration,
	[KIND_BOOL] = parse_bool,
	[KIND_PERMIT] = parse_permit,
	[KIND_WORD] = parse_word,
	[KIND_STRING] = parse_string,
	[KIND_PATH] = parse_path,
	[KIND_PATH_OR_NONE] = parse_path_or_none,
	[KIND_NQN] = parse_nqn,
	[KIND_UUID] = parse_uuid,
	[KIND_HEX] = parse_hex,
	[KIND_ADDRESS] = parse_address,
	[KIND_RANGE] = parse_range,
	[KIND_NSIDS] = parse_nsids,
	[KIND_READ_ONLY] = parse_read_only,
	[KIND_PREFIXES] = parse_prefixes,
	[KIND_NUMBER_OR_AUTO] = parse_number_or_auto,
	[KIND_SIZE_OR_UNLIMITED] = parse_size_or_unlimited,
};

_Static_assert(sizeof(kinds) / sizeof(kinds[0]) == KIND_MAX, "a function per kind");

int
kind_parse(struct parse *p, const struct config_key *k, const struct node *n, void *base)
{
	return (kinds[k->kind](p, k, n, (char *)base + k->offset));
}
