/* SPDX-License-Identifier: BSD-2-Clause */
/* The file of identities: understood to its last byte, or refused with the number of a line. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "broker/identity_store.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	struct identity_store s;
	struct identity *id;
	char *text = malloc(len + 1);
	unsigned line, lines = 1;

	PROMISE(text != NULL);
	if (len > 0)
		memcpy(text, in, len);
	text[len] = '\0';
	for (const char *t = text; *t != '\0'; t++)
		lines += *t == '\n';
	identity_store_init(&s);
	line = identity_store_parse(&s, text);
	PROMISE(line <= lines + 1);
	RB_FOREACH(id, identity_tree, &s.tree)
		PROMISE(identity_store_find(&s, id->nqn, id->nsid) == id);
	identity_store_free(&s);
	free(text);
	return (0);
}
