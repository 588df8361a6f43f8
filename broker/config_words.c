/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The words of an error: what was found, made safe to print, and which known word it most
 * resembles. Nothing here changes a configuration.
 */
#include "config.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "broker/config_parse.h"
#include "common/nqn.h"

enum { WORD_SIZE = 32 };	/* longer ones resemble nothing */

/* Escaped; what certainly did not fit ends in "...". */
const char *
text_escape(const char *text, char *buf, size_t size)
{
	size_t n = escape_text(buf, size - 3, text);

	if (n < strlen(text))
		strlcat(buf, "...", size);
	return (buf);
}

const char *
node_found(const struct node *n, char buf[FOUND_SIZE])
{
	char text[FOUND_SIZE - 2];

	switch (n->kind) {
	case NODE_EMPTY:
		return ("nothing");
	case NODE_MAP:
		return ("a block");
	case NODE_LIST:
		return (n->first != NULL ? "a list" : "an empty list");
	case NODE_SCALAR:
		break;
	}
	snprintf(buf, FOUND_SIZE, "'%s'", text_escape(n->text, text, sizeof(text)));
	return (buf);
}

static unsigned
min3(unsigned a, unsigned b, unsigned c)
{
	unsigned least = a < b ? a : b;

	return (least < c ? least : c);
}

/* How many letters to insert, remove, replace, or swap with a neighbour, to get b from a. */
static unsigned
distance(const char *a, const char *b)
{
	unsigned d[WORD_SIZE + 1][WORD_SIZE + 1];
	size_t m = strlen(a), n = strlen(b);

	if (m > WORD_SIZE || n > WORD_SIZE)
		return (UINT_MAX);
	for (size_t i = 0; i <= m; i++)
		d[i][0] = (unsigned)i;
	for (size_t j = 0; j <= n; j++)
		d[0][j] = (unsigned)j;
	for (size_t i = 1; i <= m; i++) {
		for (size_t j = 1; j <= n; j++) {
			d[i][j] = min3(d[i - 1][j] + 1, d[i][j - 1] + 1,
			    d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    d[i - 2][j - 2] + 1 < d[i][j])
				d[i][j] = d[i - 2][j - 2] + 1;
		}
	}
	return (d[m][n]);
}

/* Better than *best, and near enough that a slip of the hand is likely. */
static bool
is_nearer(const char *text, const char *word, unsigned *best)
{
	unsigned d = distance(text, word);

	if (d >= *best || d > 1 + strlen(word) / 3)
		return (false);
	*best = d;
	return (true);
}

const char *
word_nearest(const struct config_word *w, const char *text)
{
	const char *nearest = NULL;
	unsigned best = UINT_MAX;

	for (; w->name != NULL; w++) {
		if (is_nearer(text, w->name, &best))
			nearest = w->name;
	}
	return (nearest);
}

static const char *
key_nearest(enum config_section in, const char *text)
{
	const char *nearest = NULL;
	unsigned best = UINT_MAX;

	for (size_t i = 0; i < config_nkeys; i++) {
		if (config_keys[i].in == in && is_nearer(text, config_keys[i].name, &best))
			nearest = config_keys[i].name;
	}
	return (nearest);
}

/* Where a key that is unknown here would be right. */
static const struct config_key *
key_elsewhere(const char *text)
{
	for (size_t i = 0; i < config_nkeys; i++) {
		if (strcmp(config_keys[i].name, text) == 0)
			return (&config_keys[i]);
	}
	return (NULL);
}

void
key_unknown(struct parse *p, enum config_section in, const struct node *n)
{
	const struct config_key *elsewhere = key_elsewhere(n->key);
	const char *near = key_nearest(in, n->key);
	char hint[FOUND_SIZE] = "", found[FOUND_SIZE];

	if (near != NULL)
		snprintf(hint, sizeof(hint), " (did you mean '%s'?)", near);
	else if (elsewhere != NULL)
		snprintf(hint, sizeof(hint), " (it belongs in %s)", section_name(elsewhere->in));
	parse_error(p, n->key_at, "expected a key of %s, found '%s'%s", section_name(in),
	    text_escape(n->key, found, sizeof(found)), hint);
}
