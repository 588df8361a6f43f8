/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A block of the tree into the struct of its section, by the table of keys: unknown keys, keys
 * written twice, keys that are missing; the members of lists, each with its defaults. It knows no
 * kind of value.
 */
#include "config.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "broker/config_parse.h"

/* A default, or an argument of serve: the same way as text in a file, but from nowhere. */
static int
set_text(struct parse *p, const struct config_key *k, void *base, const char *text)
{
	struct node n = {.kind = NODE_SCALAR, .at = {.file = p->file}};
	int ret;

	if ((n.text = strdup(text)) == NULL)
		err(1, "configuration");
	ret = kind_parse(p, k, &n, base);
	free(n.text);
	return (ret);
}

int
key_set_text(struct parse *p, enum config_section in, const char *name, void *base,
    const char *text)
{
	const struct config_key *k = key_find(in, name);
	struct config_head *head = base;

	head->set |= key_bit(k);
	return (set_text(p, k, base, text));
}

void
section_defaults(struct parse *p, enum config_section in, void *base)
{
	for (size_t i = 0; i < config_nkeys; i++) {
		if (config_keys[i].in == in && config_keys[i].text != NULL)
			set_text(p, &config_keys[i], base, config_keys[i].text);
	}
}

/* A list's pointer and count are of many types: they are read and written as bytes. */
static void *
list_grow(void *base, const struct config_key *k)
{
	char *b = base;
	size_t size = section_size(k->items), n;
	char *items, *item;

	memcpy(&items, b + k->offset, sizeof(items));
	memcpy(&n, b + k->count, sizeof(n));
	if ((n & (n - 1)) == 0) {	/* room for 1, 2, 4, 8 ... */
		char *more = parse_alloc(n == 0 ? 1 : 2 * n, size);

		if (n > 0)
			memcpy(more, items, n * size);
		free(items);
		items = more;
		memcpy(b + k->offset, &items, sizeof(items));
	}
	item = items + n * size;
	n++;
	memcpy(b + k->count, &n, sizeof(n));
	return (item);
}

static void
forget_given(struct parse *p, enum config_section in)
{
	for (size_t i = 0; i < config_nkeys; i++) {
		if (config_keys[i].in == in)
			p->given[i] = (struct config_mark){0};
	}
}

/* A new member with its defaults. None of its keys is given yet, whatever the one before had. */
void *
list_append(struct parse *p, void *base, const struct config_key *k)
{
	void *item = list_grow(base, k);

	forget_given(p, k->items);
	section_defaults(p, k->items, item);
	return (item);
}

static int
check_required(struct parse *p, enum config_section in, const struct node *map,
    const struct config_head *head)
{
	int ret = 0;

	for (size_t i = 0; i < config_nkeys; i++) {
		if (config_keys[i].in != in || !config_keys[i].required ||
		    (head->set & key_bit(&config_keys[i])) != 0)
			continue;
		parse_error(p, map->at, "expected '%s' in %s, found none", config_keys[i].name,
		    section_name(in));
		ret = -1;
	}
	return (ret);
}

static int
parse_member(struct parse *p, const struct config_key *k, const struct node *n, void *base)
{
	struct config_head *head = base;
	struct config_mark *given = &p->given[k - config_keys];

	if (given->line != 0) {
		parse_error(p, n->key_at, "expected '%s' once, found it again; first at %s:%u",
		    k->name, p->cfg->files[given->file], given->line);
		return (-1);
	}
	*given = n->key_at;
	head->set |= key_bit(k);
	return (kind_parse(p, k, n, base));
}

/* A wrong member does not stop the others, so that all that is wrong is said at once. */
int
parse_map(struct parse *p, enum config_section in, const struct node *map, void *base)
{
	struct config_head *head = base;
	const struct config_key *k;
	int ret = 0;

	head->at = map->at;
	for (const struct node *n = map->first; n != NULL && !parse_is_hopeless(p); n = n->next) {
		if ((k = key_find(in, n->key)) == NULL) {
			key_unknown(p, in, n);
			ret = -1;
		} else if (parse_member(p, k, n, base) == -1) {
			ret = -1;
		}
	}
	return (check_required(p, in, map, head) == -1 ? -1 : ret);
}

int
parse_list(struct parse *p, const struct config_key *k, const struct node *list, void *base)
{
	char found[FOUND_SIZE];
	int ret = 0;

	for (const struct node *n = list->first; n != NULL && !parse_is_hopeless(p); n = n->next) {
		if (n->kind != NODE_MAP) {
			parse_error(p, n->at, "expected %s, found %s", section_name(k->items),
			    node_found(n, found));
			ret = -1;
			continue;
		}
		if (parse_map(p, k->items, n, list_append(p, base, k)) == -1)
			ret = -1;
	}
	return (ret);
}

/* One file: the blocks of several files add up, but in one file each is written once. */
int
parse_top(struct parse *p, const struct node *root)
{
	char found[FOUND_SIZE];

	forget_given(p, SEC_TOP);
	if (root->kind == NODE_EMPTY)
		return (0);
	if (root->kind == NODE_MAP)
		return (parse_map(p, SEC_TOP, root, p->cfg));
	parse_error(p, root->at, "expected keys such as 'listeners:', found %s",
	    node_found(root, found));
	return (-1);
}
