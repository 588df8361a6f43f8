/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The effective configuration as YAML, by the same table that reads it: every default written
 * out, nothing that was not set. Reading it again gives the same configuration.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "broker/config_parse.h"

struct print {
	FILE *f;
	unsigned indent;
	bool dash;			/* the next line begins a member of a list */
};

typedef void print_fn(struct print *, const struct config_key *, const void *field);

static void print_map(struct print *, enum config_section, const void *base);

static void
print_key(struct print *out, const char *name)
{
	fprintf(out->f, "%*s%s%s:", (int)(out->indent - (out->dash ? 2 : 0)), "",
	    out->dash ? "- " : "", name);
	out->dash = false;
}

/* The code point at *s, which is moved behind it. Anything that is not UTF-8 counts as a byte. */
static uint32_t
code_point(const unsigned char **s)
{
	static const struct { unsigned char mask, lead, more; } forms[] = {
		{0xe0, 0xc0, 1}, {0xf0, 0xe0, 2}, {0xf8, 0xf0, 3},
	};
	uint32_t c = *(*s)++;

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if ((c & forms[i].mask) != forms[i].lead)
			continue;
		c &= (uint32_t)~forms[i].mask & 0xff;
		for (unsigned n = forms[i].more; n > 0 && (**s & 0xc0) == 0x80; n--)
			c = c << 6 | (*(*s)++ & 0x3f);
		return (c);
	}
	return (c);
}

/* In double quotes, with everything but printable ASCII escaped. */
static void
print_quoted(struct print *out, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	fputs(" \"", out->f);
	while (*s != '\0') {
		uint32_t c = code_point(&s);

		if (c == '"' || c == '\\')
			fprintf(out->f, "\\%c", (int)c);
		else if (c >= ' ' && c < 0x7f)
			fputc((int)c, out->f);
		else
			fprintf(out->f, "\\U%08x", c);
	}
	fputs("\"\n", out->f);
}

/* Unquoted where no reader of YAML could take it for anything else. */
static void
print_text(struct print *out, const char *text)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789/._:-";
	size_t len = strlen(text);

	if ((*text == '/' || strncmp(text, "nqn.", 4) == 0) && strspn(text, safe) == len &&
	    text[len - 1] != ':')
		fprintf(out->f, " %s\n", text);
	else
		print_quoted(out, text);
}

static void
print_block(struct print *out, const struct config_key *k, const void *field)
{
	fputc('\n', out->f);
	out->indent += 2;
	print_map(out, k->items, field);
	out->indent -= 2;
}

static void
print_list(struct print *out, const struct config_key *k, const void *field)
{
	const char *base = (const char *)field - k->offset, *items;
	size_t n;

	memcpy(&items, field, sizeof(items));
	memcpy(&n, base + k->count, sizeof(n));
	fputc('\n', out->f);
	out->indent += 4;
	for (size_t i = 0; i < n; i++) {
		out->dash = true;
		print_map(out, k->items, items + i * section_size(k->items));
	}
	out->indent -= 4;
}

static void
print_number(struct print *out, const struct config_key *k, const void *field)
{
	(void)k;
	fprintf(out->f, " %u\n", *(const uint32_t *)field);
}

static void
print_number_or_auto(struct print *out, const struct config_key *k, const void *field)
{
	if (*(const uint32_t *)field == 0)
		fputs(" auto\n", out->f);
	else
		print_number(out, k, field);
}

static void
print_size(struct print *out, const struct config_key *k, const void *field)
{
	char buf[VALUE_SIZE];

	(void)k;
	fprintf(out->f, " %s\n", format_size(*(const uint64_t *)field, buf));
}

static void
print_size_or_unlimited(struct print *out, const struct config_key *k, const void *field)
{
	if (*(const uint64_t *)field == 0)
		fputs(" unlimited\n", out->f);
	else
		print_size(out, k, field);
}

static void
print_duration(struct print *out, const struct config_key *k, const void *field)
{
	char buf[VALUE_SIZE];

	(void)k;
	fprintf(out->f, " %s\n", format_duration(*(const uint32_t *)field, buf));
}

static void
print_bool(struct print *out, const struct config_key *k, const void *field)
{
	(void)k;
	fputs(*(const bool *)field ? " true\n" : " false\n", out->f);
}

static void
print_permit(struct print *out, const struct config_key *k, const void *field)
{
	(void)k;
	fputs(*(const bool *)field ? " permit\n" : " forbid\n", out->f);
}

static void
print_word(struct print *out, const struct config_key *k, const void *field)
{
	const struct config_word *w = k->words;

	while (w->value != *(const uint32_t *)field && w[1].name != NULL)
		w++;
	fprintf(out->f, " %s\n", w->name);
}

static void
print_string(struct print *out, const struct config_key *k, const void *field)
{
	(void)k;
	print_text(out, field);
}

static void
print_path(struct print *out, const struct config_key *k, const void *field)
{
	const char *path = *(char *const *)field;

	(void)k;
	if (path == NULL)
		fputs(" none\n", out->f);
	else
		print_text(out, path);
}

static void
print_uuid(struct print *out, const struct config_key *k, const void *field)
{
	char buf[VALUE_SIZE];

	(void)k;
	fprintf(out->f, " %s\n", format_uuid(field, buf));
}

static void
print_hex(struct print *out, const struct config_key *k, const void *field)
{
	char buf[VALUE_SIZE];

	fprintf(out->f, " \"%s\"\n", format_hex(field, k->max, buf));
}

static void
print_address(struct print *out, const struct config_key *k, const void *field)
{
	char buf[CONFIG_ADDRESS_SIZE];

	(void)k;
	fprintf(out->f, " \"%s\"\n", config_address_format(field, buf));
}

static void
print_range(struct print *out, const struct config_key *k, const void *field)
{
	const struct config_range *r = field;

	(void)k;
	fprintf(out->f, " %u-%u\n", r->first, r->last);
}

static void
print_nsids(struct print *out, const struct config_key *k, const void *field)
{
	const struct config_nsids *list = field;

	(void)k;
	for (size_t i = 0; i < list->n; i++)
		fprintf(out->f, "%s%u", i == 0 ? " [" : ", ", list->nsid[i]);
	fputs("]\n", out->f);
}

static void
print_read_only(struct print *out, const struct config_key *k, const void *field)
{
	const struct config_read_only *ro = field;

	if (ro->nsids.n > 0)
		print_nsids(out, k, &ro->nsids);
	else
		print_bool(out, k, &ro->all);
}

static void
print_prefixes(struct print *out, const struct config_key *k, const void *field)
{
	const struct config_prefixes *list = field;
	char buf[VALUE_SIZE];

	(void)k;
	for (size_t i = 0; i < list->n; i++)
		fprintf(out->f, "%s\"%s\"", i == 0 ? " [" : ", ",
		    format_prefix(&list->prefix[i], buf));
	fputs("]\n", out->f);
}

/* How to print a kind, and how many bytes are zero when it was not set; 0: a list's count. */
static const struct {
	print_fn *print;
	size_t size;
} kinds[] = {
	[KIND_BLOCK] = {print_block, 1},
	[KIND_LIST] = {print_list, 0},
	[KIND_NUMBER] = {print_number, sizeof(uint32_t)},
	[KIND_SIZE] = {print_size, sizeof(uint64_t)},
	[KIND_TRANSFER] = {print_size, sizeof(uint64_t)},
	[KIND_BLOCK_SIZE] = {print_number, sizeof(uint32_t)},
	[KIND_DURATION] = {print_duration, sizeof(uint32_t)},
	[KIND_BOOL] = {print_bool, sizeof(bool)},
	[KIND_PERMIT] = {print_permit, sizeof(bool)},
	[KIND_WORD] = {print_word, sizeof(uint32_t)},
	[KIND_STRING] = {print_string, 1},
	[KIND_PATH] = {print_path, sizeof(char *)},
	[KIND_PATH_OR_NONE] = {print_path, sizeof(char *)},
	[KIND_NQN] = {print_string, 1},
	[KIND_UUID] = {print_uuid, 16},
	[KIND_HEX] = {print_hex, 8},
	[KIND_ADDRESS] = {print_address, sizeof(struct config_address)},
	[KIND_RANGE] = {print_range, sizeof(struct config_range)},
	[KIND_NSIDS] = {print_nsids, sizeof(struct config_nsids)},
	[KIND_READ_ONLY] = {print_read_only, sizeof(struct config_read_only)},
	[KIND_PREFIXES] = {print_prefixes, sizeof(struct config_prefixes)},
	[KIND_NUMBER_OR_AUTO] = {print_number_or_auto, sizeof(uint32_t)},
	[KIND_SIZE_OR_UNLIMITED] = {print_size_or_unlimited, sizeof(uint64_t)},
};

_Static_assert(sizeof(kinds) / sizeof(kinds[0]) == KIND_MAX, "a row per kind");

static bool has_lines(enum config_section, const void *base);

static bool
is_worth_a_line(const struct config_key *k, const void *base)
{
	const char *b = base;
	bool has_default = k->text != NULL;
	size_t size = kinds[k->kind].size;

	if (k->kind == KIND_BLOCK)
		return (has_lines(k->items, b + k->offset));
	if (k->kind == KIND_LIST)
		return (!value_zero(b + k->count, sizeof(size_t)));
	return (has_default || !value_zero(b + k->offset, k->kind == KIND_HEX ? k->max : size));
}

static bool
has_lines(enum config_section in, const void *base)
{
	for (size_t i = 0; i < config_nkeys; i++) {
		if (config_keys[i].in == in && is_worth_a_line(&config_keys[i], base))
			return (true);
	}
	return (false);
}

static void
print_map(struct print *out, enum config_section in, const void *base)
{
	for (size_t i = 0; i < config_nkeys; i++) {
		const struct config_key *k = &config_keys[i];

		if (k->in != in || !is_worth_a_line(k, base))
			continue;
		print_key(out, k->name);
		kinds[k->kind].print(out, k, (const char *)base + k->offset);
	}
}

void
config_print(FILE *f, const struct config *cfg)
{
	struct print out = {.f = f};

	print_map(&out, SEC_TOP, cfg);
}
