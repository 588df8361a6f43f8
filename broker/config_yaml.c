/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * YAML to a tree of nodes that remember their lines. What could make a small file large or its
 * meaning doubtful is refused here: anchors and aliases, tags, second documents, keys that are not
 * plain text, deep nesting, NUL bytes. It knows no key and no value.
 */
#include "config.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "broker/config_parse.h"

enum { DEPTH_MAX = 10 };	/* the format needs seven */

struct reader {
	struct parse *parse;
	const char *text;
	size_t len;
	yaml_parser_t yaml;
	yaml_event_t event;
	bool has_event;
};

static struct node *read_node(struct reader *, unsigned depth);

static struct config_mark
mark_of(const struct reader *r, size_t line0)
{
	return ((struct config_mark){r->parse->file, (uint32_t)line0 + 1});
}

/* The reader of bytes gives an offset, everything behind it a line. */
static struct config_mark
problem_mark(const struct reader *r)
{
	size_t line0 = 0;

	if (r->yaml.error != YAML_READER_ERROR)
		return (mark_of(r, r->yaml.problem_mark.line));
	for (size_t i = 0; i < r->len && i < r->yaml.problem_offset; i++)
		line0 += r->text[i] == '\n';
	return (mark_of(r, line0));
}

static int
refuse(struct reader *r, const char *found)
{
	parse_error(r->parse, mark_of(r, r->event.start_mark.line), "expected plain YAML, found %s",
	    found);
	return (-1);
}

static int
check_event(struct reader *r)
{
	const yaml_event_t *e = &r->event;

	switch (e->type) {
	case YAML_ALIAS_EVENT:
		return (refuse(r, "an alias (*name)"));
	case YAML_SCALAR_EVENT:
		if (e->data.scalar.anchor != NULL)
			return (refuse(r, "an anchor (&name)"));
		if (e->data.scalar.tag != NULL)
			return (refuse(r, "a tag (!name)"));
		if (memchr(e->data.scalar.value, '\0', e->data.scalar.length) != NULL)
			return (refuse(r, "a NUL character"));
		return (0);
	case YAML_SEQUENCE_START_EVENT:
		if (e->data.sequence_start.anchor != NULL || e->data.sequence_start.tag != NULL)
			return (refuse(r, "an anchor or a tag"));
		return (0);
	case YAML_MAPPING_START_EVENT:
		if (e->data.mapping_start.anchor != NULL || e->data.mapping_start.tag != NULL)
			return (refuse(r, "an anchor or a tag"));
		return (0);
	default:
		return (0);
	}
}

/* The next event, in r->event until the one after it. */
static int
next_event(struct reader *r)
{
	if (r->has_event)
		yaml_event_delete(&r->event);
	r->has_event = false;
	if (!yaml_parser_parse(&r->yaml, &r->event)) {
		parse_error(r->parse, problem_mark(r), "expected YAML: %s",
		    r->yaml.problem != NULL ? r->yaml.problem : "no memory");
		return (-1);
	}
	r->has_event = true;
	return (check_event(r));
}

static struct node *
node_new(const struct reader *r, enum node_kind kind)
{
	struct node *n = parse_alloc(1, sizeof(*n));

	n->kind = kind;
	n->at = mark_of(r, r->event.start_mark.line);
	return (n);
}

static void
node_append(struct node *parent, struct node *child)
{
	if (parent->last != NULL)
		parent->last->next = child;
	else
		parent->first = child;
	parent->last = child;
}

void
node_free(struct node *n)
{
	struct node *child;

	if (n == NULL)
		return;
	while ((child = n->first) != NULL) {
		n->first = child->next;
		node_free(child);
	}
	free(n->text);
	free(n->key);
	free(n);
}

static char *
event_text(const struct reader *r)
{
	char *text = strdup((const char *)r->event.data.scalar.value);

	if (text == NULL)
		err(1, "configuration");
	return (text);
}

/* Nothing, ~ and null are what YAML calls null, unless they are quoted. */
static bool
is_null(const struct reader *r)
{
	const char *text = (const char *)r->event.data.scalar.value;

	return (r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	    (*text == '\0' || strcmp(text, "~") == 0 || strcasecmp(text, "null") == 0));
}

static struct node *
read_scalar(struct reader *r)
{
	struct node *n;

	if (is_null(r))
		return (node_new(r, NODE_EMPTY));
	n = node_new(r, NODE_SCALAR);
	n->text = event_text(r);
	return (n);
}

static struct node *
read_list(struct reader *r, unsigned depth)
{
	struct node *list = node_new(r, NODE_LIST), *child;

	for (;;) {
		if (next_event(r) == -1)
			break;
		if (r->event.type == YAML_SEQUENCE_END_EVENT)
			return (list);
		if ((child = read_node(r, depth)) == NULL)
			break;
		node_append(list, child);
	}
	node_free(list);
	return (NULL);
}

/* A key has been read; its value follows. */
static struct node *
read_member(struct reader *r, unsigned depth)
{
	struct config_mark at = mark_of(r, r->event.start_mark.line);
	struct node *n = NULL;
	char *key;

	if (r->event.type != YAML_SCALAR_EVENT) {
		refuse(r, "a key that is a list or a block");
		return (NULL);
	}
	key = event_text(r);
	if (next_event(r) == 0)
		n = read_node(r, depth);
	if (n == NULL) {
		free(key);
		return (NULL);
	}
	n->key = key;
	n->key_at = at;
	return (n);
}

static struct node *
read_map(struct reader *r, unsigned depth)
{
	struct node *map = node_new(r, NODE_MAP), *child;

	for (;;) {
		if (next_event(r) == -1)
			break;
		if (r->event.type == YAML_MAPPING_END_EVENT)
			return (map);
		if ((child = read_member(r, depth)) == NULL)
			break;
		node_append(map, child);
	}
	node_free(map);
	return (NULL);
}

/* The node that r->event begins. */
static struct node *
read_node(struct reader *r, unsigned depth)
{
	if (depth == DEPTH_MAX) {
		refuse(r, "too many levels");
		return (NULL);
	}
	if (r->event.type == YAML_SCALAR_EVENT)
		return (read_scalar(r));
	if (r->event.type == YAML_SEQUENCE_START_EVENT)
		return (read_list(r, depth + 1));
	return (read_map(r, depth + 1));
}

/* STREAM-START DOCUMENT-START node DOCUMENT-END STREAM-END; a file of comments has no document. */
static struct node *
read_document(struct reader *r)
{
	struct node *root;

	if (next_event(r) == -1 || next_event(r) == -1)
		return (NULL);
	if (r->event.type == YAML_STREAM_END_EVENT)
		return (node_new(r, NODE_EMPTY));
	if (next_event(r) == -1 || (root = read_node(r, 0)) == NULL)
		return (NULL);
	if (next_event(r) == -1 || next_event(r) == -1) {
		node_free(root);
		return (NULL);
	}
	if (r->event.type != YAML_STREAM_END_EVENT) {
		refuse(r, "a second document");
		node_free(root);
		return (NULL);
	}
	return (root);
}

struct node *
node_read(struct parse *p, const char *text, size_t len)
{
	struct reader r = {.parse = p, .text = text, .len = len};
	struct node *root;

	if (!yaml_parser_initialize(&r.yaml))
		errx(1, "configuration: no memory");
	yaml_parser_set_encoding(&r.yaml, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.yaml, (const unsigned char *)text, len);
	root = read_document(&r);
	if (r.has_event)
		yaml_event_delete(&r.event);
	yaml_parser_delete(&r.yaml);
	return (root);
}
