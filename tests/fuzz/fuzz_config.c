/* SPDX-License-Identifier: BSD-2-Clause */
/* A file of configuration: right or wrong, never both; what is printed of it is read the same. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/configuration.h"
#include "tests/fuzz/fuzz.h"

static struct config_errors errors;

static struct config *
parse(const char *text, size_t len)
{
	struct config *c = config_parse("fuzz", text, len, &errors);

	PROMISE((c == NULL) == (errors.n > 0));
	for (unsigned i = 0; i < errors.n && i < CONFIG_ERRORS_MAX; i++) {
		for (const char *s = errors.text[i]; *s != '\0'; s++)
			PROMISE(*s >= ' ' && *s <= '~');
	}
	return (c);
}

static char *
print(const struct config *c, size_t *len)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, len);

	PROMISE(f != NULL);
	config_print(f, c);
	fclose(f);
	return (text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	struct config *c = parse((const char *)in, len), *again;
	char *text, *text2;
	size_t size, size2;

	if (c == NULL)
		return (0);
	text = print(c, &size);
	again = parse(text, size);
	PROMISE(again != NULL);
	text2 = print(again, &size2);
	PROMISE(size == size2 && memcmp(text, text2, size) == 0);
	config_free(again);
	config_free(c);
	free(text);
	free(text2);
	return (0);
}
