/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between the files that make a configuration: YAML becomes a tree of nodes (config_yaml.c), the
 * table of keys says where each node goes (config_keys.c), one function per kind judges its text
 * (config_kind.c, config_value.c), and config_check.c judges the whole. Nobody else includes this,
 * but identity.c and identity_store.c, which share the values.
 */
#ifndef BROKER_CONFIG_PARSE_H
#define BROKER_CONFIG_PARSE_H

#include "broker/configuration.h"

enum node_kind { NODE_EMPTY, NODE_SCALAR, NODE_MAP, NODE_LIST };

struct node {
	enum node_kind kind;
	struct config_mark at;
	char *text;			/* of a scalar */
	char *key;			/* of a member of a map */
	struct config_mark key_at;
	struct node *first, *last;	/* members of a map or list */
	struct node *next;
};

enum config_section {
	SEC_TOP, SEC_SERVICE, SEC_LISTENER, SEC_DISCOVERY, SEC_REFERRAL, SEC_TRANSPORT, SEC_LIMITS,
	SEC_SUBSYSTEM, SEC_NAMESPACE, SEC_HOST, SEC_ANA_GROUP, SEC_ANA_LISTENER, SEC_MAX
};

enum config_kind {
	KIND_BLOCK, KIND_LIST, KIND_NUMBER, KIND_SIZE, KIND_TRANSFER, KIND_BLOCK_SIZE,
	KIND_DURATION, KIND_BOOL, KIND_PERMIT, KIND_WORD, KIND_STRING, KIND_PATH,
	KIND_PATH_OR_NONE, KIND_NQN, KIND_UUID, KIND_HEX, KIND_ADDRESS, KIND_RANGE, KIND_NSIDS,
	KIND_READ_ONLY, KIND_PREFIXES, KIND_NUMBER_OR_AUTO, KIND_SIZE_OR_UNLIMITED, KIND_MAX
};

struct config_word {
	const char *name;
	uint32_t value;
};

struct config_key {
	const char *name;
	enum config_section in;		/* where it is allowed */
	enum config_kind kind;
	size_t offset;			/* of the member in the section's struct */
	uint64_t min, max;		/* of the value; of a string its length; of a list its members */
	uint64_t multiple;		/* of a size */
	const char *text;		/* the default, as a person would write it; NULL: none */
	bool required;
	enum config_section items;	/* of a block or list: what is inside */
	size_t count;			/* of a list: offset of the number of members */
	const struct config_word *words;
};

enum { CONFIG_KEYS_MAX = 160 };

struct parse {
	struct config *cfg;
	struct config_errors *errors;
	uint32_t file;			/* being read */
	struct config_mark given[CONFIG_KEYS_MAX];	/* where each key was written last */
};

/* config.c. The name of a file is copied; its number, or -1 when there is no more room. */
struct config *config_new(struct parse *);
struct config *config_finish(struct parse *);
int	config_add_file(struct config *, const char *name);
void	parse_text(struct parse *, const char *name, const char *text, size_t len);
void	parse_error(struct parse *, struct config_mark, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
bool	parse_is_hopeless(const struct parse *);
void	*parse_alloc(size_t n, size_t size);	/* zeroed; does not return without memory */

/* config_yaml.c. NULL: a reported error. */
struct node *node_read(struct parse *, const char *text, size_t len);
void	node_free(struct node *);

/* config_keys.c. Actions return -1 with the reason reported. */
extern const struct config_key config_keys[];
extern const size_t config_nkeys;
size_t	section_size(enum config_section);
const char *section_name(enum config_section);
const struct config_key *key_find(enum config_section, const char *name);
struct config_mark key_given(const struct parse *, enum config_section, const char *name);
uint64_t key_bit(const struct config_key *);	/* in the set of its section's head */
bool	key_is_set(const struct config_head *, enum config_section, const char *name);

/* config_map.c */
void	section_defaults(struct parse *, enum config_section, void *base);
int	key_set_text(struct parse *, enum config_section, const char *name, void *base,
	const char *text);
void	*list_append(struct parse *, void *base, const struct config_key *);
int	parse_top(struct parse *, const struct node *root);
int	parse_map(struct parse *, enum config_section, const struct node *, void *base);
int	parse_list(struct parse *, const struct config_key *, const struct node *, void *base);

/* config_kind.c */
int	kind_parse(struct parse *, const struct config_key *, const struct node *, void *base);

/* config_words.c */
enum { FOUND_SIZE = 80 };
const char *text_escape(const char *text, char *buf, size_t size);
const char *node_found(const struct node *, char buf[FOUND_SIZE]);
void	key_unknown(struct parse *, enum config_section, const struct node *);
const char *word_nearest(const struct config_word *, const char *text);

/* config_unique.c: things that must all differ. check_unique() reports and empties the list. */
struct entry {
	const void *key;		/* borrowed */
	size_t len;
	struct config_mark at;
	bool shareable;			/* with an equal one that is, too */
};

struct entries {
	struct entry *e;
	size_t n, room;
};

void	entry_add(struct entries *, const void *key, size_t len, struct config_mark, bool shareable);
void	check_unique(struct parse *, struct entries *, const char *what);
const char *place(const struct parse *, struct config_mark, char buf[CONFIG_ERROR_SIZE]);

/* config_check.c */
void	config_check(struct parse *);
void	config_check_identities(struct parse *);

/* config_discovery.c */
void	config_check_discovery(struct parse *);

/* config_ana.c */
void	config_check_ana(struct parse *, const struct config_subsystem *);

/* cpus_linux.c, cpus_posix.c: processors that we may run on, at least 1. */
unsigned cpus_usable(void);

/* config_value.c: text to value and back; questions, nothing is reported. A format_ function
 * fills buf, which has VALUE_SIZE bytes, and returns it. */
enum { VALUE_SIZE = 64 };
bool	value_number(const char *, uint64_t *);
bool	value_size(const char *, uint64_t *bytes);
bool	value_duration(const char *, uint64_t *ms);
bool	value_hex(const char *, uint8_t *, size_t len);
bool	value_nqn(const char *);
bool	value_uuid(const char *, uint8_t uuid[16]);
bool	value_address(const char *, struct config_address *);
bool	value_prefix(const char *, struct config_prefix *);
bool	value_path(const char *);
bool	value_printable(const char *);
bool	value_zero(const void *, size_t len);
const char *format_size(uint64_t bytes, char *buf);
const char *format_duration(uint64_t ms, char *buf);
const char *format_hex(const uint8_t *, size_t len, char *buf);
const char *format_uuid(const uint8_t uuid[16], char *buf);
const char *format_prefix(const struct config_prefix *, char *buf);

#endif
